"""SCAFFOLD: every party knows how its gradient differs from everybody's, and corrects each local step by it.

Source: Karimireddy, Kale, Mohri, Reddi, Stich and Suresh 2020 (arXiv 1910.06378), algorithm 1, option II.

    party k:  w <- w - η (∇l(w; b) - c_k + c)   for each local step, τ_k of them
              c_k⁺ <- c_k - c + (w_t - w_k) / (τ_k η)
              sends w_k - w_t and c_k⁺ - c_k
    server:   w_{t+1} <- w_t + η_s Σ_{k in S_t} n_k/n (w_k - w_t),   n = Σ_{k in S_t} n_k
              c <- c + Σ_{k in S_t} p_k (c_k⁺ - c_k),   p_k = n_k / (all parties' examples)

The paper's parties all count the same; here, as everywhere in the kit, each counts by its examples, which is the same
when all hold equally many. Then Σ_{k in S_t} p_k x_k is `share`, the examples of S_t over all, times the mean. With
momentum ρ, τ_k is `effective_steps`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg, server_step
from fedlab.messages import Message, Trained


class SCAFFOLD(FedAvg):
    """Control variates c_k estimate each party's gradient, c everybody's; their difference undoes client drift.

    At a fixed point c_k = ∇F_k(w) and c = ∇F(w) = 0, so it settles at the minimum of F whatever the number of local
    steps. Round 1, with all c_k = 0, is FedAvg's. It sends twice as much as FedAvg, both ways. Each party keeps its
    c_k, (P,), and the server c, (P,).
    """

    name: ClassVar[str] = "scaffold"
    title: ClassVar[str] = "SCAFFOLD"
    lesson: ClassVar[str] = "Each step is corrected by how the party differs from all: no drift, for twice the bytes."

    server_learning_rate: float = server_step(1.0)

    def server_memory(self, w: np.ndarray) -> np.ndarray:
        return np.zeros_like(w)

    def party_memory(self, w: np.ndarray) -> np.ndarray:
        return np.zeros_like(w)

    def send(self, w: np.ndarray, c: np.ndarray) -> Message:
        return w, c

    def correction(self, down: Message, c_k: np.ndarray) -> np.ndarray:
        return down[1] - c_k

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        return gradient + correction

    def report(self, down: Message, c_k: np.ndarray, trained: Trained) -> tuple[Message, np.ndarray]:
        w_t, c = down
        update = trained.weights - w_t
        change = -c - update / np.float32(trained.effective_steps * trained.learning_rate)  # c_k⁺ - c_k
        return (update, change), c_k + change

    def step(self, w: np.ndarray, mean: Message, share: float, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        update, change = mean
        return w + self.server_learning_rate * update, c + share * change
