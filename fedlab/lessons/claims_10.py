"""What lesson 10 runs in its labs, asks about it and claims of it; there, so that its cells are short."""

from __future__ import annotations

from itertools import accumulate

from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.claims import Claim

HEART = Experiment(dataset="heart", partition="natural", model="softmax", rounds=30)
HEART_IN_ONE_PLACE = HEART.with_(algorithm="central")
LOANS = Experiment(dataset="lending", partition="natural", model="softmax", rounds=30)
LOANS_IN_ONE_PLACE = LOANS.with_(algorithm="central")
MANY_STEPS = Experiment(dataset="car_parks", partition="natural", model="softmax", days=3, local_epochs=15, rounds=40)
ONE_STEP = MANY_STEPS.with_(local_epochs=1, batch_size="all", learning_rate=1.0)
ONE_STEP_LONGER = ONE_STEP.with_(rounds=100)
WAITING = Experiment(dataset="car_parks", partition="natural", model="mlp", slow_parties=0.3, rounds=28)
BUFFERED = WAITING.with_(algorithm="fedbuff", buffer=3, rounds=300)
OWN_VOICE = Experiment(
    dataset="vowels", partition="natural", model="mlp", mlp_units=32, local_epochs=5, rounds=60, voices="own"
)
NEW_VOICES = OWN_VOICE.with_(voices="new")

COUNTS = ["none", "one", "two", "three", "all four"]
REGIONS = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "all nine"]
GOAL = 0.75  # of the car parks' hours right


def last(run: History) -> float:
    """Per cent of the test examples right after the last round."""
    return 100 * run.rounds[-1].test_accuracy


def ranked(run: History) -> float:
    """The AUC after the last round, in per cent."""
    return 100 * run.rounds[-1].score


def seconds_to_goal(run: History) -> float | None:
    """Simulated seconds until so much is right; None if it never is."""
    seconds = accumulate(run.column("simulated_seconds"))
    return next((at for at, one in zip(seconds, run, strict=True) if one.test_accuracy >= GOAL), None)


OF_HEART = [
    Claim(
        "The shared model and one from all patients in one place differ by",
        lambda shared, pooled: abs(last(shared) - last(pooled)),
        below=3,
        unit="points",
    )
]
OF_LOANS = [
    Claim("A bad loan is ranked above a good one so often", lambda shared, _: ranked(shared), above=60, unit="%"),
    Claim(
        "It is ahead of one from all loans in one place by",
        lambda shared, pooled: ranked(shared) - ranked(pooled),
        above=-3,
        unit="points",
    ),
]
OF_CAR_PARKS = [
    Claim(
        "After 40 rounds one step and thirty at home differ by",
        lambda many, one, _: abs(last(many) - last(one)),
        below=3,
        unit="points",
    ),
    Claim(
        "One step a round, 100 rounds, ends ahead of thirty a round, 40 rounds, by",
        lambda many, _, longer: last(longer) - last(many),
        above=3,
        unit="points",
    ),
]
OF_SECONDS = [
    Claim("Waiting for the slowest, 75 % take", lambda waiting, _: seconds_to_goal(waiting), above=30, unit="s"),
    Claim("With a buffer of three they take", lambda _, buffered: seconds_to_goal(buffered), below=5, unit="s"),
]
OF_VOICES = [
    Claim("Of voices that it was trained with, right", lambda own, _: last(own), above=80, unit="%"),
    Claim("Of new voices", lambda _, new: last(new), below=60, unit="%"),
]
