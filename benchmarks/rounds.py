"""Seconds a round: our engine, the Keras loop of the articles, and the matrix products alone, in turn.

    python -m benchmarks.rounds                  W1, W2, W3 and the lab's default
    python -m benchmarks.rounds W1 --turns 11
    python -m benchmarks.rounds W1 --flower ~/flower/bin/python --fedjax ~/fedjax/bin/python

A turn is one round of each contender, one after another, so a busy moment of the machine hits them all; a ratio is
taken within a turn, and the median over turns is what counts.
"""

from __future__ import annotations

import tempfile
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
OURS, PRODUCTS = "fedlab", "products"
TITLES = {
    OURS: "fedlab",
    "keras": "Keras loop",
    PRODUCTS: "matrix products alone",
    "flower": "Flower simulation",
    "fedjax": "FedJAX",
}
COLUMNS = ("", "median s", "spread", "CPU s", "× fedlab", "spread", "× products", "GFLOP/s")


def measure(workload: Workload, turns: int, pythons: dict[str, str]) -> dict[str, list[Turn]]:
    """For each contender its turns; the first one (starting and compiling) is not among them."""
    with ExitStack() as stack:
        task = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "task.npz"
        task_of(workload).save(task)
        names = [OURS, "keras", PRODUCTS, *pythons]
        workers = {n: stack.enter_context(closing(Worker(n, task, pythons.get(n)))) for n in names}
        for worker in workers.values():
            worker.round()
        found: dict[str, list[Turn]] = {name: [] for name in names}
        for _ in range(turns):
            for name, worker in workers.items():
                found[name].append(worker.round())
        return found


def distance_from_textbook(workload: Workload, name: str = OURS) -> float:
    """The largest difference of any weight, after one round, between a contender and the plain Keras reference."""
    with ExitStack() as stack:
        task = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "task.npz"
        task_of(workload).save(task)
        one, textbook = (stack.enter_context(closing(Worker(each, task))) for each in (name, "textbook"))
        one.round(), textbook.round()
        return float(np.abs(one.weights() - textbook.weights()).max())


def summary(found: dict[str, list[Turn]]) -> dict[str, dict[str, Any]]:
    """Per contender: seconds (median, least, most), ratios to ours and to the products, accuracy, memory, all turns."""

    def ratio(name: str, base: str) -> list[float]:
        return [one.seconds / other.seconds for one, other in zip(found[name], found[base], strict=True)]

    return {
        name: {
            "seconds": median(turn.seconds for turn in turns),
            "least": min(turn.seconds for turn in turns),
            "most": max(turn.seconds for turn in turns),
            "cpu_seconds": median(cpu)
            if (cpu := [t.cpu_seconds for t in turns if t.cpu_seconds is not None])
            else None,
            "times_ours": median(ratio(name, OURS)),
            "times_ours_spread": [min(ratio(name, OURS)), max(ratio(name, OURS))],
            "times_products": median(ratio(name, PRODUCTS)),
            "accuracy": turns[-1].accuracy,
            "peak_mb": turns[-1].peak_mb,
            "turns": [asdict(turn) for turn in turns],
        }
        for name, turns in found.items()
    }


def disagreements(results: dict[str, dict[str, Any]]) -> list[str]:
    """One sentence for each contender whose accuracy is not ours within TOLERANCE."""
    ours = results[OURS]["accuracy"]
    return [
        f"{TITLES[name]} has the accuracy {one['accuracy']:.4f}, fedlab {ours:.4f}: more than {TOLERANCE} apart."
        for name, one in results.items()
        if one["accuracy"] is not None and abs(one["accuracy"] - ours) > TOLERANCE
    ]


def _row(name: str, one: dict[str, Any], work: float) -> list[str]:
    return [
        TITLES[name],
        f"{one['seconds']:.3f}",
        f"{one['least']:.3f} .. {one['most']:.3f}",
        "" if one["cpu_seconds"] is None else f"{one['cpu_seconds']:.3f}",
        f"{one['times_ours']:.2f}",
        "{:.2f} .. {:.2f}".format(*one["times_ours_spread"]),
        f"{one['times_products']:.2f}",
        f"{work / one['seconds']:.0f}",
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
            distance = distance_from_textbook(workload)
            rounding = ROUNDING if distance <= ROUNDING else 2 * distance_from_textbook(workload, "nudged")
            results[name] |= {"largest_difference_from_textbook": distance, "rounding": rounding}
            notes += [f"A weight differs from the textbook's by {distance:.1e}."] if distance > rounding else []
        wrong += notes
        title = f"{name}: {workload.about}; {work:.1f} GFLOP a round"
        rows = [_row(*item, work) for item in found.items()]
        report(title, [*COLUMNS, f"accuracy, round {turns + 1}"], rows, notes or ["Accuracies agree."])
    save(path, results)
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
