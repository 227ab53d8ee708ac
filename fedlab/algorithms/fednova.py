"""FedNova: average the parties' directions, not their distances, so that nobody counts more by stepping more often.

Source: Wang, Liu, Liang, Joshi and Poor 2020 (arXiv 2007.07481), equation 9, with τ_eff = Σ n_k/n τ_k.

    party k:  d_k <- (w_k - w_t) / τ_k
    server:   w_{t+1} <- w_t + (Σ n_k/n τ_k) (Σ n_k/n d_k)
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg
from fedlab.messages import Message, Trained


class FedNova(FedAvg):
    """FedAvg with each party's update divided by its number of local steps τ_k (with momentum: `effective_steps`).

    FedAvg with unequal τ_k minimises another objective than Σ n_k/n F_k: parties that step more count more. When all
    τ_k are equal, FedNova is FedAvg. The work of parties that did not finish their epochs counts too. A party sends
    τ_k beside its direction: 4 bytes more than in FedAvg.
    """

    name: ClassVar[str] = "fednova"
    title: ClassVar[str] = "FedNova"
    lesson: ClassVar[str] = "Who takes more local steps no longer counts more: matters where sizes or speeds differ."
    keeps_partial_work: ClassVar[bool] = True

    def report(self, down: Message, own: Any, trained: Trained) -> tuple[Message, Any]:
        tau = np.float32(trained.effective_steps)
        return ((trained.weights - down[0]) / tau, np.asarray(tau)), own

    def step(self, w: np.ndarray, mean: Message, share: float, server: Any) -> tuple[np.ndarray, Any]:
        direction, tau = mean
        return w + tau * direction, server
