"""What a data set is to the rest of the kit: four arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled examples, held once in memory; parties are index arrays into the training part.

    train_x: (N, ...) uint8 images (scaled by 1/255 as they are used) or float32 features (used as they are).
    train_y: (N,) integer labels from 0 to classes - 1. test_x, test_y: the same for the examples nobody trains on.
    """

    name: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray

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

    @property
    def classes(self) -> int:
        """How many labels there are."""
        return int(max(self.train_y.max(), self.test_y.max())) + 1
