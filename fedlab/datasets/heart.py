"""Heart disease: 920 patients of four hospitals, and whether an artery of theirs is narrowed.

Source: Heart Disease, UCI Machine Learning Repository: Andras Janosi (Budapest), William Steinbrunn (Zurich), Matthias
Pfisterer (Basel) and Robert Detrano (Long Beach and Cleveland). As Fed-Heart-Disease in FLamby (Ogier du Terrail et
al. 2022, arXiv 2210.04620). Licence of the data: CC BY 4.0.

Left out, as in FLamby: slope, ca and thal, which hardly anybody measured outside Cleveland. A cholesterol or a blood
pressure of 0 means that it was not measured.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from fedlab.datasets.base import Dataset, Source
from fedlab.datasets.tables import arrays_in, held_out, indicators

LEFT_OUT = ("slope", "ca", "thal")
CODES = {"cp": (1.0, 2.0, 3.0, 4.0), "restecg": (0.0, 1.0, 2.0)}  # their numbers are names
ZERO_IS_MISSING = ("chol", "trestbps")


class Heart(Source):
    """Ten measurements of a patient; label 1: an artery is narrowed. A fifth of each hospital tests."""

    name: ClassVar[str] = "heart"
    title: ClassVar[str] = "Heart disease (four hospitals)"
    lesson: ClassVar[str] = "Real hospitals: their patients differ, and so does what each of them measured."

    def load(self, parties: int, seed: int) -> Dataset:
        return heart(seed)

    def usual(self) -> dict[str, Any]:
        return {"parties": 4, "examples": len(heart(0).train_y)}


@lru_cache(maxsize=4)
def heart(seed: int) -> Dataset:
    """The patients, with the split of this seed."""
    held = arrays_in("heart_disease.npz")
    x, names = held["x"].astype(np.float64), held["columns"].tolist()
    columns = []
    for name, values in zip(names, x.T, strict=True):
        if name in ZERO_IS_MISSING:
            values = np.where(values == 0, np.nan, values)
        if name not in LEFT_OUT:
            columns.append(indicators(values, CODES[name]) if name in CODES else values[:, None])
    x, y, owners = np.hstack(columns), (held["y"] > 0).astype(np.int64), held["owner"].astype(np.int64)
    tested = held_out(owners, y, seed)
    return Dataset(
        "heart", x[~tested], y[~tested], x[tested], y[tested], owners[~tested],
        classes=2, raw=True, test_owners=owners[tested], owner_names=tuple(held["owners"].tolist()),
        class_names=("healthy", "ill"), called="patients",
    )  # fmt: skip
