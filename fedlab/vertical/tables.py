"""Tables whose rows are people and whose columns lie with different parties.

heart: 297 patients of the Cleveland Clinic. Four parties measured them: a doctor in the practice, a laboratory, a
cardiologist, and a clinic with a camera. Each holds what such a party would hold; the patients were in truth all seen
in one place. Is an artery narrowed? Six patients with a missing value are left out, as in FLamby.
mnist: pictures of digits cut in two, each half with one party. Which digit is it?

`heart_disease.npz` is Fed-Heart-Disease, by Andras Janosi (Budapest), William Steinbrunn (Zurich), Matthias Pfisterer
(Basel) and Robert Detrano (Long Beach and Cleveland), from the UCI Machine Learning Repository; licence CC BY 4.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fedlab.datasets import mnist
from fedlab.datasets.tables import arrays_in
from fedlab.randomness import Choice, generator
from fedlab.text import say

HOLDERS: dict[str, dict[str, tuple[str, ...]]] = {  # by data set: each party, and its columns
    "heart": {
        "doctor": ("age", "sex", "cp", "trestbps"),  # age, sex, kind of chest pain, blood pressure
        "laboratory": ("chol", "fbs"),  # cholesterol, sugar
        "cardiologist": ("restecg", "thalach", "exang", "oldpeak", "slope"),  # electrocardiogram, at rest and at work
        "imaging": ("ca", "thal"),  # vessels in the X-ray, blood flow through the heart
    },
    "mnist_left_right": {"left": ("pixels",), "right": ("pixels",)},
    "mnist_upper_lower": {"upper": ("pixels",), "lower": ("pixels",)},
}
CODES = ("cp", "restecg", "slope", "thal")  # their numbers are names: each becomes a column of its own


@dataclass(frozen=True, eq=False)
class Table:
    """columns: for each party (N, d_k) what it holds about the same N people, in the same order. y: (N,) labels."""

    columns: dict[str, np.ndarray]
    y: np.ndarray
    classes: int

    def __post_init__(self) -> None:
        for name, own in self.columns.items():
            if own.ndim != 2 or len(own) != len(self.y):
                raise ValueError(
                    say(
                        "The columns of {name} have the shape {shape}, but they must have one row for each of the "
                        "{people:,} labels.",
                        name=name, shape=own.shape, people=len(self.y),
                    )
                )  # fmt: skip
        if len(self.y) < 5 or set(np.unique(self.y)) - set(range(self.classes)):
            raise ValueError(
                say("y must hold at least five labels, each a whole number from 0 to {last}.", last=self.classes - 1)
            )

    def merged(self, name: str = "one place") -> Table:
        """All columns in one hand."""
        return Table({name: np.hstack(list(self.columns.values()))}, self.y, self.classes)

    def of(self, parties: Sequence[str]) -> Table:
        """What these parties hold."""
        return Table({name: self.columns[name] for name in parties}, self.y, self.classes)


def table_of(data: str, people: int, seed: int) -> Table:
    """The table of one of `HOLDERS`: at most so many people, drawn by the seed."""
    whole = heart() if data == "heart" else halves(data)
    rows = generator(seed, Choice.EXAMPLES).permutation(len(whole.y))[:people]
    return Table({name: own[rows] for name, own in whole.columns.items()}, whole.y[rows], whole.classes)


@lru_cache(maxsize=1)
def heart() -> Table:
    """297 patients; y: 1 if an artery is narrowed."""
    held = arrays_in("heart_disease.npz")
    x, y, owner, names = (held[name] for name in ("x", "y", "owner", "columns"))
    whole = (owner == 0) & ~np.isnan(x).any(axis=1)
    measured = dict(zip(names.tolist(), x[whole].T.astype(np.float64), strict=True))
    columns = {
        party: np.hstack([_as_numbers(name, measured[name]) for name in own]) for party, own in HOLDERS["heart"].items()
    }
    return Table(columns, (y[whole] > 0).astype(int), classes=2)


def _as_numbers(name: str, values: np.ndarray) -> np.ndarray:
    """(N, 1), or of codes (N, values - 1): 1 where it is this code. The lowest code is where all of them are 0."""
    return (values[:, None] == np.unique(values)[1:]).astype(float) if name in CODES else values[:, None]


@lru_cache(maxsize=2)
def halves(data: str) -> Table:
    """MNIST's training images, cut in two."""
    axis = 2 if data == "mnist_left_right" else 1
    parts = np.split(mnist().train_x, 2, axis=axis)
    names = HOLDERS[data]
    columns = {name: part.reshape(len(part), -1) for name, part in zip(names, parts, strict=True)}
    return Table(columns, mnist().train_y.astype(int), classes=10)


def fifths(people: int, fold: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows that train and the rows that test: fold 0 to 4 is the fifth that tests."""
    parts = np.array_split(generator(seed, Choice.PARTITION).permutation(people), 5)
    return np.concatenate([part for number, part in enumerate(parts) if number != fold]), parts[fold]


def scaled(x: np.ndarray, training: np.ndarray) -> np.ndarray:
    """(N, d) what the model sees: grey levels from 0 to 1; of other columns each less its mean, by its deviation.

    Mean and standard deviation are those of the training rows. A party needs nobody else for its own columns.
    """
    if x.dtype == np.uint8:
        return x / 255
    deviation = x[training].std(axis=0)
    return (x - x[training].mean(axis=0)) / np.where(deviation > 0, deviation, 1)
