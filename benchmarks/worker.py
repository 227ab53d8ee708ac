"""A contender's side of a benchmark: read the task, do a round when told, report how long it took.

Needs NumPy only, so that contenders in another Python environment can use it too. Each contender is a process of its
own and is told over a pipe when to do its next round: the others rest meanwhile, and none shares memory or threads.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

IMAGES = Path(__file__).parents[1] / "fedlab" / "datasets" / "mnist.npz"


@dataclass(frozen=True)
class Task:
    """What every contender is to compute. `weights` and `parties` are lists of arrays."""

    experiment: str  # as `Experiment.to_json` writes it
    model: str  # the Keras model as its own JSON
    weights: list[np.ndarray]  # the first shared model
    parties: list[np.ndarray]  # for each party the positions of its examples
    per_round: int  # parties that train in a round
    local_epochs: int
    batch_size: int
    learning_rate: float
    seed: int

    def save(self, path: Path) -> None:
        values = asdict(self)
        arrays = {f"{name} {i}": part for name in ("weights", "parties") for i, part in enumerate(values.pop(name))}
        np.savez(path, settings=json.dumps(values), **arrays)

    @classmethod
    def load(cls, path: Path) -> Task:
        with np.load(path) as archive:
            lists: dict[str, Any] = {"weights": [], "parties": []}
            for key in archive.files:
                name, _, number = key.partition(" ")
                if number:
                    lists[name].append(archive[key])
            return cls(**json.loads(str(archive["settings"])), **lists)


def images() -> dict[str, np.ndarray]:
    """MNIST as float32 from 0 to 1 and int32 labels: x_train, y_train, x_test, y_test."""
    with np.load(IMAGES) as archive:
        return {
            name: archive[name].astype(np.float32) / 255 if name[0] == "x" else archive[name].astype(np.int32)
            for name in archive.files
        }


@dataclass(frozen=True)
class Turn:
    """One round of one contender."""

    seconds: float  # wall clock
    cpu_seconds: float | None  # of all its threads; on a busy machine this grows less than the wall clock
    peak_mb: float | None  # most memory that the process ever had; these two are None where it has children that work
    accuracy: float | None  # on the 10,000 test images; None for contenders that learn nothing

    @classmethod
    def read(cls, line: str) -> Turn:
        return cls(**{field.name: json.loads(line)[field.name] for field in fields(cls)})


class Turns:
    """The pipe to the benchmark. Call `wait` once, then `done` after each round."""

    def __init__(self, children: bool = False) -> None:
        """children: whether other processes do the work."""
        self.children = children
        self.pipe = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)  # what libraries print must not get into the pipe

    def wait(self) -> None:
        """Return when the next round may begin; end the process when there is none."""
        command = sys.stdin.readline().strip()
        if command != "round":
            raise SystemExit
        self.began = time.perf_counter(), time.process_time()

    def done(self, accuracy: float | None, weights: list[np.ndarray] | None = None) -> None:
        """Report the round that began when `wait` returned, then wait for the next."""
        seconds, cpu_seconds = time.perf_counter() - self.began[0], time.process_time() - self.began[1]
        if weights is not None:
            np.save(f"{sys.argv[-1]}.{os.getpid()}.npy", np.concatenate([part.ravel() for part in weights]))
        turn = Turn(
            seconds,
            None if self.children else cpu_seconds,
            None if self.children else peak_mb(),
            None if accuracy is None else float(accuracy),
        )
        print(json.dumps(asdict(turn)), file=self.pipe)
        self.wait()


def serve(rounds: Iterable[tuple[float | None, Any]]) -> None:
    """Take the rounds of a contender, one a turn; each gives the accuracy and the shared model's weights."""
    turns = Turns()
    turns.wait()
    for accuracy, weights in rounds:
        turns.done(accuracy, weights)


def peak_mb(process: int | str = "self") -> float:
    """The most memory that a process ever had, in MB (10^6 bytes); of another process on Linux only."""
    status = Path(f"/proc/{process}/status")
    if status.exists():  # `getrusage` would count what the parent had when it started us
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
