"""The six steps as in a textbook: plain Keras and NumPy, nothing compiled, nothing in parallel.

Slow, and meant to be read. It makes the same random choices as the engines (`randomness.py`), and a test holds them
against it: same batches, same numbers up to float rounding. `tests/unit/textbook.py` tells the other algorithms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fedlab.datasets import Dataset
from fedlab.engines.tensorflow_setup import load_tensorflow
from fedlab.experiment import Experiment
from fedlab.prepare import hold
from fedlab.randomness import Choice, generator, local_batches, participants

if TYPE_CHECKING:
    import keras

Weights = list[np.ndarray]  # one array for each of the model's weight tensors


def run(experiment: Experiment, dataset: Dataset, model: keras.Model) -> Iterator[Weights]:
    """Yield the shared model after each round.

    `model` is only a workbench: its weights are set before it is used. It must give logits and have no dropout.
    Knows FedSGD, FedAvg and FedProx: μ is `experiment.algorithm.mu` where there is one, else 0.
    """
    seed = experiment.seed
    shared = model.get_weights()  # 1. initialise
    parties = hold(experiment, dataset)
    for number in range(1, experiment.rounds + 1):  # 6. repeat
        uploads = []
        for k in participants(seed, number, len(parties), experiment.participation):
            x, y = scale(dataset.train_x[parties[k]], dataset), dataset.train_y[parties[k]]
            order = generator(seed, Choice.BATCHES, number, k)
            local = train(model, shared, x, y, order, experiment)  # 5. send out; 2. train locally
            uploads.append((len(y), local))  # 3. upload
        shared = average(uploads)  # 4. aggregate
        yield shared


def train(
    model: keras.Model,
    shared: Weights,
    x: np.ndarray,
    y: np.ndarray,
    order: np.random.Generator,
    experiment: Experiment,
) -> Weights:
    """One party's local training: w <- w - η (∇l(w; b) + μ (w - w_t)) for each batch b of each local epoch.

    x: (n_k, ...) its examples as the model sees them. y: (n_k,) their labels.
    """
    load_tensorflow()
    import tensorflow as tf

    mu = getattr(experiment.algorithm, "mu", 0.0)
    batch_size = len(y) if experiment.batch_size == "all" else int(experiment.batch_size)
    cross_entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.set_weights(shared)
    for batch in local_batches(order, len(y), batch_size, experiment.local_epochs):
        with tf.GradientTape() as tape:
            loss = cross_entropy(y[batch], model(x[batch]))
        for w, gradient, w_t in zip(
            model.trainable_variables, tape.gradient(loss, model.trainable_variables), shared, strict=True
        ):
            w.assign(w - experiment.learning_rate * (gradient + mu * (w - w_t)))
    return model.get_weights()


def average(uploads: list[tuple[int, Weights]]) -> Weights:
    """w = Σ n_k/n w_k: each party's weights count by its examples n_k."""
    n = sum(n_k for n_k, _ in uploads)
    return [np.sum([n_k / n * w_k[i] for n_k, w_k in uploads], axis=0) for i in range(len(uploads[0][1]))]


def accuracy(model: keras.Model, weights: Weights, dataset: Dataset) -> float:
    """The share of the test examples that these weights get right."""
    model.set_weights(weights)
    logits = model.predict(scale(dataset.test_x, dataset), batch_size=1000, verbose=0)
    return float((logits.argmax(axis=1) == dataset.test_y).mean())


def scale(x: np.ndarray, dataset: Dataset) -> np.ndarray:
    """Examples as models see them, x / scale: MNIST's pixels from 0 to 1."""
    return x.astype(np.float32) / np.float32(dataset.scale)
