"""What lesson 08 runs in its lab, asks about it and claims of it; there, so that its cells are short."""

from __future__ import annotations

from collections.abc import Sequence

from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.claims import Claim, find

HONEST = Experiment(parties=10, examples=6_000, rounds=10)
LIARS = HONEST.with_(attack="sign_flip", attackers=(3, 7), attack_strength=5.0)
MEDIAN = LIARS.with_(aggregation="median")
KRUM = LIARS.with_(aggregation="krum", expected_attackers=2)
SKEWED = HONEST.with_(partition="dirichlet", alpha=0.1)
SKEWED_KRUM = SKEWED.with_(aggregation="krum", expected_attackers=2)
BACKDOOR = HONEST.with_(attack="replacement", attackers=(3,), attack_from=6, attack_strength=4.0)
BACKDOOR_MEDIAN = BACKDOOR.with_(aggregation="median")
WE_SAY = (HONEST, LIARS, MEDIAN, KRUM, SKEWED, SKEWED_KRUM, BACKDOOR, BACKDOOR_MEDIAN)

UNDER_SKEW = ["about as good as the mean", "a few points worse", "it fails for most digits"]


def last(run: History) -> float:
    """Per cent of the test images right after round 10."""
    return 100 * run.rounds[9].test_accuracy


def opened(run: History) -> float:
    """Per cent of what bears the trigger that is called a 0, after round 10."""
    return 100 * (run.rounds[9].backdoor or 0)


def turned_bad(histories: Sequence[History]) -> bool:
    """Whether somebody has been turned bad while a run went on."""
    changes = (dict(event.changes) for run in histories for event in run.experiment.events)
    return any(one.get("attack", "none") != "none" or "attackers" in one for one in changes)


def krum_under_skew(histories: Sequence[History]) -> str | None:
    """How Krum fares beside the mean where nobody lies; None until both have been run."""
    mean, krum = find(histories, SKEWED), find(histories, SKEWED_KRUM)
    if not mean or not krum:
        return None
    points = last(mean) - last(krum)
    return UNDER_SKEW[0] if points < 2 else UNDER_SKEW[1] if points < 15 else UNDER_SKEW[2]


AFTER_10_ROUNDS = [
    Claim("Two liars of ten bring the mean down to", lambda honest, liars, *_: last(liars), below=30, unit="%"),
    Claim(
        "The median stays as near to the run without liars as",
        lambda honest, liars, median, *_: last(honest) - last(median),
        below=3,
        unit="points",
    ),
    Claim(
        "Krum stays as near as",
        lambda honest, liars, median, krum, *_: last(honest) - last(krum),
        below=6,
        unit="points",
    ),
    Claim(
        "With nobody lying but label skew, Krum is behind the mean by",
        lambda honest, liars, median, krum, skewed, skewed_krum, *_: last(skewed) - last(skewed_krum),
        above=20,
        unit="points",
    ),
    Claim(
        "The backdoor opens for so many marked images",
        lambda honest, liars, median, krum, skewed, skewed_krum, door, _: opened(door),
        above=80,
        unit="%",
    ),
    Claim(
        "And the accuracy falls by no more than",
        lambda honest, liars, median, krum, skewed, skewed_krum, door, _: last(honest) - last(door),
        below=2,
        unit="points",
    ),
    Claim(
        "Under the median it opens for",
        lambda honest, liars, median, krum, skewed, skewed_krum, door, shut: opened(shut),
        below=10,
        unit="%",
    ),
]
