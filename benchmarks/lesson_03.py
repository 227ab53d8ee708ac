"""What lesson 03 says of more than one seed: every kind of difference beside one computer, drift, and who is served.

    python -m benchmarks.lesson_03 [PART ...]

Writes results/lesson_03.json, which the lesson draws from and a test holds its sentences against. Some minutes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click
import numpy as np

from benchmarks.common import RESULTS, report, save
from fedlab import Experiment, diagnostics, run
from fedlab.engines import engine_for
from fedlab.evaluation import judge
from fedlab.lessons.steps import walk
from fedlab.lessons.two_parties import TWO, TwoParties
from fedlab.messages import Upload
from fedlab.partitions import label_counts
from fedlab.prepare import prepare

SEEDS = (0, 1, 2)
BASE = Experiment(parties=10, examples=2_000, local_epochs=2, batch_size=10, rounds=10)
SKEWED = BASE.with_(partition="dirichlet", alpha=0.1)
KINDS = {
    "IID": BASE,
    "unequal sizes, β = 0.5": BASE.with_(partition="quantity", size_beta=0.5),
    "all labels wrong at 3 of 10": BASE.with_(label_noise=1.0),
    "noise, σ = 1": BASE.with_(feature_noise=1.0),
    "Dirichlet, α = 1": BASE.with_(partition="dirichlet", alpha=1.0),
    "rotation, up to 90°": BASE.with_(rotation=90.0),
    "Dirichlet, α = 0.1": SKEWED,
    "one digit a party": BASE.with_(partition="label_limit", labels_per_party=1),
}
PASSES = 20  # over everybody's images, in each row of the table about drift
EPOCHS = (1, 5, 20)  # between two averages


def per_cent(value: float) -> float:
    return round(100 * value, 2)


def kinds() -> dict[str, Any]:
    """Test accuracy in % and training loss after each round, federated and with all data in one place, seed by seed."""
    found: dict[str, Any] = {}
    for name, experiment in KINDS.items():
        found[name] = {}
        for place, algorithm in (("federated", "fedavg"), ("central", "central")):
            runs = [list(run(experiment.with_(algorithm=algorithm, seed=seed))) for seed in SEEDS]
            found[name][place] = [[per_cent(one.test_accuracy) for one in rounds] for rounds in runs]
            found[name][f"{place} train loss"] = [[round(one.train_loss, 3) for one in rounds] for rounds in runs]
    return found


def drift(experiment: Experiment) -> dict[str, list[float]]:
    """Test accuracy in % after the same number of passes, with averages after every step and after E epochs.

    An average after every step is one step on all the parties' batches at once: one computer with a batch of K B.
    """
    batch = experiment.parties * int(experiment.batch_size)
    ways = {"every step": experiment.with_(algorithm="central", batch_size=batch, local_epochs=PASSES, rounds=1)}
    ways |= {f"E = {E}": experiment.with_(local_epochs=E, rounds=PASSES // E) for E in EPOCHS}
    return {name: [final(way.with_(seed=seed)) for seed in SEEDS] for name, way in ways.items()}


def final(experiment: Experiment) -> float:
    *_, last = run(experiment)
    return per_cent(last.test_accuracy)


def gap(experiment: Experiment) -> dict[str, list[float]]:
    """How far the mean of where the parties end in round 1 is from where averages after every step lead.

    As a share of how far those lead: 0 is no drift.
    """
    found: dict[str, list[float]] = {f"E = {E}": [] for E in EPOCHS}
    for seed in SEEDS:
        prepared = prepare(experiment.with_(seed=seed, local_epochs=max(EPOCHS)))
        path = dict(enumerate(walk(prepared, prepared.first_weights(), range(experiment.parties))))
        for E in EPOCHS:
            (one,) = run(experiment.with_(seed=seed, local_epochs=E, rounds=1))
            assert one.state is not None
            goal = path[E * (len(path) - 1) // max(EPOCHS)]
            found[f"E = {E}"].append(
                round(float(np.linalg.norm(one.state.weights - goal) / np.linalg.norm(goal - path[0])), 3)
            )
    return found


def served(seed: int) -> dict[str, Any]:
    """Whom the shared model of strong label skew serves, and what its images are taken for."""
    experiment = SKEWED.with_(seed=seed)
    *_, last = run(experiment)
    assert last.state is not None
    prepared = prepare(experiment)
    counts = label_counts(prepared.parties, prepared.dataset.train_y, prepared.dataset.classes)
    models = [last.state.weights]
    table = diagnostics.confusion_on_test(experiment, models, prepared.dataset)
    own = diagnostics.party_accuracies(experiment, models, prepared.dataset)
    mistakes = table - np.diag(table.diagonal())
    return {
        "own images right": [per_cent(one) for one in own],
        "main digit": counts.argmax(axis=1).tolist(),
        "share of that digit": [
            per_cent(one) for one in counts.max(axis=1) / counts.sum(axis=0)[counts.argmax(axis=1)]
        ],
        "recall": [per_cent(one) for one in diagnostics.recall(table)],
        "taken for": mistakes.argmax(axis=1).tolist(),
        "taken for it": [per_cent(one) for one in mistakes.max(axis=1) / table.sum(axis=1)],
        "test accuracy": per_cent(last.test_accuracy),
    }


def largest(seed: int) -> dict[str, Any]:
    """With unequal sizes: what the largest party brings home in rounds 1 to 3, beside the shared model."""
    experiment = KINDS["unequal sizes, β = 0.5"].with_(seed=seed, rounds=3)
    prepared = prepare(experiment)
    sizes = [len(own) for own in prepared.parties]
    brought: list[np.ndarray] = []

    def keep(number: int, upload: Upload) -> None:
        if upload.examples == max(sizes):
            brought.append(upload.weights)

    rounds = list(run(experiment, on_upload=keep))
    with engine_for(prepared).open() as engine:
        own = [per_cent(judge(engine, [weights], prepared.dataset)[0]) for weights in brought]
    return {"images": max(sizes), "own model": own, "shared": [per_cent(one.test_accuracy) for one in rounds]}


def updates(experiment: Experiment) -> list[np.ndarray]:
    """(P,) for each party: how far it goes in round 1."""
    ends: list[np.ndarray] = []
    list(run(experiment.with_(rounds=1), on_upload=lambda number, upload: ends.append(upload.weights)))
    return list(np.stack(ends) - prepare(experiment).first_weights())


def cosine(experiment: Experiment) -> list[float]:
    """The mean cosine of the updates in round 1, seed by seed."""
    found = []
    for seed in SEEDS:
        table = diagnostics.cosines(updates(experiment.with_(seed=seed)))
        found.append(round(float(table[~np.eye(len(table), dtype=bool)].mean()), 3))
    return found


def healed(seed: int) -> list[float]:
    """Test accuracy in %, round by round: strong label skew for five rounds, and from there a fair mix."""
    first = list(run(SKEWED.with_(seed=seed, rounds=5)))
    then = run(BASE.with_(seed=seed), start=first[-1].state)
    return [per_cent(one.test_accuracy) for one in (*first, *then)]


def two_parties(seed: int) -> dict[str, Any]:
    """The map: accuracy before the round, of the average after E epochs, and with averages after every step."""
    two = TwoParties(TWO.with_(seed=seed))
    steps = {E: E * two.a_pass for E in (1, 2, 5, 10, 20)}
    return {
        "w_t": per_cent(two.judge(two.start)[0]),
        "average": {E: per_cent(two.judge(two.average(step))[0]) for E, step in steps.items()},
        "every step": {E: per_cent(two.judge(two.together[step])[0]) for E, step in steps.items()},
    }


def wrong_labels() -> list[float]:
    """One computer that takes as many steps as a party does: the batch is ten times as large. All labels wrong at 3."""
    experiment = KINDS["all labels wrong at 3 of 10"].with_(algorithm="central", batch_size=100)
    return [final(experiment.with_(seed=seed)) for seed in SEEDS]


SKEWS = {"IID": BASE, "Dirichlet, α = 0.1": SKEWED}
PARTS: dict[str, Callable[[], Any]] = {
    "kinds": kinds,
    "wrong labels, as many steps": wrong_labels,
    "healed": lambda: {seed: healed(seed) for seed in SEEDS},
    "largest": lambda: {seed: largest(seed) for seed in SEEDS},
    "cosines": lambda: {
        name: {
            "one step on all images": cosine(experiment.with_(local_epochs=1, batch_size="all")),
            **{f"E = {E}": cosine(experiment.with_(local_epochs=E)) for E in EPOCHS},
        }
        for name, experiment in SKEWS.items()
    },
    "drift": lambda: {name: drift(experiment) for name, experiment in SKEWS.items()},
    "gap": lambda: {name: gap(experiment) for name, experiment in SKEWS.items()},
    "two parties": lambda: {seed: two_parties(seed) for seed in range(6)},
    "served": lambda: {seed: served(seed) for seed in range(6)},
}


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(parts: tuple[str, ...]) -> None:
    file = RESULTS / "lesson_03.json"
    before = json.loads(file.read_text(encoding="utf-8"))["results"] if parts and file.exists() else {}
    results = {"experiment": BASE.link(), "seeds": SEEDS, **before}
    for part in parts or PARTS:
        results[part] = PARTS[part]()
        print(part, "is done", flush=True)
    rows = [
        (name, *(" ".join(f"{one[-1]:.1f}" for one in found[place]) for place in ("federated", "central")))
        for name, found in results["kinds"].items()
    ]
    report("Test accuracy after 10 rounds, %, seeds 0, 1, 2", ("kind", "federated", "one place"), rows)
    for name, found in results["drift"].items():
        report(f"{PASSES} passes, {name}", ("averages", "accuracy, %"), [(k, str(v)) for k, v in found.items()])
    save(file, results)


if __name__ == "__main__":
    main()
