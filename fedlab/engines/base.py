"""What an engine is: local training and answers of a model, for several parties side by side on threads."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import ClassVar

import numpy as np

from fedlab.messages import Trained, Upload
from fedlab.party import Job, work


class Engine:
    """Trains jobs and judges models on this machine. A subclass says how one job is trained and one batch answered."""

    name: ClassVar[str]  # in histories and files, and for `run(engine=...)`
    hands_back_memories: ClassVar[bool] = True  # False: what parties remember stays at their nodes
    threads = 1
    check: Callable[[], None]  # called between chunks of work; may wait or raise
    _pool: Executor

    def train(self, job: Job) -> Generator[None, None, Trained]:
        """The local steps of one party: w <- w - η local_gradient(∇l(w; b), ...) for each batch b.

        With momentum ρ: v <- ρ v + local_gradient(...) and w <- w - η v, where v begins each round at 0.
        It yields wherever it may be held, stopped or left for a while, every 10 to 50 ms.
        """
        raise NotImplementedError

    def answer(self, weights: np.ndarray, x: np.ndarray, scale: float) -> np.ndarray:
        """(n, classes) logits of the model with these weights (P,) for the examples x (n, ...)."""
        raise NotImplementedError

    @contextmanager
    def open(self, threads: int | None = None, check: Callable[[], None] = lambda: None) -> Iterator[Engine]:
        """Ready to work, with so many parties at a time; None takes one a processor."""
        self.threads, self.check = threads or processors(), check
        with ThreadPoolExecutor(self.threads, "fedlab party") as self._pool:  # it makes no thread before it needs one
            yield self

    def work(self, jobs: Iterator[Job]) -> Generator[Upload, None, None]:
        """Do the jobs side by side; the uploads in the order of the jobs, only a few held at a time."""
        if self.threads == 1:
            yield from map(self._work, jobs)
            return
        waiting: deque[Future[Upload]] = deque()
        try:
            for job in jobs:
                waiting.append(self._pool.submit(self._work, job))
                if len(waiting) > 2 * self.threads:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)
        finally:
            for future in waiting:
                future.cancel()

    def logits(self, asked: Sequence[tuple[np.ndarray, np.ndarray]], scale: float) -> list[np.ndarray]:
        """The `answer` to each pair of weights and examples."""
        side_by_side = map if self.threads == 1 else self._pool.map
        return list(side_by_side(lambda pair: self.answer(pair[0], pair[1], scale), asked))

    def _work(self, job: Job) -> Upload:
        pieces = self.pieces(job)
        while True:
            try:
                next(pieces)
            except StopIteration as done:
                return done.value
            self.check()

    def pieces(self, job: Job) -> Generator[None, None, Upload]:
        """Do the job in pieces of 10 to 50 ms, on the caller's thread; it ends with the upload."""
        pieces = work(job, self.train)
        while True:
            try:
                with np.errstate(all="ignore"):  # a run that breaks down says so in a sentence of its own
                    next(pieces)
            except StopIteration as done:
                return done.value
            yield


def _first(waiting: deque[Future[Upload]]) -> Upload:
    """The upload of the first job; if a later one fails before that is done, its error at once."""
    running = set(waiting)
    while not waiting[0].done():
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for failed in done:
            if failed.exception():
                failed.result()
    return waiting.popleft().result()


def processors() -> int:
    """How many processors this process may use; one where there are no threads, as in a browser."""
    if sys.platform in ("emscripten", "wasi"):
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
