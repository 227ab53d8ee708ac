"""What lesson 04 asks and promises of its lab's three runs; there, so that its cells are short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.claims import claims
from fedlab.lessons.race import late_loss

IDEAS = ["keeping the stragglers' work", "the pull, μ = 1"]


def which_idea(histories: Sequence[History]) -> str | None:
    """Which of FedProx's ideas lowered the late loss more; None until FedAvg, μ = 0 and μ = 1 are all there."""
    losses = {
        (one.experiment.algorithm.name, getattr(one.experiment.algorithm, "mu", None)): late_loss(one)
        for one in histories
        if len(one) >= one.experiment.rounds
    }
    try:
        dropped, kept, pulled = losses["fedavg", None], losses["fedprox", 0.0], losses["fedprox", 1.0]
    except KeyError:
        return None
    return IDEAS[0] if dropped - kept > kept - pulled else IDEAS[1]


def jumps(history: History) -> float:
    """How much the test loss changes from one round to the next, on average, in the second half of a run."""
    return float(np.abs(np.diff(history.column("test_loss")[len(history) // 2 :])).mean())


def three_runs(lab: Any, fedavg: Experiment, keeps: Experiment, pulls: Experiment) -> None:
    """FedAvg, FedProx with μ = 0, FedProx with μ = 1."""
    statements = {
        "FedAvg used the work of 1 party in each round, FedProx that of 10": lambda *three: (
            [{len(one.parties) for one in run} for run in three] == [{1}, {10}, {10}]
        ),
        "All three send the same down; FedProx gets ten times as much back": lambda *three: (
            len({run.rounds[0].bytes_down for run in three}) == 1
            and three[2].rounds[0].bytes_up == three[1].rounds[0].bytes_up == 10 * three[0].rounds[0].bytes_up
        ),
        "Keeping the stragglers' work brings the loss below two thirds of FedAvg's": lambda fedavg, keeps, pulls: (
            late_loss(keeps) < 2 / 3 * late_loss(fedavg)
        ),
        "With this seed, the pull lowers it by another fifth at least": lambda fedavg, keeps, pulls: (
            late_loss(pulls) < 0.8 * late_loss(keeps)
        ),
        "The pull makes the curve steadier": lambda fedavg, keeps, pulls: jumps(pulls) < jumps(keeps) < jumps(fedavg),
        "In round 1 each party ends nearer to the shared model with the pull": lambda fedavg, keeps, pulls: all(
            a.distance < b.distance for a, b in zip(pulls.rounds[0].parties, keeps.rounds[0].parties, strict=True)
        ),
    }
    claims(lab, [fedavg, keeps, pulls], statements)
