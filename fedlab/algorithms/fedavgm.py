"""FedAvgM: FedAvg whose server has momentum.

Source: Hsu, Qi and Brown 2019 (arXiv 1909.06335), section 4.3; with a server learning rate as in Reddi et al. 2021.

    server:   Δ_t <- Σ n_k/n w_k - w_t
              v_{t+1} <- β v_t + Δ_t,   v_1 = 0
              w_{t+1} <- w_t + η_s v_{t+1}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg, PartyResult, server_step, weighted_mean
from fedlab.settings import setting


class FedAvgM(FedAvg):
    """The server treats the parties' mean update as a gradient, and keeps rolling in its direction.

    With β = 0 and η_s = 1 it is FedAvg; with β = 0 alone it is FedOpt with plain SGD at the server.
    The memory is v, (P,).
    """

    name: ClassVar[str] = "fedavgm"
    title: ClassVar[str] = "FedAvgM"
    lesson: ClassVar[str] = "The server keeps rolling in the direction of earlier rounds: evens out skewed rounds."

    server_momentum: float = setting(
        0.9, "How much of the last rounds' direction the server keeps; 0 is FedAvg.", symbol="β", low=0.0, high=0.99
    )
    server_learning_rate: float = server_step(1.0)

    def initial_memory(self, size: int, examples: np.ndarray) -> np.ndarray:
        return np.zeros(size, np.float32)

    def aggregate(
        self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        velocity = self.server_momentum * memory + (weighted_mean(results) - global_weights)
        return global_weights + self.server_learning_rate * velocity, velocity
