"""A yardstick: every party trains alone and never hears of the others. What federated learning has to beat."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg
from fedlab.messages import Message, Trained


class Alone(FedAvg):
    """w_k <- LocalTraining(k, w_k): FedAvg without the average.

    Its test accuracy is the mean over the parties' models, each of which answers an equal part of the test examples.
    The shared model stays as it was drawn. Nothing travels. With one party its models are FedAvg's.
    """

    name: ClassVar[str] = "alone"
    title: ClassVar[str] = "Every party alone (yardstick)"
    lesson: ClassVar[str] = "What a party reaches on its own data: the reason to take part at all."
    keeps_partial_work: ClassVar[bool] = True

    def party_memory(self, w: np.ndarray) -> np.ndarray:
        return w

    def send(self, w: np.ndarray, server: None) -> Message:
        return ()

    def start(self, down: Message, own: np.ndarray) -> np.ndarray:
        return own

    def report(self, down: Message, own: np.ndarray, trained: Trained) -> tuple[Message, np.ndarray]:
        return (), trained.weights

    def step(self, w: np.ndarray, mean: Message, share: float, server: None) -> tuple[np.ndarray, None]:
        return w, None

    def judged(self, w: np.ndarray, owns: list[np.ndarray]) -> list[np.ndarray]:
        return owns
