"""Without rounds: the server does not wait for the slowest. What `FedBuff` and `FedAsync` share.

    party k:  gets w, trains, sends, waits for the answer, and so on, at its own speed
    server:   as soon as `needed` messages are there it takes a step, and answers those who sent them with the new model

A message is τ steps old if the server has taken τ steps since its party got its model. When a message arrives follows
from the clock that all runs have (`costs.py`), before anybody trains; `asynchrony.py` looks it up. A "round" is here a
step of the server.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fedlab.algorithms.fedavg import FedAvg
from fedlab.messages import Message
from fedlab.settings import InvalidSetting, setting
from fedlab.text import say


class Asynchronous(FedAvg):
    """Each party remembers the model that it trains on, and the server's steps and seconds when it got that."""

    asynchronous: ClassVar[bool] = True
    fixes: ClassVar[dict[str, Any]] = {"participation": 1.0, "stragglers": 0.0, "dropouts": 0.0}

    def needed(self, parties: int) -> int:
        """How many messages the server waits for, of so many parties that are there."""
        raise NotImplementedError

    def require(self, experiment: Any) -> None:
        for role in ("privacy", "compression", "secure_sum"):
            kind = getattr(experiment, role)
            if kind.name != "none":
                raise InvalidSetting(
                    role,
                    say(
                        "{title} does not go with {algorithm}, where parties send when they are ready: who is in a "
                        "step is known only when it is over.",
                        title=say(kind.title), algorithm=say(self.title),
                    ),
                )  # fmt: skip

    def server_memory(self, w: np.ndarray) -> tuple[int, float]:
        return 0, 0.0

    def party_memory(self, w: np.ndarray) -> tuple[np.ndarray, int, float]:
        return w, 0, 0.0

    def send(self, w: np.ndarray, server: tuple[int, float]) -> Message:
        return w, np.array([server[0]], np.int32)

    def start(self, down: Message, own: tuple[np.ndarray, int, float]) -> np.ndarray:
        return own[0]

    def age(self, down: Message, own: tuple[np.ndarray, int, float]) -> int:
        """τ, the server's steps since this party got its model."""
        return int(down[1][0]) - own[1]


def staleness() -> Any:
    """The setting a of the weight (1 + τ)^-a, declared alike by both."""
    return setting(
        0.5,
        "How much less a message counts that began with an older model: (1 + τ)^-a of it, so 0 treats all alike.",
        symbol="a", low=0.0, high=5.0, slider=(0, 2),
    )  # fmt: skip
