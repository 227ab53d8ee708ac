"""What lesson 06 runs in its lab, asks about it and claims of it; there, so that its cells are short."""

from __future__ import annotations

from collections.abc import Sequence

from fedlab.costs import clock_prices, until
from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.claims import Claim, find

FEDAVG = Experiment(parties=10, examples=2_000, local_epochs=5, rounds=10, uplink=100)
TOPK = FEDAVG.with_(compression="topk", topk_share=0.01, error_feedback=True)
FORGETFUL = TOPK.with_(error_feedback=False)
QSGD = FEDAVG.with_(compression="quantize", quantize_bits=2, error_feedback=False)
QSGD_REMEMBERS = QSGD.with_(error_feedback=True)
SIGN = FEDAVG.with_(compression="sign", error_feedback=True)
WE_SAY = (FEDAVG, TOPK, FORGETFUL, QSGD, QSGD_REMEMBERS)

HELPS = ["it helps QSGD too", "it makes no difference", "it holds QSGD back"]


def last(run: History) -> float:
    """Per cent of the test images right after round 10."""
    return 100 * run.rounds[9].test_accuracy


def megabytes_up(run: History) -> float:
    """What all parties send in a round."""
    return run.rounds[0].bytes_up / 1e6


def seconds_to(run: History, goal: float) -> float | None:
    """Simulated seconds until that test accuracy; None if it is not reached."""
    cost = until(run, goal, clock_prices(run.experiment))
    return cost.seconds.total if cost else None


def rounds_without(histories: Sequence[History]) -> int | None:
    """How many rounds top-k without a memory takes until 85 %; None until it has been run."""
    return next((one.rounds_to(0.85) for one in histories if one.rounds_to(0.85)), None)


def memory_of_qsgd(histories: Sequence[History]) -> str | None:
    """What the memory does to QSGD with 2 bits; None until both have been run."""
    plain, remembers = find(histories, QSGD), find(histories, QSGD_REMEMBERS)
    if not plain or not remembers:
        return None
    points = last(remembers) - last(plain)
    return HELPS[0] if points > 1 else HELPS[2] if points < -1 else HELPS[1]


AFTER_10_ROUNDS = [
    Claim("FedAvg sends up in a round", lambda all_, *_: megabytes_up(all_), equals=7.9684, unit="MB"),
    Claim("Top-k sends up in a round", lambda all_, top, *_: megabytes_up(top), equals=0.15936, unit="MB"),
    Claim(
        "After 10 rounds top-k with a memory is behind FedAvg by less than 4 points",
        lambda all_, top, *_: last(all_) - last(top),
        above=0,
        below=4,
        unit="points",
    ),
    Claim(
        "Without the memory it is behind that, for the same bytes",
        lambda all_, top, forgets, *_: last(top) - last(forgets),
        above=0.5,
        unit="points",
    ),
    Claim(
        "QSGD with 2 bits and no memory ends within a point of FedAvg",
        lambda all_, top, forgets, qsgd, *_: abs(last(all_) - last(qsgd)),
        below=1,
        unit="points",
    ),
    Claim(
        "With a memory QSGD is behind itself without one",
        lambda all_, top, forgets, qsgd, remembers: last(qsgd) - last(remembers),
        above=1.5,
        unit="points",
    ),
    Claim(
        "FedAvg takes more than twice as many simulated seconds until 85 % as QSGD with 2 bits",
        lambda all_, top, forgets, qsgd, *_: seconds_to(all_, 0.85) / seconds_to(qsgd, 0.85),  # type: ignore[operator]
        above=2,
        unit="times as many",
    ),
]
