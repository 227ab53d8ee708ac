"""Seconds a round of what a message can pass on its way, beside plain FedAvg: each kind of each stage, one at a time.

    python -m benchmarks.stages                  W1, every kind
    python -m benchmarks.stages topk masks --turns 15

A turn is one round of each, one after another in one process, so a busy moment of the machine hits them all; a ratio is
taken within a turn, and the median over turns is what counts. The first round of each does not count. Wanted: at most
1.5 times FedAvg's seconds, and at most 3 times with masks.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import click

from benchmarks.common import RESULTS, WORKLOADS, Workload, report, save
from fedlab.federation import run
from fedlab.stages import AGGREGATIONS, STAGES

FEDAVG = "FedAvg"
WANTED, WANTED_OF_MASKS = 1.5, 3.0  # seconds by FedAvg's, at most
KINDS: dict[str, dict[str, Any]] = {  # all but those that do nothing, each with its defaults, by role and name
    f"{role} {kind}": {role: kind}
    for role in (*STAGES, "aggregation")
    for kind in STAGES.get(role, AGGREGATIONS)
    if kind not in ("none", "mean")
}

Seconds = dict[str, list[tuple[float, float]]]  # by kind, for each turn: of the clock, of the processors


def measure(workload: Workload, kinds: Sequence[str], turns: int) -> Seconds:
    """What FedAvg and each kind take, turn by turn."""
    with ExitStack() as stack:
        settings: dict[str, dict[str, Any]] = {FEDAVG: {}} | {kind: KINDS[kind] for kind in kinds}
        runs = {name: run(workload.experiment.with_(**its)) for name, its in settings.items()}
        for one in runs.values():
            stack.callback(one.close)  # type: ignore[attr-defined]
            next(one)
        found: Seconds = {name: [] for name in runs}
        for _ in range(turns):
            for name, one in runs.items():
                began, busy = time.perf_counter(), time.process_time()
                next(one)
                found[name].append((time.perf_counter() - began, time.process_time() - busy))
        return found


def summary(found: Seconds) -> dict[str, dict[str, Any]]:
    """Per kind: median seconds, its ratio to FedAvg (median, least, most, and of CPU seconds), and all turns."""
    rows = {}
    for name, turns in found.items():
        pairs = list(zip(turns, found[FEDAVG], strict=True))
        ratios = [one[0] / other[0] for one, other in pairs]
        rows[name] = {
            "seconds": median(seconds for seconds, _ in turns),
            "times_fedavg": median(ratios),
            "spread": [min(ratios), max(ratios)],
            "times_fedavg_cpu": median(one[1] / other[1] for one, other in pairs),
            "wanted": WANTED_OF_MASKS if name == "secure_sum masks" else WANTED,
            "turns": turns,
        }
    return rows


def _row(name: str, one: dict[str, Any]) -> list[str]:
    return [
        name,
        f"{one['seconds']:.3f}",
        f"{one['times_fedavg']:.2f}",
        "{:.2f} .. {:.2f}".format(*one["spread"]),
        f"{one['times_fedavg_cpu']:.2f}",
        f"{one['wanted']:.1f}",
    ]


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice([kind.split()[1] for kind in KINDS]))
@click.option("--turns", default=9, help="Measured rounds of each.", show_default=True)
@click.option("--workload", default="W1", type=click.Choice(list(WORKLOADS)), show_default=True)
@click.option("--json", "path", type=click.Path(path_type=Path), default=RESULTS / "stages.json", show_default=True)
def main(names: tuple[str, ...], turns: int, workload: str, path: Path) -> None:
    kinds = [kind for kind in KINDS if not names or kind.split()[1] in names]
    found = summary(measure(WORKLOADS[workload], kinds, turns))
    slow = [
        f"{name} takes {one['times_fedavg']:.2f} × FedAvg's seconds; wanted: at most {one['wanted']:.1f}."
        for name, one in found.items()
        if one["times_fedavg"] > one["wanted"]
    ]
    columns = ("", "median s", "× FedAvg", "spread", "× FedAvg's CPU s", "wanted")
    report(f"{workload}: {WORKLOADS[workload].about}", columns, [_row(*item) for item in found.items()], slow)
    save(path, {"workload": workload, "about": WORKLOADS[workload].about, "stages": found})


if __name__ == "__main__":
    main()
