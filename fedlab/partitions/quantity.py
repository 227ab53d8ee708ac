"""Quantity skew: everybody holds a fair sample, but some hold much more of it than others."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.partitions.base import Partition
from fedlab.settings import setting


class Quantity(Partition):
    """The parties' sizes follow n_k/n ~ Dirichlet(β, ..., β); every party gets at least one example. Labels are IID.

    β → ∞ gives equal sizes, which is the partition IID. β → 0 gives nearly everything to one party.

    Source: Li, Diao, Chen and He 2022 (NIID-Bench, arXiv 2102.02079), section 4.3 ("quantity skew").
    """

    name: ClassVar[str] = "quantity"
    title: ClassVar[str] = "Unequal sizes"
    lesson: ClassVar[str] = "Quantity skew: some parties hold far more than others, and the average listens to them."

    size_beta: float = setting(
        0.5, "The smaller β is, the more unequal the parties' sizes.", symbol="β", low=0.05, high=100.0, scale="log"
    )

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        shares = rng.dirichlet(np.full(parties, self.size_beta))
        spare = len(labels) - parties
        ends = np.arange(1, parties) + np.floor(np.cumsum(shares)[:-1] * spare).clip(0, spare).astype(int)
        return np.split(rng.permutation(len(labels)), ends)
