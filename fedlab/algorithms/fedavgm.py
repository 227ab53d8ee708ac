"""FedAvgM: FedAvg whose server has momentum.

Source: Hsu, Qi and Brown 2019 (arXiv 1909.06335), section 4.3; with a server learning rate as in Reddi et al. 2021.

    server:   Δ_t <- Σ n_k/n (w_k - w_t)
              v_{t+1} <- β v_t + Δ_t,   v_1 = 0
              w_{t+1} <- w_t + η_s v_{t+1}
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg, server_step
from fedlab.messages import Message
from fedlab.settings import setting


class FedAvgM(FedAvg):
    """The server treats the parties' mean update as a gradient, and keeps rolling in its direction.

    With β = 0 and η_s = 1 it is FedAvg; with β = 0 alone it is FedOpt with plain SGD at the server.
    The server's memory is v, (P,).
    """

    name: ClassVar[str] = "fedavgm"
    title: ClassVar[str] = "FedAvgM"
    lesson: ClassVar[str] = "The server keeps rolling in the direction of earlier rounds: evens out skewed rounds."

    server_momentum: float = setting(
        0.9, "How much of the last rounds' direction the server keeps; 0 is FedAvg.", symbol="β_s", low=0.0, high=0.99
    )
    server_learning_rate: float = server_step(1.0)

    def server_memory(self, w: np.ndarray) -> np.ndarray:
        return np.zeros_like(w)

    def step(self, w: np.ndarray, mean: Message, share: float, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        v = self.server_momentum * v + mean[0]
        return w + self.server_learning_rate * v, v
