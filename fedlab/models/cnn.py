"""A small convolutional network, after LeNet-5; needs TensorFlow."""

from __future__ import annotations

from typing import ClassVar

from fedlab.models.base import Model, Shape
from fedlab.settings import InvalidSetting
from fedlab.text import say


class CNN(Model):
    """Convolutions 5 x 5 with 6 and 16 filters, each with 2 x 2 max-pooling, then dense layers of 120 and 84 units.

    Source: NIID-Bench (Li et al. 2022, arXiv 2102.02079), section 5.
    """

    name: ClassVar[str] = "cnn"
    title: ClassVar[str] = "Small CNN"
    lesson: ClassVar[str] = "Two 5×5 convolutions: 44,426 weights for MNIST; slower, and needs TensorFlow."

    def kernels(self, example_shape: Shape, classes: int) -> list[Shape]:
        if len(example_shape) != 2 or min(example_shape) < 16:
            raise InvalidSetting(
                "model",
                say(
                    "The model cnn needs images of 16 × 16 pixels at least, but one example here has the shape "
                    "{shape}.",
                    shape=example_shape,
                ),
            )
        height, width = (((side - 4) // 2 - 4) // 2 for side in example_shape)
        return [(5, 5, 1, 6), (5, 5, 6, 16), (16 * height * width, 120), (120, 84), (84, classes)]
