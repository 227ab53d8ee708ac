"""The engine flower beside the local one and beside Flower's own quick-start of the same task, in one run.

    python -m benchmarks.flower                 3 and 10 parties × 600 images, 2NN, batch 32, 5 local epochs
    python -m benchmarks.flower --turns 9

For FedAvg, FedProx and SCAFFOLD: the largest difference of any weight after the last round between the two engines,
which must be 0; and seconds a round, the contenders one after another, so that a busy moment hits them all. The
quick-start is FedAvg with a Keras model at each party, as Flower's documentation writes it (`flower_worker.py`); its
shuffles are its own. Memory is the most that all processes of a contender had at one moment together, counting what
they share once for each. The first round, for which its processes start, is reported apart.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np
import psutil

from benchmarks.common import RESULTS, Worker, Workload, report, save, task_of
from fedlab.engines.flower_simulation import QUIET, Simulation
from fedlab.experiment import Experiment
from fedlab.rounds import Round

ALGORITHMS = ("fedavg", "fedprox", "scaffold")
LOCAL, FLOWER, QUICKSTART = "local engine", "engine flower", "Flower's quick-start"
IMAGES = 600  # a party


class Memory:
    """The most that a process and all that it has started ever had together, in MB (10^6 bytes)."""

    def __init__(self, pid: int):
        self.pid, self.peak_mb, self.over = pid, 0.0, threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self.over.wait(0.1):
            with suppress(psutil.Error):
                first = psutil.Process(self.pid)
                sizes = [resident(one) for one in [first, *first.children(recursive=True)]]
                self.peak_mb = max(self.peak_mb, sum(sizes) / 1e6)


def resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


@contextmanager
def started(name: str, task: Path) -> Iterator[tuple[Worker, Memory, float]]:
    """A contender of `rounds.py` after its first round, its memory, and seconds; ended with all that it has started."""
    python, began = sys.executable if name == "flower" else None, time.perf_counter()
    with closing(Worker(name, task, python)) as worker:
        memory = Memory(worker.process.pid)
        try:
            worker.round()
            yield worker, memory, time.perf_counter() - began
        finally:
            memory.over.set()
            family = psutil.Process(worker.process.pid).children(recursive=True)
            worker.close()
            for one in family:
                with suppress(psutil.NoSuchProcess):
                    one.kill()


def timed(rounds: Iterator[Round]) -> tuple[float, Round]:
    """Seconds that the next round took, from asking for it to having it, and the round."""
    began = time.perf_counter()
    one = next(rounds)
    return time.perf_counter() - began, one


def measure(parties: int, turns: int, images: int = IMAGES, epochs: int = 5) -> dict[str, Any]:
    """All contenders with so many parties."""
    base = Experiment(parties=parties, examples=images * parties, local_epochs=epochs, rounds=100_000)
    found: dict[str, Any] = {"first round": {}, "peak_mb": {}, "algorithms": {}}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        began = time.perf_counter()
        simulation = stack.enter_context(Simulation(parties))
        memories = {FLOWER: Memory(simulation.child.pid)}
        for algorithm in ALGORITHMS:
            experiment = base.with_(algorithm=algorithm)
            with ExitStack() as contenders:
                rounds = simulation.run(experiment)
                timed(rounds)
                found["first round"].setdefault(FLOWER, time.perf_counter() - began)
                path = folder / f"{algorithm}.npz"
                task_of(Workload(experiment, algorithm)).save(path)
                names = {LOCAL: "numpy", QUICKSTART: "flower"} if algorithm == "fedavg" else {LOCAL: "numpy"}
                workers = {}
                for name, script in names.items():
                    workers[name], memory, first = contenders.enter_context(started(script, path))
                    memories[name] = max(memory, memories.get(name, memory), key=peak)
                    found["first round"].setdefault(name, first)
                seconds: dict[str, list[float]] = {name: [] for name in (LOCAL, FLOWER, QUICKSTART)}
                for _ in range(turns):
                    for name, worker in workers.items():
                        seconds[name].append(worker.round().seconds)
                    took, one = timed(rounds)
                    seconds[FLOWER].append(took)
                assert one.state is not None
                difference = float(np.abs(one.state.weights - workers[LOCAL].weights()).max())
                found["algorithms"][algorithm] = {
                    "largest difference": difference,
                    "seconds": {name: turns for name, turns in seconds.items() if turns},
                    "test accuracy": one.test_accuracy,
                }
                rounds.close()  # type: ignore[attr-defined]  # it is a generator
        found["peak_mb"] = {name: memory.peak_mb for name, memory in memories.items()}
    return found


def peak(memory: Memory) -> float:
    return memory.peak_mb


def show(results: dict[str, Any]) -> None:
    """The tables."""
    for parties, found in results.items():
        rows = []
        for algorithm, one in found["algorithms"].items():
            difference = f"{one['largest difference']:g}"
            for name, seconds in one["seconds"].items():
                spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
                known = difference if name == FLOWER else ""
                rows.append((f"{algorithm}, {name}", f"{median(seconds):.2f}", spread, known))
        report(f"{parties} parties × {IMAGES} images", ("", "s a round", "spread", "weights differ by"), rows)
        starts = [(name, f"{found['first round'][name]:.1f}", f"{mb:,.0f}") for name, mb in found["peak_mb"].items()]
        report("", ("", "start and first round, s", "memory, MB"), starts)


@click.command(help=__doc__)
@click.option("--turns", default=5, show_default=True, help="Rounds that count, after the first.")
@click.option("--json", "path", default=RESULTS / "flower.json", type=click.Path(path_type=Path), show_default=True)
def main(turns: int, path: Path) -> None:
    os.environ.update(QUIET)  # for the quick-start's Ray too: on the loopback alone
    results = {str(parties): measure(parties, turns) for parties in (3, 10)}
    show(results)
    save(path, results)


if __name__ == "__main__":
    main()
