"""FedDyn: a regulariser for each party, renewed every round, that makes the local minima agree with the global one.

Source: Acar, Zhao, Matas Navarro, Mattina, Whatmough and Saligrama 2021 (arXiv 2111.04263), algorithm 1.

    party k:  w_k <- argmin_w F_k(w) - <g_k, w> + α/2 ||w - w_t||²,   here by local SGD
              g_k <- g_k - α (w_k - w_t)
    server:   h <- h - α Σ_{k in S_t} p_k (w_k - w_t),   p_k = n_k / (all parties' examples)
              w_{t+1} <- Σ_{k in S_t} n_k/n w_k - h/α,   n = Σ_{k in S_t} n_k

The paper's parties all count the same; here each counts by its examples, which is the same when all hold equally many.
Then Σ_{k in S_t} p_k x_k is `share`, the examples of S_t over all, times the mean.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg
from fedlab.messages import Message, Trained
from fedlab.settings import setting


class FedDyn(FedAvg):
    """Each local step follows ∇l(w; b) - g_k + α (w - w_t).

    At a fixed point g_k = ∇F_k(w) and h = Σ p_k g_k = ∇F(w) = 0. It sends no more than FedAvg: g_k, (P,), stays with
    its party, and h, (P,), with the server. In round 1, if all parties take part, it is FedProx with μ = α whose server
    goes twice as far.
    """

    name: ClassVar[str] = "feddyn"
    title: ClassVar[str] = "FedDyn"
    lesson: ClassVar[str] = "Each party's pull changes every round until all agree: no drift, and no extra bytes."

    feddyn_alpha: float = setting(
        0.1,
        "How hard parties are pulled to agree: too small is wild, too large is slow.",
        symbol="α_dyn",
        low=1e-4,
        high=10.0,
        slider=(0.001, 1.0),
        scale="log",
    )

    def server_memory(self, w: np.ndarray) -> np.ndarray:
        return np.zeros_like(w)

    def party_memory(self, w: np.ndarray) -> np.ndarray:
        return np.zeros_like(w)

    def correction(self, down: Message, g_k: np.ndarray) -> np.ndarray:
        return -g_k

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        return gradient + correction + self.feddyn_alpha * (weights - global_weights)

    def report(self, down: Message, g_k: np.ndarray, trained: Trained) -> tuple[Message, np.ndarray]:
        update = trained.weights - down[0]
        return (update,), g_k - self.feddyn_alpha * update

    def step(self, w: np.ndarray, mean: Message, share: float, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        h = h - self.feddyn_alpha * share * mean[0]
        return w + mean[0] - h / self.feddyn_alpha, h
