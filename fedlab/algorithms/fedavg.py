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

from fedlab.settings import Settings


@dataclass(frozen=True, eq=False)
class PartyResult:
    """What one party sends back after its local training."""

    party: int  # its number, from 0
    examples: int  # n_k
    steps: int  # local steps taken, τ_k
    weights: np.ndarray  # (P,) float32: w_k, all of the model's weights in one flat vector
    train_loss: float  # mean loss over the examples of its local steps, as it saw them
    learning_rate: float  # η


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

    def initial_memory(self, size: int) -> Any:
        """What the server remembers between rounds, before round 1; `size` is P, the number of weights."""
        return None

    def correction(self, memory: Any, party: int) -> np.ndarray | None:
        """(P,) a constant that `local_gradient` gets during this party's local training, or None."""
        return None

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        """The direction of a local step, w <- w - η · this. Called for each of the model's weight tensors.

        gradient: ∇l(w; b). weights: w. global_weights: w_t, the model the round began with. All have one shape, and
        so must the result; it is compiled, so use arithmetic and TensorFlow only.
        """
        return gradient

    def aggregate(self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: Any) -> tuple[np.ndarray, Any]:
        """The new shared model (P,) and the new memory.

        `results` yields each party's result as it arrives, in the order of the parties' numbers, once: keep sums, not
        models. `memory` may be shared with an earlier round: return a new one instead of changing it.
        """
        return weighted_mean(results), memory


def weighted_mean(results: Iterable[PartyResult]) -> np.ndarray:
    """Σ n_k w_k / Σ n_k, (P,) float32, summed in float64."""
    total, examples = np.float64(0), 0
    for result in results:
        total = total + result.examples * result.weights.astype(np.float64)
        examples += result.examples
    return np.asarray(total / examples, dtype=np.float32)
