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
from collections.abc import Callable, Iterator
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

CHUNK = 2048  # examples between two looks at Pause and Stop: 10 to 50 ms
LEAST = 16  # what a step counts at least: with B = 1 it takes as long as that many examples
ROWS = 1024  # examples that go through the model at once, at most

Layers = list[np.ndarray]  # one (in + 1, out) matrix a layer


class NumPyEngine(Engine):
    """Local SGD for the `Dense` models."""

    name: ClassVar[str] = "numpy"

    def __init__(self, prepared: Prepared):
        kernels = prepared.shapes[::2]
        self.sizes = [kernels[0][0], *(out for _, out in kernels)]

    @contextmanager
    def open(self, threads: int | None = None, check: Callable[[], None] = lambda: None) -> Iterator[Engine]:
        with one_blas_thread(), super().open(threads, check):
            yield self

    def train(self, job: Job) -> Trained:
        with np.errstate(all="ignore"):  # a run that breaks down says so in a sentence of its own
            return Party(self.sizes, job).train(self.check)

    def answer(self, weights: np.ndarray, x: np.ndarray, scale: float) -> np.ndarray:
        layers, answers = layers_of(weights, self.sizes), []
        with np.errstate(all="ignore"):
            for first in range(0, len(x), ROWS):
                self.check()
                part = x[first : first + ROWS]
                z = scaled(part, scale)
                for layer in layers[:-1]:
                    z = z @ layer[:-1] + layer[-1]
                    np.maximum(z, 0, out=z)
                answers.append(z @ layers[-1][:-1] + layers[-1][-1])
        return np.concatenate(answers)


class Party:
    """One party's local training, with the arrays that it works in."""

    def __init__(self, sizes: list[int], job: Job):
        self.job, self.sizes = job, sizes
        self.x, self.y = with_ones(len(job.x), sizes[0]), job.y
        self.x[:, : sizes[0]] = scaled(job.x, job.scale)
        self.w = job.start.copy()
        self.layers = layers_of(self.w, sizes)
        self.gradient, self.part = np.empty_like(self.w), np.empty_like(self.w)
        self.slopes = layers_of(self.gradient, sizes), layers_of(self.part, sizes)
        self.batches: dict[int, Batch] = {}  # by number of examples: all are alike but the last of each epoch
        own_gradient = type(job.algorithm).local_gradient is FedAvg.local_gradient
        self.plain = own_gradient and not job.momentum and job.width <= ROWS  # each step is w <- w - η ∇l

    def train(self, check: Callable[[], None]) -> Trained:
        """All local steps; `check` is called every `CHUNK` examples."""
        job, w_t = self.job, self.job.start
        correction: object = np.float32(0) if job.correction is None else job.correction
        w = self.w.view()
        w.setflags(write=False)  # a learner's own `local_gradient` is shown it, and must not move it
        velocity = np.zeros_like(self.w) if job.momentum else None
        total_loss, seen = 0.0, CHUNK
        for batch in job.batches():
            for first in range(0, len(batch), ROWS):
                if seen >= CHUNK:
                    check()
                    seen = 0
                rows = batch[first : first + ROWS]
                total_loss += self.backpropagate(rows, len(batch), self.slopes[first > 0])
                if first:
                    self.gradient += self.part
                seen += max(len(rows), LEAST)
            if self.plain:
                continue
            direction = job.algorithm.local_gradient(self.gradient, w, w_t, correction)
            require_shape(job.algorithm, "local_gradient", getattr(direction, "shape", None), w.shape)
            if velocity is not None:
                velocity *= job.momentum
                velocity += direction
                direction = velocity
            self.w -= np.multiply(direction, job.learning_rate, out=self.part)
        mean_loss = total_loss / (job.epochs * len(self.y))
        return Trained(self.w, len(self.y), job.steps, mean_loss, job.learning_rate, job.momentum)

    def backpropagate(self, rows: np.ndarray, batch_size: int, slopes: Layers) -> float:
        """Into `slopes` what these examples add to their batch's mean gradient; returns their summed losses.

        Where steps are plain, the step is taken at once instead.
        """
        batch = self.batches.get(len(rows))
        if batch is None:
            batch = self.batches[len(rows)] = Batch(self, len(rows))
        np.take(self.x, rows, axis=0, out=batch.x, mode="clip")  # "clip" writes without a copy between
        for i, z in enumerate(batch.z):
            np.matmul(batch.h[i], self.layers[i], out=z)
            np.maximum(z, 0, out=z)
        p = np.matmul(batch.h[-1], self.layers[-1], out=batch.d[-1])

        labels = batch.numbers, self.y[rows]
        p -= np.maximum.reduce(p, axis=1, keepdims=True)
        of_labels = p[labels]
        np.exp(p, out=p)
        sums = np.add.reduce(p, axis=1, keepdims=True)
        losses = np.log(sums[:, 0]) - of_labels

        p /= sums
        p[labels] -= 1
        d = np.divide(p, batch_size, out=p)
        for i in reversed(range(len(self.layers))):
            below = np.matmul(d, self.layers[i][:-1].T, out=batch.d[i - 1]) if i else d
            if self.plain:
                batch.descents[i]()
            else:
                np.matmul(batch.h[i].T, d, out=slopes[i])
            if i:
                d = np.multiply(below, batch.z[i - 1] > 0, out=below)
        return float(np.add.reduce(losses, dtype=np.float64))


class Batch:
    """The arrays that so many examples need on their way through a party's model."""

    def __init__(self, party: Party, rows: int):
        sizes = party.sizes
        self.x, *hidden = (with_ones(rows, size) for size in sizes[:-1])
        self.h = [h[:, : size + 1] for h, size in zip([self.x, *hidden], sizes[:-1], strict=True)]
        self.z = [h[:, :-1] for h in self.h[1:]]
        self.d = [np.empty((rows, size), np.float32) for size in sizes[1:]]
        self.descents = [
            descent(layer, party.job.learning_rate, h, d)
            for layer, h, d in zip(party.layers, self.h, self.d, strict=True)
            if party.plain
        ]
        self.numbers = np.arange(rows)


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
