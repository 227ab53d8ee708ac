"""Dirichlet label skew, the other way round: each label is split over the parties, so their sizes differ too."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.partitions.base import Partition, nobody_empty
from fedlab.partitions.dirichlet import alpha

Cut = tuple[np.ndarray, np.ndarray]  # examples, and where each party's part of them ends
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
        "Each label is split unevenly over the parties: they differ in what and in how much they hold."
    )

    alpha: float = alpha(0.5)

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        wanted = min(SMALLEST, len(labels) // (2 * parties))
        for _ in range(100):
            dealt, sizes = self._draw(labels, parties, rng)
            if sizes.min() >= wanted:
                break
        parts = zip(*(np.split(examples, ends) for examples, ends in dealt), strict=True)
        return nobody_empty([np.concatenate(own) for own in parts])

    def _draw(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> tuple[list[Cut], np.ndarray]:
        """How each label's examples are cut up, and (parties,) how many examples each party then holds."""
        dealt, sizes = [], np.zeros(parties, int)
        for label in np.unique(labels):
            examples = rng.permutation(np.flatnonzero(labels == label))
            shares = rng.dirichlet(np.full(parties, self.alpha))
            hungry = sizes < len(labels) / parties
            if (shares * hungry).sum() > 0:
                shares = shares * hungry
            ends = (np.cumsum(shares / shares.sum())[:-1] * len(examples)).astype(int)
            sizes += np.diff(ends, prepend=0, append=len(examples))
            dealt.append((examples, ends))
        return dealt, sizes
