"""q-FedAvg: who is served badly counts more, so that accuracies come closer together.

Source: Li, Sanjabi, Beirami and Smith 2020 (arXiv 1905.10497), algorithm 2, with L = 1/η and parties that count by
their examples. It minimises Σ n_k/n F_k(w)^(q+1) / (q + 1).

    party k:  Δ_k <- (w_t - w_k) / η
              h_k <- q F_k^(q-1) ||Δ_k||² + F_k^q / η
    server:   w_{t+1} <- w_t - Σ n_k/n F_k^q Δ_k / Σ n_k/n h_k

F_k is the party's loss with the model that came down. Here it is the mean over its local steps, as it saw them: the
same with one step (E = 1, B = ∞), and a little lower with more.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg
from fedlab.messages import Message, Trained
from fedlab.settings import setting

LEAST = 1e-10  # a loss that is raised to a negative power is never 0


class QFedAvg(FedAvg):
    """FedAvg for q = 0. The larger q is, the more the worst served party decides; q → ∞ is agnostic learning.

    A party sends h_k beside its direction: 4 bytes more than in FedAvg.
    """

    name: ClassVar[str] = "qfedavg"
    title: ClassVar[str] = "q-FedAvg"
    lesson: ClassVar[str] = "Parties that are served badly count more: fairer, and often a little worse on the whole."

    q: float = setting(1.0, "How much more the badly served count: 0 is FedAvg.", low=0.0, high=50.0, slider=(0, 5))

    def report(self, down: Message, own: Any, trained: Trained) -> tuple[Message, Any]:
        loss = trained.train_loss + LEAST
        delta = (down[0] - trained.weights) / trained.learning_rate
        h = (
            self.q * loss ** (self.q - 1) * np.square(delta, dtype=np.float64).sum()
            + loss**self.q / trained.learning_rate
        )
        return (np.float32(loss**self.q) * delta, np.asarray(h, np.float32)), own

    def step(self, w: np.ndarray, mean: Message, share: float, server: Any) -> tuple[np.ndarray, Any]:
        direction, h = mean
        return w - direction / (h if h > 0 else 1), server
