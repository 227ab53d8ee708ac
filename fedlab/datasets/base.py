"""What a data set is to the rest of the kit: four arrays, and perhaps whose each example is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fedlab.settings import Settings


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled examples, held once in memory; parties are index arrays into the training part.

    train_x: (N, ...) uint8 images (scaled by 1/255 as they are used) or float32 features (used as they are).
    train_y: (N,) integer labels from 0 to classes - 1. test_x, test_y: the same for the examples nobody trains on.
    owners: (N,) the number of the party that each training example belongs to, from 0; None if nobody owns any yet.
    """

    name: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    owners: np.ndarray | None = None

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            x, y = getattr(self, f"{part}_x"), getattr(self, f"{part}_y")
            if len(x) != len(y) or len(x) == 0:
                raise ValueError(
                    f"{part}_x has {len(x)} examples and {part}_y has {len(y)}: they must match and not be empty."
                )
            if not np.issubdtype(y.dtype, np.integer) or y.min() < 0:
                raise ValueError(f"{part}_y must hold whole numbers from 0 upwards, one label for each example.")
            if x.dtype != np.uint8 and not np.issubdtype(x.dtype, np.floating):
                raise ValueError(f"{part}_x must be uint8 images or floating-point features, but it is {x.dtype}.")

        if self.owners is not None and (
            self.owners.shape != self.train_y.shape
            or not np.issubdtype(self.owners.dtype, np.integer)
            or self.owners.min() < 0
        ):
            raise ValueError("owners must hold one party's number, 0 or more, for each training example.")

    @property
    def classes(self) -> int:
        """How many labels there are."""
        return int(max(self.train_y.max(), self.test_y.max())) + 1


class Source(Settings):
    """Where an experiment's data comes from. To add one, write a subclass and name it in `DATASETS`."""

    name: ClassVar[str]  # as written in files, links and on the command line
    title: ClassVar[str]  # as shown to a learner
    lesson: ClassVar[str]  # one sentence: what choosing it teaches

    def load(self, parties: int, seed: int) -> Dataset:
        """The data. Only data that is made for its parties depends on their number and on the seed."""
        raise NotImplementedError
