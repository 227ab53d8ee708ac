"""What lesson 05 runs in its lab, asks about it and claims of it; there, so that its cells are short."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.claims import Claim, find
from fedlab.partitions import label_counts, label_skew
from fedlab.prepare import prepare

FEDAVG = Experiment(
    parties=10, examples=2_000, partition="dirichlet", alpha=0.1, local_epochs=5, learning_rate=0.05, rounds=15
)
SCAFFOLD = FEDAVG.with_(algorithm="scaffold")
MOMENTUM = FEDAVG.with_(algorithm="fedavgm")
WE_SAY = (FEDAVG, SCAFFOLD, MOMENTUM)

LEADERS = ["FedAvg, by more than 3 points", "within 3 points of each other", "SCAFFOLD, by more than 3 points"]
PARTINGS = ["in round 6", "in round 7", "in no round: a fork goes on as it began"]


def lead(run: History, fedavg: History, at: int = 15, fedavg_at: int = 15) -> float:
    """How many points of test accuracy a run after round `at` is above FedAvg after round `fedavg_at`."""
    return 100 * (run.rounds[at - 1].test_accuracy - fedavg.rounds[fedavg_at - 1].test_accuracy)


def megabytes(run: History, rounds: int = 1) -> float:
    """What so many rounds send, down and up."""
    return sum(one.bytes_up + one.bytes_down for one in run.rounds[:rounds]) / 1e6


def leader(points: float) -> str:
    """The answer that a lead of SCAFFOLD over FedAvg makes right."""
    return LEADERS[0] if points < -3 else LEADERS[2] if points > 3 else LEADERS[1]


def _of_both(measure: Callable[[History, History], float]) -> Callable[[Sequence[History]], str | None]:
    """Who leads by a measure of the runs of SCAFFOLD and FedAvg; None until both are there."""

    def truth(histories: Sequence[History]) -> str | None:
        scaffold, fedavg = find(histories, SCAFFOLD), find(histories, FEDAVG)
        return leader(measure(scaffold, fedavg)) if scaffold and fedavg else None

    return truth


by_rounds = _of_both(lead)
by_megabytes = _of_both(lambda scaffold, fedavg: lead(scaffold, fedavg, at=6, fedavg_at=12))


def accuracy_at(run: History, megabytes_sent: float) -> float:
    """The test accuracy after as many rounds, at least one, as so many megabytes pay for, in percent."""
    rounds = max(1, round(megabytes_sent / megabytes(run)))
    return 100 * run.rounds[min(rounds, len(run)) - 1].test_accuracy


def is_fork(run: History) -> bool:
    """Whether a run is FedAvg's first five rounds and then SCAFFOLD's."""
    return run.forked_at == 5 and run.experiment.with_(rounds=15) == SCAFFOLD


def forked(histories: Sequence[History]) -> bool:
    """Whether that fork has been run to its end."""
    return any(is_fork(run) and len(run) >= 15 for run in histories)


def parting(histories: Sequence[History]) -> str | None:
    """In which round the fork's accuracy is no longer FedAvg's; None until its seventh round is there."""
    fedavg = find(histories, FEDAVG)
    fork = next((run for run in histories if is_fork(run) and len(run) >= 7), None)
    if not fedavg or not fork:
        return None
    same = [fork.rounds[at].test_accuracy == fedavg.rounds[at].test_accuracy for at in (5, 6)]
    return PARTINGS[0] if not same[0] else PARTINGS[2] if same[1] else PARTINGS[1]


def mean_skew(experiment: Experiment, seeds: Sequence[int] = range(10)) -> float:
    """The label skew that such parties have, mean over seeds."""
    held = [prepare(experiment.with_(seed=seed)) for seed in seeds]
    return float(
        np.mean([label_skew(label_counts(one.parties, one.dataset.train_y, one.dataset.classes)) for one in held])
    )


AFTER_15_ROUNDS = [
    Claim(
        "After 15 rounds SCAFFOLD is ahead of FedAvg",
        lambda fedavg, scaffold, momentum: lead(scaffold, fedavg),
        above=4,
        unit="points",
    ),
    Claim(
        "FedAvgM is ahead of FedAvg too",
        lambda fedavg, scaffold, momentum: lead(momentum, fedavg),
        above=4,
        unit="points",
    ),
    Claim(
        "Bytes of a round, SCAFFOLD over FedAvg",
        lambda fedavg, scaffold, momentum: megabytes(scaffold) / megabytes(fedavg),
        equals=2,
    ),
    Claim(
        "Bytes of a round, FedAvgM over FedAvg",
        lambda fedavg, scaffold, momentum: megabytes(momentum) / megabytes(fedavg),
        equals=1,
    ),
    Claim(
        "6 rounds of SCAFFOLD send what 12 of FedAvg send. Then its lead is small",
        lambda fedavg, scaffold, momentum: lead(scaffold, fedavg, at=6, fedavg_at=12),
        above=-4,
        below=4,
        unit="points",
    ),
]
