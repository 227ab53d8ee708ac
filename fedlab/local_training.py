"""The compiled loop of local SGD: the one file where speed outranks prose.

`reference.py` tells the same in plain Python, and a test holds the two against each other. What makes this one fast:

- One compiled call does many local steps (a *chunk*), so the price of a framework call is paid once a chunk, not once
  a step. Between two chunks a run can be paused or stopped.
- Every shape is fixed: a chunk is always `rows` x `width` examples, and what a party does not have is masked. Number
  of steps, learning rate and the algorithm's settings are tensors. So moving a slider never waits for a compiler; only
  another model, another batch size or an algorithm with another gradient does, once.
- Dense models are compiled with XLA. Convolutions are not: on a CPU, XLA's take minutes where oneDNN's take seconds.
- A batch of more than `WIDEST` examples (B = ∞ above all) is summed up from rows of `WIDEST` before its one step.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from fedlab.algorithms import Algorithm
from fedlab.randomness import local_batches
from fedlab.settings import settings_of
from fedlab.tensorflow_setup import load_tensorflow

if TYPE_CHECKING:
    import keras

WIDEST = 256  # examples that go through the model at once during training
CHUNK_DENSE, CHUNK_CONVOLUTION = 1024, 128  # examples in one compiled call: 10 to 200 ms, so that Stop is prompt
EVALUATION_ROWS = 1000

traces: list[str] = []  # one entry whenever TensorFlow traces a training function; a test counts them


class CannotTrain(ValueError):
    """A model or an algorithm that cannot be trained this way; the text says why and what to do."""


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
        from keras import layers

        self.model = _checked(model)
        self.shapes = [tuple(weight.shape) for weight in model.trainable_variables]
        self.cuts = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        self.size = int(self.cuts[-1])
        self.input_shape = tuple(model.input_shape[1:])
        # `_flatten_layers` is how Keras itself walks nested models
        self.convolutional = any("Conv" in type(layer).__name__ for layer in model._flatten_layers())
        self.logits = getattr(model.layers[-1], "activation", None) is not _softmax() and not isinstance(
            model.layers[-1], layers.Softmax
        )
        self._train_functions: dict[Any, Callable[..., Any]] = {}
        self._compiling = threading.Lock()  # parties on two threads meet a new shape at the same moment
        self._evaluate_function = self._compile_evaluation()

    def initial_weights(self) -> np.ndarray:
        """(P,) the weights that the Keras model has now, all its trainable tensors in one flat vector."""
        return np.concatenate([np.ravel(variable.numpy()) for variable in self.model.trainable_variables])

    def require(self, example_shape: tuple[int, ...], classes: int) -> None:
        """Raise `CannotTrain` unless the model takes such examples and has an output for each class."""
        if np.prod(self.input_shape) != np.prod(example_shape):
            raise CannotTrain(
                f"The model takes inputs of shape {self.input_shape}, but one example here has the shape {example_shape}."
            )
        if self.model.output_shape[1] < classes:
            raise CannotTrain(f"The model has {self.model.output_shape[1]} outputs, but there are {classes} classes here.")

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
    ) -> LocalUpdate:
        """Run the local steps of one party that holds the examples `indices` of (x, y), from `global_weights`."""
        import tensorflow as tf

        full = len(indices) if batch_size == "all" else int(batch_size)
        width = WIDEST if batch_size == "all" or full > WIDEST else full
        rows = _rows(local_batches(order, len(indices), full, epochs), width)
        chunk = max(1, (CHUNK_CONVOLUTION if self.convolutional else CHUNK_DENSE) // width)
        accumulate = width < full or batch_size == "all"
        start = [tf.constant(tensor) for tensor in self.tensors(global_weights)]
        shift = (
            [tf.constant(0.0)] * len(start) if correction is None else list(map(tf.constant, self.tensors(correction)))
        )
        values = tf.constant([float(getattr(algorithm, name)) for name in _numeric_settings(algorithm)] or [0.0])
        rate = tf.constant(learning_rate, tf.float32)
        # Carry nothing through the loop that it does not change: XLA would copy it beside the loop, on a thread that all
        # parties share, and W1 would take 0.31 s a round instead of 0.20.
        weights, gradient_sum = start, [tf.zeros_like(tensor) for tensor in start] if accumulate else []
        seeds = [tf.constant(dropout.integers(0, 2**31, 2), seed.dtype) for seed in self._seed_variables()]
        total_loss = 0.0
        for first in range(0, len(rows.sizes), chunk):
            between_chunks()
            part = rows.part(first, chunk)
            examples = indices[part.positions]
            arguments = (
                weights, gradient_sum, seeds, start, shift, *map(tf.constant, (
                    x[examples], y[examples].astype(np.int32), part.shares, part.sizes, part.completes, part.used,
                )), rate, values,
            )  # fmt: skip
            loss, weights, gradient_sum, seeds = self._train_function(algorithm, accumulate, arguments)(*arguments)
            total_loss += float(loss)
        flat = np.concatenate([tensor.numpy().ravel() for tensor in weights])
        return LocalUpdate(flat, int(rows.completes.sum()), total_loss / (epochs * len(indices)))

    def logits_of(self, weights: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(n, classes) the model's outputs as logits (log-probabilities for a model that ends in softmax)."""
        tensors = self.tensors(weights)
        parts = [self._evaluate_function(tensors, part).numpy() for part in _in_rows(x)]
        return np.concatenate(parts)[: len(x)]

    def _train_function(self, algorithm: Algorithm, accumulate: bool, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        """The compiled chunk for these shapes; algorithms that share a `local_gradient` share it."""
        x = arguments[5]
        key = (type(algorithm).local_gradient, _numeric_settings(algorithm), accumulate, tuple(x.shape), x.dtype)
        with self._compiling:
            if key not in self._train_functions:
                chunk = self._compile_training(algorithm, accumulate)
                self._train_functions[key] = chunk.get_concrete_function(*arguments)
            return self._train_functions[key]

    def _compile_training(self, algorithm: Algorithm, accumulate: bool) -> Any:
        import tensorflow as tf

        names = _numeric_settings(algorithm)

        def chunk(weights, gradient_sum, seeds, start, shift, x, y, shares, sizes, completes, used, rate, values):  # type: ignore[no-untyped-def]
            traces.append(f"{type(algorithm).__name__}, {self.model.name}, {x.shape[0]} x {x.shape[1]}")
            symbolic = algorithm.model_copy(update={name: values[i] for i, name in enumerate(names)})

            def step(row, loss, weights, gradient_sum, seeds):  # type: ignore[no-untyped-def]
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(weights)
                    losses, seeds = self._losses(weights, seeds, x[row], y[row])
                    batch_loss = tf.reduce_sum(losses * shares[row])
                gradient = [
                    tf.zeros_like(weight) if part is None else part
                    for weight, part in zip(weights, tape.gradient(batch_loss, weights), strict=True)
                ]
                if accumulate:
                    gradient = [total + part for total, part in zip(gradient_sum, gradient, strict=True)]
                moved = [
                    weight
                    - rate * _same_shape(symbolic, symbolic.local_gradient(part, weight, first, constant), weight)
                    for weight, part, first, constant in zip(weights, gradient, start, shift, strict=True)
                ]
                if accumulate:
                    done = completes[row]
                    weights = [tf.where(done, new, old) for new, old in zip(moved, weights, strict=True)]
                    gradient_sum = [tf.where(done, tf.zeros_like(part), part) for part in gradient]
                else:
                    weights = moved
                return row + 1, loss + batch_loss * sizes[row], weights, gradient_sum, seeds

            state = (tf.constant(0), tf.constant(0.0), weights, gradient_sum, seeds)
            _, *done = tf.while_loop(lambda row, *_: row < used, step, state, parallel_iterations=1)
            return done

        return tf.function(chunk, jit_compile=not self.convolutional, autograph=False)

    def _compile_evaluation(self) -> Callable[..., Any]:
        import tensorflow as tf

        def logits(weights, x):  # type: ignore[no-untyped-def]
            constants = [variable.value for variable in self.model.non_trainable_variables]
            outputs, _ = self.model.stateless_call(weights, constants, self._inputs(x), training=False)
            return outputs if self.logits else tf.math.log(tf.clip_by_value(outputs, 1e-7, 1.0))

        return tf.function(logits, jit_compile=not self.convolutional, autograph=False)

    def _losses(self, weights: Any, seeds: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """(batch,) cross-entropy of each example, and the dropout seeds after this step."""
        import tensorflow as tf

        moving = iter(seeds)
        constants = [
            next(moving) if _is_seed(variable) else variable.value for variable in self.model.non_trainable_variables
        ]
        outputs, after = self.model.stateless_call(weights, constants, self._inputs(x), training=True)
        if not self.logits:
            outputs = tf.math.log(tf.clip_by_value(outputs, 1e-7, 1.0))
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, outputs)
        pairs = zip(self.model.non_trainable_variables, after, strict=True)
        return losses, [value for variable, value in pairs if _is_seed(variable)]

    def _inputs(self, x: Any) -> Any:
        """One batch as the model wants it: images scaled to 0 .. 1, and in the model's input shape."""
        import tensorflow as tf

        scaled = tf.cast(x, tf.float32) / 255.0 if x.dtype == tf.uint8 else tf.cast(x, tf.float32)
        return tf.reshape(scaled, (-1, *self.input_shape))

    def _seed_variables(self) -> list[Any]:
        return [variable for variable in self.model.non_trainable_variables if _is_seed(variable)]


@lru_cache(maxsize=16)
def trainer(model: keras.Model) -> LocalTraining:
    """The `LocalTraining` of a model: one for each, so that nothing is compiled twice."""
    return LocalTraining(model)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Batches laid out in rows of `width` examples; a batch takes as many rows as it needs."""

    positions: np.ndarray  # (rows, width) which examples; 0 where there is none
    shares: np.ndarray  # (rows, width) each example's part in its batch's mean, 1 / batch size; 0 where there is none
    sizes: np.ndarray  # (rows,) examples in the batch that the row belongs to
    completes: np.ndarray  # (rows,) whether the row is its batch's last: then the local step is made
    used: int  # rows that hold something

    def part(self, first: int, length: int) -> _Rows:
        """Rows first .. first + length, filled up with empty rows."""
        cut = slice(first, first + length)
        used = len(self.sizes[cut])

        def fill(array: np.ndarray) -> np.ndarray:
            return np.pad(array[cut], [(0, length - used)] + [(0, 0)] * (array.ndim - 1))

        return _Rows(fill(self.positions), fill(self.shares), fill(self.sizes), fill(self.completes), used)


def _rows(batches: list[np.ndarray], width: int) -> _Rows:
    """Lay batches out in rows of `width` examples."""
    batch_sizes = np.array([len(batch) for batch in batches])
    needed = -(-batch_sizes // width)
    last = np.cumsum(needed) - 1
    completes = np.zeros(last[-1] + 1, bool)
    completes[last] = True
    filled = np.full(len(completes), width)
    filled[last] = batch_sizes - (needed - 1) * width
    holds = np.arange(width) < filled[:, None]
    positions = np.zeros(holds.shape, np.int64)
    positions[holds] = np.concatenate(batches)
    sizes = np.repeat(batch_sizes, needed).astype(np.float32)
    return _Rows(positions, (holds / sizes[:, None]).astype(np.float32), sizes, completes, len(sizes))


def _in_rows(x: np.ndarray) -> list[np.ndarray]:
    """x in parts of EVALUATION_ROWS examples, the last one filled up with zeros."""
    parts = [x[first : first + EVALUATION_ROWS] for first in range(0, len(x), EVALUATION_ROWS)]
    missing = EVALUATION_ROWS - len(parts[-1])
    parts[-1] = np.pad(parts[-1], [(0, missing)] + [(0, 0)] * (x.ndim - 1))
    return parts


def _numeric_settings(algorithm: Algorithm) -> tuple[str, ...]:
    """The names of the settings that the compiled step receives as tensors."""
    return tuple(name for name in settings_of(type(algorithm)) if isinstance(getattr(algorithm, name), (int, float)))


def _same_shape(algorithm: Algorithm, direction: Any, weight: Any) -> Any:
    shape = getattr(direction, "shape", None)
    if shape != weight.shape:
        raise CannotTrain(
            f"local_gradient of {type(algorithm).__name__} returned the shape {shape} for weights of shape {weight.shape}: "
            "it must return one number for each weight."
        )
    return direction


def _is_seed(variable: Any) -> bool:
    return "seed_generator_state" in variable.path


def _softmax() -> Any:
    from keras import activations

    return activations.softmax


def _checked(model: keras.Model) -> keras.Model:
    """The model itself, if it can be trained this way; otherwise `CannotTrain` with the reason."""
    if not getattr(model, "built", False) or not hasattr(model, "stateless_call"):
        raise CannotTrain("The model must be a built Keras model: begin it with keras.Input(...), or call it once.")
    if not hasattr(model, "outputs"):
        raise CannotTrain("The model must be a keras.Sequential or a functional keras.Model, whose shapes are known.")
    if not model.trainable_variables:
        raise CannotTrain("The model has no weights to train.")
    if len(model.inputs) != 1:
        raise CannotTrain(f"The model must have one input, but it has {len(model.inputs)}.")
    if len(model.outputs) != 1 or len(model.output_shape) != 2:
        raise CannotTrain(
            f"The model must end in one vector of logits an example, but its output is {model.output_shape}."
        )
    for variable in model.non_trainable_variables:
        if not _is_seed(variable) and not _is_frozen(model, variable):
            raise CannotTrain(
                f"The model keeps {variable.path} outside its gradient (as BatchNormalization does), and averaging that "
                "over parties is an open problem: use LayerNormalization or GroupNormalization, or freeze the layer."
            )
    return model


def _is_frozen(model: keras.Model, variable: Any) -> bool:
    frozen = [layer for layer in model._flatten_layers() if not layer.trainable]
    return any(variable is weight for layer in frozen for weight in layer.weights)
