"""Every party holds its own data, as the data set says."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.partitions.base import Partition
from fedlab.settings import InvalidSetting
from fedlab.text import say


class Natural(Partition):
    """Party k holds the examples that are its own (`Dataset.owners`): nothing is dealt out.

    For data that comes from parties in the first place, such as the synthetic ones.
    """

    name: ClassVar[str] = "natural"
    title: ClassVar[str] = "Each its own (by owner)"
    lesson: ClassVar[str] = "Every party keeps the data that it made, as in real life."
    reads_owners: ClassVar[bool] = True

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        """`labels` are the owners' numbers here."""
        held = [np.flatnonzero(labels == party) for party in range(parties)]
        missing = sum(len(own) == 0 for own in held)
        if missing:
            raise InvalidSetting(
                "parties",
                say(
                    "{missing} of the {parties} parties own no examples: take fewer parties or more examples.",
                    missing=missing,
                    parties=parties,
                ),
            )
        return held
