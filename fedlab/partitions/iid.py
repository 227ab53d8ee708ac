"""IID: every party holds a fair sample of everything."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.partitions.base import Partition, even_sizes


class IID(Partition):
    """Shuffle the examples and deal them out evenly: independent, identically distributed data.

    Source: McMahan et al. 2017, section 3 ("IID").
    """

    name: ClassVar[str] = "iid"
    title: ClassVar[str] = "IID (everyone alike)"
    lesson: ClassVar[str] = "Every party holds a fair sample of all labels: the easy case, and the one to compare with."

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        shuffled = rng.permutation(len(labels))
        return np.split(shuffled, np.cumsum(even_sizes(len(labels), parties))[:-1])
