"""Local training in NumPy: stacks of dense layers, forward and backward, in the open.

A layer is one matrix, its kernel with the bias as the last row: the bias is the weight of an input that is always 1.
For a batch h_0 (the examples), with a 1 at the end of each row of every h:

    forward    z_i = h_i W_i,   h_{i+1} = max(z_i, 0);   p = softmax(z) of the last
    backward   d = (p - onehot(y)) / B,   ∇W_i = h_iᵀ d,   d <- (d W_iᵀ) where h_i > 0

What makes it fast: products go into arrays that exist already (`out=`), the weights are one flat vector that the layers
are views of and that stays in the processor's cache, and parties train side by side, each with one BLAS thread. Where a
step is w <- w - η ∇l and nothing else, BLAS takes η h_iᵀ d from W_i as it makes it (`blas.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import ClassVar

import numpy as np

from fedlab.algorithms import FedAvg
from fedlab.engines.base import Engine
from fedlab.engines.blas import blas, descent
from fedlab.messages import Trained
from fedlab.party import Job, require_shape
from fedlab.prepare import Prepared

CHUNK = 2048  # examples between two places where training may be held or stopped: 10 to 50 ms
LEAST = 16  # what a step counts at least: with B = 1 it takes as long as that many examples
ROWS = 1024  # examples that go through the model at once, at most

TINY = 300_000  # weights times examples of a step, below which threads wait for Python and one thread is quicker

Layers = list[np.ndarray]  # one (in + 1, out) matrix a layer


class NumPyEngine(Engine):
    """Local SGD for the `Dense` models."""

    name: ClassVar[str] = "numpy"

    def __init__(self, prepared: Prepared):
        kernels = prepared.shapes[::2]
        self.sizes = [kernels[0][0], *(out for _, out in kernels)]
        self.idle: list[Workbench] = []  # those that no thread works at now
        batch, party = prepared.experiment.batch_size, max(map(len, prepared.training))
        self.is_tiny = prepared.size * (party if batch == "all" else min(int(batch), party)) < TINY

    @contextmanager
    def open(self, threads: int | None = None, check: Callable[[], None] = lambda: None) -> Iterator[Engine]:
        with one_blas_thread(), super().open(threads or (1 if self.is_tiny else None), check):
            yield self

    def train(self, job: Job) -> Generator[None, None, Trained]:
        with self.workbench() as bench:
            return (yield from bench.train(job))

    def answer(self, weights: np.ndarray, x: np.ndarray, scale: float) -> np.ndarray:
        with self.workbench() as bench, np.errstate(all="ignore"):
            np.copyto(bench.w, weights)
            answers = []
            for first in range(0, len(x), ROWS):
                self.check()
                part = scaled(x[first : first + ROWS], scale)
                batch = bench.batch(len(part))
                batch.x[:, : part.shape[1]] = part
                answers.append(bench.forward(batch).copy())
            return np.concatenate(answers)

    @contextmanager
    def workbench(self) -> Iterator[Workbench]:
        """One to work at; no more are made than threads work at a time."""
        bench = self.idle.pop() if self.idle else Workbench(self.sizes)
        yield bench
        self.idle.append(bench)


class Workbench:
    """A model's weights, and all arrays that it takes to train it or to ask it; made once and used for many parties."""

    def __init__(self, sizes: list[int]):
        self.sizes = sizes
        self.w = np.empty(sum((below + 1) * above for below, above in pairwise(sizes)), np.float32)
        self.gradient, self.part = np.empty_like(self.w), np.empty_like(self.w)
        self.layers, *self.slopes = (layers_of(flat, sizes) for flat in (self.w, self.gradient, self.part))
        self.x = with_ones(0, sizes[0])  # a party's examples
        self.batches: dict[int, Batch] = {}  # by number of examples

    def batch(self, rows: int) -> Batch:
        """The arrays for so many examples."""
        if rows not in self.batches:
            self.batches[rows] = Batch(self.sizes, rows)
        return self.batches[rows]

    def train(self, job: Job) -> Generator[None, None, Trained]:
        """All local steps of a party; it yields every `CHUNK` examples."""
        np.copyto(self.w, job.start)
        if len(self.x) < len(job.x):
            self.x = with_ones(len(job.x), self.sizes[0])
        self.x[: len(job.x), : self.sizes[0]] = scaled(job.x, job.scale)
        own_gradient = type(job.algorithm).local_gradient is FedAvg.local_gradient
        plain = own_gradient and not job.momentum and job.width <= ROWS  # each step is w <- w - η ∇l
        w, w_t = self.w.view(), job.start
        w.setflags(write=False)  # a learner's own `local_gradient` is shown it, and must not move it
        correction: object = np.float32(0) if job.correction is None else job.correction
        velocity = np.zeros_like(w) if job.momentum else None
        total_loss, seen = 0.0, CHUNK
        for positions in job.batches():
            for first in range(0, len(positions), ROWS):
                if seen >= CHUNK:
                    yield
                    seen = 0
                rows = positions[first : first + ROWS]
                batch = self.batch(len(rows))
                np.take(self.x, rows, axis=0, out=batch.x, mode="clip")  # "clip" writes without a copy between
                p = self.forward(batch)
                total_loss += slope_of_loss(batch, p, job.y[rows], len(positions))
                if plain:
                    self.descend(batch, job.learning_rate)
                else:
                    self.backward(batch, self.slopes[first > 0])
                if first:
                    self.gradient += self.part
                seen += max(len(rows), LEAST)
            if plain:
                continue
            direction = job.algorithm.local_gradient(self.gradient, w, w_t, correction)
            require_shape(job.algorithm, "local_gradient", getattr(direction, "shape", None), w.shape)
            if velocity is not None:
                velocity *= job.momentum
                velocity += direction
                direction = velocity
            self.w -= np.multiply(direction, job.learning_rate, out=self.part)
        mean_loss = total_loss / (job.epochs * len(job.y))
        return Trained(self.w.copy(), len(job.y), job.steps, mean_loss, job.learning_rate, job.momentum)

    def forward(self, batch: Batch) -> np.ndarray:
        """(rows, classes) the logits of the examples in the batch; good until the batch is used again."""
        for i, z in enumerate(batch.z):
            np.matmul(batch.h[i], self.layers[i], out=z)
            np.maximum(z, 0, out=z)
        return np.matmul(batch.h[-1], self.layers[-1], out=batch.d[-1])

    def backward(self, batch: Batch, slopes: Layers) -> None:
        """Into `slopes` the gradient ∇W_i = h_iᵀ d of each layer, from the last layer's d down."""
        for i in reversed(range(len(self.layers))):
            np.matmul(batch.h[i].T, batch.d[i], out=slopes[i])
            if i:
                self.pass_down(batch, i)

    def descend(self, batch: Batch, rate: float) -> None:
        """W_i <- W_i - η h_iᵀ d at once: what `backward` and a plain step come to."""
        steps = batch.steps(self.layers, rate)
        for i in reversed(range(len(self.layers))):
            if i:
                self.pass_down(batch, i)
            steps[i]()

    def pass_down(self, batch: Batch, i: int) -> None:
        """The d of the layer below layer i: (d W_iᵀ) where h_i > 0."""
        below = np.matmul(batch.d[i], self.layers[i][:-1].T, out=batch.d[i - 1])
        np.multiply(below, batch.z[i - 1] > 0, out=below)


def slope_of_loss(batch: Batch, logits: np.ndarray, y: np.ndarray, batch_size: int) -> float:
    """Turn logits (rows, classes) into d = (softmax - onehot(y)) / B, in place; returns the summed cross-entropy."""
    labels = batch.numbers, y
    logits -= np.maximum.reduce(logits, axis=1, keepdims=True)
    of_labels = logits[labels]
    p = np.exp(logits, out=logits)
    sums = np.add.reduce(p, axis=1, keepdims=True)
    losses = np.log(sums[:, 0]) - of_labels
    p /= sums
    p[labels] -= 1
    p /= batch_size
    return float(np.add.reduce(losses, dtype=np.float64))


class Batch:
    """The arrays that so many examples need on their way through the model: h, z within it, and d, for each layer."""

    def __init__(self, sizes: list[int], rows: int):
        self.x, *hidden = (with_ones(rows, size) for size in sizes[:-1])
        self.h = [h[:, : size + 1] for h, size in zip([self.x, *hidden], sizes[:-1], strict=True)]
        self.z = [h[:, :-1] for h in self.h[1:]]
        self.d = [np.empty((rows, size), np.float32) for size in sizes[1:]]
        self.numbers = np.arange(rows)
        self._steps: dict[float, list[Callable[[], object]]] = {}

    def steps(self, layers: Layers, rate: float) -> list[Callable[[], object]]:
        """For each layer what does W_i <- W_i - rate · h_iᵀ d when it is called."""
        if rate not in self._steps:
            self._steps[rate] = [descent(w, rate, h, d) for w, h, d in zip(layers, self.h, self.d, strict=True)]
        return self._steps[rate]


def with_ones(rows: int, size: int) -> np.ndarray:
    """(rows, size + 1 or more) for inputs of a layer, and the 1 that its bias is the weight of.

    Rows are filled up so that they begin at multiples of 64 bytes: products with them are up to a fifth faster.
    """
    return np.ones((rows, -(-(size + 1) // 16) * 16), np.float32)


def scaled(x: np.ndarray, scale: float) -> np.ndarray:
    """(n, size) float32: the examples x (n, ...) as the model sees them."""
    flat = x.reshape(len(x), -1).astype(np.float32)  # and then divide: in one go NumPy takes twice as long
    flat /= np.float32(scale)
    return flat


def layers_of(flat: np.ndarray, sizes: list[int]) -> Layers:
    """The layers' matrices as views of a flat vector (P,): kernel (in, out), then bias (out,), is (in + 1, out)."""
    layers, end = [], 0
    for below, above in pairwise(sizes):
        begin, end = end, end + (below + 1) * above
        layers.append(flat[begin:end].reshape(below + 1, above))
    return layers


_counting = threading.Lock()
_users = 0
_limit: object = None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within this, NumPy's matrix products take one thread each, so that parties may take all of them.

    Products split over threads are also rounded otherwise than whole ones. Several runs may be within it at a time.
    """
    global _users, _limit
    with _counting:
        _users += 1
        if _users == 1:
            _take_control()
            _limit = blas().limit(limits=1)
    try:
        yield
    finally:
        with _counting:
            _users -= 1
            if _users == 0:
                _take_control()
                _limit.restore_original_limits()  # type: ignore[attr-defined]


def _take_control() -> None:
    """Let this thread set BLAS' threads: newer threadpoolctl listens only to the first that did."""
    for library in blas().lib_controllers:
        if clear := getattr(library, "clear_controlling_thread", None):
            clear(force=True)
