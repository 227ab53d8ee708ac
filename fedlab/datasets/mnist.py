"""MNIST, whole and embedded: 60,000 + 10,000 images of handwritten digits, without a network.

Source: Yann LeCun, Corinna Cortes and Christopher Burges, "The MNIST database of handwritten digits" (1998).
Licence of the data: CC BY-SA 3.0, Yann LeCun and Corinna Cortes. `mnist.npz` holds the four original arrays,
losslessly compressed; a test compares their MD5 sums with those of the original files.
"""

from __future__ import annotations

import zipfile
import zlib
from functools import lru_cache
from importlib.resources import files
from typing import ClassVar

import numpy as np

from fedlab.datasets.base import Dataset, Source
from fedlab.text import say


class MNIST(Source):
    """Handwritten digits: 28 x 28 pixels, 10 labels, written by about 250 people for the training part."""

    name: ClassVar[str] = "mnist"
    title: ClassVar[str] = "MNIST (handwritten digits)"
    lesson: ClassVar[str] = "Real images, easy enough to see quickly what goes wrong when parties differ."

    def load(self, parties: int, seed: int) -> Dataset:
        return mnist()


@lru_cache(maxsize=1)
def mnist() -> Dataset:
    """The 60,000 training and 10,000 test images, (N, 28, 28) uint8, read-only and loaded once."""
    file = files("fedlab.datasets").joinpath("mnist.npz")
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        raise ValueError(say("{file} is missing or damaged: install fedlab again.", file=file)) from None
    for array in arrays.values():
        array.setflags(write=False)
    return Dataset("mnist", arrays["x_train"], arrays["y_train"], arrays["x_test"], arrays["y_test"], classes=10)
