"""The worker: the one thread of a lab that trains. Buttons tell it what to do and never wait for it."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

import fedlab
from fedlab import Experiment
from fedlab.engines import processors
from fedlab.engines.tensorflow_setup import load_tensorflow
from fedlab_widgets.brake import Brake, Stopped
from fedlab_widgets.runs import Run
from fedlab_widgets.threads import begin


class Worker:
    """Trains runs, one after another, on a thread of its own.

    lock: guards the runs; held only for moments. changed: called from the thread whenever a run has changed.
    progressed: called when a party has reported. soon: tells what may be run first, to be compiled before it is.
    """

    def __init__(
        self,
        lock: threading.RLock,
        changed: Callable[[], None],
        progressed: Callable[[], None],
        soon: Callable[[], Iterable[Experiment]] = tuple,
    ):
        self._lock = lock
        self._soon = soon
        self._ahead: deque[Experiment] = deque()  # what is still to be compiled
        self._changed, self._progressed = changed, progressed
        self._brake = Brake()
        self._brake.release()
        self._waiting: deque[Run] = deque()
        self._wake = threading.Condition(lock)
        self._thread: threading.Thread | None = None
        self._closed = False
        self.run: Run | None = None  # the one that it is training
        self.ready = False  # whether TensorFlow has started
        self.problem = ""  # why it could not
        self.uploads = 0  # parties that have reported in the present round
        self._rounds = 0  # done since the present run had its turn

    @property
    def paused(self) -> bool:
        return self.run is not None and self._brake.paused

    @property
    def stopping(self) -> bool:
        """Whether the present run has been told to end and has not yet."""
        return self.run is not None and self._brake.stopping

    @property
    def preparing(self) -> bool:
        """Whether the first chunks of the present run have not come back yet: its model may be compiling."""
        return self.run is not None and self._rounds == 0 and self._brake.checks <= processors()

    @property
    def compiling_ahead(self) -> bool:
        """Whether what may be run first is still being compiled in the background."""
        return bool(self._ahead)

    @property
    def waiting(self) -> list[Run]:
        """The runs whose turn is still to come."""
        with self._lock:
            return list(self._waiting)

    def start(self) -> None:
        """Begin to load TensorFlow, in the background."""
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = begin("fedlab worker", self._work, self.close)

    def train(self, run: Run, rounds: int) -> None:
        """Train `run` until it has `rounds` rounds: at once, or when the runs before it are done."""
        with self._lock:
            if self._closed:
                return
            run.aim(rounds)
            run.problem = run.details = ""
            if run is not self.run and run not in self._waiting and run.done < run.target:
                run.status = "waiting"
                self._waiting.append(run)
            self._wake.notify_all()
        self.start()

    def step(self) -> None:
        """Let the present run finish its round and end there; forget what was waiting."""
        with self._lock:
            self._forget_waiting()
            if self.run:
                self.run.aim(self.run.done + 1)
        self.resume()

    def pause(self) -> None:
        self._brake.pause()
        self._say()

    def resume(self) -> None:
        self._brake.resume()
        self._say()

    def stop(self) -> None:
        """End the present run within a chunk, drop its unfinished round, and forget what was waiting."""
        with self._lock:
            self._forget_waiting()
            if self.run:
                self._brake.stop()
        self._say()

    def close(self) -> None:
        """Stop for good."""
        with self._lock:
            self._closed = True
            self.stop()
            self._wake.notify_all()

    def wait(self) -> None:
        """Wait until nothing is left to train."""
        with self._wake:
            while (self.run or self._waiting) and not self._closed:
                self._wake.wait(0.2)

    def _work(self) -> None:
        try:
            load_tensorflow()
        except Exception as error:
            self.problem = f"TensorFlow does not start: {error}"
        else:
            self._ahead.extend(self._soon())
        self.ready = True
        self._changed()
        while True:
            self._compile_ahead()
            with self._wake:
                while not self._waiting and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                self.run = self._waiting.popleft()
                self.run.status = "running"
                self._rounds = self.uploads = 0
                self._brake.release()
            self._changed()
            self._train(self.run)
            with self._wake:
                self.run = None
                self._wake.notify_all()
            self._changed()
            with self._wake:
                if self._ahead and not self._waiting:
                    self._wake.wait(1.0)  # the next click may come at once

    def _compile_ahead(self) -> None:
        """Until a run is wanted, compile what the first ones will need: a round of one image compiles all of it."""
        while self._ahead and not self._waiting and not self._closed:
            tiny = {"partition": "iid", "parties": 1, "examples": 1, "participation": 1.0, "local_epochs": 1}
            with suppress(Exception):  # the run itself will say what is wrong
                next(fedlab.run(self._ahead[0].with_(**tiny)))
            self._ahead.popleft()
            self._changed()

    def _train(self, run: Run) -> None:
        try:
            while run.done < run.target:  # the target may move while the run is on its way
                start = run.history.state_at(run.done)
                for one in fedlab.run(
                    run.experiment, start=start, between_chunks=self._between_chunks, on_upload=self._uploaded
                ):
                    with self._lock:
                        run.history.append(one)
                        self._rounds += 1
                        self.uploads = 0
                    self._changed()
                    if run.done >= run.target:
                        break
                    self._brake.check()
            run.status = "finished"
        except Stopped:
            run.status = "stopped"
        except Exception as error:
            run.status = "failed"
            run.problem = _in_one_sentence(error)
            run.details = traceback.format_exc()

    def _between_chunks(self) -> None:
        preparing = self.preparing
        self._brake.check()
        if preparing and not self.preparing:
            self._progressed()

    def _uploaded(self, number: int, result: object) -> None:
        self.uploads += 1
        self._progressed()

    def _forget_waiting(self) -> None:
        for run in self._waiting:
            run.status = "stopped"
        self._waiting.clear()

    def _say(self) -> None:
        with self._lock:
            if self.run:
                self.run.status = "paused" if self._brake.paused else "running"
        self._changed()


def _in_one_sentence(error: Exception) -> str:
    """What went wrong; fedlab's own errors are sentences already, others get the name of their kind."""
    first = str(error).strip().partition("\n")[0]
    return first if isinstance(error, (ValueError, ArithmeticError)) else f"{type(error).__name__}: {first}"
