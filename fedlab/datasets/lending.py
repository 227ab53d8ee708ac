"""Loans: 9,857 of Lending Club's from the first quarter of 2016, by the borrower's region, and which of them went bad.

One lender, split by where the borrower lives: no public data set says which *bank* a loan is from. Each of the nine
census divisions stands for a regional lender. Its own verdict (interest rate, grade) is left out.

Source: Lending Club's public loan data, in the R package modeldata. Licence of the data: MIT (modeldata authors, © 2019
Max Kuhn, RStudio).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from fedlab.datasets.base import Dataset, Source
from fedlab.datasets.tables import arrays_in, held_out, indicators

VERDICT = ("int_rate", "sub_grade")
# amounts of money, from nothing to a million: their logarithms spread evenly
MONEY = ("funded_amnt", "annual_inc", "total_bal_il", "delinq_amnt", "total_il_high_credit_limit")


class Lending(Source):
    """18 facts about a borrower; label 1 if the loan is late or lost: one in twenty. A fifth of each region tests.

    Saying that no loan goes bad is right for 95 %, so it is judged by AUC: how often a bad loan is ranked above a good
    one.
    """

    name: ClassVar[str] = "lending"
    title: ClassVar[str] = "Loans (nine regions of one lender)"
    lesson: ClassVar[str] = "One loan in twenty goes bad: a rare event, and a weak signal that no region has enough of."

    def load(self, parties: int, seed: int) -> Dataset:
        return lending(seed)

    def usual(self) -> dict[str, Any]:
        return {"parties": 9, "examples": len(lending(0).train_y)}


@lru_cache(maxsize=4)
def lending(seed: int) -> Dataset:
    """The loans, with the split of this seed."""
    held = arrays_in("lending_club.npz")
    columns = []
    for name, values in zip(held["columns"].tolist(), held["x"].astype(np.float64).T, strict=True):
        if name == "verification":
            columns.append(indicators(values, (0.0, 1.0, 2.0)))
        elif name not in VERDICT:
            columns.append((np.log1p(values) if name in MONEY else values)[:, None])
    x, y, owners = np.hstack(columns), held["y"].astype(np.int64), held["owner"].astype(np.int64)
    tested = held_out(owners, y, seed)
    return Dataset(
        "lending", x[~tested], y[~tested], x[tested], y[tested], owners[~tested],
        classes=2, raw=True, test_owners=owners[tested], owner_names=tuple(held["owners"].tolist()),
        class_names=("repaid", "bad"), called="loans", measure="auc",
    )  # fmt: skip
