"""FedAsync: the server mixes each model in as it arrives.

Source: Xie, Koyejo and Gupta 2019 (arXiv 1903.03934), algorithm 1, with the polynomial weight of section 5.2 and
without the proximal term.

    party k:  sends w_k
    server:   w <- (1 - α_τ) w + α_τ w_k,   α_τ = α (1 + τ)^-a,  τ: how many steps old the model is that w_k began with
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fedlab.algorithms.asynchronous import Asynchronous, staleness
from fedlab.messages import Message, Trained
from fedlab.settings import setting


class FedAsync(Asynchronous):
    """w <- (1 - α_τ) w + α_τ w_k, one party at a time. With one party and α = 1 it is plain SGD."""

    name: ClassVar[str] = "fedasync"
    title: ClassVar[str] = "FedAsync"
    lesson: ClassVar[str] = "Nobody waits for anybody: each model is mixed in as it arrives, old ones with less weight."

    mixing: float = setting(
        0.5,
        "How much of the shared model one party's model replaces.",
        symbol="α",
        low=0.001,
        high=1.0,
        slider=(0.05, 1),
    )
    staleness: float = staleness()

    def needed(self, parties: int) -> int:
        return 1

    def report(self, down: Message, own: Any, trained: Trained) -> tuple[Message, Any]:
        alpha = np.float32(self.mixing * (1 + self.age(down, own)) ** -self.staleness)
        return (alpha * trained.weights, np.array([alpha])), own

    def step(self, w: np.ndarray, mean: Message, share: float, server: Any) -> tuple[np.ndarray, Any]:
        part, alpha = mean
        return (1 - alpha) * w + part, server
