"""What lesson 09 runs in its lab, asks about it and claims of it; there, so that its cells are short."""

from __future__ import annotations

from collections.abc import Sequence

from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.claims import Claim, find

# Four laptops that know three digits each: who leaves takes digits along.
ALL_THERE = Experiment(
    parties=4, examples=1_000, partition="label_limit", labels_per_party=3,
    rounds=12, local_epochs=2, batch_size=10, learning_rate=0.05,
)  # fmt: skip
LEFT, BACK = 4, 8  # rounds after which party 2 goes, and comes again
GONE = ALL_THERE.with_(events=f"{LEFT}: away=#2; {BACK}: away=0")
WE_SAY = (ALL_THERE, GONE)

BY_HAND = Experiment(parties=3, examples=300, model="softmax", rounds=3, batch_size=10, learning_rate=0.05)

COME_BACK = [
    "stays behind to the end: four rounds are lost",
    "is as good as before after a few rounds",
    "never gets over it: its old model spoils the mean",
]


def accuracy(run: History, number: int) -> float:
    """Per cent of the test images right after so many rounds."""
    return 100 * run.rounds[number - 1].test_accuracy


def after_it_came_back(histories: Sequence[History]) -> str | None:
    """How the run fares once party 2 is there again; None until both runs are done."""
    there, gone = find(histories, ALL_THERE), find(histories, GONE)
    if not there or not gone:
        return None
    return COME_BACK[1] if accuracy(there, 12) - accuracy(gone, 12) < 5 else COME_BACK[0]


AFTER_12_ROUNDS = [
    Claim(
        "Without party 2's digits the accuracy falls short, after round 8, by",
        lambda there, gone: accuracy(there, BACK) - accuracy(gone, BACK),
        above=5,
        unit="points",
    ),
    Claim(
        "Four rounds after it came back it is behind by no more than",
        lambda there, gone: accuracy(there, 12) - accuracy(gone, 12),
        below=4,
        unit="points",
    ),
]
