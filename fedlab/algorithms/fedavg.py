"""FedAvg: train locally, send the weights, average them by the number of examples.

Source: McMahan, Moore, Ramage, Hampson and Agüera y Arcas 2017 (arXiv 1602.05629), algorithm 1. A *party* here is a
*client* there.

    server:   for each round t:
                  S_t <- a random set of max(C K, 1) parties
                  w_k <- LocalTraining(k, w_t)   for each party k in S_t, in parallel
                  w_{t+1} <- Σ_{k in S_t} n_k / n w_k,   n = Σ_{k in S_t} n_k
    party k:  for each local epoch, for each batch b:   w <- w - η ∇l(w; b)

An algorithm says what differs from this. The rest of the kit (`federation.py`, `local_training.py`) does not change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fedlab.settings import Settings, setting


@dataclass(frozen=True, eq=False)
class PartyResult:
    """What one party sends back after its local training."""

    party: int  # its number, from 0
    examples: int  # n_k
    steps: int  # local steps taken, τ_k
    weights: np.ndarray  # (P,) float32: w_k, all of the model's weights in one flat vector
    train_loss: float  # mean loss over the examples of its local steps, as it saw them
    learning_rate: float  # η
    momentum: float = 0.0  # ρ, of the local steps

    @property
    def effective_steps(self) -> float:
        """||a_k||_1: how many steps without momentum move as far as these τ_k with it; τ_k when ρ = 0.

        Source: Wang, Liu, Liang, Joshi and Poor 2020 (arXiv 2007.07481), section 4.
        """
        rho, tau = self.momentum, self.steps
        return (tau - rho * (1 - rho**tau) / (1 - rho)) / (1 - rho)


class FedAvg(Settings):
    """w_{t+1} = Σ n_k/n w_k over the parties that took part.

    With one local step on all of a party's data (E = 1, B = ∞) it is FedSGD; with one party it is plain SGD.
    """

    name: ClassVar[str] = "fedavg"
    title: ClassVar[str] = "FedAvg"
    lesson: ClassVar[str] = "Several local steps before each average: fewer rounds, but parties may drift apart."
    fixes: ClassVar[dict[str, Any]] = {}  # settings of the experiment that this algorithm does not leave open
    vectors_down: ClassVar[int] = 1  # model-sized vectors that the server sends to each party in a round
    vectors_up: ClassVar[int] = 1  # ... and that each party sends back
    keeps_partial_work: ClassVar[bool] = False  # False: the server drops parties that do not finish their E epochs
    pools_data: ClassVar[bool] = False  # True: one party holds everybody's data (the yardstick "central")

    def initial_memory(self, size: int, examples: np.ndarray) -> Any:
        """What the algorithm remembers between rounds, before round 1.

        size: P, the number of weights. examples: (K,) n_k, the number of examples of every party.
        """
        return None

    def starting_point(self, global_weights: np.ndarray, memory: Any, party: int) -> np.ndarray:
        """(P,) where this party's local training begins: the shared model."""
        return global_weights

    def correction(self, memory: Any, party: int) -> np.ndarray | None:
        """(P,) a constant that `local_gradient` gets during this party's local training, or None."""
        return None

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        """The direction of a local step, w <- w - η · this. Called for each of the model's weight tensors.

        gradient: ∇l(w; b). weights: w. global_weights: w_t, the model the round began with. All have one shape, and
        so must the result; it is compiled, so use arithmetic and TensorFlow only.
        """
        return gradient

    def aggregate(
        self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: Any
    ) -> tuple[np.ndarray, Any]:
        """The new shared model (P,) and the new memory.

        `results` yields each party's result as it arrives, in the order of the parties' numbers, once: keep sums, not
        models. `memory` may be shared with an earlier round: return a new one instead of changing it.
        """
        return weighted_mean(results), memory

    def judged(self, global_weights: np.ndarray, memory: Any) -> list[np.ndarray]:
        """The models whose accuracy a round reports: the shared one. Several share the test examples out."""
        return [global_weights]


def weighted_mean(results: Iterable[PartyResult]) -> np.ndarray:
    """Σ n_k w_k / Σ n_k, (P,) float32, summed in float64."""
    total, examples = np.zeros(1), 0
    for result in results:
        total = total + result.examples * result.weights.astype(np.float64)
        examples += result.examples
    return np.asarray(total / examples, dtype=np.float32)


def server_step(default: float) -> Any:
    """The setting η_s, declared alike by every algorithm whose server takes steps of its own."""
    return setting(
        default,
        "How far the server goes along the parties' mean update.",
        symbol="η_s",
        low=1e-4,
        high=10.0,
        slider=(0.001, 2.0),
        scale="log",
    )
