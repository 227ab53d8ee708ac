"""The models, each a plain Keras model that returns one logit a class.

A Keras classifier of your own works just as well: `run(experiment, model=my_model)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedlab.tensorflow_setup import load_tensorflow

if TYPE_CHECKING:
    import keras

MODELS = {
    "softmax": "Softmax regression: 7,850 weights, a convex problem",
    "2nn": "2NN: two hidden layers of 200, 199,210 weights (McMahan et al. 2017)",
    "cnn": "Small CNN: two 5×5 convolutions, 44,426 weights",
}


def build(name: str, input_shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    """A new Keras model with weights drawn from `seed`.

    name: one of `MODELS`. input_shape: one example's shape, (28, 28) for MNIST. The model maps (batch, *input_shape)
    to (batch, classes) logits.
    """
    load_tensorflow()
    import keras
    from keras import layers

    seeds = iter(range(seed * 100, seed * 100 + 100))

    def dense(units: int, activation: str | None = None) -> keras.Layer:
        start = keras.initializers.GlorotUniform(seed=next(seeds))
        return layers.Dense(units, activation=activation, kernel_initializer=start)

    def conv(filters: int) -> keras.Layer:
        start = keras.initializers.GlorotUniform(seed=next(seeds))
        return layers.Conv2D(filters, 5, activation="relu", kernel_initializer=start)

    first = keras.Input(input_shape)
    if name == "softmax":
        return keras.Sequential([first, layers.Flatten(), dense(classes)], name=name)
    if name == "2nn":
        hidden = [dense(200, "relu"), dense(200, "relu")]
        return keras.Sequential([first, layers.Flatten(), *hidden, dense(classes)], name=name)
    if name == "cnn":
        if len(input_shape) != 2:
            raise ValueError(f"The model cnn needs images, but one example here has the shape {input_shape}.")
        image = layers.Reshape((*input_shape, 1))
        features = [conv(6), layers.MaxPooling2D(), conv(16), layers.MaxPooling2D(), layers.Flatten()]
        return keras.Sequential(
            [first, image, *features, dense(120, "relu"), dense(84, "relu"), dense(classes)], name=name
        )
    raise ValueError(f"There is no model {name}: choose one of {', '.join(MODELS)}.")
