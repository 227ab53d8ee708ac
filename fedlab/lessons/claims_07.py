"""What lesson 07 runs in its lab, asks about it and claims of it; there, so that its cells are short."""

from __future__ import annotations

from collections.abc import Sequence

from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.claims import Claim, find

# ten parties of eight images take one step each, on all of them
EIGHT = Experiment(parties=10, examples=80, batch_size="all", local_epochs=1, rounds=1)

FEDAVG = Experiment(parties=100, examples=6_000, participation=0.1, local_epochs=5, rounds=20)
MASKED = FEDAVG.with_(secure_sum="masks")
NOISY = FEDAVG.with_(privacy="dp", dp_clip=0.3, dp_noise=0.55, dp_delta=1e-3)
AT_PARTY = NOISY.with_(dp_where="party")
CROWD = FEDAVG.with_(parties=10_000, examples=60_000, participation=0.01)
HIDDEN_CROWD = CROWD.with_(privacy="dp", dp_clip=1.0, dp_noise=1.0, dp_delta=1e-5)
WE_SAY = (FEDAVG, MASKED, NOISY, AT_PARTY, CROWD, HIDDEN_CROWD)

AT_HOME = ["as good", "some points worse", "it hardly learns"]


def last(run: History) -> float:
    """Per cent of the test images right after round 20."""
    return 100 * run.rounds[19].test_accuracy


def spent(run: History) -> float | None:
    """ε after round 20."""
    return run.rounds[19].epsilon


def noise_at_home(histories: Sequence[History]) -> str | None:
    """How a run fares in which each party adds noise of its own, beside the server's; None until both have been run."""
    server, party = find(histories, NOISY), find(histories, AT_PARTY)
    if not server or not party:
        return None
    points = last(server) - last(party)
    return AT_HOME[0] if points < 3 else AT_HOME[1] if points < 25 else AT_HOME[2]


AFTER_20_ROUNDS = [
    Claim(
        "Masks change the accuracy by less than half a point",
        lambda plain, masked, *_: abs(last(plain) - last(masked)),
        below=0.5,
        unit="points",
    ),
    Claim(
        "They send more by",
        lambda plain, masked, *_: 100 * (masked.rounds[0].bytes_up / plain.rounds[0].bytes_up - 1),
        below=1,
        unit="%",
    ),
    Claim(
        "ε of 100 parties with noise at the server", lambda plain, masked, noisy, *_: spent(noisy), above=7.9, below=8.1
    ),
    Claim(
        "It costs the hundred",
        lambda plain, masked, noisy, *_: last(plain) - last(noisy),
        above=4,
        below=20,
        unit="points",
    ),
    Claim(
        "The same σ, added by each party, costs",
        lambda plain, masked, noisy, at_party, *_: last(plain) - last(at_party),
        above=30,
        unit="points",
    ),
    Claim(
        "And its ε is many times as large",
        lambda plain, masked, noisy, at_party, *_: spent(at_party) / spent(noisy),  # type: ignore[operator]
        above=5,
        unit="times",
    ),
    Claim("ε of 10,000 parties", lambda plain, masked, noisy, at_party, crowd, hidden: spent(hidden), below=0.5),
    Claim(
        "It costs the ten thousand",
        lambda plain, masked, noisy, at_party, crowd, hidden: last(crowd) - last(hidden),
        below=4,
        unit="points",
    ),
]
