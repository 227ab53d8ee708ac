"""What lesson 00 promises of its three runs; there, so that its cells are short."""

from __future__ import annotations

from typing import Any

from fedlab.experiment import Experiment
from fedlab.lessons.claims import claims

ALIKE = Experiment()
SKEWED = Experiment(partition="dirichlet", alpha=0.1, rounds=10)
LONGER = Experiment(local_epochs=5, rounds=10)


def just_run(lab: Any) -> None:
    """1. Press Run."""
    statements = {
        "After one round the model already gets more than half of the test images right": lambda run: (
            run.rounds[0].test_accuracy > 0.5
        ),
        "It passes 80 % within 5 rounds": lambda run: run.rounds_to(0.80) <= 5,
        "It ends above 90 %": lambda run: run.rounds[-1].test_accuracy > 0.90,
    }
    claims(lab, [ALIKE], statements)


def other_digits(lab: Any) -> None:
    """2. Dirichlet with alpha 0.1."""
    statements = {
        "After 10 rounds the skewed parties are at least 10 points behind": lambda alike, skewed: (
            skewed.rounds[9].test_accuracy < alike.rounds[9].test_accuracy - 0.10
        ),
        "Nobody holds more or fewer images than before: only the mix has changed": lambda alike, skewed: (
            [party.examples for party in skewed.rounds[0].parties]
            == [party.examples for party in alike.rounds[0].parties]
        ),
    }
    claims(lab, [ALIKE, SKEWED], statements)


def work_longer(lab: Any) -> None:
    """3. Five local epochs."""
    statements = {
        "With 5 local epochs it passes 90 % in at most half of the rounds": lambda alike, longer: (
            2 * longer.rounds_to(0.90) <= alike.rounds_to(0.90)
        ),
        "A round sends as much as before: 15.9 MB": lambda alike, longer: (
            {round((one.bytes_up + one.bytes_down) / 1e6, 1) for one in [*alike, *longer]} == {15.9}
        ),
    }
    claims(lab, [ALIKE, LONGER], statements)
