"""Devices that differ: stragglers, parties that never report, and slow ones. What that costs is in `costs.py`.

Stragglers as in Li et al. 2020 (FedProx, arXiv 1812.06127), section 5.2: that share of a round's parties manages only
a number of epochs drawn from 1 .. E in the time that the others need for all E. What happens to their work is the
algorithm's choice (`keeps_partial_work`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fedlab.randomness import Choice, generator, these

if TYPE_CHECKING:
    from fedlab.experiment import Experiment


def reporting(experiment: Experiment, number: int, chosen: np.ndarray) -> dict[int, int]:
    """Which of the round's parties send work that counts, and after how many local epochs: {party: epochs}.

    number: the round. chosen: the parties that take part in it. At least one reports, whatever the settings.
    """
    epochs = dict.fromkeys(map(int, chosen), experiment.local_epochs)
    late, gone = stragglers(experiment, number, chosen), dropouts(experiment, number, chosen)
    rng = generator(experiment.seed, Choice.LOCAL_EPOCHS, number)
    for party in late:
        epochs[party] = int(rng.integers(1, experiment.local_epochs, endpoint=True))
    if not experiment.algorithm.keeps_partial_work:
        gone |= late
    if gone and len(gone) == len(epochs):
        gone.remove(max(gone, key=lambda party: (party not in late, epochs[party])))
    return {party: done for party, done in epochs.items() if party not in gone}


def stragglers(experiment: Experiment, number: int, chosen: np.ndarray) -> set[int]:
    """The round's parties that may not manage all their epochs."""
    return _some(experiment, Choice.STRAGGLERS, experiment.stragglers, number, chosen)


def dropouts(experiment: Experiment, number: int, chosen: np.ndarray) -> set[int]:
    """The round's parties that fall silent. One of them reports all the same if nobody else would."""
    return _some(experiment, Choice.DROPOUTS, experiment.dropouts, number, chosen)


def present(experiment: Experiment) -> np.ndarray:
    """The numbers of the parties that are there, in ascending order."""
    if experiment.algorithm.in_one_place:
        return np.arange(1)
    gone = these(experiment.away, experiment.seed, Choice.AWAY, experiment.parties)
    return np.delete(np.arange(experiment.parties), sorted(gone))


def slow_parties(experiment: Experiment) -> set[int]:
    """The parties whose devices are slow, throughout the run."""
    if experiment.algorithm.in_one_place:
        return set()
    order = generator(experiment.seed, Choice.DEVICES).permutation(experiment.parties)
    return set(map(int, order[: round(experiment.slow_parties * experiment.parties)]))


def _some(experiment: Experiment, choice: Choice, share: float, number: int, chosen: np.ndarray) -> set[int]:
    """That share of the round's parties, drawn at random but at most all but one."""
    count = min(round(share * len(chosen)), len(chosen) - 1)
    return set(map(int, generator(experiment.seed, choice, number).permutation(chosen)[:count]))
