"""FedAdagrad, FedAdam and FedYogi: FedAvg whose server takes adaptive steps, one size for each weight.

Source: Reddi, Charles, Zaheer, Garrett, Rush, Konečný, Kumar and McMahan 2021 (arXiv 2003.00295), algorithm 2.

    server:   Δ_t <- Σ n_k/n (w_k - w_t)
              m_t <- β1 m_{t-1} + (1 - β1) Δ_t,                         m_0 = 0
              v_t <- v_{t-1} + Δ_t²                                     (FedAdagrad)
              v_t <- β2 v_{t-1} + (1 - β2) Δ_t²                         (FedAdam)
              v_t <- v_{t-1} - (1 - β2) Δ_t² sign(v_{t-1} - Δ_t²)       (FedYogi)     v_0 = τ²
              w_{t+1} <- w_t + η_s m_t / (√v_t + τ)

There is no bias correction, as in the paper. The server's memory is the pair (m, v), each (P,).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg, server_step
from fedlab.messages import Message
from fedlab.settings import setting

Moments = tuple[np.ndarray, np.ndarray]


class FedAdagrad(FedAvg):
    """Weights that have moved much take smaller and smaller steps. None of the three reduces to FedAvg."""

    name: ClassVar[str] = "fedadagrad"
    title: ClassVar[str] = "FedAdagrad"
    lesson: ClassVar[str] = "The server takes ever smaller steps for weights that have moved much: cautious."

    server_learning_rate: float = server_step(0.01)
    beta_1: float = setting(
        0.0, "How much of the last rounds' direction the server remembers.", symbol="β₁", low=0.0, high=0.99
    )
    tau: float = setting(
        1e-3,
        "The larger τ is, the less the steps adapt.",
        symbol="τ_s",
        low=1e-6,
        high=1.0,
        slider=(1e-4, 0.1),
        scale="log",
    )

    def server_memory(self, w: np.ndarray) -> Moments:
        return np.zeros_like(w), np.full_like(w, self.tau**2)

    def second_moment(self, v: np.ndarray, square: np.ndarray) -> np.ndarray:
        """v_t from v_{t-1} and Δ_t²; all that the three algorithms differ in."""
        return v + square

    def step(self, w: np.ndarray, mean: Message, share: float, server: Moments) -> tuple[np.ndarray, Moments]:
        delta, (m, v) = mean[0], server
        m = self.beta_1 * m + (1 - self.beta_1) * delta
        v = self.second_moment(v, delta**2)
        return w + self.server_learning_rate * m / (np.sqrt(v) + self.tau), (m, v)


class FedAdam(FedAdagrad):
    """The step of each weight follows the recent size of its updates: v is a moving average."""

    name: ClassVar[str] = "fedadam"
    title: ClassVar[str] = "FedAdam"
    lesson: ClassVar[str] = "The server scales each weight's step by how much it moved lately: easily too quick."

    server_learning_rate: float = server_step(0.01)
    beta_1: float = setting(
        0.9, "How much of the last rounds' direction the server remembers.", symbol="β₁", low=0.0, high=0.99
    )
    beta_2: float = setting(
        0.99, "How long the server remembers the size of each weight's updates.", symbol="β₂", low=0.0, high=0.999
    )

    def second_moment(self, v: np.ndarray, square: np.ndarray) -> np.ndarray:
        return self.beta_2 * v + (1 - self.beta_2) * square


class FedYogi(FedAdam):
    """FedAdam whose v moves by at most (1 - β2) Δ² a round, so a single quiet round does not make the steps large."""

    name: ClassVar[str] = "fedyogi"
    title: ClassVar[str] = "FedYogi"
    lesson: ClassVar[str] = "FedAdam that forgets large updates slowly: steadier when few parties take part."

    def second_moment(self, v: np.ndarray, square: np.ndarray) -> np.ndarray:
        return v - (1 - self.beta_2) * square * np.sign(v - square)
