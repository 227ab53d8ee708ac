"""Who takes part in a round, and how: known before anybody trains, since every draw repeats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fedlab.algorithms import Algorithm
from fedlab.federation import turn_of
from fedlab.prepare import Prepared
from fedlab.stages.attack import Lying
from fedlab.systems import dropouts, reporting, stragglers


@dataclass(frozen=True)
class WhoseTurn:
    """The parties of one round, by number."""

    chosen: tuple[int, ...]  # those that the server asks
    epochs: dict[int, int]  # of those whose work counts
    late: frozenset[int]  # stragglers
    silent: frozenset[int]  # those whose report never comes
    liars: frozenset[int]

    def mark(self, party: int) -> str:
        """How a party fares, a letter for each thing that the picture shows: see federation.js.

        c it takes part, n and its work does not count, l it is late, s it falls silent, a it lies
        """
        if party not in self.chosen:
            return ""
        letters = {"n": party not in self.epochs, "l": party in self.late, "s": party in self.silent}
        return "c" + "".join(name for name, so in letters.items() if so) + "a" * (party in self.liars)


def whose_turn(prepared: Prepared, number: int) -> WhoseTurn:
    """Of the round of this number."""
    experiment, turn = prepared.experiment, turn_of(prepared, number)
    chosen = np.array(turn.chosen, int)
    epochs = reporting(experiment, number, chosen)
    attack = experiment.attack
    travels = not experiment.algorithm.in_one_place
    liars = attack.liars(turn.at("attack")) if travels and isinstance(attack, Lying) else set()
    late, silent = stragglers(experiment, number, chosen), dropouts(experiment, number, chosen)
    return WhoseTurn(
        tuple(turn.chosen),
        epochs,
        frozenset(late - (silent - epochs.keys())),
        frozenset(silent - epochs.keys()),
        frozenset(liars),
    )


def nothing_travels(algorithm: Algorithm) -> bool:
    """Whether there is no message: all is in one place, or everybody trains alone."""
    one = np.zeros(1, np.float32)
    return algorithm.in_one_place or not algorithm.send(one, algorithm.server_memory(one))
