"""Stacks of dense layers: softmax regression, McMahan's 2NN, or any of your own."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import ClassVar

from fedlab.models.base import Model, Shape


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
