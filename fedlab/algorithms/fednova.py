"""FedNova: average the parties' directions, not their distances, so that nobody counts more by stepping more often.

Source: Wang, Liu, Liang, Joshi and Poor 2020 (arXiv 2007.07481), equation 9, with τ_eff = Σ n_k/n τ_k.

    server:   d_k <- (w_t - w_k) / τ_k
              w_{t+1} <- w_t - (Σ n_k/n τ_k) (Σ n_k/n d_k)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg, PartyResult


class FedNova(FedAvg):
    """FedAvg with each party's update divided by its number of local steps τ_k (with momentum: `effective_steps`).

    FedAvg with unequal τ_k minimises another objective than Σ n_k/n F_k: parties that step more count more. When all
    τ_k are equal, FedNova is FedAvg. The work of parties that did not finish their epochs counts too.
    """

    name: ClassVar[str] = "fednova"
    title: ClassVar[str] = "FedNova"
    lesson: ClassVar[str] = "Who takes more local steps no longer counts more: matters where sizes or speeds differ."
    keeps_partial_work: ClassVar[bool] = True

    def aggregate(
        self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: Any
    ) -> tuple[np.ndarray, Any]:
        directions, steps, n = np.zeros(len(global_weights)), 0.0, 0
        for result in results:
            tau = result.effective_steps
            directions += result.examples / tau * (global_weights - result.weights)
            steps += result.examples * tau
            n += result.examples
        return (global_weights - (steps / n) * (directions / n)).astype(np.float32), memory
