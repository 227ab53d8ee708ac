"""Dirichlet label skew, the other way round: each label is split over the parties, so their sizes differ too."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.partitions.base import Partition, nobody_empty
from fedlab.partitions.dirichlet import alpha

SMALLEST = 10  # examples that every party holds at least, if there are enough


class LabelDirichlet(Partition):
    """Of each label, party k gets the share p_k, with p ~ Dirichlet(α, ..., α) drawn for each label anew.

    A party that has its fair share of examples gets no more of the labels that follow. The draw is repeated until every
    party holds ten examples (100 times at most; where ten are more than half of a fair share, half a fair share).
    α → ∞ is IID; the smaller α is, the more both the parties' labels and their sizes differ. The same α is milder here
    than in `Dirichlet`, whose α is shared out over the labels.

    Source: Yurochkin et al. 2019 (arXiv 1905.12022), section 4, as in NIID-Bench (Li et al. 2022, arXiv 2102.02079),
    section 4.1 ("distribution-based label imbalance").
    """

    name: ClassVar[str] = "label_dirichlet"
    title: ClassVar[str] = "Dirichlet (labels and sizes)"
    lesson: ClassVar[str] = (
        "Each digit is split unevenly over the parties: they differ in what and in how much they hold."
    )

    alpha: float = alpha(0.5)

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        wanted = min(SMALLEST, len(labels) // (2 * parties))
        for _ in range(100):
            held = self._draw(labels, parties, rng)
            if min(map(len, held)) >= wanted:
                break
        return nobody_empty(held)

    def _draw(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        held: list[list[int]] = [[] for _ in range(parties)]
        for label in np.unique(labels):
            examples = rng.permutation(np.flatnonzero(labels == label))
            shares = rng.dirichlet(np.full(parties, self.alpha))
            hungry = np.array([len(own) < len(labels) / parties for own in held])
            if (shares * hungry).sum() > 0:
                shares = shares * hungry
            ends = (np.cumsum(shares / shares.sum())[:-1] * len(examples)).astype(int)
            for own, part in zip(held, np.split(examples, ends), strict=True):
                own.extend(part)
        return [np.array(own, int) for own in held]
