"""Four fields of use: what came out for each owner, alone, together and in one place. The figures of a lesson.

    python -m benchmarks.fields             all four, a few minutes on two quiet processors
    python -m benchmarks.fields heart       one of them; the others stay as they are

heart       accuracy and AUC on held-out patients of each hospital, mean of ten splits; "personal" is the shared model
            after five epochs more on the hospital's own patients
lending     the same by region, five splits
car_parks   accuracy on the fifteen days after: one local step a round, and many
vowels      accuracy on speakers' own held-out recordings and on speakers never heard, women and men, ten splits
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import numpy as np

from benchmarks.common import RESULTS, in_parts
from fedlab import Experiment, Round, run
from fedlab.diagnostics import by_owner, predictions
from fedlab.personal import personal
from fedlab.prepare import prepare

FILE = RESULTS / "fields.json"
HEART = Experiment(dataset="heart", partition="natural", model="softmax", rounds=30)
LENDING = Experiment(dataset="lending", partition="natural", model="softmax", rounds=30)
PARKS = Experiment(dataset="car_parks", partition="natural", model="softmax", days=3)
LOCAL_WORK: dict[str, dict[str, Any]] = {
    "one step": {"batch_size": "all", "learning_rate": 1.0, "rounds": 100},
    "many steps": {"local_epochs": 15, "rounds": 40},
}
VOWELS = Experiment(dataset="vowels", partition="natural", model="mlp", mlp_units=32, local_epochs=5, rounds=60)
WAYS = ("alone", "shared", "personal", "in one place")
Table = list[dict[str, Any]]


def last_of(experiment: Experiment) -> Round:
    *_, last = run(experiment)
    return last


def by_way(base: Experiment) -> tuple[dict[str, list[np.ndarray]], dict[str, float]]:
    """For each way to get a model: every party's, and how well it does on all test examples together."""
    models: dict[str, list[np.ndarray]] = {}
    scores: dict[str, float] = {}
    for way, algorithm in (("alone", "alone"), ("shared", "fedavg"), ("in one place", "central")):
        experiment = base.with_(algorithm=algorithm)
        last = last_of(experiment)
        assert last.state is not None
        owns = [own.get("algorithm") for own in last.state.parties]
        models[way] = experiment.algorithm.judged(last.state.weights, owns)
        scores[way] = last.score
    models["personal"] = personal(base, models["shared"][0], epochs=5)
    return models, scores


def for_whom(base: Experiment, seeds: int) -> Table:
    """A line for each owner and one for all: the mean over the splits of accuracy and AUC, in percent, by way."""
    names = prepare(base).names
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {way: [] for way in WAYS}
    for seed in range(seeds):
        experiment = base.with_(seed=seed)
        for way, models in by_way(experiment)[0].items():
            found[way].append(by_owner(experiment, models, experiment.data()))
    lines: Table = [{"owner": name} for name in [*names, "mean of owners"]]
    for way, tables in found.items():
        for measure, place in (("accuracy", 0), ("AUC", 1)):
            values = np.stack([table[place] for table in tables])
            if np.isnan(values).all():
                continue
            each = 100 * np.nanmean(values, axis=0)
            for line, value in zip(lines, [*each, each.mean()], strict=True):
                line[f"{way}, {measure}"] = round(float(value), 1)
    return lines


def car_parks() -> Table:
    """One local step on all its hours a round, and fifteen epochs; alone and in one place for comparison."""
    lines: Table = []
    for work, settings in LOCAL_WORK.items():
        accuracies = [last_of(PARKS.with_(seed=seed, **settings)).test_accuracy for seed in range(5)]
        lines.append({"local work": work, "accuracy": round(100 * float(np.mean(accuracies)), 1)})
    owners = for_whom(PARKS.with_(**LOCAL_WORK["one step"]), 1)[-1]
    alone, pooled = owners["alone, accuracy"], owners["in one place, accuracy"]
    return [*lines, {"local work": "alone", "accuracy": alone}, {"local work": "in one place", "accuracy": pooled}]


def vowels() -> Table:
    """Own voices, and new ones by sex. Alone, each of the eight models answers an equal part of what new voices say."""
    found: dict[str, list[list[float]]] = {}
    for seed in range(10):
        own, new = (VOWELS.with_(seed=seed, voices=voices) for voices in ("own", "new"))
        heard, unheard = by_way(own)[0], by_way(new)
        data = prepare(new).dataset
        assert data.test_owners is not None
        women = np.array([data.owner_names[owner].startswith("woman") for owner in data.test_owners])
        right = _right(new, unheard[0]["shared"][0])
        for way in ("alone", "shared", "personal"):
            values = [float(by_owner(own, heard[way], own.data())[0].mean())]
            values.append(unheard[1].get(way, np.nan))
            values += [float(right[women].mean()), float(right[~women].mean())] if way == "shared" else [np.nan, np.nan]
            found.setdefault(way, []).append(values)
    lines: Table = []
    for way, runs in found.items():
        own_voice, new_voices, by_women, by_men = (round(100 * value, 1) for value in np.mean(runs, axis=0).tolist())
        more = {"new women": by_women, "new men": by_men} if way == "shared" else {}
        told = {} if np.isnan(new_voices) else {"new voices": new_voices}
        lines.append({"way": way, "own voice": own_voice, **told, **more})
    return lines


def _right(experiment: Experiment, weights: np.ndarray) -> np.ndarray:
    """(N,) whether the model has each test example right."""
    data = prepare(experiment).dataset
    return predictions(experiment, weights, data, data.test_x) == data.test_y


PARTS: dict[str, Callable[[], Table]] = {
    "heart": lambda: for_whom(HEART, 10), "lending": lambda: for_whom(LENDING, 5),
    "car_parks": car_parks, "vowels": vowels,
}  # fmt: skip


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(parts: tuple[str, ...]) -> None:
    in_parts(FILE, PARTS, parts)


if __name__ == "__main__":
    main()
