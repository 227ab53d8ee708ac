"""What lesson 04 asks and claims of its lab's runs; there, so that its cells are short."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.claims import Claim, find
from fedlab.lessons.race import last_accuracy, late_loss

IDEAS = ["keeping the stragglers' work", "the pull, μ = 1"]
CURVES = ["FedAvg's is lower", "that of μ = 0 is lower", "they are the same curve"]


def which_idea(*experiments: Experiment) -> Callable[[Sequence[History]], str | None]:
    """Which of FedProx's ideas lowered the late loss more, when FedAvg, μ = 0 and μ = 1 have been run."""

    def truth(histories: Sequence[History]) -> str | None:
        runs = [run for one in experiments if (run := find(histories, one))]
        if len(runs) < 3:
            return None
        dropped, kept, pulled = map(late_loss, runs)
        return IDEAS[0] if dropped - kept > kept - pulled else IDEAS[1]

    return truth


def same_curve(*experiments: Experiment) -> Callable[[Sequence[History]], str | None]:
    """How the losses of FedAvg and of μ = 0 lie, when both have been run."""

    def truth(histories: Sequence[History]) -> str | None:
        runs = [run for one in experiments if (run := find(histories, one))]
        if len(runs) < 2:
            return None
        if apart(*runs) < 0.01:
            return CURVES[2]
        return CURVES[0] if late_loss(runs[0]) < late_loss(runs[1]) else CURVES[1]

    return truth


def apart(one: History, other: History) -> float:
    """The largest difference between the test losses of two runs in any round."""
    return float(np.abs(np.subtract(one.column("test_loss"), other.column("test_loss"))).max())


def jumps(history: History) -> float:
    """How much the test loss changes from one round to the next, on average, in the second half of a run."""
    return float(np.abs(np.diff(history.column("test_loss")[len(history) // 2 :])).mean())


def nearer(pulls: History, keeps: History) -> int:
    """How many parties end round 1 nearer to the shared model with the pull than without."""
    pairs = zip(pulls.rounds[0].parties, keeps.rounds[0].parties, strict=True)
    return sum(one.distance < other.distance for one, other in pairs)


THREE_RUNS = [
    Claim("Parties whose work FedAvg used in each round", lambda fedavg, keeps, pulls: used(fedavg), equals=1),
    Claim("Parties whose work FedProx used, with μ = 0 and with μ = 1", lambda fedavg, *two: used(*two), equals=10),
    Claim(
        "So FedProx gets as many times the megabytes back from the parties",
        lambda fedavg, keeps, pulls: pulls.rounds[0].bytes_up / fedavg.rounds[0].bytes_up,
        equals=10,
    ),
    Claim(
        "Keeping the stragglers' work leaves less than two thirds of FedAvg's loss",
        lambda fedavg, keeps, pulls: 100 * late_loss(keeps) / late_loss(fedavg),
        below=67,
        unit="%",
    ),
    Claim(
        "With this seed the pull takes away another fifth at least",
        lambda fedavg, keeps, pulls: 100 - 100 * late_loss(pulls) / late_loss(keeps),
        above=20,
        unit="%",
    ),
    Claim(
        "With the pull the loss jumps from round to round less than half as far",
        lambda fedavg, keeps, pulls: 100 * jumps(pulls) / jumps(keeps),
        below=50,
        unit="%",
    ),
    Claim(
        "In round 1, parties that ended nearer to the shared model with the pull",
        lambda fedavg, keeps, pulls: nearer(pulls, keeps),
        equals=10,
    ),
    Claim(
        "And yet the pull changes the accuracy by less than 3 points",
        lambda fedavg, keeps, pulls: abs(last_accuracy(pulls) - last_accuracy(keeps)),
        below=3,
        unit="points",
    ),
]


def used(*runs: History) -> float | None:
    """How many parties' work counted in a round, if that was the same in all rounds of these runs."""
    counts = {len(one.parties) for run in runs for one in run}
    return counts.pop() if len(counts) == 1 else None


NO_STRAGGLERS = [
    Claim(
        "Without stragglers the losses of FedAvg and of μ = 0 differ in no round by more than rounding",
        apart,
        below=0.001,
    )
]
