"""Local training in TensorFlow: the kit's own models as Keras models, and any Keras classifier of the learner's own."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from fedlab.engines.base import Engine
from fedlab.engines.compiled import LocalTraining, trainer
from fedlab.engines.own_models import require_fit
from fedlab.engines.tensorflow_setup import load_tensorflow
from fedlab.messages import Trained
from fedlab.models import CNN, MODELS, Dense, Model
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

    def train(self, job: Job) -> Trained:
        return self.training.train(job, self.check)

    def answer(self, weights: np.ndarray, x: np.ndarray, scale: float) -> np.ndarray:
        return self.training.logits_of(weights, x, scale, self.check)


def training_for(prepared: Prepared) -> LocalTraining:
    """The compiled training of an experiment's model; raises `CannotTrain` if the model does not fit."""
    shape, classes = prepared.dataset.train_x.shape[1:], prepared.dataset.classes
    training = trainer(prepared.model or _skeleton(prepared.experiment.model, shape, classes))
    require_fit(training.model, shape, classes)
    return training


def build(model: Model | str, input_shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    """One of the kit's models as a Keras model, its weights drawn from `seed`.

    model: an instance, or a name of `MODELS`. input_shape: one example's shape, (28, 28) for MNIST. The Keras model maps
    (batch, *input_shape) to (batch, classes) logits.
    """
    load_tensorflow()
    import keras
    from keras import layers

    kind = MODELS[model]() if isinstance(model, str) else model
    shapes = kind.shapes(input_shape, classes)
    if isinstance(kind, Dense):
        stack = [layers.Flatten(), *(layers.Dense(units, "relu") for units in kind.hidden), layers.Dense(classes)]
    elif isinstance(kind, CNN):
        (*_, first), (*_, second) = shapes[0], shapes[2]
        convolutions = [layers.Conv2D(first, 5, activation="relu"), layers.Conv2D(second, 5, activation="relu")]
        features = [part for conv in convolutions for part in (conv, layers.MaxPooling2D())]
        dense = [layers.Dense(shape[-1], "relu") for shape in shapes[4:-2:2]]
        stack = [layers.Reshape((*input_shape, 1)), *features, layers.Flatten(), *dense, layers.Dense(classes)]
    else:
        raise CannotTrain(say("{model} is no model that Keras can build: it must be made from Dense.", model=kind.name))
    built = keras.Sequential([keras.Input(input_shape, dtype="float32"), *stack], name=kind.name)
    first_weights = kind.first_weights(input_shape, classes, seed)
    cuts = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    parts = zip(np.split(first_weights, cuts), shapes, strict=True)
    built.set_weights([part.reshape(shape) for part, shape in parts])
    return built


@lru_cache(maxsize=8)
def _skeleton(model: Model, input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """The one Keras model of a kind that training is compiled for; its own weights are never used."""
    return build(model, input_shape, classes, seed=0)
