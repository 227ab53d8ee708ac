"""A little is enough: liars who have agreed send what is just inside the spread of the honest, and still do harm.

    each liar trains honestly, and all liars show each other their updates, whose mean is μ and standard deviation σ,
    weight by weight; they do not see the others'
    all of them send  μ - z σ

A majority rule believes what most parties are near to. If s honest parties lie further out than the liars, these and
the liars are a majority, and z^max is how far out that is, if updates are normal:

    s = ⌊n/2 + 1⌋ - f        z^max = Φ^-1((n - f - s) / (n - f)),     n parties, f liars

Source: Baruch, Baruch and Goldberg 2019, *A Little Is Enough: Circumventing Defenses For Distributed Learning* (arXiv
1902.06156), section 3 and algorithm 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import ClassVar, Literal

import numpy as np
from pydantic import PrivateAttr

from fedlab.messages import Message
from fedlab.settings import setting
from fedlab.stages.attack import Attack, Lying
from fedlab.stages.base import Place, Turn


class Little(Lying):
    """All liars send μ - z σ of their own updates. One liar alone has σ = 0, so it sends what it has learned."""

    name: ClassVar[str] = "little"
    title: ClassVar[str] = "A little is enough"
    lesson: ClassVar[str] = "Liars agree, and stay just inside the spread of the honest: rules believe them."

    deviations: float | Literal["most"] = setting(
        "most",
        "How far from the liars' mean a lie is, in their standard deviations, or the most that a majority believes.",
        symbol="z",
        low=0.0,
        high=100.0,
        choices=(0.1, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, "most"),
    )
    _lie: Message = PrivateAttr(())

    def colluders(self, at: Place) -> set[int]:
        return self.liars(at)

    def agreed(self, shown: Sequence[Message], turn: Turn) -> Attack:
        z = most_believed(len(turn.chosen), len(shown)) if self.deviations == "most" else self.deviations
        together = self.model_copy()
        together._lie = tuple(
            np.asarray(np.mean(parts, axis=0) - z * np.std(parts, axis=0), np.float32)
            for parts in (np.stack([message[place] for message in shown]) for place in range(len(shown[0])))
        )
        return together

    def lie(self, up: Message, at: Place) -> Message:
        return tuple(agreed if part.ndim else part for agreed, part in zip(self._lie or up, up, strict=True))


def most_believed(parties: int, liars: int) -> float:
    """z^max; 0 where liars are a majority, who need no disguise, or where there is none to hide among."""
    honest = parties - liars
    further = parties // 2 + 1 - liars
    if not 0 < further < honest:
        return 0.0
    return max(0.0, NormalDist().inv_cdf((honest - further) / honest))
