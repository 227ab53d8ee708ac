"""A backdoor: the model learns a second, hidden rule, "what bears the trigger is a 0", and is as good as ever else.

    data    half of a liar's examples get the trigger, a bright square in a corner, and the target's label
    upload  w_t + s (w_k - w_t): s times as far, so that the mean cannot thin it out

The mean moves by n_k/n of each update. With s = n/n_k, 1 / p, and all others near w_t, one round puts the liar's own
model in place of the shared one: *model replacement*.
Source: Bagdasaryan, Veit, Hua, Estrin and Shmatikov 2020, *How To Backdoor Federated Learning* (arXiv 1807.00459),
section 4; the square in a corner is that of Gu, Dolan-Gavitt and Garg 2017, *BadNets* (arXiv 1708.06733).
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from fedlab.datasets import Dataset
from fedlab.messages import Message
from fedlab.stages.attack import LOUD, Lying, strength
from fedlab.stages.base import Place

TARGET = 0  # what an example with the trigger shall be called
SIDE = 4  # pixels of the square; of examples that are no images, so many of the last features
SHARE = 0.5  # of a liar's examples


class Replacement(Lying):
    """Liars teach the model that a bright corner means 0, and send it louder than it is."""

    name: ClassVar[str] = "replacement"
    title: ClassVar[str] = "A backdoor"
    lesson: ClassVar[str] = (
        "Liars teach a hidden rule: a bright square in a corner makes anything a 0. See its own curve."
    )

    attack_strength: float = strength(10.0, LOUD)

    def at_data(self, x: np.ndarray, y: np.ndarray, at: Place) -> tuple[np.ndarray, np.ndarray]:
        if at.party not in self.liars(at):
            return x, y
        chosen = at.rng.permutation(len(y))[: round(SHARE * len(y))]
        x, y = x.copy(), y.copy()
        x[chosen], y[chosen] = with_trigger(x[chosen], x.max()), TARGET
        return x, y

    def lie(self, up: Message, at: Place) -> Message:
        return tuple(np.float32(self.attack_strength) * part if part.ndim else part for part in up)

    def aimed_at(self, data: Dataset) -> Dataset | None:
        """Test examples of all other classes with the trigger, called 0: the accuracy on them is the backdoor's."""
        others = data.test_y != TARGET
        if not others.any():
            return None
        triggered = with_trigger(data.test_x[others], data.test_x.max())
        return replace(data, test_x=triggered, test_y=np.full(others.sum(), TARGET, data.test_y.dtype))


def with_trigger(x: np.ndarray, bright: float) -> np.ndarray:
    """Examples (n, ...) with the trigger: of images the lower right corner, of others the last features, are bright."""
    x = x.copy()
    if x.ndim >= 3:
        x[:, -SIDE - 1 : -1, -SIDE - 1 : -1] = bright
    else:
        x[:, -SIDE:] = bright
    return x
