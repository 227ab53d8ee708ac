"""What lesson 05 asks and promises of its lab's three runs; there, so that its cells are short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.claims import claims

ANSWERS = ["FedAvg, by more than 3 points", "within 3 points of each other", "SCAFFOLD, by more than 3 points"]


def who_leads(histories: Sequence[History]) -> str | None:
    """Who ends ahead, FedAvg or SCAFFOLD; None until both are there."""
    ends = {
        one.experiment.algorithm.name: one.rounds[-1].test_accuracy
        for one in histories
        if len(one) >= one.experiment.rounds
    }
    if not {"fedavg", "scaffold"} <= ends.keys():
        return None
    lead = ends["scaffold"] - ends["fedavg"]
    return ANSWERS[0] if lead < -0.03 else ANSWERS[2] if lead > 0.03 else ANSWERS[1]


def three_runs(lab: Any, fedavg: Experiment, scaffold: Experiment, momentum: Experiment) -> None:
    """FedAvg, SCAFFOLD, FedAvgM, 15 rounds each."""

    def lead(run: History, fedavg: History) -> float:
        return run.rounds[14].test_accuracy - fedavg.rounds[14].test_accuracy

    def sent(run: History) -> int:
        return run.rounds[0].bytes_up + run.rounds[0].bytes_down

    statements = {
        "After 15 rounds SCAFFOLD is at least 4 points ahead of FedAvg": lambda fedavg, scaffold, momentum: (
            lead(scaffold, fedavg) > 0.04
        ),
        "It sends exactly twice the bytes": lambda fedavg, scaffold, momentum: sent(scaffold) == 2 * sent(fedavg),
        "FedAvgM is at least 4 points ahead of FedAvg too": lambda fedavg, scaffold, momentum: (
            lead(momentum, fedavg) > 0.04
        ),
        "It sends no more than FedAvg": lambda fedavg, scaffold, momentum: sent(momentum) == sent(fedavg),
    }
    claims(lab, [fedavg, scaffold, momentum], statements)
