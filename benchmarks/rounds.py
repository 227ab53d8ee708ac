"""Seconds a round: our two engines, the Keras loop of the articles, and the matrix products alone, in turn.

    python -m benchmarks.rounds                  W1, W2, W3 and the lab's default
    python -m benchmarks.rounds W1 --turns 11
    python -m benchmarks.rounds W1 --flower ~/flower/bin/python --fedjax ~/fedjax/bin/python

A turn is one round of each contender, one after another, so a busy moment of the machine hits them all; a ratio is
taken within a turn, and the median over turns is what counts. The NumPy engine has no convolutions: it is not in W2.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np

from benchmarks.common import RESULTS, WORKLOADS, Worker, Workload, gflop, report, save, task_of
from benchmarks.worker import Turn

TOLERANCE = 0.02  # other shuffles of the same data: test accuracies may differ by so much
ROUNDING = 1e-4  # the textbook's weights: float32 sums in another order; where steps magnify that, it is measured
NUMPY, KERAS, LOOP, PRODUCTS = "numpy", "keras", "loop", "products"
TITLES = {
    NUMPY: "fedlab, NumPy engine",
    KERAS: "fedlab, Keras engine",
    LOOP: "Keras loop",
    PRODUCTS: "matrix products alone",
    "flower": "Flower simulation",
    "fedjax": "FedJAX",
}
COLUMNS = ("", "median s", "spread", "CPU s", "× Keras engine", "spread", "× products", "GFLOP/s", "peak MB")
WANTED = {"W1": 1.2, "W3": 1.2, "lab": 1.0}  # seconds of the NumPy engine by those of the Keras engine, at most

Turns = dict[str, list[Turn]]  # by contender


def measure(workload: Workload, turns: int, pythons: dict[str, str]) -> Turns:
    """For each contender its turns; the first one (starting and compiling) is not among them."""
    with ExitStack() as stack:
        task = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "task.npz"
        task_of(workload).save(task)
        names = [*workload.engines, LOOP, PRODUCTS, *pythons]
        workers = {n: stack.enter_context(closing(Worker(n, task, pythons.get(n)))) for n in names}
        for worker in workers.values():
            worker.round()
        found: Turns = {name: [] for name in names}
        for _ in range(turns):
            for name, worker in workers.items():
                found[name].append(worker.round())
        return found


def distances_from_textbook(workload: Workload, names: Sequence[str]) -> dict[str, float]:
    """The largest difference of any weight, after one round, between each contender and the plain Keras reference."""
    with ExitStack() as stack:
        task = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "task.npz"
        task_of(workload).save(task)
        weights = {}
        for name in ("textbook", *names):
            worker = stack.enter_context(closing(Worker(name, task)))
            worker.round()
            weights[name] = worker.weights()
        return {name: float(np.abs(weights[name] - weights["textbook"]).max()) for name in names}


def ratios(found: Turns, name: str, base: str) -> list[float]:
    """A contender's seconds by another's, turn by turn."""
    return [one.seconds / other.seconds for one, other in zip(found[name], found[base], strict=True)]


def summary(found: Turns) -> dict[str, dict[str, Any]]:
    """Per contender: seconds (median, least, most), ratios to the others, accuracy, memory, all turns."""
    return {
        name: {
            "seconds": median(turn.seconds for turn in turns),
            "least": min(turn.seconds for turn in turns),
            "most": max(turn.seconds for turn in turns),
            "cpu_seconds": median(cpu)
            if (cpu := [t.cpu_seconds for t in turns if t.cpu_seconds is not None])
            else None,
            "times": {base: median(ratios(found, name, base)) for base in found if base != name},
            "times_keras_engine_spread": [min(of_keras := ratios(found, name, KERAS)), max(of_keras)],
            "accuracy": turns[-1].accuracy,
            "peak_mb": turns[-1].peak_mb,
            "turns": [asdict(turn) for turn in turns],
        }
        for name, turns in found.items()
    }


def disagreements(results: dict[str, dict[str, Any]]) -> list[str]:
    """One sentence for each contender whose accuracy is not that of the Keras engine within TOLERANCE."""
    ours = results[KERAS]["accuracy"]
    return [
        f"{TITLES[name]} has the accuracy {one['accuracy']:.4f}, fedlab {ours:.4f}: more than {TOLERANCE} apart."
        for name, one in results.items()
        if one["accuracy"] is not None and abs(one["accuracy"] - ours) > TOLERANCE
    ]


def speed(name: str, workload: Workload, results: dict[str, dict[str, Any]]) -> list[str]:
    """What is promised about the seconds, in words: nothing fails by it, for only a quiet machine can tell."""
    ours = workload.engines[0]
    said = [f"The Keras loop takes {results[LOOP]['times'][ours]:.1f} × as long as {TITLES[ours]}."]
    if NUMPY in results and name in WANTED:
        found = results[NUMPY]["times"][KERAS]
        said += [f"NumPy engine by Keras engine: {found:.2f}; wanted: at most {WANTED[name]:.1f}."]
    return said


def _row(name: str, one: dict[str, Any], work: float) -> list[str]:
    return [
        TITLES[name],
        f"{one['seconds']:.3f}",
        f"{one['least']:.3f} .. {one['most']:.3f}",
        "" if one["cpu_seconds"] is None else f"{one['cpu_seconds']:.3f}",
        f"{one['times'].get(KERAS, 1):.2f}",
        "{:.2f} .. {:.2f}".format(*one["times_keras_engine_spread"]),
        f"{one['times'].get(PRODUCTS, 1):.2f}",
        f"{work / one['seconds']:.0f}",
        "" if one["peak_mb"] is None else f"{one['peak_mb']:,.0f}",
        "" if one["accuracy"] is None else f"{one['accuracy']:.4f}",
    ]


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(list(WORKLOADS)))
@click.option("--turns", default=7, help="Measured rounds of each contender.", show_default=True)
@click.option("--flower", metavar="PYTHON", help="A Python that has flwr[simulation] and tensorflow.")
@click.option("--fedjax", metavar="PYTHON", help="A Python that has fedjax.")
@click.option("--textbook/--no-textbook", default=True, help="Also hold one round against fedlab.reference.")
@click.option("--json", "path", type=click.Path(path_type=Path), default=RESULTS / "rounds.json", show_default=True)
def main(
    names: tuple[str, ...], turns: int, flower: str | None, fedjax: str | None, textbook: bool, path: Path
) -> None:
    pythons = {name: python for name, python in {"flower": flower, "fedjax": fedjax}.items() if python}
    results, wrong = {}, []
    for name in names or ("W1", "W2", "W3", "lab"):
        workload = WORKLOADS[name]
        found = summary(measure(workload, turns, pythons))
        notes = disagreements(found)
        work = gflop(workload)
        results[name] = {"about": workload.about, "gflop": work, "contenders": found}
        if textbook:
            distances = distances_from_textbook(workload, workload.engines)
            rounding = ROUNDING
            if max(distances.values()) > ROUNDING:
                rounding = 2 * distances_from_textbook(workload, ["nudged"])["nudged"]
            results[name] |= {"largest_difference_from_textbook": distances, "rounding": rounding}
            notes += [
                f"A weight of {TITLES[engine]} differs from the textbook's by {distance:.1e}."
                for engine, distance in distances.items()
                if distance > rounding
            ]
        wrong += notes
        title = f"{name}: {workload.about}; {work:.1f} GFLOP a round"
        rows = [_row(*item, work) for item in found.items()]
        said = [*(notes or ["Accuracies agree."]), *speed(name, workload, found)]
        report(title, [*COLUMNS, f"accuracy, round {turns + 1}"], rows, said)
    save(path, results)
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
