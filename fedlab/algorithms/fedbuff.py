"""FedBuff: the server takes a step whenever so many updates are in its buffer, whoever sent them.

Source: Nguyen, Malik, Zhan, Yousefpour, Rabbat, Malek and Huba 2022 (arXiv 2106.06639), algorithm 1.

    party k:  sends s(τ) (w_k - w_start),   s(τ) = (1 + τ)^-a,  τ: how many steps old w_start is
    server:   when B of them are there:   w <- w + η_s Σ n_k/n s(τ_k) (w_k - w_start)

The paper's updates all count the same; here, as everywhere in the kit, each counts by its examples. In the paper a
place that becomes free goes at once to another of millions of parties. Here all parties are always at work, and one
that has sent waits until the buffer is used: so nobody is in it twice, and a buffer for all is FedAvg, to the bit.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fedlab.algorithms.asynchronous import Asynchronous, staleness
from fedlab.algorithms.fedavg import server_step
from fedlab.messages import Message, Trained
from fedlab.settings import setting


class FedBuff(Asynchronous):
    """w <- w + η_s Σ n_k/n (1 + τ_k)^-a (w_k - w_start,k) over the first B messages to arrive."""

    name: ClassVar[str] = "fedbuff"
    title: ClassVar[str] = "FedBuff"
    lesson: ClassVar[str] = (
        "The server waits for the first few and not for the slowest: more steps, some of them stale."
    )

    buffer: int = setting(3, "How many messages make a step of the server.", low=1, high=60_000, slider=(1, 20))
    staleness: float = staleness()
    server_learning_rate: float = server_step(1.0)

    def needed(self, parties: int) -> int:
        return min(self.buffer, parties)

    def report(self, down: Message, own: Any, trained: Trained) -> tuple[Message, Any]:
        update = trained.weights - own[0]
        discount = np.float32((1 + self.age(down, own)) ** -self.staleness)
        return (discount * update,), own

    def step(self, w: np.ndarray, mean: Message, share: float, server: Any) -> tuple[np.ndarray, Any]:
        return w + np.float32(self.server_learning_rate) * mean[0], server
