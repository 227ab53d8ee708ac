"""The compiled loop of local SGD: the one file where speed outranks prose.

`reference.py` tells the same in plain Python, and a test holds the two against each other. What makes this one fast:

- One compiled call does many local steps (a *chunk*), so the price of a framework call is paid once a chunk, not once
  a step. Between two chunks a run can be paused or stopped.
- Every shape is fixed: a chunk is always a block of `rows` x `width` examples, and what a party does not have is
  masked. Learning rate and the algorithm's settings are tensors. So moving a slider never waits for a compiler; only
  another model, another batch size or an algorithm with another gradient does, once.
- Dense models are compiled with XLA. Convolutions are not: on a CPU, XLA's take minutes where oneDNN's take seconds.
- A batch of more than `WIDEST` examples (B = ∞ above all) is summed up from rows of that width before its one step.
- A compiled loop carries nothing that it does not change: XLA would copy that beside the loop, on one thread that all
  parties share, and ten parties would take half as long again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from fedlab.algorithms import Algorithm, FedAvg
from fedlab.own_models import CannotTrain, gives_logits, is_convolutional, is_seed, require_trainable
from fedlab.randomness import local_batches
from fedlab.settings import settings_of
from fedlab.tensorflow_setup import load_tensorflow

if TYPE_CHECKING:
    import keras

WIDEST = 256  # examples that go through the model at once during training
CHUNK_DENSE, CHUNK_CONVOLUTION = 2048, 128  # examples in one compiled call: 20 to 200 ms, so that Stop is prompt
ROWS_DENSE, ROWS_CONVOLUTION = 2500, 500  # test examples that go through the model at once

traces: list[str] = []  # one entry whenever TensorFlow traces a function of a model; a test counts them


@dataclass(frozen=True, eq=False)
class LocalUpdate:
    """What local training gives: new weights (P,), local steps taken, mean loss over their examples."""

    weights: np.ndarray
    steps: int
    loss: float


class LocalTraining:
    """Local SGD and evaluation for one Keras model; holds the compiled functions and no weights."""

    def __init__(self, model: keras.Model):
        load_tensorflow()
        require_trainable(model)
        self.model = model
        self.shapes = [tuple(weight.shape) for weight in model.trainable_variables]
        self.cuts = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        self.size = int(self.cuts[-1])
        self.logits = gives_logits(model)
        self.convolutional = is_convolutional(model)
        self.chunk = CHUNK_CONVOLUTION if self.convolutional else CHUNK_DENSE
        self.evaluation_rows = ROWS_CONVOLUTION if self.convolutional else ROWS_DENSE
        self._compiled: dict[Any, Callable[..., Any]] = {}
        self._compiling = threading.Lock()  # parties on two threads meet a new shape at the same moment

    def tensors(self, flat: np.ndarray) -> list[np.ndarray]:
        """Cut a flat vector (P,) into arrays of the shapes of the model's weight tensors."""
        parts = np.split(flat, self.cuts[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def train(
        self,
        algorithm: Algorithm,
        global_weights: np.ndarray,
        correction: np.ndarray | None,
        x: np.ndarray,
        y: np.ndarray,
        indices: np.ndarray,
        *,
        epochs: int,
        batch_size: int | str,
        learning_rate: float,
        order: np.random.Generator,
        dropout: np.random.Generator,
        between_chunks: Callable[[], None],
        momentum: float = 0.0,
    ) -> LocalUpdate:
        """Run the local steps of one party, which holds the examples `indices` of (x, y), from `global_weights`.

        With momentum m: v <- m v + local_gradient(∇l(w; b)) and w <- w - η v, where v begins each round at 0.
        """
        import tensorflow as tf

        def constants(flat: np.ndarray) -> list[Any]:
            return [tf.constant(tensor) for tensor in self.tensors(flat)]

        start = constants(global_weights)
        shift = [tf.constant(0.0)] * len(start) if correction is None else constants(correction)
        rule = (start, shift, tf.constant(learning_rate, tf.float32), tf.constant(momentum, tf.float32))
        values = tf.constant([float(getattr(algorithm, name)) for name in _numeric_settings(algorithm)] or [0.0])
        weights, velocity = start, [tf.zeros_like(tensor) for tensor in start] if momentum else []
        seeds = [tf.constant(dropout.integers(0, 2**31, 2), seed.dtype) for seed in self._seed_variables()]
        total_loss = 0.0

        full = len(indices) if batch_size == "all" else int(batch_size)
        batches = (batch for _ in range(epochs) for batch in local_batches(order, len(indices), full, epochs=1))
        if batch_size == "all" or full > WIDEST:
            for batch in batches:
                gradient = [tf.zeros_like(tensor) for tensor in start]
                for part in _blocks(np.split(batch, range(WIDEST, len(batch), WIDEST)), self.chunk, WIDEST):
                    between_chunks()
                    examples = indices[part.positions]
                    data = (x[examples], y[examples].astype(np.int32), part.holds, part.used)
                    loss, gradient, seeds = self._sum_gradients(gradient, seeds, weights, data, tf.constant(len(batch)))
                    total_loss += float(loss)
                weights, velocity = _move(algorithm, weights, velocity, gradient, *rule)
        else:
            for part in _blocks(batches, self.chunk, full):
                between_chunks()
                examples = indices[part.positions]
                data = (x[examples], y[examples].astype(np.int32), part.holds, part.used)
                loss, weights, velocity, seeds = self._make_steps(
                    algorithm, weights, velocity, seeds, data, rule, values
                )
                total_loss += float(loss)
        flat = np.concatenate([tensor.numpy().ravel() for tensor in weights])
        return LocalUpdate(flat, epochs * -(-len(indices) // full), total_loss / (epochs * len(indices)))

    def logits_of(
        self, weights: np.ndarray, x: np.ndarray, between_chunks: Callable[[], None] = lambda: None
    ) -> np.ndarray:
        """(n, classes) the model's outputs as logits (log-probabilities for a model that ends in softmax)."""
        tensors, logits = self.tensors(weights), []
        for part in _in_rows(x, self.evaluation_rows):
            between_chunks()
            logits.append(self._call("logits", self._logits_of, tensors, part))
        return np.concatenate(logits)[: len(x)]

    def _make_steps(
        self, algorithm: Algorithm, weights: Any, velocity: Any, seeds: Any, data: Any, rule: Any, values: Any
    ) -> Any:
        """One local step for each row of a block. Algorithms that share a `local_gradient` share the compiled loop."""
        import tensorflow as tf

        names = _numeric_settings(algorithm)

        def steps(weights, velocity, seeds, data, rule, values):  # type: ignore[no-untyped-def]
            x, y, holds, used = data
            symbolic = algorithm.model_copy(update={name: values[i] for i, name in enumerate(names)})

            def step(row, loss, weights, velocity, seeds):  # type: ignore[no-untyped-def]
                sum_of_losses, gradient, seeds = self._gradient(
                    weights, seeds, x[row], y[row], holds[row], tf.reduce_sum(holds[row])
                )
                weights, velocity = _move(symbolic, weights, velocity, gradient, *rule)
                return row + 1, loss + sum_of_losses, weights, velocity, seeds

            state = (tf.constant(0), tf.constant(0.0), weights, velocity, seeds)
            return tf.while_loop(lambda row, *_: row < used, step, state, parallel_iterations=1)[1:]

        key = (type(algorithm).local_gradient, names, bool(velocity))
        return self._call(key, steps, weights, velocity, seeds, data, rule, values)

    def _sum_gradients(self, gradient: Any, seeds: Any, weights: Any, data: Any, batch_size: Any) -> Any:
        """Add the part that a block of one wide batch has in the batch's mean gradient."""
        import tensorflow as tf

        def sum_up(gradient, seeds, weights, data, batch_size):  # type: ignore[no-untyped-def]
            x, y, holds, used = data

            def add(row, loss, gradient, seeds):  # type: ignore[no-untyped-def]
                sum_of_losses, part, seeds = self._gradient(weights, seeds, x[row], y[row], holds[row], batch_size)
                return row + 1, loss + sum_of_losses, [a + b for a, b in zip(gradient, part, strict=True)], seeds

            state = (tf.constant(0), tf.constant(0.0), gradient, seeds)
            return tf.while_loop(lambda row, *_: row < used, add, state, parallel_iterations=1)[1:]

        return self._call("sum", sum_up, gradient, seeds, weights, data, batch_size)

    def _gradient(self, weights: Any, seeds: Any, x: Any, y: Any, holds: Any, batch_size: Any) -> tuple[Any, Any, Any]:
        """Of one row: the summed losses, the gradient of that sum / batch_size, and the next dropout seeds."""
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            losses, seeds = self._losses(weights, seeds, x, y)
            sum_of_losses = tf.reduce_sum(losses * holds)
            part_of_mean = sum_of_losses / tf.cast(batch_size, tf.float32)
        zero = tf.UnconnectedGradients.ZERO
        return sum_of_losses, tape.gradient(part_of_mean, weights, unconnected_gradients=zero), seeds

    def _losses(self, weights: Any, seeds: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """(batch,) cross-entropy of each example, and the dropout seeds after this step."""
        import tensorflow as tf

        moving = iter(seeds)
        others = self.model.non_trainable_variables
        constants = [next(moving) if is_seed(variable) else variable.value for variable in others]
        outputs, after = self.model.stateless_call(weights, constants, self._inputs(x), training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, self._as_logits(outputs))
        return losses, [value for variable, value in zip(others, after, strict=True) if is_seed(variable)]

    def _logits_of(self, weights: Any, x: Any) -> Any:
        constants = [variable.value for variable in self.model.non_trainable_variables]
        outputs, _ = self.model.stateless_call(weights, constants, self._inputs(x), training=False)
        return self._as_logits(outputs)

    def _inputs(self, x: Any) -> Any:
        """One batch as the model wants it: images scaled to 0 .. 1, and in the model's input shape."""
        import tensorflow as tf

        scaled = tf.cast(x, tf.float32) / 255.0 if x.dtype == tf.uint8 else tf.cast(x, tf.float32)
        return tf.reshape(scaled, (-1, *self.model.input_shape[1:]))

    def _as_logits(self, outputs: Any) -> Any:
        import tensorflow as tf

        return outputs if self.logits else tf.math.log(tf.clip_by_value(outputs, 1e-7, 1.0))

    def _seed_variables(self) -> list[Any]:
        return [variable for variable in self.model.non_trainable_variables if is_seed(variable)]

    def _call(self, what: Any, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call the function compiled for arguments of these shapes, compiling it if it is the first time."""
        import tensorflow as tf

        arguments = tf.nest.map_structure(tf.convert_to_tensor, arguments)
        key = (what, *((tensor.shape, tensor.dtype) for tensor in tf.nest.flatten(arguments)))
        with self._compiling:
            if key not in self._compiled:
                traces.append(f"{what}, {self.model.name}")
                self._compiled[key] = self._function(function).get_concrete_function(*arguments)
        return self._compiled[key](*arguments)

    def _function(self, function: Callable[..., Any]) -> Any:
        import tensorflow as tf

        return tf.function(function, jit_compile=not self.convolutional, autograph=False)


def _move(
    algorithm: Algorithm, weights: Any, velocity: Any, gradient: Any, start: Any, shift: Any, rate: Any, momentum: Any
) -> Any:
    """One local step, for each weight tensor: the new weights, and the new velocity where there is momentum."""
    direction = []
    for part, weight, first, constant in zip(gradient, weights, start, shift, strict=True):
        direction.append(algorithm.local_gradient(part, weight, first, constant))
        shape = getattr(direction[-1], "shape", None)
        if shape != weight.shape:
            raise CannotTrain(
                f"local_gradient of {type(algorithm).__name__} returned the shape {shape} for weights of shape "
                f"{weight.shape}: it must return one number for each weight."
            )
    if velocity:
        direction = velocity = [momentum * v + d for v, d in zip(velocity, direction, strict=True)]
    return [weight - rate * d for weight, d in zip(weights, direction, strict=True)], velocity


@lru_cache(maxsize=16)
def trainer(model: keras.Model) -> LocalTraining:
    """The `LocalTraining` of a model: one for each, so that nothing is compiled twice."""
    return LocalTraining(model)


@dataclass(frozen=True, eq=False)
class _Block:
    """Some rows of examples, filled up to a fixed shape."""

    positions: np.ndarray  # (rows, width) which examples; 0 where there is none
    holds: np.ndarray  # (rows, width) 1.0 where there is an example, else 0.0
    used: int  # rows that hold any


def _blocks(rows: Iterable[np.ndarray], examples: int, width: int) -> Iterator[_Block]:
    """Lay out rows of at most `width` positions in blocks of about `examples` positions each."""
    height, rows = max(1, examples // width), iter(rows)
    while some := list(islice(rows, height)):
        lengths = np.zeros(height, int)
        lengths[: len(some)] = [len(row) for row in some]
        holds = np.arange(width) < lengths[:, None]
        positions = np.zeros(holds.shape, np.int64)
        positions[holds] = np.concatenate(some)
        yield _Block(positions, holds.astype(np.float32), len(some))


def _in_rows(x: np.ndarray, rows: int) -> list[np.ndarray]:
    """x in parts of `rows` examples, the last one filled up with zeros."""
    parts = [x[first : first + rows] for first in range(0, len(x), rows)]
    missing = rows - len(parts[-1])
    parts[-1] = np.pad(parts[-1], [(0, missing)] + [(0, 0)] * (x.ndim - 1))
    return parts


def _numeric_settings(algorithm: Algorithm) -> tuple[str, ...]:
    """The names of the settings that the compiled step receives as tensors. FedAvg's own gradient reads none."""
    if type(algorithm).local_gradient is FedAvg.local_gradient:
        return ()
    return tuple(name for name in settings_of(type(algorithm)) if isinstance(getattr(algorithm, name), (int, float)))
