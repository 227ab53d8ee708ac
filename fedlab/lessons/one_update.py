"""One party's update, coded and decoded, and a ledger of what a party has sent and what it still remembers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fedlab.experiment import Experiment
from fedlab.federation import first_state, prepare, run
from fedlab.messages import Upload
from fedlab.stages import Place, Turn
from fedlab.stages.compression import Coded


def real_update(experiment: Experiment, party: int = 0) -> np.ndarray:
    """(P,) w_k - w_t, as this party sends it in the first round if nothing is coded."""
    kept: dict[int, np.ndarray] = {}

    def keep(number: int, upload: Upload) -> None:
        kept[upload.party] = upload.message[0]

    next(run(experiment.with_(compression="none", rounds=1), on_upload=keep))
    return kept[party]


def place(size: int, draw: int = 1, party: int = 0, seed: int = 0) -> Place:
    """Where a message of so many weights is coded. Another draw, another lot."""
    return Turn(seed, draw, 10, 10, 10, size, {}).at("compression", party)


def there_and_back(kind: Coded, v: np.ndarray, draw: int = 1, party: int = 0) -> np.ndarray:
    """C(v), (P,): what the server takes v for, from nothing but the code."""
    return kind.decode(kind.encode(v, place(len(v), draw, party)), place(len(v), draw, party))


def off(found: np.ndarray, v: np.ndarray) -> float:
    """||found - v||² / ||v||²: 0 where nothing is lost, 1 where nothing has come through."""
    return float(np.square(found - v, dtype=np.float64).sum() / np.square(v, dtype=np.float64).sum())


def off_on_average(kind: Coded, v: np.ndarray, draws: int) -> list[float]:
    """How far the mean of the first 1, 2, ... draws of C(v) is off."""
    total, found = np.zeros(len(v)), []
    for draw in range(1, draws + 1):
        total += there_and_back(kind, v, draw)
        found.append(off(total / draw, v))
    return found


@dataclass(frozen=True)
class Entry:
    """One party after a round. All are (P,)."""

    updates: np.ndarray  # the sum of all its updates so far
    sent: np.ndarray  # the sum of all that the server has decoded of it
    remembered: np.ndarray  # what it has in its memory


def ledger(experiment: Experiment, party: int = 0) -> list[Entry]:
    """What a party has found, sent and kept, after each round. Its compression must have a memory."""
    kind, start = experiment.compression, first_state(prepare(experiment)).weights
    assert isinstance(kind, Coded)
    w, updates, sent, entries = start, np.zeros(len(start)), np.zeros(len(start)), list[Entry]()

    def keep(number: int, upload: Upload) -> None:
        nonlocal updates, sent
        if upload.party == party:
            updates = updates + (upload.weights - w)
            sent = sent + kind.decode(upload.message[0], place(len(w), number, party, experiment.seed))
            entries.append(Entry(updates, sent, upload.own["compression"][0]))

    for one in run(experiment, on_upload=keep):
        assert one.state is not None
        w = one.state.weights
    return entries
