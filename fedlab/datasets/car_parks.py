"""Car parks: how full 28 of Birmingham's are, every half hour from eight to half past four, and in an hour from now.

Source: Birmingham City Council, 4 October to 19 December 2016 (Parking Birmingham, UCI Machine Learning Repository).
Contains public sector information licensed under the UK Open Government Licence. Two car parks with few readings are
left out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from fedlab.datasets.base import Dataset, Source
from fedlab.datasets.tables import arrays_in
from fedlab.settings import setting

LEFT_OUT = ("BHMBRTARC01", "NIA North")
QUARTERS = ("0-25 %", "25-50 %", "50-75 %", "75-100 %")
TESTED_DAYS = 15  # the last of 73
DAY = 24 * 60


class CarParks(Source):
    """Now, the change since half an hour ago, the hour and the weekday; label: in which quarter it is in an hour.

    Each car park trains on the last days before 2 December or so, and is tested on the fifteen days after them.
    """

    name: ClassVar[str] = "car_parks"
    title: ClassVar[str] = "Car parks (28 of one city)"
    lesson: ClassVar[str] = "Each fills in its own way, so many local steps pull the shared model apart."

    days: int = setting(14, "How many days each car park has kept: with few, it cannot learn alone.", low=1, high=58)

    def load(self, parties: int, seed: int) -> Dataset:
        return car_parks(self.days)

    def usual(self) -> dict[str, Any]:
        return {"parties": 28, "examples": len(car_parks(self.days).train_y)}


@lru_cache(maxsize=4)
def car_parks(days: int) -> Dataset:
    """The car parks, with so many days to train on."""
    x, y, owners, day, names = readings()
    kept = np.unique(day)
    last, first = kept[-TESTED_DAYS], kept[-TESTED_DAYS - days]
    train, test = (day >= first) & (day < last), day >= last
    return Dataset(
        "car_parks", x[train], y[train], x[test], y[test], owners[train],
        classes=4, raw=True, test_owners=owners[test], owner_names=names, class_names=QUARTERS, called="hours",
    )  # fmt: skip


@lru_cache(maxsize=1)
def readings() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, tuple[str, ...]]:
    """Features (N, 20), labels (N,), car park (N,) and day (N,) of each hour that can be foretold, and their names."""
    held = arrays_in("car_parks.npz")
    all_names = held["owners"].tolist()
    names = [name for name in all_names if name not in LEFT_OUT]
    parts = []
    for number, name in enumerate(names):
        its = held["owner"] == all_names.index(name)
        minute = held["minute"][its].astype(np.int64)
        full = np.clip(held["occupancy"][its] / held["capacity"][all_names.index(name)], 0, 1)
        before, now, later = np.arange(len(minute) - 3), np.arange(1, len(minute) - 2), np.arange(3, len(minute))
        whole = (np.abs(minute[later] - minute[now] - 60) <= 15) & (np.abs(minute[now] - minute[before] - 30) <= 15)
        before, now, later = before[whole], now[whole], later[whole]
        slot = (minute[now] % DAY - 8 * 60 + 15) // 30
        weekday = (minute[now] // DAY + 1) % 7  # 4 October 2016 was a Tuesday
        x = np.hstack([
            full[now, None], (full[now] - full[before])[:, None],
            np.eye(18)[np.clip(slot, 0, 17)], np.eye(7)[weekday],
        ])  # fmt: skip
        y = np.minimum((4 * full[later]).astype(np.int64), 3)
        parts.append((x, y, np.full(len(y), number), minute[now] // DAY))
    x, y, owners, day = (np.concatenate(column) for column in zip(*parts, strict=True))
    return x, y, owners, day, tuple(names)
