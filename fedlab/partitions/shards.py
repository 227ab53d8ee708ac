"""McMahan's shards: sort by label, cut into shards, deal out a few to each party."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.partitions.base import Partition, nobody_empty
from fedlab.settings import setting


class Shards(Partition):
    """Sort the examples by label, cut them into K s shards, and give every party s of them at random.

    With 100 parties, 60,000 examples and s = 2, a shard holds 300 images, and most parties know two digits.
    The larger s is, the nearer it comes to IID.

    Source: McMahan et al. 2017 (arXiv 1602.05629), section 3 ("pathological non-IID").
    """

    name: ClassVar[str] = "shards"
    title: ClassVar[str] = "Shards (McMahan et al.)"
    lesson: ClassVar[str] = "Each party knows a handful of labels and nothing else: the hard case of the first paper."

    shards_per_party: int = setting(
        2, "The fewer shards a party holds, the fewer labels it knows.", symbol="s", low=1, high=100, slider=(1, 10)
    )

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        by_label = np.argsort(labels, kind="stable")
        shards = np.array_split(by_label, parties * self.shards_per_party)
        hands = rng.permutation(len(shards)).reshape(parties, self.shards_per_party)
        return nobody_empty([np.concatenate([shards[i] for i in hand]) for hand in hands])
