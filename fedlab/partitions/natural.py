"""Every party holds its own data, as the data set says."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.partitions.base import Partition
from fedlab.settings import InvalidSetting
from fedlab.text import say


class Natural(Partition):
    """Party k holds the examples that are its own (`Dataset.owners`): nothing is dealt out.

    For data that comes from parties in the first place, such as hospitals' patients. With fewer parties than owners,
    some of the owners are drawn, in the order of their numbers.
    """

    name: ClassVar[str] = "natural"
    title: ClassVar[str] = "Each its own (by owner)"
    lesson: ClassVar[str] = "Every party keeps the data that it made, as in real life."
    reads_owners: ClassVar[bool] = True

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        """`labels` are the owners' numbers here."""
        owners = np.unique(labels)
        missing = parties - len(owners)
        if missing > 0:
            raise InvalidSetting(
                "parties",
                say(
                    "{missing} of the {parties} parties own no examples: take fewer parties or more examples.",
                    missing=missing,
                    parties=parties,
                ),
            )
        drawn = np.sort(rng.permutation(owners)[:parties])
        return [np.flatnonzero(labels == owner) for owner in drawn]
