"""A yardstick: every party trains alone and never hears of the others. What federated learning has to beat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg, PartyResult

Models = tuple[np.ndarray | None, ...]  # (P,) for every party, or None as long as it has not trained


class Alone(FedAvg):
    """w_k <- LocalTraining(k, w_k): FedAvg without the average.

    Its test accuracy is the mean over the parties' models, each of which answers an equal part of the test examples.
    The shared model stays as it was drawn. No bytes travel. With one party it is FedAvg.
    """

    name: ClassVar[str] = "alone"
    title: ClassVar[str] = "Every party alone (yardstick)"
    lesson: ClassVar[str] = "What a party reaches on its own data: the reason to take part at all."
    vectors_down: ClassVar[int] = 0
    vectors_up: ClassVar[int] = 0
    keeps_partial_work: ClassVar[bool] = True

    def initial_memory(self, size: int, examples: np.ndarray) -> Models:
        return (None,) * len(examples)

    def starting_point(self, global_weights: np.ndarray, memory: Models, party: int) -> np.ndarray:
        own = memory[party]
        return global_weights if own is None else own

    def aggregate(
        self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: Models
    ) -> tuple[np.ndarray, Models]:
        models = list(memory)
        for result in results:
            models[result.party] = result.weights
        return global_weights, tuple(models)

    def judged(self, global_weights: np.ndarray, memory: Models) -> list[np.ndarray]:
        return [self.starting_point(global_weights, memory, party) for party in range(len(memory))]
