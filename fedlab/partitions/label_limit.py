"""k labels a party: each party knows k of the labels, and all of those equally well."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.partitions.base import Partition, nobody_empty
from fedlab.settings import setting


class LabelLimit(Partition):
    """Every party draws k labels among those that fewest parties have so far; a label's holders share it evenly.

    Every label needs a holder: where K parties with k labels each cannot cover them all, parties draw more than k, as
    few more as will do. Parties hold unequally many examples where labels have unequally many holders. k = 1 with
    as many parties as labels gives each label to one party; k = all labels is IID.

    Source: Li, Diao, Chen and He 2022 (NIID-Bench, arXiv 2102.02079), section 4.1 ("quantity-based label imbalance").
    """

    name: ClassVar[str] = "label_limit"
    title: ClassVar[str] = "k labels a party"
    lesson: ClassVar[str] = "Each party knows only k labels; with k = 1 none can learn alone to tell two apart."

    labels_per_party: int = setting(2, "How many labels each party knows.", symbol="k", low=1, high=10)

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        present = np.unique(labels)
        k = min(max(self.labels_per_party, -(-len(present) // parties)), len(present))
        holders: dict[int, list[int]] = {label: [] for label in present}
        for party in range(parties):
            shuffled = rng.permutation(present)
            for label in sorted(shuffled, key=lambda label: len(holders[label]))[:k]:
                holders[label].append(party)
        held: list[list[np.ndarray]] = [[] for _ in range(parties)]
        for label, owners in holders.items():
            examples = rng.permutation(np.flatnonzero(labels == label))
            for party, part in zip(rng.permutation(owners), np.array_split(examples, len(owners)), strict=True):
                held[party].append(part)
        return nobody_empty([np.concatenate(own) for own in held])
