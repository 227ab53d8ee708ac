"""The contenders that live in the kit's own environment: `python -m benchmarks.contenders NAME TASK`.

Each is a generator of rounds: the test accuracy and the shared model's weights after each.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.worker import Task, images, serve
from fedlab import reference
from fedlab.datasets import mnist
from fedlab.engines import processors
from fedlab.engines.tensorflow_setup import load_tensorflow
from fedlab.experiment import Experiment
from fedlab.federation import run
from fedlab.randomness import participants

if TYPE_CHECKING:
    import keras

Rounds = Iterator[tuple[float | None, Any]]


def numpy_engine(task: Task) -> Rounds:
    """Our engine for dense models, as the lab uses it. The seed gives its first model: the task's, bit for bit."""
    for one in run(Experiment.from_json(task.experiment), engine="numpy"):
        assert one.state is not None
        yield one.test_accuracy, [one.state.weights]


def keras_engine(task: Task) -> Rounds:
    """Our engine for any Keras model, as the lab uses it for convolutions."""
    for one in run(Experiment.from_json(task.experiment), model=workbench(task)):
        assert one.state is not None
        yield one.test_accuracy, [one.state.weights]


def textbook(task: Task) -> Rounds:
    """`fedlab.reference`: the same numbers as our engines, one eager step after another."""
    model = workbench(task)
    for weights in reference.run(Experiment.from_json(task.experiment), mnist(), model):
        yield reference.accuracy(model, weights, mnist()), weights


def nudged_textbook(task: Task) -> Rounds:
    """The textbook from first weights that are one float32 further up: how far rounding alone can lead."""
    return textbook(replace(task, weights=[np.nextafter(weight, np.float32(np.inf)) for weight in task.weights]))


def keras_loop(task: Task) -> Rounds:
    """What articles write: for each party a model, `set_weights`, `fit`, `get_weights`; mean; `evaluate`.

    Favoured in three ways: TensorFlow has all its threads, the images are float and scaled beforehand, and the models
    are kept, so that only the first round (which is not counted) pays for building and tracing them.
    """
    import tensorflow as tf

    tf.constant(0)  # TensorFlow starts with its own thread settings, before ours could apply
    data = images()
    models = [workbench(task) for _ in range(task.per_round)]
    for model in models:
        model.compile(
            optimizer=tf.keras.optimizers.SGD(task.learning_rate),
            loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
    shared = task.weights
    for number in range(1, sys.maxsize):
        chosen = participants(task.seed, number, len(task.parties), task.per_round / len(task.parties))
        local = []
        for model, party in zip(models, chosen, strict=True):
            own = task.parties[party]
            model.set_weights(shared)
            model.fit(
                data["x_train"][own],
                data["y_train"][own],
                batch_size=task.batch_size,
                epochs=task.local_epochs,
                verbose=0,
            )
            local.append(model.get_weights())
        sizes = [len(task.parties[party]) for party in chosen]
        shared = [np.average(parts, axis=0, weights=sizes).astype(np.float32) for parts in zip(*local, strict=True)]
        models[0].set_weights(shared)
        yield models[0].evaluate(data["x_test"], data["y_test"], verbose=0)[1], shared


def products(task: Task) -> Rounds:
    """The matrix products of a round and nothing else: no activations, no steps, no averages, nothing learned.

    Dense models: NumPy (OpenBLAS, one thread each) forward, for the weights, and for the layer below, on as many
    threads as there are processors. With convolutions: those and the dense products in TensorFlow (oneDNN), likewise.
    """
    convolutional = any(weight.ndim == 4 for weight in task.weights)
    train, evaluate = (_convolution_products if convolutional else _dense_products)(task)
    sizes = [
        [len(own[first : first + task.batch_size]) for first in range(0, len(own), task.batch_size)] * task.local_epochs
        for own in task.parties[: task.per_round]
    ]
    with ThreadPoolExecutor(processors()) as pool:
        while True:
            list(pool.map(train, sizes))
            list(pool.map(evaluate, [1000] * 10))
            yield None, None


def _dense_products(task: Task) -> tuple[Any, Any]:
    weights = [weight for weight in task.weights if weight.ndim == 2]
    widths = [weights[0].shape[0], *(weight.shape[1] for weight in weights)]
    values = [np.random.default_rng(0).random((1000, width), np.float32) for width in widths]

    def forward(size: int, results: list[np.ndarray]) -> None:
        for below, weight, result in zip(values, weights, results, strict=False):
            np.matmul(below[:size], weight, out=result[:size])

    def train(batches: list[int]) -> None:
        results = [np.empty((max(batches), width), np.float32) for width in widths]
        gradients = [np.empty_like(weight) for weight in weights]
        for size in batches:
            forward(size, results[1:])
            for i in reversed(range(len(weights))):
                np.matmul(values[i][:size].T, values[i + 1][:size], out=gradients[i])
                if i:
                    np.matmul(values[i + 1][:size], weights[i].T, out=results[i][:size])

    def evaluate(size: int) -> None:
        forward(size, [np.empty((size, width), np.float32) for width in widths[1:]])

    return train, evaluate


def _convolution_products(task: Task) -> tuple[Any, Any]:
    model = workbench(task)
    import tensorflow as tf

    layers = [layer for layer in model.layers if layer.weights]

    def product(layer: Any, below: Any) -> Any:
        if len(layer.kernel.shape) == 2:
            return tf.matmul(below, layer.kernel)
        return tf.raw_ops.Conv2D(input=below, filter=layer.kernel, **_how(layer))

    def down(layer: Any, below: Any, above: Any) -> Any:
        if len(layer.kernel.shape) == 2:
            return tf.matmul(above, layer.kernel, transpose_b=True)
        return tf.raw_ops.Conv2DBackpropInput(
            input_sizes=below.shape, filter=layer.kernel, out_backprop=above, **_how(layer)
        )

    def gradient(layer: Any, below: Any, above: Any) -> Any:
        if len(layer.kernel.shape) == 2:
            return tf.matmul(below, above, transpose_a=True)
        return tf.raw_ops.Conv2DBackpropFilter(
            input=below, filter_sizes=layer.kernel.shape, out_backprop=above, **_how(layer)
        )

    @tf.function(autograph=False)
    def forward(belows: list[Any]) -> list[Any]:
        return [product(*pair) for pair in zip(layers, belows, strict=True)]

    @tf.function(autograph=False)
    def step(belows: list[Any], aboves: list[Any]) -> list[Any]:
        all_three = list(zip(layers, belows, aboves, strict=True))
        return forward(belows) + [gradient(*three) for three in all_three] + [down(*three) for three in all_three[1:]]

    def values(size: int, side: str) -> list[Any]:
        return [tf.random.normal((size, *getattr(layer, side).shape[1:])) for layer in layers]

    inputs = {size: (values(size, "input"), values(size, "output")) for size in _batch_sizes(task)}
    wide = values(1000, "input")

    def train(batches: list[int]) -> None:
        for size in batches:
            step(*inputs[size])

    return train, lambda size: forward(wide)


def _how(layer: Any) -> dict[str, Any]:
    return {"strides": [1, 1, 1, 1], "padding": layer.padding.upper()}


def _batch_sizes(task: Task) -> set[int]:
    return {
        min(task.batch_size, len(own) - first) for own in task.parties for first in range(0, len(own), task.batch_size)
    }


def workbench(task: Task) -> keras.Model:
    """The task's Keras model, with the weights of the first shared model."""
    load_tensorflow()
    import keras

    model = keras.models.model_from_json(task.model)
    model.set_weights(task.weights)
    return model


CONTENDERS = {
    "numpy": numpy_engine,
    "keras": keras_engine,
    "loop": keras_loop,
    "products": products,
    "textbook": textbook,
    "nudged": nudged_textbook,
}

if __name__ == "__main__":
    name, path = sys.argv[1:]
    serve(CONTENDERS[name](Task.load(Path(path))))
