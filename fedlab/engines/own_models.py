"""Which Keras classifiers can be trained here, and what must be known about them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from fedlab.party import CannotTrain
from fedlab.text import say

if TYPE_CHECKING:
    import keras

PROBES = 64  # examples that a model is asked about to see how it ends


def require_fit(model: keras.Model, example_shape: tuple[int, ...], classes: int) -> None:
    """Raise `CannotTrain` unless local SGD can train this model on such examples, with an output for each class."""
    require_trainable(model)
    input_shape = tuple(model.input_shape[1:])
    if math.prod(input_shape) != math.prod(example_shape):
        raise CannotTrain(
            say(
                "The model takes inputs of shape {input}, but one example here has the shape {example}.",
                input=input_shape,
                example=tuple(example_shape),
            )
        )
    if model.output_shape[1] < classes:
        raise CannotTrain(
            say(
                "The model has {outputs} outputs, but there are {classes} classes here.",
                outputs=model.output_shape[1],
                classes=classes,
            )
        )


def require_trainable(model: keras.Model) -> None:
    """Raise `CannotTrain` with the reason unless local SGD can train this model.

    It can if everything that training changes is in the gradient's reach, or is the seed of a dropout layer, if all
    that acts on the weights is the gradient, and if it computes in float32 and ends in logits or softmax.
    """
    _require_shape(model)
    _require_float32(model)
    _require_nothing_beside_the_gradient(model)
    gives_logits(model)


def _require_shape(model: keras.Model) -> None:
    if not getattr(model, "built", False) or not hasattr(model, "stateless_call"):
        raise CannotTrain(
            say("The model must be a built Keras model: begin it with keras.Input(...), or call it once.")
        )
    if not hasattr(model, "outputs"):
        raise CannotTrain(
            say("The model must be a keras.Sequential or a functional keras.Model, whose shapes are known.")
        )
    if not model.trainable_variables:
        raise CannotTrain(say("The model has no weights to train."))
    if len(model.inputs) != 1:
        raise CannotTrain(say("The model must have one input, but it has {inputs}.", inputs=len(model.inputs)))
    if len(model.outputs) != 1 or len(model.output_shape) != 2:
        raise CannotTrain(
            say(
                "The model must end in one vector of logits an example, but its output is {output}.",
                output=model.output_shape,
            )
        )
    if None in model.input_shape[1:]:
        raise CannotTrain(
            say("The model must fix the shape of its input, but that is {input}.", input=model.input_shape[1:])
        )


def _require_float32(model: keras.Model) -> None:
    import keras

    backend = keras.config.backend()
    if backend != "tensorflow":
        raise CannotTrain(
            say(
                "Keras computes with {backend} here, but the engine keras needs TensorFlow: set KERAS_BACKEND to "
                "tensorflow before Keras is imported.",
                backend=backend,
            )
        )
    for layer in _layers(model):
        hands_on = isinstance(layer, (keras.Model, keras.layers.InputLayer))  # computes nothing itself
        types = {layer.compute_dtype, *(weight.dtype for weight in layer.trainable_variables)}
        if types != {"float32"} and not hands_on:
            raise CannotTrain(
                say(
                    "The layer {layer} of the model computes in {types}, but training here is in float32: give it "
                    "dtype='float32', or call keras.config.set_dtype_policy('float32') before you build the model.",
                    layer=layer.name,
                    types=", ".join(sorted(types - {"float32"})),
                )
            )


def _require_nothing_beside_the_gradient(model: keras.Model) -> None:
    if model.losses or any(getattr(layer, "activity_regularizer", None) for layer in _layers(model)):
        raise CannotTrain(
            say(
                "The model adds penalties of its own to the loss (as kernel_regularizer and activity_regularizer do), "
                "and training here would leave them out: build it without them."
            )
        )
    for variable in model.trainable_variables:
        if variable.constraint is not None:
            raise CannotTrain(
                say(
                    "The model holds {weights} to a constraint after each step (as kernel_constraint does), and "
                    "training here would leave that out: build it without constraints.",
                    weights=variable.path,
                )
            )
    for variable in model.non_trainable_variables:
        if not is_seed(variable) and not _is_frozen(model, variable):
            raise CannotTrain(
                say(
                    "The model keeps {variable} outside its gradient (as BatchNormalization does), and averaging it "
                    "over parties is an open problem: use LayerNormalization or GroupNormalization, or freeze it.",
                    variable=variable.path,
                )
            )


@lru_cache(maxsize=16)
def gives_logits(model: keras.Model) -> bool:
    """False for a model that ends in softmax, however that is written: its outputs are positive and add up to 1.

    The model is asked with drawn weights instead of its own, which may all be 0. Logits of so many examples are then
    never all positive: `CannotTrain` if they are, as behind a sigmoid or a ReLU.
    """
    rng = np.random.default_rng(0)
    drawn = [
        (rng.normal(size=weight.shape) / math.sqrt(math.prod(weight.shape[:-1]))).astype(np.float32)
        for weight in model.trainable_variables
    ]
    constants = [variable.value for variable in model.non_trainable_variables]
    examples = rng.random((PROBES, *model.input_shape[1:]), np.float32)
    outputs = np.asarray(model.stateless_call(drawn, constants, examples, training=False)[0])
    if (outputs < 0).any():
        return True
    if np.abs(outputs.sum(axis=1) - 1).max() < 1e-3:
        return False
    raise CannotTrain(
        say(
            "The model's outputs are never negative and do not add up to 1 (as behind a sigmoid or a ReLU): end it in "
            "logits, a dense layer without activation, or in softmax."
        )
    )


def is_seed(variable: Any) -> bool:
    """Whether a variable is the seed of a dropout layer, which moves on with every step."""
    return "seed_generator_state" in variable.path


def is_convolutional(model: keras.Model) -> bool:
    """Whether the model has a convolution anywhere."""
    return any("Conv" in type(layer).__name__ for layer in _layers(model))


def _is_frozen(model: keras.Model, variable: Any) -> bool:
    frozen = [layer for layer in _layers(model) if not layer.trainable]
    return any(variable is weight for layer in frozen for weight in layer.weights)


def _layers(model: keras.Model) -> list[keras.Layer]:
    return list(model._flatten_layers())  # how Keras itself walks nested models
