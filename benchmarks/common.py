"""What the benchmark commands share: the workloads, the contenders' processes, tables and result files."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.worker import Task, Turn
from fedlab.datasets import mnist
from fedlab.engines import processors
from fedlab.engines.keras import build
from fedlab.engines.numpy import one_blas_thread
from fedlab.engines.tensorflow_setup import load_tensorflow
from fedlab.experiment import Experiment
from fedlab.models import Dense
from fedlab.prepare import hold
from fedlab.randomness import participants

if TYPE_CHECKING:
    import keras

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
MANY = 100_000  # rounds: the benchmark says when it is over


@dataclass(frozen=True)
class Workload:
    """An experiment to measure, and a line that says which."""

    experiment: Experiment
    about: str
    mcmahan_cnn: bool = False  # instead of the experiment's model

    @property
    def engines(self) -> tuple[str, ...]:
        """Those of our engines that can train it; the first is the one that the kit takes."""
        dense = not self.mcmahan_cnn and isinstance(self.experiment.model, Dense)
        return ("numpy", "keras") if dense else ("keras",)


WORKLOADS = {
    "W1": Workload(
        Experiment(parties=10, examples=6_000, local_epochs=5, rounds=MANY),
        "10 parties × 600 images, 2NN, batch 32, 5 local epochs",
    ),
    "W2": Workload(
        Experiment(parties=10, examples=6_000, rounds=MANY),
        "10 parties × 600 images, McMahan's CNN (1,663,370 weights), batch 32, 1 local epoch",
        mcmahan_cnn=True,
    ),
    "W3": Workload(
        Experiment(parties=100, examples=60_000, participation=0.1, batch_size=10, rounds=MANY),
        "100 parties × 600 images, 10 of them a round, 2NN, batch 10, 1 local epoch",
    ),
    "lab": Workload(
        Experiment(rounds=MANY), "the lab's default: 10 parties × 500 images, 2NN, batch 32, 1 local epoch"
    ),
    "tiny": Workload(
        Experiment(parties=3, examples=300, batch_size=100, local_epochs=5, rounds=MANY),
        "3 parties × 100 images, 5 local steps on all of them: shuffles play no part, so accuracies agree exactly",
    ),
}


def task_of(workload: Workload) -> Task:
    """The workload as every contender gets it: same images, same parties, same first model."""
    experiment = workload.experiment
    model = mcmahan_cnn() if workload.mcmahan_cnn else build(experiment.model, (28, 28), 10, experiment.seed)
    parties = hold(experiment, mnist())
    batch = max(map(len, parties)) if experiment.batch_size == "all" else experiment.batch_size
    per_round = len(participants(experiment.seed, 1, experiment.parties, experiment.participation))
    return Task(
        experiment.to_json(),
        model.to_json(),
        model.get_weights(),
        parties,
        per_round,
        experiment.local_epochs,
        int(batch),
        experiment.learning_rate,
        experiment.seed,
    )


def gflop(workload: Workload) -> float:
    """Arithmetic of one round's matrix products and convolutions, evaluation included, in 10^9 operations.

    Per example and layer: forward, and for training the gradient of the weights and (but for the first layer) of what
    comes from below, each 2 · weights · positions.
    """
    task = task_of(workload)
    model = mcmahan_cnn() if workload.mcmahan_cnn else build(workload.experiment.model, (28, 28), 10, 0)
    forward = [
        2 * np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:-1]) for layer in model.layers if layer.weights
    ]
    trained = task.per_round * workload.experiment.examples / len(task.parties) * task.local_epochs
    evaluated = len(mnist().test_y)
    return float(trained * (3 * sum(forward) - forward[0]) + evaluated * sum(forward)) / 1e9


def mcmahan_cnn() -> keras.Model:
    """The CNN of McMahan et al. 2017, section 3: 1,663,370 weights."""
    load_tensorflow()
    import keras
    from keras import layers

    start = [keras.initializers.GlorotUniform(seed=i) for i in range(4)]

    def conv(filters: int, i: int) -> keras.Layer:
        return layers.Conv2D(filters, 5, padding="same", activation="relu", kernel_initializer=start[i])

    features = [conv(32, 0), layers.MaxPooling2D(), conv(64, 1), layers.MaxPooling2D(), layers.Flatten()]
    classify = [layers.Dense(512, "relu", kernel_initializer=start[2]), layers.Dense(10, kernel_initializer=start[3])]
    return keras.Sequential([keras.Input((28, 28)), layers.Reshape((28, 28, 1)), *features, *classify])


class Worker:
    """A contender in a process of its own, started once, that does a round when told."""

    def __init__(self, name: str, task: Path, python: str | None = None):
        """name: of `contenders.CONTENDERS`, or of a script beside this file if `python` is another environment's."""
        script = ["-m", f"benchmarks.{name}_worker"] if python else ["-m", "benchmarks.contenders", name]
        threads = {"OPENBLAS_NUM_THREADS": "1"} if name == "products" else {}
        self.task = task
        self.name, self.log = name, task.with_name(f"{name}.log")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [python or sys.executable, *script, str(task)],
                cwd=ROOT,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)} | threads,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def round(self) -> Turn:
        """Let it do one round and wait for its report."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            print("round", file=self.process.stdin, flush=True)
            return Turn.read(self.process.stdout.readline())
        except (BrokenPipeError, ValueError):
            self.process.wait(10)
            raise RuntimeError(f"The contender {self.name} broke down:\n{self.log.read_text()[-4000:]}") from None

    def weights(self) -> np.ndarray:
        """(P,) the shared model after its last round."""
        return np.load(f"{self.task}.{self.process.pid}.npy")

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


def machine() -> dict[str, Any]:
    """What a result depends on besides the code: command, date, processor and its load, versions."""
    packages = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "ipywidgets", "ipykernel", "jupyterlab")
    return {
        "command": "python -m " + " ".join([f"benchmarks.{Path(sys.argv[0]).stem}", *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "processor": _processor(),
        "processors": processors(),
        "load": os.getloadavg(),  # of 1, 5 and 15 minutes, ours included: above `processors`, seconds are too long
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: found for name in packages if (found := _version(name))},
    }


def _commit() -> str:
    git = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return git.stdout.strip()


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line] if cpuinfo.exists() else []
    return names[0].partition(": ")[2] if names else platform.processor()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def in_parts(file: Path, parts: Mapping[str, Callable[[], Any]], wanted: Sequence[str]) -> None:
    """Measure the wanted parts, all if none is named, and save them beside those that the file has."""
    results = json.loads(file.read_text(encoding="utf-8"))["results"] if wanted and file.exists() else {}
    with one_blas_thread():
        for part in wanted or parts:
            found = results[part] = parts[part]()
            rows = found if isinstance(found, list) else [{"": json.dumps(found)}]
            columns = list(dict.fromkeys(name for row in rows for name in row))
            report(part, columns, [[str(row.get(name, "")) for name in columns] for row in rows])
    save(file, results)


def report(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], notes: Iterable[str] = ()) -> None:
    """Print a table: its first column is text, the others are numbers."""
    table = Table(title=title, title_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i else "left")
    for row in rows:
        table.add_row(*map(escape, row))
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    for note in notes:
        console.print(note, highlight=False, markup=False)


def save(path: Path, results: Any) -> None:
    """Write a result file: what was measured, and on what."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({**machine(), "results": results}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(f"Written: {path}")
