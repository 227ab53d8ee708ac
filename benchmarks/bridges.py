"""The same experiments in other frameworks, each in an environment of its own, beside the kit's weights.

    make bridge-tff                     makes the environment .venv-tff, then runs what follows
    python -m benchmarks.bridges tff    flower, tff, pysyft, fate, or several; all of them if none is named

Each experiment of the yardstick is exported (`fedlab export`) and its program runs as its page says, in a network and
process namespace of its own (Linux): there is only the loopback interface, nothing is fetched, and when the program
ends all that it has started ends. Reported are, by round, the largest difference of any weight to the kit's, and the
accuracy; seconds of a round, the first with all that the framework starts; and the most memory that its processes had
together, counting what they share once for each. A figure outside its bound makes the command fail.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import click

from benchmarks.common import RESULTS, ROOT, in_parts
from benchmarks.flower import Memory
from fedlab.bridges import TARGETS, Framework
from fedlab.engines.flower_simulation import QUIET
from fedlab.experiment import Experiment

NAMESPACE = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
             "sh", "-c", 'ip link set lo up && exec "$@"', "sh")  # fmt: skip
PATIENCE = 900  # seconds for a program


@dataclass(frozen=True)
class Yard:
    """An experiment, and what is asked of a framework: by how much a weight, and the accuracy, may differ."""

    experiment: Experiment
    weights: float  # in the rounds that `rounds` counts
    rounds: int
    accuracy: float = 0.002


YARDSTICK = {
    "3 × 1,000, all at once": Yard(
        Experiment(parties=3, examples=3_000, batch_size="all", local_epochs=1, learning_rate=0.1, rounds=3), 1e-6, 3
    ),
    "579, 1,179 and 1,242": Yard(
        Experiment(parties=3, examples=3_000, partition="quantity", local_epochs=5, learning_rate=0.05, rounds=3),
        1e-6,
        1,
    ),
    "10 × 600": Yard(Experiment(parties=10, examples=6_000, local_epochs=5, learning_rate=0.1, rounds=3), 0.0, 0),
}


def environment(framework: Framework) -> Path:
    """The folder of its programs; made by the Makefile."""
    return ROOT / f".venv-{framework.name}" / "bin"


def command(framework: Framework) -> list[str]:
    """What its page says to type."""
    if framework.name == "flower":
        return ["flwr", "run", ".", "parties", "--stream"]
    return ["python", framework.program[0]]


def started(framework: Framework, folder: Path, *arguments: str) -> tuple[float, float]:
    """Run the exported program to its end, alone with itself: seconds and megabytes."""
    variables = os.environ | QUIET | {
        "PATH": f"{environment(framework)}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder),
        "FLWR_HOME": str(folder / ".flwr"), "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
    }  # fmt: skip
    log, began = folder / "log.txt", time.perf_counter()
    with log.open("w") as lines:
        child = subprocess.Popen(
            [*NAMESPACE, *command(framework), *arguments],
            cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=lines, stderr=lines, start_new_session=True,
        )  # fmt: skip
        memory = Memory(child.pid)
        try:
            status = child.wait(PATIENCE)
        finally:
            memory.over.set()
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    if status:
        raise click.ClickException(f"{framework.title} ended with {status}:\n{log.read_text()[-3000:]}")
    return time.perf_counter() - began, memory.peak_mb


def measure(framework: Framework) -> list[dict[str, Any]]:
    """One row for each experiment of the yardstick."""
    rows = []
    for name, yard in YARDSTICK.items():
        with tempfile.TemporaryDirectory(prefix="fx") as temporary:
            folder = Path(temporary) / framework.name
            framework.export(yard.experiment, folder)
            seconds, megabytes = started(framework, folder)
            found = json.loads((folder / "data" / f"{framework.name}_result.json").read_text())
            kit = json.loads((folder / "data" / "kit_result.json").read_text())["test_accuracy"]
            rows.append(
                {
                    "experiment": name,
                    "weights differ by": [one["far"] for one in found],
                    "accuracy": [one["accuracy"] for one in found],
                    "the kit's": kit,
                    "first round, s": round(seconds - sum(one["seconds"] for one in found[1:]), 1),
                    "a round, s": round(mean(one["seconds"] for one in found[1:]), 2),
                    "memory, MB": round(megabytes),
                    "inside": inside(yard, found, kit),
                }
            )
    return rows


def inside(yard: Yard, found: list[dict[str, float]], kit: list[float]) -> bool:
    """Whether all rounds are there, and within the bounds."""
    near = all(one["far"] <= yard.weights for one in found[: yard.rounds])
    alike = all(abs(one["accuracy"] - other) <= yard.accuracy for one, other in zip(found, kit, strict=True))
    return near and alike


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(list(TARGETS)))
def main(names: tuple[str, ...]) -> None:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        raise click.ClickException("This needs Linux, with unshare (util-linux) and ip (iproute2).")
    for name in names or TARGETS:
        if not environment(TARGETS[name]).exists():
            raise click.ClickException(f"There is no environment for {name}: make bridge-{name} makes it.")
    file = RESULTS / "bridges.json"
    parts = {name: lambda framework=framework: measure(framework) for name, framework in TARGETS.items()}
    in_parts(file, parts, names)
    results = json.loads(file.read_text(encoding="utf-8"))["results"]
    outside = [
        f"{name}, {row['experiment']}" for name in names or TARGETS for row in results[name] if not row["inside"]
    ]
    if outside:
        raise click.ClickException(f"Outside the bounds: {'; '.join(outside)}.")


if __name__ == "__main__":
    sys.exit(main())
