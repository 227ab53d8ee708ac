"""What a data set is to the rest of the kit: four arrays, and perhaps whose each example is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fedlab.settings import Kind
from fedlab.text import say


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled examples, held once in memory; parties are index arrays into the training part.

    train_x: (N, ...) uint8 images or float32 features. Models see them divided by `scale`: unless it is given, 255 for
    uint8 and 1 otherwise. train_y: (N,) integer labels from 0 to classes - 1. test_x, test_y: the same for the examples
    nobody trains on. owners: (N,) the number of the party that each training example belongs to, from 0; None if nobody
    owns any yet. classes: how many labels there are; unless it is given, as many as the highest label says.

    raw: the columns have units of their own and may have gaps (NaN): the parties fill and scale them together before
    anything trains; see `fedlab.scaling`. test_owners: whose each test example is. owner_names, class_names: what
    owners and labels are called, in the order of their numbers. called: what examples are called, such as "patients".
    measure: what tells how good a model is; "auc", for two classes, where one of them is rare.
    """

    name: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    owners: np.ndarray | None = None
    classes: int = 0
    scale: float = 0.0
    raw: bool = False
    test_owners: np.ndarray | None = None
    owner_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    called: str = ""
    measure: Literal["accuracy", "auc"] = "accuracy"

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            x, y = getattr(self, f"{part}_x"), getattr(self, f"{part}_y")
            if len(x) != len(y) or len(x) == 0:
                raise ValueError(
                    say(
                        "{part}_x has {examples} examples and {part}_y has {labels}: they must match and not be empty.",
                        part=part,
                        examples=len(x),
                        labels=len(y),
                    )
                )
            if not np.issubdtype(y.dtype, np.integer) or y.min() < 0:
                raise ValueError(
                    say("{part}_y must hold whole numbers from 0 upwards, one label for each example.", part=part)
                )
            if x.dtype != np.uint8 and not np.issubdtype(x.dtype, np.floating):
                raise ValueError(
                    say(
                        "{part}_x must be uint8 images or floating-point features, but it is {type}.",
                        part=part,
                        type=x.dtype,
                    )
                )
        highest = int(max(self.train_y.max(), self.test_y.max()))
        if self.classes and highest >= self.classes:
            raise ValueError(
                say("With {classes} classes, labels go up to {last}, but there is a label {label}.",
                    classes=self.classes, last=self.classes - 1, label=highest)
            )  # fmt: skip
        object.__setattr__(self, "classes", self.classes or highest + 1)
        object.__setattr__(self, "scale", self.scale or (255.0 if self.train_x.dtype == np.uint8 else 1.0))
        if self.owners is not None and (
            self.owners.shape != self.train_y.shape
            or not np.issubdtype(self.owners.dtype, np.integer)
            or self.owners.min() < 0
        ):
            raise ValueError(say("owners must hold one party's number, 0 or more, for each training example."))
        if self.measure == "auc" and self.classes != 2:
            raise ValueError(say("AUC is for two classes, and there are {classes}.", classes=self.classes))

    @property
    def label_names(self) -> list[str]:
        """What each label is called; its number if it has no name."""
        return [str(name) for name in self.class_names] or [str(number) for number in range(self.classes)]

    @property
    def examples_called(self) -> str:
        """What examples are called, in the reader's language."""
        return say(self.called) if self.called else say("examples")


class Source(Kind):
    """Where an experiment's data comes from. To add one, write a subclass and name it in `DATASETS`."""

    def load(self, parties: int, seed: int) -> Dataset:
        """The data. Only data that is made for its parties depends on their number and on the seed."""
        raise NotImplementedError

    def usual(self) -> dict[str, Any]:
        """How many parties and examples an experiment has that does not say so, where this data has its own."""
        return {}

    def nbytes(self, parties: int, seed: int) -> int:
        """About how many bytes of memory it takes to load the data; known before it is loaded."""
        return 0
