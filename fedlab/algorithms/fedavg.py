"""FedAvg: train locally, send what has changed, average it by the number of examples.

Source: McMahan, Moore, Ramage, Hampson and Agüera y Arcas 2017 (arXiv 1602.05629), algorithm 1. A *party* here is a
*client* there.

    server:   for each round t:
                  S_t <- a random set of max(C K, 1) parties
                  w_k <- LocalTraining(k, w_t)   for each party k in S_t, in parallel
                  w_{t+1} <- Σ_{k in S_t} n_k / n w_k,   n = Σ_{k in S_t} n_k
    party k:  for each local epoch, for each batch b:   w <- w - η ∇l(w; b)

Every algorithm of the kit has two halves with one weighted mean of messages between them:

    server    send      what goes down to the parties
    party     correction, local_gradient: its local steps;   report: what goes up
    between   mean      Σ n_k / n of what the parties sent
    server    step      the new shared model

Parties send the difference w_k - w_t. Its mean, added to w_t, is the mean of the w_k.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fedlab.messages import Message, Trained
from fedlab.settings import Kind, setting
from fedlab.text import say

# what algorithms defined before they had two halves: left unsaid, an old class would run, and be FedAvg
BEFORE = {
    "aggregate": "report (at the party) and step (at the server)",
    "initial_memory": "server_memory and party_memory",
    "starting_point": "start",
}


class FedAvg(Kind):
    """w_{t+1} = w_t + Σ n_k/n (w_k - w_t) over the parties that took part.

    With one local step on all of a party's data (E = 1, B = ∞) it is FedSGD; with one party it is plain SGD. Vectors of
    the model's size are flat, (P,) float32, and read-only: return a new one instead of changing one.
    """

    name: ClassVar[str] = "fedavg"
    title: ClassVar[str] = "FedAvg"
    lesson: ClassVar[str] = "Several local steps before each average: fewer rounds, but parties may drift apart."
    keeps_partial_work: ClassVar[bool] = False  # False: the server drops parties that do not finish their E epochs
    in_one_place: ClassVar[bool] = False  # True: one computer holds everybody's data, so nothing travels
    asynchronous: ClassVar[bool] = False  # True of an `Asynchronous`: its server does not wait for all

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        super().__pydantic_init_subclass__(**more)
        for before, now in BEFORE.items():
            if before in vars(cls):
                raise TypeError(
                    say("{algorithm} defines {before}, which nothing calls any more: define {now}.",
                        algorithm=cls.__name__, before=before, now=now)
                )  # fmt: skip

    def server_memory(self, w: np.ndarray) -> Any:
        """What the server remembers between rounds, before the first. w: (P,) the shared model then."""
        return None

    def party_memory(self, w: np.ndarray) -> Any:
        """What each party remembers between its rounds, before its first. It never leaves the party."""
        return None

    def send(self, w: np.ndarray, server: Any) -> Message:
        """What goes down to every party of the round: the shared model w_t, (P,)."""
        return (w,)

    def start(self, down: Message, own: Any) -> np.ndarray:
        """(P,) where a party's local training begins."""
        return down[0]

    def correction(self, down: Message, own: Any) -> np.ndarray | None:
        """(P,) a constant that `local_gradient` gets in each of this party's local steps, or None."""
        return None

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        """The direction of a local step, w <- w - η · this.

        gradient: ∇l(w; b). weights: w. global_weights: w_t, where local training began. All are flat (P,) vectors of
        the whole model's numbers, and so must be the result. Arithmetic runs on both engines. NumPy's functions, and an
        `if` that asks for values, run on the NumPy engine alone, where these are arrays; TensorFlow's functions run on
        both. (The kit's own, which treat each number for itself, get the weight tensors one by one on Keras.)
        """
        return gradient

    def own_training(self) -> FedAvg | None:
        """How each party trains a model that it keeps, beside the one whose training it reports; or None."""
        return None

    def report(self, down: Message, own: Any, trained: Trained) -> tuple[Message, Any]:
        """What goes up to the server, and what the party remembers from now on."""
        return (trained.weights - down[0],), own

    def step(self, w: np.ndarray, mean: Message, share: float, server: Any) -> tuple[np.ndarray, Any]:
        """The new shared model (P,) and the server's new memory.

        mean: Σ n_k/n of the parties' messages. share: n over the examples of all parties, 1 if all took part.
        """
        return w + mean[0], server

    def judged(self, w: np.ndarray, owns: list[Any]) -> list[np.ndarray]:
        """The models whose accuracy a round reports: the shared one. Several share the test examples out.

        owns: what each party remembers.
        """
        return [w]


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
