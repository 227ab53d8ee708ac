"""What lesson 00 runs and what it claims of it; there, so that its cells are short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.claims import Claim
from fedlab.partitions import Dirichlet, label_counts
from fedlab.prepare import prepare
from fedlab.rounds import Round

ALIKE = Experiment(rounds=10)
SKEWED = ALIKE.with_(partition="dirichlet", alpha=0.1)
LONGER = ALIKE.with_(local_epochs=5)


def alpha(experiment: Experiment) -> float | None:
    """How alike the parties are; None where nobody deals the digits out by it."""
    return experiment.partition.alpha if isinstance(experiment.partition, Dirichlet) else None


def has_run(histories: Sequence[History], experiment: Experiment) -> bool:
    """Whether all rounds of this experiment are done."""
    return any(run.is_of(experiment) and len(run) >= experiment.rounds for run in histories)


def steps_done(selected: Mapping[str, Any]) -> int:
    """How many of a round's six steps the learner has stepped through, counted from the first."""
    return int(selected.get("step", -1)) + 1


def right(run: History, rounds: int = 10) -> float:
    """The test accuracy after so many rounds, in per cent."""
    return 100 * run.rounds[rounds - 1].test_accuracy


def commonest_digit(run: History) -> float:
    """How much of a party's images is of one digit, in per cent; of the party where that is least."""
    held = prepare(run.experiment)
    counts = label_counts(held.parties, held.dataset.train_y, held.dataset.classes)
    return float(100 * (counts.max(axis=1) / counts.sum(axis=1)).min())


def megabytes(one: Round) -> float:
    """What a round sends, down and up."""
    return round((one.bytes_down + one.bytes_up) / 1e6, 1)


def the_same(values: Sequence[float]) -> float | None:
    """The value, if all are the same."""
    return values[0] if len(set(values)) == 1 else None


def times_fewer_rounds(alike: History, longer: History) -> float:
    """How many times fewer rounds the second needs to get 85 % right."""
    return alike.rounds_to(0.85) / longer.rounds_to(0.85)  # type: ignore[operator]


JUST_RUN = [
    Claim("After one round more than half of the test images are right", lambda run: right(run, 1), above=50, unit="%"),
    Claim("After ten rounds more than 85 % are right", right, above=85, unit="%"),
]
OTHER_DIGITS = [
    Claim(
        "Even the most mixed party holds more than 85 % of one digit",
        lambda alike, skewed: commonest_digit(skewed),
        above=85,
        unit="%",
    ),
    Claim(
        "Nobody holds more or fewer images than before",
        lambda *both: the_same([party.examples for run in both for party in run.rounds[0].parties]),
        equals=500,
        unit="images each",
    ),
    Claim(
        "After ten rounds it is more than 10 points behind",
        lambda alike, skewed: right(alike) - right(skewed),
        above=10,
        unit="points",
    ),
]
WORK_LONGER = [
    Claim("It gets to 85 % in at most half as many rounds", times_fewer_rounds, above=1.99, unit="times fewer"),
    Claim(
        "A round sends as much as before",
        lambda *both: the_same([megabytes(one) for run in both for one in run]),
        equals=15.9,
        unit="MB",
    ),
    Claim(
        "A round takes more than twice the simulated seconds",
        lambda alike, longer: longer.rounds[0].simulated_seconds / alike.rounds[0].simulated_seconds,
        above=2,
        unit="times",
    ),
]
