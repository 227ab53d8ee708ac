"""However a run ends, its parties stop training at once: nobody waits for work that nobody wants.

In each test the parties that train have work for minutes, and all must be over within half of one: far more than it
takes on any machine, and far less than the work.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.algorithms import FedAvg
from fedlab.datasets import Dataset
from fedlab.federation import Diverged
from fedlab.messages import Message, Trained, Upload
from fedlab.partitions import Partition
from fedlab.stages import Aggregation

LONG = {"model": "softmax", "local_epochs": 1_000, "batch_size": 32, "examples": 1_300}
BOUND = 30  # seconds; the work takes 63


class OneAndTheRest(Partition):
    """Party 0 holds one example and is done at once, the others hold the rest."""

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        return [np.array([0]), *np.array_split(np.arange(1, len(labels)), parties - 1)]


def slow() -> None:
    """Between two chunks: so a party with 649 examples takes 649,000 / 2,048 times this long, on any machine."""
    time.sleep(0.2)


@contextmanager
def at_once() -> Iterator[None]:
    """Within the bound, and no thread of a party is left."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < BOUND
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fedlab party")]


def plan(**settings: Any) -> Experiment:
    return Experiment(**{**LONG, "parties": 3, "partition": OneAndTheRest(), **settings})


def test_an_interrupted_run_ends_at_once() -> None:
    """In a process of its own, as in a notebook's cell: it once took as long as the parties had still to train."""
    program = """
from fedlab import Experiment, run
print("begun", flush=True)
experiment = Experiment(parties=2, examples=60_000, local_epochs=1_000, batch_size=5)
said = []
def say():
    if not said:
        said.append(1)
        print("training", flush=True)
try:
    list(run(experiment, between_chunks=say))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert [process.stdout.readline() for _ in range(2)] == ["begun\n", "training\n"]
            process.send_signal(signal.SIGINT)
            told, _ = process.communicate(timeout=BOUND)
        finally:
            process.kill()
    assert told == "interrupted\n"
    assert process.returncode == 0


@pytest.mark.parametrize("error", [ZeroDivisionError, Diverged, KeyboardInterrupt, SystemExit])
def test_an_error_at_one_party_ends_the_others_training(blobs: Dataset, error: type[BaseException]) -> None:
    """Also one at which Python would end, in a learner's own code."""

    class Fails(FedAvg):
        def report(self, down: Message, own: Any, trained: Trained) -> tuple[Message, Any]:
            raise error

    with at_once(), pytest.raises(error):
        next(run(plan(algorithm=Fails()), dataset=blobs, between_chunks=slow))


def test_an_error_of_the_aggregation_ends_the_parties_training(blobs: Dataset) -> None:
    class Fails(Aggregation):
        def combine(self, uploads: Iterable[Upload]) -> Message:
            next(iter(uploads))
            raise ZeroDivisionError

    with at_once(), pytest.raises(ZeroDivisionError):
        next(run(plan(aggregation=Fails()), dataset=blobs, between_chunks=slow))


def test_an_error_of_whoever_looks_at_uploads_ends_the_parties_training(blobs: Dataset, engine: str) -> None:
    next(run(plan(local_epochs=1), dataset=blobs, engine=engine, threads=2))  # compiled now, not on the clock

    def look(number: int, upload: Upload) -> None:
        raise ZeroDivisionError

    with at_once(), pytest.raises(ZeroDivisionError):
        next(run(plan(), dataset=blobs, on_upload=look, engine=engine, threads=2, between_chunks=slow))


def test_a_run_that_raises_between_two_chunks_ends_all_parties(blobs: Dataset) -> None:
    """As Stop does in the lab; only one of the threads sees it first."""
    calls: list[int] = []

    def stop() -> None:
        calls.append(1)
        if len(calls) == 4:
            raise ZeroDivisionError
        slow()

    with at_once(), pytest.raises(ZeroDivisionError):
        next(run(plan(partition="iid"), dataset=blobs, between_chunks=stop, threads=2))


def test_a_run_that_is_closed_between_two_rounds_leaves_no_thread(blobs: Dataset) -> None:
    rounds = run(plan(local_epochs=1, rounds=5), dataset=blobs, threads=3)
    next(rounds)
    with at_once():
        rounds.close()  # type: ignore[attr-defined]


def test_work_that_nobody_waits_for_any_more_is_no_error_of_the_next_run(
    blobs: Dataset, is_one_sentence: Callable[[object], bool]
) -> None:
    def stop() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        next(run(plan(), dataset=blobs, between_chunks=stop))
    (one,) = run(plan(local_epochs=1, rounds=1), dataset=blobs)
    assert one.number == 1
