"""Who takes part in a round, and how: known before anybody trains, since every draw repeats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fedlab.algorithms import Algorithm
from fedlab.prepare import Prepared
from fedlab.stages import Privacy, Turn
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
    experiment, parties = prepared.experiment, len(prepared.training)
    privacy = Privacy() if experiment.algorithm.in_one_place else experiment.privacy
    chosen = privacy.choose(experiment.seed, number, parties, experiment.participation)
    epochs = reporting(experiment, number, chosen)
    late, silent = stragglers(experiment, number, chosen), dropouts(experiment, number, chosen)
    return WhoseTurn(
        tuple(map(int, chosen)),
        epochs,
        frozenset(late - (silent - epochs.keys())),
        frozenset(silent - epochs.keys()),
        frozenset(_liars(prepared, number)),
    )


def _liars(prepared: Prepared, number: int) -> set[int]:
    experiment, parties = prepared.experiment, len(prepared.training)
    if experiment.algorithm.in_one_place or not isinstance(experiment.attack, Lying):
        return set()
    turn = Turn(experiment.seed, number, parties, 0.0, prepared.dataset.classes, prepared.size, {})
    return experiment.attack.liars(turn.at("attack"))


def nothing_travels(algorithm: Algorithm) -> bool:
    """Whether there is no message: all is in one place, or everybody trains alone."""
    one = np.zeros(1, np.float32)
    return algorithm.in_one_place or not algorithm.send(one, algorithm.server_memory(one))
