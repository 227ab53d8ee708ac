"""Attacks: what dishonest parties do to their data or to what they send. They train like everybody else.

Who lies is drawn once for a run; who lies less often is still the same party. A liar knows what every party knows: the
model that the server sent, its own data and update. It does not see what others send.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from fedlab.datasets import Dataset
from fedlab.messages import Message
from fedlab.randomness import Choice, these
from fedlab.settings import Who, require_there, setting
from fedlab.stages.base import Place, Stage, Turn


class Attack(Stage):
    """What dishonest parties do to what they send. This base is the kind `none`: nobody does anything."""

    name: ClassVar[str] = "none"
    title: ClassVar[str] = "Nobody lies"
    lesson: ClassVar[str] = "Every party sends what its training came to."

    def colluders(self, at: Place) -> set[int]:
        """The parties that show each other what they have learned before they send; nobody, as a rule."""
        return set()

    def agreed(self, shown: Sequence[Message], turn: Turn) -> Attack:
        """This attack in one round, once the colluders that report have shown each other these honest messages."""
        return self

    def aimed_at(self, data: Dataset) -> Dataset | None:
        """The test examples and labels that this attack wants the model to learn; None if it wants only harm."""
        return None


class Lying(Attack):
    """Some parties lie from some round on. Made for kinds to be derived from, which say what a lie is."""

    attackers: Who = setting(
        1, "How many parties lie, drawn by lot, or which.", low=0, high=60_000, slider=(0, 20), named=True
    )
    attack_from: int = setting(1, "The first round in which they do.", low=1, high=100_000, slider=(1, 50))

    def require(self, experiment: Any) -> None:
        require_there("attackers", self.attackers, experiment.parties)

    def liars(self, at: Place) -> set[int]:
        """The parties that lie in this round, if they take part in it."""
        return these(self.attackers, at.seed, Choice.ATTACK, at.parties) if at.number >= self.attack_from else set()

    def lie(self, up: Message, at: Place) -> Message:
        """What a liar sends instead of `up`."""
        return up

    def at_party(self, up: Message, own: None, at: Place) -> tuple[Message, None]:
        return self.lie(up, at) if at.party in self.liars(at) else up, None


def strength(default: float, lesson: str) -> Any:
    """The setting s, declared alike by every attack that is more or less loud."""
    return setting(default, lesson, symbol="s", low=0.0, high=1_000.0, slider=(0, 20))


LOUD = "How many times as long as an honest update a lie is."


class LabelFlip(Lying):
    """A liar trains on wrong labels: class y of C is called C - 1 - y, so a 0 is a 9 and a 7 a 2. What it sends is
    honest.

    Source: Tolpegin, Truex, Gursoy and Liu 2020, *Data Poisoning Attacks Against Federated Learning Systems* (arXiv
    2007.08432), where one class is called another.
    """

    name: ClassVar[str] = "label_flip"
    title: ClassVar[str] = "Wrong labels"
    lesson: ClassVar[str] = "Liars call every 0 a 9, every 1 an 8, and train on that."

    def at_data(self, x: np.ndarray, y: np.ndarray, at: Place) -> tuple[np.ndarray, np.ndarray]:
        return x, (at.classes - 1 - y).astype(y.dtype) if at.party in self.liars(at) else y


class SignFlip(Lying):
    """A liar sends w_t - s (w_k - w_t): s times as far as it has walked, the other way."""

    name: ClassVar[str] = "sign_flip"
    title: ClassVar[str] = "The other way"
    lesson: ClassVar[str] = "Liars send the opposite of what they learned, louder than the others."

    attack_strength: float = strength(1.0, LOUD)

    def lie(self, up: Message, at: Place) -> Message:
        return tuple(np.float32(-self.attack_strength) * part if part.ndim else part for part in up)


class Noise(Lying):
    """A liar sends Gaussian noise, s times as long as its update is."""

    name: ClassVar[str] = "noise"
    title: ClassVar[str] = "Noise"
    lesson: ClassVar[str] = "Liars send random numbers, louder than the others."

    attack_strength: float = strength(1.0, LOUD)

    def lie(self, up: Message, at: Place) -> Message:
        def drawn(part: np.ndarray) -> np.ndarray:
            size = np.sqrt(np.mean(np.square(part, dtype=np.float64)))
            return np.float32(self.attack_strength * size) * at.rng.standard_normal(part.shape, np.float32)

        return tuple(drawn(part) if part.ndim else part for part in up)


class FreeRider(Lying):
    """A liar sends w_t back, as if it had learned nothing new, and gets the next model like everybody else.

    Source: Lin, Du and Liu 2019, *Free-riders in Federated Learning: Attacks and Defenses* (arXiv 1911.12560), section
    3.1.
    """

    name: ClassVar[str] = "free_rider"
    title: ClassVar[str] = "Taking without giving"
    lesson: ClassVar[str] = "Liars send the model back as it came: they slow the others down and share the result."

    def lie(self, up: Message, at: Place) -> Message:
        return tuple(np.zeros_like(part) if part.ndim else part for part in up)
