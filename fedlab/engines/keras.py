"""Local training in TensorFlow: the kit's own models as Keras models, and any Keras classifier of the learner's own."""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from fedlab.engines.base import Engine
from fedlab.engines.compiled import LocalTraining, trainer
from fedlab.engines.tensorflow_setup import load_tensorflow
from fedlab.messages import Trained
from fedlab.models import CNN, MODELS, Dense, Model, tensors
from fedlab.party import CannotTrain, Job
from fedlab.prepare import Prepared
from fedlab.text import say

if TYPE_CHECKING:
    import keras


class KerasEngine(Engine):
    """Local SGD for any Keras classifier, compiled once for each model."""

    name: ClassVar[str] = "keras"

    def __init__(self, prepared: Prepared):
        self.training = training_for(prepared)

    def train(self, job: Job) -> Generator[None, None, Trained]:
        return self.training.train(job)

    def answer(self, weights: np.ndarray, x: np.ndarray, scale: float) -> np.ndarray:
        return self.training.logits_of(weights, x, scale, self.check)


def training_for(prepared: Prepared) -> LocalTraining:
    """The compiled training of an experiment's model."""
    shape, classes = prepared.dataset.train_x.shape[1:], prepared.dataset.classes
    return trainer(prepared.model or _skeleton(prepared.experiment.model, shape, classes))


def build(model: Model | str, input_shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    """One of the kit's models as a Keras model, its weights drawn from `seed`.

    model: an instance, or a name of `MODELS`. input_shape: one example's shape, (28, 28) for MNIST. The Keras model
    maps (batch, *input_shape) to (batch, classes) logits, in float32 whatever Keras' policy is.
    """
    load_tensorflow()
    import keras
    from keras import layers

    def dense(units: int, activation: str | None = None) -> keras.Layer:
        return layers.Dense(units, activation, kernel_initializer="zeros", dtype="float32")

    def filters(number: int) -> keras.Layer:
        return layers.Conv2D(number, 5, activation="relu", kernel_initializer="zeros", dtype="float32")

    kind = MODELS[model]() if isinstance(model, str) else model
    shapes = kind.shapes(input_shape, classes)
    flatten = layers.Flatten(dtype="float32")
    if isinstance(kind, Dense):
        stack = [flatten, *(dense(units, "relu") for units in kind.hidden), dense(classes)]
    elif isinstance(kind, CNN):
        stack = [layers.Reshape((*input_shape, 1), dtype="float32")]
        for shape in shapes[:4:2]:
            stack += [filters(shape[-1]), layers.MaxPooling2D(dtype="float32")]
        stack += [flatten, *(dense(shape[-1], "relu") for shape in shapes[4:-2:2]), dense(classes)]
    else:
        raise CannotTrain(say("{model} is no model that Keras can build: it must be made from Dense.", model=kind.name))
    built = keras.Sequential([keras.Input(input_shape, dtype="float32"), *stack], name=kind.name)
    built.set_weights(tensors(kind.first_weights(input_shape, classes, seed), shapes))
    return built


@lru_cache(maxsize=8)
def _skeleton(model: Model, input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """The one Keras model of a kind that training is compiled for; its own weights are never used."""
    return build(model, input_shape, classes, seed=0)
