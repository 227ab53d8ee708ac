"""Stacks of dense layers: softmax regression, McMahan's 2NN, or any of your own."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import ClassVar

from fedlab.models.base import Model, Shape
from fedlab.settings import setting


class Dense(Model):
    """x -> relu(x W + b) for each hidden layer, then x W + b: the logits. A subclass says how wide the layers are.

    >>> class Narrow(Dense): hidden = (30,)
    """

    hidden: ClassVar[tuple[int, ...]] = ()  # units of each hidden layer

    def kernels(self, example_shape: Shape, classes: int) -> list[Shape]:
        return list(pairwise([math.prod(example_shape), *self.hidden, classes]))


class Softmax(Dense):
    """Softmax regression: no hidden layer."""

    name: ClassVar[str] = "softmax"
    title: ClassVar[str] = "Softmax regression"
    lesson: ClassVar[str] = "7,850 weights for MNIST, and a convex problem: one valley."


class TwoNN(Dense):
    """The 2NN of McMahan et al. 2017, section 3: two hidden layers of 200 units."""

    name: ClassVar[str] = "2nn"
    title: ClassVar[str] = "2NN"
    lesson: ClassVar[str] = "Two hidden layers of 200, hence 2NN: 199,210 weights for MNIST (McMahan et al. 2017)."
    hidden: ClassVar[tuple[int, ...]] = (200, 200)


class MLP(Dense):
    """Hidden layers of as many units as you like; small ones fit tables."""

    name: ClassVar[str] = "mlp"
    title: ClassVar[str] = "MLP of any size"
    lesson: ClassVar[str] = "A few units for a table of a dozen columns, many for images: more than that is remembered."

    mlp_units: int = setting(16, "Units of each hidden layer.", low=1, high=1_000, slider=(1, 100))
    mlp_layers: int = setting(1, "How many hidden layers there are.", low=1, high=4)

    @property
    def hidden(self) -> tuple[int, ...]:  # type: ignore[override]
        return (self.mlp_units,) * self.mlp_layers
