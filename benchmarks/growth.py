"""How seconds a round and peak memory grow with parties, parties a round, examples and model size.

    python -m benchmarks.growth                    all four series
    python -m benchmarks.growth parties --turns 9

Each point is a process of its own, so its peak memory is its own. A cost that follows the work grows no faster than the
arithmetic does (GFLOP a round); the number of parties that rest in a round should cost nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

import click
import matplotlib as mpl

from benchmarks.common import MANY, RESULTS, WORKLOADS, Worker, Workload, gflop, report, save, task_of
from fedlab.experiment import Experiment

W3 = WORKLOADS["W3"].experiment


def _parties(count: int) -> Workload:
    steps = 60  # 6 images fit into one batch, so an epoch is a step: as many steps as in W3
    experiment = W3.with_(parties=count, examples=6 * count, participation=10 / count, local_epochs=steps)
    return Workload(experiment, f"{count:,} parties × 6 images")


def _per_round(count: int) -> Workload:
    return Workload(W3.with_(participation=count / W3.parties), f"{count} of 100 parties")


def _examples(count: int) -> Workload:
    return Workload(Experiment(examples=count, rounds=MANY), f"{count:,} images")


def _model(name: str) -> Workload:
    if name == "McMahan's CNN":
        return Workload(Experiment(rounds=MANY), f"{name}: 1,663,370 weights", mcmahan_cnn=True)
    weights = {"softmax": 7_850, "cnn": 44_426, "2nn": 199_210}[name]
    return Workload(Experiment(model=name, rounds=MANY), f"{name}: {weights:,} weights")


SERIES: dict[str, tuple[str, Callable[[Any], Workload], tuple[Any, ...]]] = {
    "parties": ("Parties, 10 of them a round, 60 local steps each, batch 10", _parties, (10, 100, 1_000, 10_000)),
    "per-round": ("Parties a round, 600 images each, batch 10", _per_round, (1, 10, 30, 100)),
    "examples": ("Training images over 10 parties, 1 local epoch, batch 32", _examples, (600, 6_000, 60_000)),
    "model": ("Model, on the lab's default", _model, ("softmax", "cnn", "2nn", "McMahan's CNN")),
}


def measure(workload: Workload, turns: int) -> dict[str, Any]:
    """Median seconds of `turns` rounds after a first one, and the peak memory of the process."""
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder) / "task.npz"
        task_of(workload).save(task)
        with closing(Worker(workload.engines[0], task)) as worker:
            first, *others = [worker.round() for _ in range(turns + 1)]
    return {
        "about": workload.about,
        "experiment": workload.experiment.to_dict(),
        "gflop": gflop(workload),
        "first_seconds": first.seconds,
        "seconds": median(turn.seconds for turn in others),
        "cpu_seconds": median(turn.cpu_seconds or 0.0 for turn in others),
        "peak_mb": others[-1].peak_mb,
    }


def draw(results: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """A picture for each series: seconds over arithmetic, and over parties where that stays the same."""
    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(results), figsize=(3.6 * len(results), 3.4), dpi=100, squeeze=False)
    for ax, (name, points) in zip(axes[0], results.items(), strict=True):
        by_parties = name == "parties"
        points = sorted(points, key=lambda point: point["gflop"])
        x = [point["experiment"]["parties"] if by_parties else point["gflop"] for point in points]
        ax.loglog(x, [point["seconds"] for point in points], color="#0072B2", marker="o", label="seconds a round")
        ax.loglog(
            x, [point["peak_mb"] / 1000 for point in points], color="#D55E00", marker="s", ls="--", label="peak GB"
        )
        ax.set_ylim(0.01, 20)
        ax.xaxis.set_minor_formatter("")
        ax.set_xlabel("parties" if by_parties else "GFLOP a round")
        ax.set_title(SERIES[name][0].split(",")[0])
        ax.grid(alpha=0.3)
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(path)


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(list(SERIES)))
@click.option("--turns", default=5, help="Measured rounds of each point.", show_default=True)
@click.option("--json", "path", type=click.Path(path_type=Path), default=RESULTS / "growth.json", show_default=True)
def main(names: tuple[str, ...], turns: int, path: Path) -> None:
    results: dict[str, list[dict[str, Any]]] = {}
    for name in names or SERIES:
        title, workload, values = SERIES[name]
        results[name] = [measure(workload(value), turns) for value in values]
        first = results[name][0]
        rows = [
            [
                point["about"],
                f"{point['seconds']:.3f}",
                f"{point['cpu_seconds']:.3f}",
                f"{point['cpu_seconds'] / first['cpu_seconds']:.1f}",
                f"{point['gflop'] / first['gflop']:.1f}",
                f"{point['peak_mb']:,.0f}",
            ]
            for point in results[name]
        ]
        report(title, ["", "seconds a round", "CPU s", "CPU × first", "arithmetic × first", "peak MB"], rows)
    save(path, results)
    draw(results, path.with_suffix(".png"))


if __name__ == "__main__":
    main()
