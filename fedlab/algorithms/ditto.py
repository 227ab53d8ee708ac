"""Ditto: everybody trains the shared model, and beside it a model of its own that may go only so far from it.

Source: Li, Hu, Beirami and Smith 2021 (arXiv 2012.04221), algorithm 1, with as many steps for the one as for the other.

    party k:  w_k <- LocalTraining(k, w_t), and sends w_k - w_t
              v_k <- v_k - η (∇l(v_k; b) + λ (v_k - w_t))   for each local step; v_k never leaves the party
    server:   w_{t+1} <- w_t + Σ n_k/n (w_k - w_t)
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg
from fedlab.messages import Message, Trained
from fedlab.settings import setting


class OwnTraining(FedAvg):
    """The steps of v_k: v <- v - η (∇l(v; b) + λ (v - w_t)), from where they last ended, at first from w_t."""

    pull: float = setting(1.0, "λ", low=0.0)

    def start(self, down: Message, own: np.ndarray | None) -> np.ndarray:
        return down[0] if own is None else own

    def correction(self, down: Message, own: np.ndarray | None) -> np.ndarray:
        return down[0]

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        return gradient + self.pull * (weights - correction)

    def report(self, down: Message, own: np.ndarray | None, trained: Trained) -> tuple[Message, np.ndarray]:
        return (), trained.weights


class Ditto(FedAvg):
    """v_k minimises F_k(v) + λ/2 ||v - w||²: with λ = 0 it is training alone, and λ → ∞ keeps everybody at w.

    The shared model w is FedAvg's, and so are the bytes; a party trains twice as long, and keeps its v_k, (P,), from
    its first round on. The test accuracy is the mean over these models, each of which answers an equal part of the test
    examples; a party that has none, or one that the server cannot ask, answers with w.
    """

    name: ClassVar[str] = "ditto"
    title: ClassVar[str] = "Ditto"
    lesson: ClassVar[str] = "Beside the shared model each party trains one of its own, held near it: judged are those."

    ditto_pull: float = setting(
        1.0,
        "How strongly a party's own model is held to the shared one; with 0 it is trained alone.",
        symbol="λ",
        low=0.0,
        high=10.0,
        slider=(0.0, 2.0),
    )

    def own_training(self) -> FedAvg:
        return OwnTraining(pull=self.ditto_pull)

    def judged(self, w: np.ndarray, owns: list[Any]) -> list[np.ndarray]:
        return [w if own is None else own for own in owns]
