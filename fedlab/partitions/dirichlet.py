"""Dirichlet label skew: every party has a taste of its own, and α says how strong the tastes are."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fedlab.partitions.base import Partition, even_sizes
from fedlab.settings import setting


def alpha(default: float) -> Any:
    """The setting α, declared alike by both Dirichlet partitions."""
    lesson = "The smaller α is, the fewer labels each party knows."
    return setting(default, lesson, symbol="α", low=0.01, high=100.0, scale="log")


class Dirichlet(Partition):
    """Party k holds the labels in the proportions q_k ~ Dirichlet(α p), with p the overall label distribution.

    All parties hold equally many examples, so α changes what they hold and nothing else. Each party in turn draws its
    examples' labels from q_k; a label of which no example is left is dropped from q_k, and when none of its labels is
    left, the party draws a new q_k over the labels that are. α → 0 leaves nearly one label a party. The larger α is,
    the more alike the parties are, but α → ∞ is not IID: whoever draws last gets what the others have left. With 10
    parties and 2,000 examples of MNIST at α = 100, the label skew (`label_skew`) of all but the last two is 0.15, of
    the last 0.42; at α = 3 it is 0.57 for the first and 0.70 for the last; at α ≤ 1 the order makes no difference worth
    naming. Who draws when is drawn too, so no party's number is favoured.

    α multiplies the label distribution: Dirichlet(α p), p being 0.1 for each of ten digits, is what others write as
    Dirichlet(α/10, ..., α/10). The Dirichlet(0.5) of NIID-Bench (`LabelDirichlet`) is far less skewed than α = 0.5
    here: 0.51 against 0.76, with the same parties and examples.

    Source: Hsu, Qi and Brown 2019 (arXiv 1909.06335), section 3.
    """

    name: ClassVar[str] = "dirichlet"
    title: ClassVar[str] = "Dirichlet (label skew)"
    lesson: ClassVar[str] = (
        "Parties hold different mixes of labels, all equally many; a large α is near IID, but the last draw leftovers."
    )

    alpha: float = alpha(0.5)

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        stock = [list(rng.permutation(np.flatnonzero(labels == label))) for label in range(labels.max() + 1)]
        tastes = self.alpha * np.bincount(labels) / len(labels)
        held: list[np.ndarray] = [np.empty(0, int)] * parties
        sizes = even_sizes(len(labels), parties)
        for party in rng.permutation(parties):
            held[party] = rng.permutation(_draw(stock, tastes, sizes[party], rng))
        return held


def _draw(stock: list[list[int]], tastes: np.ndarray, wanted: int, rng: np.random.Generator) -> np.ndarray:
    """Take `wanted` examples out of the stock, their labels in the proportions q ~ Dirichlet(tastes) while it lasts."""
    taken: list[int] = []
    chances = np.zeros(len(stock))
    while len(taken) < wanted:
        left = np.array([len(examples) for examples in stock])
        chances[left == 0] = 0
        if chances.sum() == 0:  # the beginning, or every label of this party's taste is used up
            chances[left > 0] = rng.dirichlet(tastes[left > 0])
        counts = np.minimum(rng.multinomial(wanted - len(taken), chances / chances.sum()), left)
        for label, count in enumerate(counts):
            taken += [stock[label].pop() for _ in range(count)]
    return np.array(taken)
