"""Differential privacy of parties: nobody can tell from the shared models whether a party took part.

    party    clips its whole update to the length S:  u_k <- u_k · min(1, S / ||u_k||)
    server   adds noise to the mean, so that one clipped update more or less drowns in it

Source: McMahan, Ramage, Talwar and Zhang 2018, *Learning Differentially Private Recurrent Language Models* (arXiv
1710.06963), algorithm 1, with fixed weights and the fixed denominator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from fedlab.accounting import Release
from fedlab.messages import Message
from fedlab.randomness import Choice, generator, participants
from fedlab.rounds import CannotTrain
from fedlab.settings import InvalidSetting, setting
from fedlab.stages.aggregation import Mean
from fedlab.stages.base import Place, Stage
from fedlab.text import say


class Privacy(Stage):
    """What hides a single party in the result: clipping at the party, noise. This base is the kind `none`."""

    name: ClassVar[str] = "none"
    title: ClassVar[str] = "No noise"
    lesson: ClassVar[str] = "Messages are neither clipped nor hidden in noise."
    weighs_examples: ClassVar[bool] = True  # False: each party counts the same in the mean, whatever it holds

    def choose(self, seed: int, number: int, parties: int, participation: float) -> np.ndarray:
        """The parties that take part in a round, in ascending order."""
        return participants(seed, number, parties, participation)

    def release(self, participation: float) -> Release:
        """How one round hides a party; without noise it does not."""
        return Release(0.0, participation)

    @property
    def delta(self) -> float | None:
        """δ, at which ε is told; None where nothing is promised."""
        return None


class PartyPrivacy(Privacy):
    """Clip to S, noise of σ S on the sum, by the server or, where it is not trusted, by each party.

    Each party takes part by a draw of its own, with probability C (so the accountant may count on chance), and counts
    the same. The mean is the sum of clipped updates over C K, however many came, and at the server its noise has the
    standard deviation σ S / (C K). A party that adds noise itself adds σ S to its own update, which makes σ S / √(C K)
    of the mean; against a server that looks at single messages no chance helps, so there q = 1. With σ = 0 and a large
    S it is FedAvg in which parties count the same.
    """

    name: ClassVar[str] = "dp"
    title: ClassVar[str] = "Clip and add noise (DP)"
    lesson: ClassVar[str] = "Nobody can be told from the result: more noise hides better, and less is learned."
    weighs_examples: ClassVar[bool] = False

    dp_clip: float = setting(
        1.0,
        "How long a party's update may be: a short one needs little noise, and learns slowly.",
        symbol="S",
        low=0.001,
        high=1_000.0,
        slider=(0.01, 100.0),
        scale="log",
    )
    dp_noise: float = setting(
        1.0,
        "Noise in units of the clip: twice as much hides a party about twice as well.",
        symbol="σ",
        low=0.0,
        high=1_000.0,
        slider=(0.01, 10.0),
        scale="log",
    )
    dp_delta: float = setting(
        1e-5,
        "The chance that the promise fails: it should be well below one in the number of parties.",
        symbol="δ",
        low=1e-12,
        high=0.1,
        slider=(1e-8, 0.01),
        scale="log",
    )
    dp_where: Literal["server", "party"] = setting(
        "server",
        "Who adds the noise: the server, once, if it is trusted; or each party, which takes far more in all.",
        choices=("server", "party"),
    )

    def require(self, experiment: Any) -> None:
        rule, compression = experiment.aggregation, experiment.compression
        if self.dp_where == "party":
            return
        if type(rule) is not Mean:
            raise InvalidSetting(
                "privacy",
                say(
                    "The server's noise hides one party in a mean, but {rule} may follow one party further: take the "
                    "mean, or noise at the party.",
                    rule=say(type(rule).title),
                ),
            )
        if not compression.keeps_length:
            raise InvalidSetting(
                "privacy",
                say(
                    "The server's noise fits updates of the clip's length, but {compression} may send longer ones: "
                    "take top-k or signs without error feedback, no compression, or noise at the party.",
                    compression=say(type(compression).title),
                ),
            )

    @property
    def delta(self) -> float:
        return self.dp_delta

    def release(self, participation: float) -> Release:
        return Release(self.dp_noise, participation if self.dp_where == "server" else 1.0)

    def choose(self, seed: int, number: int, parties: int, participation: float) -> np.ndarray:
        """Each party by a draw of its own, with probability C: perhaps none."""
        return np.flatnonzero(generator(seed, Choice.PARTICIPANTS, number).random(parties) < participation)

    def at_party(self, up: Message, own: None, at: Place) -> tuple[Message, None]:
        if [part.shape for part in up] != [(at.size,)] and up:
            raise CannotTrain(
                say(
                    "Clip and noise hide one update a party, but this algorithm sends more than that: take one that "
                    "sends its update alone, such as FedAvg or FedProx."
                )
            )
        return tuple(self._noisy(self._clipped(part), self.dp_noise * self.dp_clip, "party", at) for part in up), None

    def at_server(self, mean: Message, parties: Sequence[int], at: Place) -> Message:
        if not parties:
            mean = (np.zeros(at.size, np.float32),)
        sums = (part * np.float32(len(parties) / at.expected) for part in mean)
        return tuple(self._noisy(part, self.dp_noise * self.dp_clip / at.expected, "server", at) for part in sums)

    def _clipped(self, update: np.ndarray) -> np.ndarray:
        length = float(np.sqrt(np.square(update, dtype=np.float64).sum()))
        return update * np.float32(min(1.0, self.dp_clip / length)) if length > 0 else update

    def _noisy(self, part: np.ndarray, deviation: float, where: str, at: Place) -> np.ndarray:
        if where != self.dp_where or deviation == 0:
            return part
        return part + np.float32(deviation) * at.rng.standard_normal(part.shape, np.float32)
