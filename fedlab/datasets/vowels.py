"""Vowels: 990 recordings of fifteen speakers, eleven English vowels from *heed* to *heard*, six times each.

Source: Deterding, Niranjan and Robinson, Connectionist Bench (Vowel Recognition), UCI Machine Learning Repository.
Licence of the data: GPL-2 as in R's mlbench; UCI states CC BY 4.0 for its data sets.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np

from fedlab.datasets.base import Dataset, Source
from fedlab.datasets.tables import arrays_in, held_out
from fedlab.settings import setting
from fedlab.text import say

SPEAKERS = 15
OWN_TESTED = 1 / 3  # two of a speaker's six recordings of a vowel


class Vowels(Source):
    """Ten numbers of a recording (log area ratios); label: which of eleven vowels it is.

    The first speakers take part, each with its own recordings: the authors' split for eight. Tests are a third of the
    recordings of those who take part, or everything that the others, new voices, say.
    """

    name: ClassVar[str] = "vowels"
    title: ClassVar[str] = "Vowels (fifteen speakers)"
    lesson: ClassVar[str] = (
        "Voices differ: one's own model knows one's own voice best, and no voice that it has not heard."
    )

    speakers: int = setting(8, "How many of the 15 speakers take part; the others are new voices.", low=2, high=14)
    voices: Literal["own", "new"] = setting(
        "own", "Whose voices test the model: those that it was trained with, or new ones.", choices=("own", "new")
    )

    def load(self, parties: int, seed: int) -> Dataset:
        return vowels(seed, self.speakers, self.voices == "new")

    def usual(self) -> dict[str, Any]:
        return {"parties": self.speakers, "examples": 44 * self.speakers}  # four of six of eleven vowels


@lru_cache(maxsize=4)
def vowels(seed: int, speakers: int, new: bool) -> Dataset:
    """The recordings, with the split of this seed. new: test on those who take no part."""
    held = arrays_in("vowels.npz")
    x, y, owners = held["x"].astype(np.float64), held["y"].astype(np.int64), held["owner"].astype(np.int64)
    taking_part = owners < speakers
    unheard = held_out(owners, y, seed, OWN_TESTED)
    train, test = taking_part & ~unheard, ~taking_part if new else taking_part & unheard
    names = tuple(
        say("woman {number}", number=number) if held["sex"][owners == number][0] else say("man {number}", number=number)
        for number in range(SPEAKERS)
    )
    return Dataset(
        "vowels", x[train], y[train], x[test], y[test], owners[train],
        classes=11, raw=True, test_owners=owners[test], owner_names=names,
        class_names=tuple(held["words"].tolist()), called="recordings",
    )  # fmt: skip
