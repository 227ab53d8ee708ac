"""Training: the runs that are due, and one `turn` that trains a round of the first. Buttons never wait for it.

Where there are no threads a turn is not a round but a piece of one.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import fedlab
from fedlab import Experiment, Round
from fedlab.datasets import Dataset
from fedlab.diagnostics import untrained
from fedlab.events import Event
from fedlab.federation import in_pieces
from fedlab_widgets import threads
from fedlab_widgets.brake import Brake, Stopped
from fedlab_widgets.problems import in_one_sentence, method_under_way
from fedlab_widgets.runs import Run
from fedlab_widgets.starting import needs_tensorflow, start_tensorflow

if TYPE_CHECKING:
    import keras

SILENCE = 5.0  # seconds without a sign of life after which we look what does not return


class Training:
    """Trains runs, one after another, a round (or a piece of one) at each `turn`.

    lock: guards the runs; held only for moments. changed: called when something has happened, with its name.
    failed: called with a run that broke. dataset, model: the learner's own, instead of the experiments'.
    """

    def __init__(
        self,
        lock: threading.RLock,
        changed: Callable[[str], None],
        failed: Callable[[Run], None] = lambda run: None,
        dataset: Dataset | None = None,
        model: keras.Model | None = None,
    ):
        self._lock, self._changed, self._failed = lock, changed, failed
        self._dataset, self._model = dataset, model
        self._brake = Brake()
        self._brake.release()
        self._rounds: Iterator[Round | None] | None = None  # what gives the present run's next round, or a piece of it
        self._events: tuple[Event, ...] = ()  # of the present run, as they were when `_rounds` began
        self._sign_of_life = 0.0  # when there was the last
        self.run: Run | None = None  # the one that it is training
        self.latest: Run | None = None  # the one that had the last turn
        self.waiting: deque[Run] = deque()  # those whose turn is still to come
        self.uploads = 0  # parties that have reported in the present round
        self.starting = False  # whether TensorFlow is starting
        self.stuck = ""  # the method that does not return, if it is one of the learner's own

    @property
    def busy(self) -> bool:
        """Whether anything is left to train."""
        return self.run is not None or bool(self.waiting)

    @property
    def due(self) -> list[Run]:
        """The present run and those that wait."""
        return [run for run in (self.run, *self.waiting) if run is not None]

    @property
    def paused(self) -> bool:
        return self.run is not None and self._brake.paused

    @property
    def stopping(self) -> bool:
        """Whether the present run has been told to end and has not yet."""
        return self.run is not None and self._brake.stopping

    def status(self, run: Run) -> str:
        """How a run stands: waiting, starting, running, paused, stepped, stopped, finished or failed."""
        with self._lock:
            if run is self.run:
                return "paused" if self.paused else "starting" if self.starting else "running"
            return "waiting" if run in self.waiting else run.ended

    def add(self, run: Run, rounds: int, planned: int = 0) -> None:
        """Train `run` until it has `rounds` rounds, when the runs before it are done; see `Run.aim`."""
        with self._lock:
            run.aim(rounds, planned)
            goes_on = run is self.run and not self._brake.stopping
            if not goes_on and run not in self.waiting and run.done < run.target:
                self.waiting.append(run)

    def step(self) -> None:
        """Let the present run finish its round and end there; forget what was waiting."""
        with self._lock:
            self.waiting.clear()
            if self.run:
                self.run.aim(self.run.done + 1, self.run.planned)
            self._brake.resume()

    def pause(self) -> None:
        self._brake.pause()

    def resume(self) -> None:
        self._brake.resume()

    def stop(self) -> None:
        """End the present run within a chunk, drop its unfinished round, and forget what was waiting."""
        with self._lock:
            self.waiting.clear()
            if self.run:
                self._brake.stop()

    def give_way(self) -> None:
        """End what moves of controls have begun, and leave what Run has begun."""
        with self._lock:
            self.waiting = deque(run for run in self.waiting if not run.passing)
            if self.run and self.run.passing:
                self._brake.stop()

    def turn(self) -> bool:
        """Train one round of what is due, or a piece. Whether to be called again: not while paused or without work."""
        with self._lock:
            if self.paused:
                return False
            if self.run is None:
                if not self.waiting:
                    return False
                self.run = self.latest = self.waiting.popleft()
                self._brake.release()
                self.run.ended = self.run.problem = self.run.details = ""
                self._sign_of_life = time.monotonic()
                if threads.exist():
                    self._look_after(self.run)
            run = self.run
        self._changed("state")
        try:
            self._train_a_round(run)
            ended = "done"
        except Stopped:
            ended = "stopped"
        except BaseException as error:  # a learner's own code may raise anything, SystemExit too
            ended, run.problem, run.details = "failed", in_one_sentence(error), traceback.format_exc()
        with self._lock:
            if ended != "done" or run.done >= run.target:
                run.ended = ended if ended != "done" else "finished" if run.done >= run.planned else "stepped"
                self.run, self.stuck, self.starting, self.uploads = None, "", False, 0
                rounds, self._rounds = self._rounds, None
                if rounds is not None:
                    rounds.close()  # type: ignore[attr-defined]
        if ended == "failed":
            self._failed(run)
        return self.busy and not self.paused

    def _train_a_round(self, run: Run) -> None:
        """The next round of the run, or a piece of it; its target may move meanwhile."""
        self._brake.check()
        while run.done < run.target:
            if self._rounds is None:
                self._start_engine(run.experiment)
                self._rounds = self._rounds_of(run)
            try:
                one = next(self._rounds)
            except StopIteration:
                self._rounds = None  # it was begun for fewer rounds than are wanted now
                continue
            if one is not None:
                with self._lock:
                    run.history.append(one)
                    self.uploads = 0
                    if run.experiment.events != self._events:  # it was steered: the next round is another one
                        self._rounds.close()  # type: ignore[attr-defined]
                        self._rounds = None
                if run.untrained is None:  # it takes as long as a round's own test, and the first curve need not wait
                    run.untrained = untrained(run.experiment, self._dataset, self._model)
            return

    def _rounds_of(self, run: Run) -> Iterator[Round | None]:
        """The rounds that are still to come."""
        start, data, model = run.history.state_at(run.done), self._dataset, self._model
        self._events = run.experiment.events
        if not threads.exist():
            return in_pieces(run.experiment, start=start, dataset=data, model=model, on_upload=self._uploaded)
        return fedlab.run(
            run.experiment,
            start=start,
            dataset=data,
            model=model,
            between_chunks=self._check,
            on_upload=self._uploaded,
        )

    def _start_engine(self, experiment: Experiment) -> None:
        if needs_tensorflow(experiment, self._model):
            self.starting = True
            self._changed("state")
            start_tensorflow()
            self.starting = False
            self._changed("state")

    def _check(self) -> None:
        self._lives()
        self._brake.check()

    def _uploaded(self, number: int, upload: Any) -> None:
        self._lives()
        self.uploads += 1
        self._changed("progress")

    def _lives(self) -> None:
        self._sign_of_life = time.monotonic()
        if self.stuck:
            self.stuck = ""
            self._changed("state")

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While something of the learner's own, such as a partition, is at work: if it does not return, say so."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(SILENCE):
                if method := method_under_way():
                    self.stuck = method
                    self._changed("stuck")

        if threads.exist():
            threading.Thread(target=look, name="fedlab look", daemon=True).start()
        try:
            yield
        finally:
            over.set()
            if self.stuck and self.run is None:
                self.stuck = ""
                self._changed("stuck")

    def _look_after(self, run: Run) -> None:
        """Once a second, as long as the run trains: has a method of the learner's own not returned for long?"""
        if self.run is not run:
            return
        if self._brake.paused:
            self._sign_of_life = time.monotonic()
        if time.monotonic() - self._sign_of_life > SILENCE and not self.stuck and (method := method_under_way()):
            self.stuck = method
            self._changed("state")
        timer = threading.Timer(1.0, self._look_after, [run])
        timer.daemon = True
        timer.start()
