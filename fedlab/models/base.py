"""What a model is before anything trains it: the shapes of its weights, and the first ones, drawn from a seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from fedlab.models.draw import uniform
from fedlab.settings import Kind

Shape = tuple[int, ...]


def tensors(flat: np.ndarray, shapes: Sequence[Shape]) -> list[np.ndarray]:
    """A flat vector (P,) of weights cut into arrays of these shapes, in their order; views, not copies."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]


class Model(Kind):
    """A classifier that gives one logit a class. Its weights are one flat vector (P,): kernel, bias, kernel, bias."""

    def kernels(self, example_shape: Shape, classes: int) -> list[Shape]:
        """The shape of each layer's kernel, in order; `InvalidSetting` if such examples do not fit.

        (in, out) for a dense layer, (height, width, in, out) for a convolution.
        """
        raise NotImplementedError

    def shapes(self, example_shape: Shape, classes: int) -> list[Shape]:
        """The shapes of all weight tensors: each kernel, and the bias of its layer."""
        return [shape for kernel in self.kernels(example_shape, classes) for shape in (kernel, kernel[-1:])]

    def first_weights(self, example_shape: Shape, classes: int, seed: int) -> np.ndarray:
        """(P,) float32: kernels uniform in ±√(6 / (fan in + fan out)), biases 0.

        The draws are those of Keras' GlorotUniform(seed = 100 · seed + the layer's number), so that both engines begin
        alike and lessons keep their numbers. Source: Glorot and Bengio 2010, equation 16.
        """
        return np.concatenate(list(self._drawn(example_shape, classes, seed)))

    def _drawn(self, example_shape: Shape, classes: int, seed: int) -> Iterator[np.ndarray]:
        for layer, kernel in enumerate(self.kernels(example_shape, classes)):
            field = math.prod(kernel[:-2])
            limit = math.sqrt(6 / (field * (kernel[-2] + kernel[-1])))
            yield uniform(100 * seed + layer, math.prod(kernel), -limit, limit)
            yield np.zeros(kernel[-1], np.float32)
