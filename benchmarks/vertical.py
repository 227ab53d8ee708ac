"""Columns split between parties, and runs without rounds: the figures of a lesson.

    python -m benchmarks.vertical               all parts, a few minutes on two quiet processors
    python -m benchmarks.vertical leak psi      some of them; the others stay as they are

coalitions   AUC of every set of the four who hold the columns of Cleveland's 297 patients, by logistic regression: the
             mean of five folds, with ten seeds; and what each party adds: to all others (leave one out), and on average
             over all orders (Shapley)
people       alone and together, where only a share of the doctor's patients is known to all
leak         AUC of the labels that are read from the cut's gradients, beside the model's, by noise
digits       halves of pictures: alone, together, in one place
bytes        over the cut in a round and in a run, and what the columns themselves would take
psi          seconds and bytes of private set intersection, and of trying all numbers against bare hashes
asynchrony   simulated seconds to a goal, and accuracy after as long: waiting for the slowest, FedBuff, FedAsync
car_parks    the same with 28 car parks
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product
from statistics import mean, stdev
from typing import Any

import click
import numpy as np

from benchmarks.common import RESULTS, in_parts
from fedlab import Experiment, History, run
from fedlab.diagnostics import party_accuracies
from fedlab.systems import slow_parties
from fedlab.vertical import HOLDERS, Columns, table_of
from fedlab.vertical import intersection as psi
from fedlab.vertical import run as run_columns
from fedlab.vertical.tables import fifths
from fedlab.vertical.worth import CHANCE, alone, coalitions, in_one_place, score, shapley

FILE = RESULTS / "vertical.json"
SEEDS, PARTIES = range(10), tuple(HOLDERS["heart"])
NOISE = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
OVERLAPS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
WITHOUT_ROUNDS: dict[str, dict[str, Any]] = {
    "FedAvg": {},
    "FedBuff, 3": {"algorithm": "fedbuff", "buffer": 3},
    "FedBuff, 5": {"algorithm": "fedbuff", "buffer": 5},
    "FedAsync": {"algorithm": "fedasync"},
}


def over_seeds(columns: Columns) -> dict[str, float]:
    """Mean and standard deviation over the seeds of the mean of five folds."""
    found = [score(columns.with_(seed=seed)) for seed in SEEDS]
    return {"mean": round(mean(found), 4), "sd": round(stdev(found), 4)}


def coalition_scores() -> dict[str, Any]:
    sets = {"+".join(some): over_seeds(Columns(who=",".join(some))) for some in coalitions(PARTIES)}
    value = {frozenset(name.split("+")): one["mean"] for name, one in sets.items()} | {frozenset[str](): CHANCE}
    everybody = frozenset(PARTIES)
    return {
        "auc": sets,
        "shapley": {name: round(share, 4) for name, share in shapley(PARTIES, value).items()},
        "leave one out": {name: round(value[everybody] - value[everybody - {name}], 4) for name in PARTIES},
        "network": over_seeds(Columns(model="network", rounds=50)),
    }


def people() -> list[dict[str, Any]]:
    by_itself = over_seeds(alone(Columns(), "doctor"))
    return [
        {"overlap": overlap, "alone": by_itself, "together": over_seeds(Columns(overlap=overlap))}
        for overlap in OVERLAPS
    ]


def leak() -> list[dict[str, Any]]:
    found = []
    for model, t in product(("logistic", "network"), NOISE):
        runs = [
            list(run_columns(Columns(model=model, noise=t, rounds=50, seed=seed, fold=fold)))
            for seed in SEEDS
            for fold in range(5)
        ]
        found.append(
            {
                "model": model,
                "noise": t,
                "auc": round(mean(rounds[-1].score for rounds in runs), 4),
                "leak, round 1": round(mean(rounds[0].leak for rounds in runs), 4),
                "leak, round 10": round(mean(rounds[9].leak for rounds in runs), 4),
                "leak, round 50": round(mean(rounds[-1].leak for rounds in runs), 4),
                "by norm, round 50": round(mean(rounds[-1].leak_by_norm for rounds in runs), 4),
            }
        )
    return found


def digits() -> list[dict[str, Any]]:
    found = []
    for data, model in product(("mnist_left_right", "mnist_upper_lower"), ("logistic", "network")):
        columns = Columns(data=data, model=model, cut=16, rounds=20, batch_size=50, learning_rate=0.1)
        found.append(
            {
                "data": data,
                "model": model,
                "alone": {name: round(score(alone(columns, name)), 4) for name in columns.parties},
                "together": round(score(columns), 4),
                "one place": round(in_one_place(columns), 4),
            }
        )
    return found


def sent() -> list[dict[str, Any]]:
    plans = [Columns(), Columns(model="network", cut=4), Columns(model="network", cut=16)]
    plans += [Columns(data="mnist_left_right", model=model, cut=16, batch_size=50) for model in ("logistic", "network")]
    found = []
    for columns in plans:
        rounds, table = list(run_columns(columns)), table_of(columns.data, columns.people, columns.seed)
        training, _ = fifths(len(table.y), 0, columns.seed)
        away = [own for name, own in table.columns.items() if name != columns.holder]
        size = 1 if away[0].dtype == np.uint8 else 4
        found.append(
            {
                "data": columns.data, "model": columns.model, "cut": columns.cut, "people": len(training),
                "rounds": columns.rounds, "up a round": rounds[0].bytes_up, "down a round": rounds[0].bytes_down,
                "all rounds": sum(one.bytes_up + one.bytes_down for one in rounds),
                "the columns": sum(own.shape[1] for own in away) * len(training) * size,
            }
        )  # fmt: skip
    return found


def timed(work: Callable[..., Any], *given: Any) -> float:
    began = time.perf_counter()
    work(*given)
    return round(time.perf_counter() - began, 3)


def names(count: int) -> tuple[list[str], list[str]]:
    """So many at each of two parties, half of them at both."""
    return [str(one) for one in range(count)], [str(one) for one in range(count // 2, count + count // 2)]


def intersections() -> dict[str, Any]:
    number = psi.PRIME.bit_length() // 8  # bytes
    hidden = psi.bare_hash("0171" + "9" * 6)
    return {
        "written out": [
            {"names": n, "seconds": timed(psi.intersection, *names(n)), "bytes": 3 * n * number} for n in (10, 50, 200)
        ],
        "openmined": [{"names": n, "seconds": timed(psi.openmined, *names(n))} for n in (200, 1_000, 10_000)],
        "bare hashes": [
            {"numbers": 10**n, "seconds": timed(psi.unhashed, [hidden], psi.phone_numbers("0171", n))}
            for n in (4, 5, 6)
        ],
    }


def asynchrony() -> list[dict[str, Any]]:
    """Ten parties with images, three of them ten times as slow; softmax regression."""
    base = Experiment(model="softmax", slow_parties=0.3)
    cases = {"iid": base, "dirichlet 0.3": base.with_(partition="dirichlet", alpha=0.3)}
    return without_rounds(cases, goal=0.85, long=100.0, seeds=5)


def car_parks() -> list[dict[str, Any]]:
    """28 car parks, eight of them with devices that are ten times as slow; one hidden layer."""
    parks = Experiment(dataset="car_parks", partition="natural", model="mlp", slow_parties=0.3)
    return without_rounds({"car parks": parks}, goal=0.75, long=60.0, seeds=3)


def without_rounds(cases: dict[str, Experiment], goal: float, long: float, seeds: int) -> list[dict[str, Any]]:
    """Each method for so many simulated seconds. Parties' accuracies are on their own training examples."""
    found = []
    for (skew, base), (name, own), seed in product(cases.items(), WITHOUT_ROUNDS.items(), range(seeds)):
        experiment = base.with_(**own, seed=seed, rounds=100_000)
        history, seconds, reached = History(experiment), 0.0, None
        for one in run(experiment):
            if seconds + one.simulated_seconds > long:
                break
            seconds += one.simulated_seconds
            history.append(one)
            if reached is None and one.test_accuracy >= goal:
                reached = round(seconds, 2)
        last = history.rounds[-1]
        assert last.state is not None
        served = party_accuracies(experiment, [last.state.weights], experiment.data())
        slow = np.isin(np.arange(experiment.parties), list(slow_parties(experiment)))
        found.append(
            {
                "skew": skew,
                "method": name,
                "seed": seed,
                "steps": len(history),
                "seconds to the goal": reached,
                "accuracy": round(100 * last.test_accuracy, 2),
                "slow parties": round(100 * float(served[slow].mean()), 2),
                "fast parties": round(100 * float(served[~slow].mean()), 2),
                "megabytes": round(sum(one.bytes_up + one.bytes_down for one in history) / 1e6, 2),
            }
        )
    return found


PARTS: dict[str, Callable[[], Any]] = {
    "coalitions": coalition_scores, "people": people, "leak": leak, "digits": digits, "bytes": sent,
    "psi": intersections, "asynchrony": asynchrony, "car_parks": car_parks,
}  # fmt: skip


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(parts: tuple[str, ...]) -> None:
    in_parts(FILE, PARTS, parts)


if __name__ == "__main__":
    main()
