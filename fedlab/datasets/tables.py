"""What the data sets with real owners share: reading their files, and holding some of every owner out for testing."""

from __future__ import annotations

import zipfile
import zlib
from importlib.resources import files

import numpy as np

from fedlab.randomness import Choice, generator
from fedlab.text import say

TESTED = 0.2  # the share of each owner's examples that nobody trains on


def arrays_in(name: str) -> dict[str, np.ndarray]:
    """The arrays of a file beside this one, by name."""
    file = files("fedlab.datasets").joinpath(name)
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        raise ValueError(say("{file} is missing or damaged: install fedlab again.", file=file)) from None


def held_out(owners: np.ndarray, labels: np.ndarray, seed: int, share: float = TESTED) -> np.ndarray:
    """(N,) True for the examples to test on: of each owner's examples of each label this share, drawn from the seed.

    So every owner is tested on what it has, in its own proportions. One example of a label alone is trained on.
    """
    rng = generator(seed, Choice.DATASET)
    tested = np.zeros(len(labels), bool)
    for owner in np.unique(owners):
        for label in np.unique(labels[owners == owner]):
            own = np.flatnonzero((owners == owner) & (labels == label))
            tested[rng.permutation(own)[: round(share * len(own))]] = True
    return tested


def indicators(values: np.ndarray, codes: tuple[float, ...]) -> np.ndarray:
    """(N, codes): 1 where the value is this code, 0 where it is another, NaN where it is missing.

    For columns whose numbers are names. The codes are agreed on beforehand: no party could find them in its own data.
    """
    known = (values[:, None] == np.array(codes)).astype(float)
    known[np.isnan(values)] = np.nan
    return known
