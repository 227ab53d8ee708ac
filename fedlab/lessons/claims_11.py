"""What lesson 11 asks about columns that are split between parties, and what it computes for the answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fedlab.engines.numpy import one_blas_thread
from fedlab.vertical import Columns, run, table_of
from fedlab.vertical.federation import Pieces
from fedlab.vertical.tables import fifths, scaled
from fedlab.vertical.worth import score, wide

DOCTOR = Columns(who="doctor")
WITH_LABORATORY = Columns(who="doctor,laboratory")
WITH_CARDIOLOGIST = Columns(who="doctor,cardiologist")
WITH_IMAGING = Columns(who="doctor,imaging")
EVERYBODY = Columns()
SETS = (DOCTOR, WITH_LABORATORY, WITH_CARDIOLOGIST, WITH_IMAGING, EVERYBODY)
SEEDS = range(5)

MOST = ["the laboratory", "the cardiologist", "imaging"]
LABORATORY = ["more than 0.01 better", "the same, to 0.01 or so", "more than 0.01 worse"]
ENOUGH = 0.01  # AUC: what counts as a difference


def scores(columns: Columns, seeds: Sequence[int] = SEEDS) -> list[float]:
    """AUC after the last round, the mean of five folds, for each seed."""
    with one_blas_thread():
        return [score(columns.with_(seed=seed)) for seed in seeds]


def adds_most() -> str:
    """Who of the other three brings the doctor furthest."""
    means = [np.mean(scores(one)) for one in (WITH_LABORATORY, WITH_CARDIOLOGIST, WITH_IMAGING)]
    return MOST[int(np.argmax(means))]


def laboratory_adds() -> str:
    """What the laboratory's columns do for the doctor."""
    gain = np.mean(scores(WITH_LABORATORY)) - np.mean(scores(DOCTOR))
    return LABORATORY[0] if gain > ENOUGH else LABORATORY[2] if gain < -ENOUGH else LABORATORY[1]


def weights_apart_and_in_one_place(columns: Columns = EVERYBODY) -> tuple[np.ndarray, np.ndarray]:
    """The weights of all columns after the last round: from the parties' pieces, and from one model of the whole."""
    whole = table_of(columns.data, columns.people, columns.seed).merged()
    *_, apart = run(columns)
    *_, joined = run(wide(columns), whole)
    return np.concatenate([*apart.bottoms.values()]), joined.bottoms["one place"]


def came_back(rounds: int, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(n,) what came back to imaging in the last of so many rounds, a number for each patient; and the (n,) labels."""
    columns = WITH_IMAGING.with_(noise=noise)
    table = table_of(columns.data, columns.people, columns.seed).of(columns.parties)
    training, _ = fifths(len(table.y), columns.fold, columns.seed)
    x = {name: scaled(own, training)[training] for name, own in table.columns.items()}
    pieces = Pieces(columns, columns.holder, {name: own.shape[1] for name, own in x.items()}, table.classes)
    for _ in range(rounds):
        _, back = pieces.step(x, table.y[training])
    return back["imaging"][:, 0], table.y[training]
