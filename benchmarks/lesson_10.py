"""What lesson 10 says beside the four fields' own figures (`python -m benchmarks.fields`): personal, fair, and rounds.

    python -m benchmarks.lesson_10          all parts, some minutes on two quiet processors
    python -m benchmarks.lesson_10 parks    one of them; the others stay as they are

parks   accuracy of 28 car parks' shared model, and its worst car park, by local work and rounds; three seeds
pull    accuracy of each hospital's personal model after five epochs, by Ditto's λ; ten splits
fair    owners' accuracies with q-FedAvg, by q, after the rounds of FedAvg and after ten times as many; five seeds

voices  recordings right, of own voices and of new ones, after the rounds of `fields` and after ten times as many; five
        splits

each    for how many of 28 car parks the shared model is better than the own one, and worse; three seeds
swiss   of the Swiss patients: how many are ill, and how many of the ill each model calls healthy; ten splits

Everything is in percent, on held-out examples of each owner.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import click
import numpy as np

from benchmarks.common import RESULTS, in_parts
from benchmarks.fields import HEART, LOCAL_WORK, PARKS, VOWELS, by_way, last_of
from fedlab import Experiment
from fedlab.diagnostics import by_owner, predictions
from fedlab.personal import personal
from fedlab.prepare import prepare

FILE = RESULTS / "lesson_10.json"
ROUNDS = (40, 100, 300)
PULLS = (0.0, 0.1, 1.0, 10.0)
QS = (0.0, 1.0, 2.0)
FAIR: dict[str, Experiment] = {"heart": HEART, "vowels": VOWELS}
Table = list[dict[str, Any]]


def percent(values: Any) -> float:
    return round(100 * float(np.mean(values)), 1)


def accuracies(experiment: Experiment) -> np.ndarray:
    """(K,) how much of each owner's held-out examples the shared model has right."""
    state = last_of(experiment).state
    assert state is not None
    return by_owner(experiment, [state.weights], experiment.data())[0]


def parks() -> Table:
    lines: Table = []
    for (work, settings), rounds in product(LOCAL_WORK.items(), ROUNDS):
        base = PARKS.with_(**{**settings, "rounds": rounds})
        steps = max(one.steps for one in last_of(base.with_(rounds=1)).parties)
        found = [(last_of(one).test_accuracy, accuracies(one).min()) for one in (base.with_(seed=s) for s in range(3))]
        accuracy, worst = zip(*found, strict=True)
        lines.append({"local work": work, "steps": steps, "rounds": rounds, "accuracy": percent(accuracy),
                      "worst": percent(worst)})  # fmt: skip
    return lines


def pull() -> Table:
    names = prepare(HEART).names
    found: dict[float, list[np.ndarray]] = {strength: [] for strength in PULLS}
    for seed in range(10):
        experiment = HEART.with_(seed=seed)
        state = last_of(experiment).state
        assert state is not None
        for strength, kept in found.items():
            models = personal(experiment, state.weights, epochs=5, pull=strength)
            kept.append(by_owner(experiment, models, experiment.data())[0])
    means = {strength: np.mean(kept, axis=0) for strength, kept in found.items()}
    return [
        {"λ": strength, **{name: percent(value) for name, value in zip(names, values, strict=True)}}
        for strength, values in means.items()
    ]


def fair() -> Table:
    lines: Table = []
    for (field, base), times, q in product(FAIR.items(), (1, 10), QS):
        rounds = times * base.rounds
        own = [accuracies(base.with_(algorithm="qfedavg", q=q, rounds=rounds, seed=seed)) for seed in range(5)]
        worst, spread = percent([one.min() for one in own]), percent([one.std() for one in own])
        lines.append({"field": field, "rounds": rounds, "q": q, "mean": percent(own), "worst": worst, "spread": spread})
    return lines


def voices() -> Table:
    lines: Table = []
    for rounds in (VOWELS.rounds, 10 * VOWELS.rounds):
        found = []
        for seed in range(5):
            own = VOWELS.with_(seed=seed, rounds=rounds)
            by_itself, shared = last_of(own.with_(algorithm="alone")).state, last_of(own).state
            assert by_itself is not None
            assert shared is not None
            new = own.with_(voices="new")
            data = prepare(new).dataset
            assert data.test_owners is not None
            right = predictions(new, shared.weights, data, data.test_x) == data.test_y
            women = np.array([data.owner_names[owner].startswith("woman") for owner in data.test_owners])
            alone = [party["algorithm"] for party in by_itself.parties]
            models = {"alone": alone, "shared": [shared.weights], "personal": personal(own, shared.weights, epochs=5)}
            scores = {way: by_owner(own, kept, own.data())[0].mean() for way, kept in models.items()}
            found.append(scores | {"new voices": right.mean(), "new women": right[women].mean(),
                                   "new men": right[~women].mean()})  # fmt: skip
        lines.append({"rounds": rounds, **{name: percent([one[name] for one in found]) for name in found[0]}})
    return lines


def each() -> Table:
    lines: Table = []
    for work, settings in LOCAL_WORK.items():
        better, worse = [], []
        for seed in range(3):
            experiment = PARKS.with_(**settings, seed=seed)
            models = by_way(experiment)[0]
            alone, shared = (by_owner(experiment, models[way], experiment.data())[0] for way in ("alone", "shared"))
            better.append(int((shared > alone).sum()))
            worse.append(int((shared < alone).sum()))
        lines.append({"local work": work, "better": round(float(np.mean(better)), 1),
                      "worse": round(float(np.mean(worse)), 1)})  # fmt: skip
    return lines


def swiss() -> Table:
    ill_share, healthy = [], []
    for seed in range(10):
        experiment = HEART.with_(seed=seed)
        models = by_way(experiment)[0]
        data = prepare(experiment).dataset
        own = np.flatnonzero(data.test_owners == data.owner_names.index("Switzerland"))
        ill = own[data.test_y[own] == 1]
        ill_share.append(len(ill) / len(own))
        chosen = {way: models[way][0 if len(models[way]) == 1 else 2] for way in ("alone", "shared", "personal")}
        healthy.append(
            {way: (predictions(experiment, w, data, data.test_x[ill]) == 0).mean() for way, w in chosen.items()}
        )
    return [{"ill": percent(ill_share), **{way: percent([one[way] for one in healthy]) for way in healthy[0]}}]


PARTS: dict[str, Callable[[], Table]] = {
    "parks": parks, "pull": pull, "fair": fair, "voices": voices, "each": each,
    "swiss": swiss,
}  # fmt: skip


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(parts: tuple[str, ...]) -> None:
    in_parts(FILE, PARTS, parts)


if __name__ == "__main__":
    main()
