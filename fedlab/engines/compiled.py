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
- The kit's own local steps get one weight tensor at a time. A learner's own gets all weights in one flat vector, as on
  the NumPy engine, so that the length of a gradient is the same number on both.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from fedlab.algorithms import Algorithm, FedAvg
from fedlab.engines.blocks import blocks, in_rows
from fedlab.engines.own_models import gives_logits, is_convolutional, is_seed, require_trainable
from fedlab.engines.tensorflow_setup import load_tensorflow
from fedlab.messages import Trained
from fedlab.models import tensors
from fedlab.party import CannotTrain, Job, require_shape
from fedlab.randomness import Choice, generator
from fedlab.settings import settings_of
from fedlab.text import say

if TYPE_CHECKING:
    import keras

MOST_COMPILED = 32  # functions kept for a model: each takes about 5 MB
WIDEST = 256  # examples that go through the model at once during training
CHUNK_DENSE, CHUNK_CONVOLUTION = 2048, 128  # examples in one compiled call: 20 to 200 ms, so that Stop is prompt
ROWS_DENSE, ROWS_CONVOLUTION = 2500, 500  # test examples that go through the model at once

traces: list[str] = []  # one entry whenever TensorFlow traces a function of a model; a test counts them


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
        self._compiled: OrderedDict[Any, Callable[..., Any]] = OrderedDict()  # the least lately used first
        self._compiling = threading.Lock()  # parties on two threads meet a new shape at the same moment

    def tensors(self, flat: np.ndarray) -> list[np.ndarray]:
        """Cut a flat vector (P,) into arrays of the shapes of the model's weight tensors."""
        return tensors(flat, self.shapes)

    def train(self, job: Job) -> Generator[None, None, Trained]:
        """Run the local steps of one party; it yields between chunks."""
        import tensorflow as tf

        algorithm, x, y = job.algorithm, job.x, job.y.astype(np.int32)

        def constants(flat: np.ndarray) -> list[Any]:
            return [tf.constant(tensor) for tensor in (self.tensors(flat) if _is_ours(algorithm) else [flat])]

        start = constants(job.start)
        shift = [tf.constant(0.0)] * len(start) if job.correction is None else constants(job.correction)
        rule = (start, shift, tf.constant(job.learning_rate, tf.float32), tf.constant(job.momentum, tf.float32))
        values = tf.constant([float(getattr(algorithm, name)) for name in _numeric_settings(algorithm)] or [0.0])
        weights, velocity = start, [tf.zeros_like(tensor) for tensor in start] if job.momentum else []
        dropout = generator(job.turn.seed, Choice.DROPOUT, job.turn.number, job.party)
        seeds = [tf.constant(dropout.integers(0, 2**31, 2), seed.dtype) for seed in self._seed_variables()]
        scale = tf.constant(job.scale, tf.float32)
        total_loss = 0.0

        if job.batch_size == "all" or job.width > WIDEST:
            for batch in job.batches():
                gradient = [tf.zeros_like(tensor) for tensor in start]
                for part in blocks(np.split(batch, range(WIDEST, len(batch), WIDEST)), self.chunk, WIDEST):
                    yield
                    data = (x[part.positions], y[part.positions], part.holds, part.used, scale)
                    loss, gradient, seeds = self._sum_gradients(gradient, seeds, weights, data, tf.constant(len(batch)))
                    total_loss += float(loss)
                weights, velocity = _move(algorithm, weights, velocity, gradient, *rule)
        else:
            for part in blocks(job.batches(), self.chunk, job.width):
                yield
                data = (x[part.positions], y[part.positions], part.holds, part.used, scale)
                loss, weights, velocity, seeds = self._make_steps(
                    algorithm, weights, velocity, seeds, data, rule, values
                )
                total_loss += float(loss)
        flat = np.concatenate([tensor.numpy().ravel() for tensor in weights])
        mean_loss = total_loss / (job.epochs * len(y))
        return Trained(flat, len(y), job.steps, mean_loss, job.learning_rate, job.momentum)

    def logits_of(self, weights: np.ndarray, x: np.ndarray, scale: float, check: Callable[[], None]) -> np.ndarray:
        """(n, classes) the model's outputs as logits (log-probabilities for a model that ends in softmax)."""
        tensors, logits = self.tensors(weights), []
        for part in in_rows(x, self.evaluation_rows):
            check()
            logits.append(self._call("logits", self._logits_of, tensors, part, np.float32(scale)))
        return np.concatenate(logits)[: len(x)]

    def _make_steps(
        self, algorithm: Algorithm, weights: Any, velocity: Any, seeds: Any, data: Any, rule: Any, values: Any
    ) -> Any:
        """One local step for each row of a block. Algorithms that share a `local_gradient` share the compiled loop."""
        import tensorflow as tf

        names = _numeric_settings(algorithm)

        def steps(weights, velocity, seeds, data, rule, values):  # type: ignore[no-untyped-def]
            x, y, holds, used, scale = data
            symbolic = algorithm.model_copy(update={name: values[i] for i, name in enumerate(names)})

            def step(row, loss, weights, velocity, seeds):  # type: ignore[no-untyped-def]
                sum_of_losses, gradient, seeds = self._gradient(
                    weights, seeds, x[row], y[row], holds[row], tf.reduce_sum(holds[row]), scale
                )
                weights, velocity = _move(symbolic, weights, velocity, gradient, *rule)
                return row + 1, loss + sum_of_losses, weights, velocity, seeds

            state = (tf.constant(0), tf.constant(0.0), weights, velocity, seeds)
            return tf.while_loop(lambda row, *_: row < used, step, state, parallel_iterations=1)[1:]

        key = (*_same_gradient(algorithm), names, bool(velocity))
        return self._call(key, steps, weights, velocity, seeds, data, rule, values)

    def _sum_gradients(self, gradient: Any, seeds: Any, weights: Any, data: Any, batch_size: Any) -> Any:
        """Add the part that a block of one wide batch has in the batch's mean gradient."""
        import tensorflow as tf

        def sum_up(gradient, seeds, weights, data, batch_size):  # type: ignore[no-untyped-def]
            x, y, holds, used, scale = data

            def add(row, loss, gradient, seeds):  # type: ignore[no-untyped-def]
                sum_of_losses, part, seeds = self._gradient(
                    weights, seeds, x[row], y[row], holds[row], batch_size, scale
                )
                return row + 1, loss + sum_of_losses, [a + b for a, b in zip(gradient, part, strict=True)], seeds

            state = (tf.constant(0), tf.constant(0.0), gradient, seeds)
            return tf.while_loop(lambda row, *_: row < used, add, state, parallel_iterations=1)[1:]

        return self._call("sum", sum_up, gradient, seeds, weights, data, batch_size)

    def _gradient(
        self, weights: Any, seeds: Any, x: Any, y: Any, holds: Any, batch_size: Any, scale: Any
    ) -> tuple[Any, Any, Any]:
        """Of one row: the summed losses, the gradient of that sum / batch_size, and the next dropout seeds."""
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            losses, seeds = self._losses(weights, seeds, x, y, scale)
            sum_of_losses = tf.reduce_sum(losses * holds)
            part_of_mean = sum_of_losses / tf.cast(batch_size, tf.float32)
        zero = tf.UnconnectedGradients.ZERO
        return sum_of_losses, tape.gradient(part_of_mean, weights, unconnected_gradients=zero), seeds

    def _losses(self, weights: Any, seeds: Any, x: Any, y: Any, scale: Any) -> tuple[Any, Any]:
        """(batch,) cross-entropy of each example, and the dropout seeds after this step."""
        import tensorflow as tf

        moving = iter(seeds)
        others = self.model.non_trainable_variables
        constants = [next(moving) if is_seed(variable) else variable.value for variable in others]
        outputs, after = self.model.stateless_call(self._cut(weights), constants, self._inputs(x, scale), training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, self._as_logits(outputs))
        return losses, [value for variable, value in zip(others, after, strict=True) if is_seed(variable)]

    def _logits_of(self, weights: Any, x: Any, scale: Any) -> Any:
        constants = [variable.value for variable in self.model.non_trainable_variables]
        outputs, _ = self.model.stateless_call(weights, constants, self._inputs(x, scale), training=False)
        return self._as_logits(outputs)

    def _cut(self, weights: Any) -> Any:
        """The model's weight tensors, out of one flat vector where the algorithm is a learner's own."""
        import tensorflow as tf

        if [tuple(tensor.shape) for tensor in weights] == self.shapes:
            return weights
        parts = tf.split(weights[0], np.diff(self.cuts, prepend=0))
        return [tf.reshape(part, shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def _inputs(self, x: Any, scale: Any) -> Any:
        """One batch as the model wants it: on the data set's scale, and in the model's input shape."""
        import tensorflow as tf

        return tf.reshape(tf.cast(x, tf.float32) / scale, (-1, *self.model.input_shape[1:]))

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
            self._compiled.move_to_end(key)
            compiled = self._compiled[key]
            while len(self._compiled) > MOST_COMPILED:
                self._compiled.popitem(last=False)
        return compiled(*arguments)

    def _function(self, function: Callable[..., Any]) -> Any:
        import tensorflow as tf

        return tf.function(function, jit_compile=not self.convolutional, autograph=False)


def _move(
    algorithm: Algorithm, weights: Any, velocity: Any, gradient: Any, start: Any, shift: Any, rate: Any, momentum: Any
) -> Any:
    """One local step: the new weights, and the new velocity where there is momentum."""
    parts = zip(gradient, weights, start, shift, strict=True)
    direction = [_direction(algorithm, *part) for part in parts]
    if velocity:
        direction = velocity = [momentum * v + d for v, d in zip(velocity, direction, strict=True)]
    return [weight - rate * d for weight, d in zip(weights, direction, strict=True)], velocity


def _direction(algorithm: Algorithm, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
    """The algorithm's `local_gradient`, checked where it is a learner's own."""
    try:
        direction = algorithm.local_gradient(gradient, weights, global_weights, correction)
    except (AttributeError, NotImplementedError, TypeError) as error:
        if _is_ours(algorithm):
            raise
        raise CannotTrain(
            say(
                "local_gradient of {algorithm} stopped with {error} on the engine keras, where it gets TensorFlow's "
                "tensors: use arithmetic and TensorFlow's functions, and no if that asks for their values.",
                algorithm=type(algorithm).__name__,
                error=type(error).__name__,
            )
        ) from error
    require_shape(algorithm, "local_gradient", getattr(direction, "shape", None), weights.shape)
    return direction


@lru_cache(maxsize=16)
def trainer(model: keras.Model) -> LocalTraining:
    """The `LocalTraining` of a model: one for each, so that nothing is compiled twice."""
    return LocalTraining(model)


def _is_ours(algorithm: Algorithm) -> bool:
    """Whether its local step is the kit's: those treat each number for itself, so each tensor can go alone."""
    return getattr(type(algorithm).local_gradient, "__module__", "").startswith("fedlab.algorithms.")


def _numeric_settings(algorithm: Algorithm) -> tuple[str, ...]:
    """The names of the settings that the compiled step receives as tensors. FedAvg's own gradient reads none."""
    if type(algorithm).local_gradient is FedAvg.local_gradient:
        return ()
    ranges = {name for name, about in settings_of(type(algorithm)).items() if about.low is not None}
    return tuple(name for name in sorted(ranges) if isinstance(getattr(algorithm, name), (int, float)))


def _same_gradient(algorithm: Algorithm) -> tuple[Any, ...]:
    """What tells apart algorithms whose local steps differ: the class, and its settings that are no numbers in a range.

    Not `local_gradient` alone: it may call other methods of the class, or read such a setting.
    """
    if type(algorithm).local_gradient is FedAvg.local_gradient:
        return (FedAvg,)
    numbers = _numeric_settings(algorithm)
    others = [name for name in settings_of(type(algorithm)) if name not in numbers]
    return (type(algorithm), tuple((name, repr(getattr(algorithm, name))) for name in others))
