"""SCAFFOLD: every party knows how its gradient differs from everybody's, and corrects each local step by it.

Source: Karimireddy, Kale, Mohri, Reddi, Stich and Suresh 2020 (arXiv 1910.06378), algorithm 1, option II.

    party k:  w <- w - η (∇l(w; b) - c_k + c)   for each local step, τ_k of them
              c_k⁺ <- c_k - c + (w_t - w_k) / (τ_k η)
    server:   w_{t+1} <- w_t + η_s Σ_{k in S_t} n_k/n (w_k - w_t),   n = Σ_{k in S_t} n_k
              c <- c + Σ_{k in S_t} p_k (c_k⁺ - c_k),   p_k = n_k / (all parties' examples)

The paper's parties all count the same; here, as everywhere in the kit, each counts by its examples, which is the same
when all hold equally many. With momentum ρ, τ_k is `effective_steps`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg, PartyResult, server_step
from fedlab.algorithms.party_vectors import PartyVectors


class SCAFFOLD(FedAvg):
    """Control variates c_k estimate each party's gradient, c everybody's; their difference undoes client drift.

    At a fixed point c_k = ∇F_k(w) and c = ∇F(w) = 0, so it settles at the minimum of F whatever the number of local
    steps. Round 1, with all c_k = 0, is FedAvg's. It sends twice as much as FedAvg; its memory holds c and all c_k.
    """

    name: ClassVar[str] = "scaffold"
    title: ClassVar[str] = "SCAFFOLD"
    lesson: ClassVar[str] = "Each step is corrected by how the party differs from all: no drift, for twice the bytes."
    vectors_down: ClassVar[int] = 2  # w_t and c
    vectors_up: ClassVar[int] = 2  # w_k and c_k⁺

    server_learning_rate: float = server_step(1.0)

    def initial_memory(self, size: int, examples: np.ndarray) -> PartyVectors:
        return PartyVectors.zeros(size, examples)

    def correction(self, memory: PartyVectors, party: int) -> np.ndarray:
        return memory.mean - memory.own[party]

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        return gradient + correction

    def aggregate(
        self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: PartyVectors
    ) -> tuple[np.ndarray, PartyVectors]:
        c, total, n = memory.mean, np.zeros(len(global_weights)), 0
        for result in results:
            change = result.weights - global_weights
            memory = memory.moved(result.party, -c - change / np.float32(result.effective_steps * result.learning_rate))
            total += result.examples * change
            n += result.examples
        return (global_weights + self.server_learning_rate * total / n).astype(np.float32), memory
