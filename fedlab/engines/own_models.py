"""Which Keras classifiers can be trained here, and what must be known about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fedlab.party import CannotTrain
from fedlab.text import say

if TYPE_CHECKING:
    import keras


def require_trainable(model: keras.Model) -> None:
    """Raise `CannotTrain` with the reason unless local SGD can train this model.

    It can if everything that training changes is in the gradient's reach, or is the seed of a dropout layer.
    """
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
    if None in model.input_shape[1:]:
        raise CannotTrain(f"The model must fix the shape of its input, but that is {model.input_shape[1:]}.")
    if model.losses:
        raise CannotTrain(
            "The model adds penalties of its own to the loss (as kernel_regularizer does), and training here would "
            "leave them out: build it without them."
        )
    for variable in model.non_trainable_variables:
        if not is_seed(variable) and not _is_frozen(model, variable):
            raise CannotTrain(
                f"The model keeps {variable.path} outside its gradient (as BatchNormalization does), and averaging it "
                "over parties is an open problem: use LayerNormalization or GroupNormalization, or freeze the layer."
            )


def require_fit(model: keras.Model, example_shape: tuple[int, ...], classes: int) -> None:
    """Raise `CannotTrain` unless the model takes such examples and has an output for each class."""
    input_shape = tuple(model.input_shape[1:])
    if np.prod(input_shape) != np.prod(example_shape):
        raise CannotTrain(
            f"The model takes inputs of shape {input_shape}, but one example here has the shape {example_shape}."
        )
    if model.output_shape[1] < classes:
        raise CannotTrain(f"The model has {model.output_shape[1]} outputs, but there are {classes} classes here.")


def is_seed(variable: Any) -> bool:
    """Whether a variable is the seed of a dropout layer, which moves on with every step."""
    return "seed_generator_state" in variable.path


def gives_logits(model: keras.Model) -> bool:
    """False for a model that ends in softmax, however that is written: its outputs are positive and add up to 1."""
    probe = np.random.default_rng(0).random((8, *model.input_shape[1:]), np.float32)
    outputs = np.asarray(model(probe, training=False))
    return bool((outputs < 0).any() or np.abs(outputs.sum(axis=1) - 1).max() > 1e-3)


def is_convolutional(model: keras.Model) -> bool:
    """Whether the model has a convolution anywhere."""
    return any("Conv" in type(layer).__name__ for layer in _layers(model))


def _is_frozen(model: keras.Model, variable: Any) -> bool:
    frozen = [layer for layer in _layers(model) if not layer.trainable]
    return any(variable is weight for layer in frozen for weight in layer.weights)


def _layers(model: keras.Model) -> list[keras.Layer]:
    return list(model._flatten_layers())  # how Keras itself walks nested models
