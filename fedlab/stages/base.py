"""What a stage is: something that happens to a message on its way. The base of each role does nothing to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fedlab.messages import Message
from fedlab.randomness import Choice, generator
from fedlab.settings import Kind


@dataclass(frozen=True)
class Turn:
    """One round of a run, as everybody knows it who takes part."""

    seed: int  # the experiment's
    number: int  # the round's, from 1
    parties: int  # K, how many there are
    expected: float  # C K, how many take part on average
    classes: int  # how many kinds of examples there are
    size: int  # P, the number of the model's weights
    weights: Mapping[int, int]  # what the message of each party that takes part counts in the mean: n_k, or 1

    @property
    def chosen(self) -> tuple[int, ...]:
        """The parties that take part, also those that will never report, in ascending order."""
        return tuple(self.weights)

    @cached_property
    def among(self) -> int:
        """What all of them together count in the mean."""
        return sum(self.weights.values())

    def at(self, role: str, party: int | None = None) -> Place:
        """The place of a stage in this round: at a party, or at the server."""
        known = (self.seed, self.number, self.parties, self.expected, self.classes, self.size, self.weights)
        return Place(*known, role, party)


@dataclass(frozen=True)
class Place(Turn):
    """Where a message is: in which round, at which stage, and at whom."""

    role: str  # the stage's
    party: int | None = None  # whose message it is; None for what the server made of all of them

    @property
    def weight(self) -> int:
        """What the party's message counts in the mean."""
        return 0 if self.party is None else self.weights[self.party]

    @cached_property
    def rng(self) -> np.random.Generator:
        """Draws of this stage, round and party that nobody else makes; at the server, those of the round."""
        coordinates = [self.number] if self.party is None else [self.number, self.party]
        return generator(self.seed, Choice[self.role.upper()], *coordinates)

    @cached_property
    def shared(self) -> np.random.Generator:
        """Draws that the server and all parties of the round make alike, without telling each other."""
        return generator(self.seed, Choice[self.role.upper()], self.number)


class Stage(Kind):
    """Something that happens to each party's message, or to what the server made of all of them."""

    def at_data(self, x: np.ndarray, y: np.ndarray, at: Place) -> tuple[np.ndarray, np.ndarray]:
        """The examples and labels that the party trains on, instead of its own; those may not be changed."""
        return x, y

    def at_party(self, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
        """The message as it leaves this stage, and what the party remembers of it until its next round.

        up: arrays, as the stage before sent them. own: what the party remembers; None the first time.
        """
        return up, own

    def on_arrival(self, up: Message, at: Place) -> Message:
        """What the server makes of one party's message before it puts all of them together."""
        return up

    def at_server(self, mean: Message, parties: Sequence[int], at: Place) -> Message:
        """What becomes of the parties' mean before the server's step.

        parties: the numbers of those whose messages are in it.
        """
        return mean
