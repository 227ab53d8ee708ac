"""Flower's own simulation of a federation, on Ray: the parties train in other processes, and so does the server.

    for round in run(experiment, engine="flower"): ...

    with Simulation(parties=10) as simulation:  # one start, which takes seconds, for several experiments
        for round in simulation.run(experiment): ...

All of it runs in a child process (`flower_child.py`) with a process group of its own, which is told through a pair of
sockets when to make its next round, and hands it over the same way. The group ends with this process, however that
ends. Nothing listens but on the loopback interface, and nothing is reported to anybody.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedlab.apart import require_sendable
from fedlab.datasets import Dataset
from fedlab.engines import FlowerBroken, processors, require_flower
from fedlab.events import legs
from fedlab.experiment import Experiment
from fedlab.memories import kept
from fedlab.messages import Message, Upload
from fedlab.prepare import prepare
from fedlab.rounds import CannotTrain, Diverged, Round, State
from fedlab.text import say

if TYPE_CHECKING:
    import keras

QUIET = {
    "FLWR_TELEMETRY_ENABLED": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # one machine only, as there: Ray then listens on the loopback alone
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "OPENBLAS_NUM_THREADS": "1",  # Ray's start forks; OpenBLAS then waits for its threads to end, now and then for good
    "RAY_memory_monitor_refresh_ms": "0",  # prepare.py has looked whether the memory will do
}
PATIENCE = 10  # seconds that the processes have to end by themselves
LOOK = 0.05  # seconds between two calls of `between_chunks`


def require_simulation(
    experiment: Experiment, start: State | None = None, dataset: Dataset | None = None, model: keras.Model | None = None
) -> None:
    """Raise what says in one sentence why Flower cannot simulate this here."""
    require_flower()
    for leg, _ in legs(experiment, start.number if start else 0):
        require_sendable(prepare(leg, dataset, model))


def simulated(
    experiment: Experiment,
    *,
    start: State | None,
    dataset: Dataset | None,
    model: keras.Model | None,
    threads: int | None,
    **callbacks: Any,
) -> Iterator[Round]:
    """`federation.run` with the engine flower, one `Round` at a time."""
    require_simulation(experiment, start, dataset, model)
    with Simulation(experiment.parties, threads) as simulation:
        yield from simulation.run(experiment, start=start, dataset=dataset, **callbacks)


class Simulation:
    """A federation of so many parties, ready for one experiment after another."""

    def __init__(self, parties: int, processes: int | None = None):
        """processes: how many of them train at the same time; None takes one a processor."""
        require_flower()
        self.parties = parties
        self.folder = Path(tempfile.mkdtemp(prefix="fl", dir="/tmp"))  # a short path: Ray's sockets are in it
        self.pipe, theirs = Pipe()
        processes = min(parties, processes or processors())
        shield = self.folder / "shield"  # Flower imports TensorFlow wherever it finds it: seconds, and 0.4 GB a process
        shield.mkdir()
        (shield / "tensorflow.py").write_text("raise ModuleNotFoundError('Flower needs none', name='tensorflow')\n")
        paths = [str(shield), *filter(None, [os.environ.get("PYTHONPATH")])]
        own = {"FLWR_HOME": str(self.folder), "FEDLAB_SHIELD": str(shield), "PYTHONPATH": os.pathsep.join(paths)}
        with (self.folder / "log").open("w") as log, theirs:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "fedlab.engines.flower_child",
                 str(theirs.fileno()), str(self.folder), str(parties), str(processes)],
                env=os.environ | QUIET | own,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[theirs.fileno()], start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all its processes at once."""
        self.pipe.close()  # the child then ends what it has started, and itself
        with suppress(subprocess.TimeoutExpired):
            self.child.wait(PATIENCE)
        with suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(
        self,
        experiment: Experiment,
        *,
        start: State | None = None,
        dataset: Dataset | None = None,
        between_chunks: Callable[[], None] = lambda: None,
        on_upload: Callable[[int, Upload], None] | None = None,
        on_mean: Callable[[int, Message], None] | None = None,
    ) -> Iterator[Round]:
        """The experiment's rounds; the arguments are those of `federation.run`. One experiment at a time."""
        self._tell((experiment.to_json(), start, dataset, on_upload is not None, on_mean is not None))
        calls: dict[str, Callable[..., None] | None] = {"upload": on_upload, "mean": on_mean}
        ended = False
        try:
            while True:
                self._tell("next")
                kind, *content = self._heard(between_chunks)
                while (call := calls.get(kind)) is not None:
                    call(*kept(content))
                    kind, *content = self._heard(between_chunks)
                if kind != "round":
                    ended = True
                    require_success(kind, *content)
                    return
                kept(content[0].state)
                yield content[0]
        except GeneratorExit:
            self._tell("stop")
            self._heard(lambda: None)
            raise
        except BaseException:
            if not ended:
                self.close()
            raise

    def _tell(self, what: object) -> None:
        try:
            self.pipe.send(what)
        except OSError:
            raise self._broken() from None

    def _heard(self, between_chunks: Callable[[], None]) -> Any:
        while not self.pipe.poll(LOOK):
            between_chunks()
        between_chunks()
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            raise self._broken() from None

    def _broken(self) -> FlowerBroken:
        lines = [line for line in (self.folder / "log").read_text(errors="replace").splitlines() if line.strip()]
        return FlowerBroken(
            say(
                "Flower's simulation has ended by itself: {reason}",
                reason=lines[-1] if lines else say("no reason given."),
            )
        )


def require_success(kind: str, name: str = "", sentence: str = "") -> None:
    """Raise what has ended a run in the child process, if it did not just come to its end."""
    if kind == "failed":
        errors: dict[str, type[Exception]] = {"CannotTrain": CannotTrain, "Diverged": Diverged}
        raise errors.get(name, FlowerBroken)(sentence)
