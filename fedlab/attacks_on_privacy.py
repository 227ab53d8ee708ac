"""What the server can read from what a party sends, by linear algebra alone: images, labels, who was in the data.

A dense first layer computes z = x W + b, so each of its units i gives, for a batch of examples x_j,

    ∂L/∂W_i = Σ_j d_ij x_j        ∂L/∂b_i = Σ_j d_ij        d_ij: how the loss of example j changes with z_i

An update of plain SGD is a sum of such gradients times -η, and the factor cancels in the quotient. Where only one
example has d_ij ≠ 0, because a relu is off for all others, it is that example:  x_j = ΔW_i / Δb_i.

Sources: Boenisch et al. 2021, *When the Curious Abandon Honesty* (arXiv 2112.02918), section 3, for the images; Zhao,
Mopuri and Bilen 2020, *iDLG* (arXiv 2001.02610), for the label; Yeom et al. 2018 (arXiv 1709.01604), for membership.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fedlab.models.base import Shape, tensors
from fedlab.settings import InvalidSetting
from fedlab.text import say

SAME = 1 / 255  # two images are the same if their pixels, from 0 to 1, differ by less than a grey level (RMS)
TWINS = 1e-4  # and what two units say is the same if it differs by less than this
SILENT = 1e-6  # a unit whose bias moved less, as a share of the largest move, says nothing but rounding


def candidates(update: np.ndarray, shapes: Sequence[Shape]) -> np.ndarray:
    """(m, n) what ΔW_i / Δb_i gives for each of the m units that moved: examples of n numbers, and mixtures of them.

    update: (P,) w_k - w_t, or minus a gradient, in any unit. shapes: of the model's weight tensors, kernel and bias
    first; `InvalidSetting` if that kernel is no dense layer's.
    """
    kernel, bias = (part.astype(np.float64) for part in _first_layer(update, shapes))
    moved = units_that_moved(update, shapes)
    return (kernel[:, moved] / bias[moved]).T


def units_that_moved(update: np.ndarray, shapes: Sequence[Shape]) -> np.ndarray:
    """(m,) the units of the first layer, by number, that `candidates` has a row for each of."""
    bias = np.abs(_first_layer(update, shapes)[1].astype(np.float64))
    return np.flatnonzero(bias > SILENT * bias.max(initial=0))


def _first_layer(update: np.ndarray, shapes: Sequence[Shape]) -> list[np.ndarray]:
    """Kernel and bias of a model that begins with a dense layer."""
    if len(shapes) < 2 or len(shapes[0]) != 2:
        raise InvalidSetting(
            "model",
            say(
                "This model does not begin with a dense layer, so no unit's change is a copy of one example: this "
                "attack reads nothing here, though others might.",
            ),
        )
    return tensors(update, shapes)[:2]


def nearest(found: np.ndarray, images: np.ndarray) -> np.ndarray:
    """(B, n) for each image (B, n) that of the found (m, n), m > 0, which is nearest to it."""
    squares = (found**2).sum(axis=1)[:, None] + (images.astype(np.float64) ** 2).sum(axis=1) - 2 * found @ images.T
    return found[squares.argmin(axis=0)]


def errors(found: np.ndarray, images: np.ndarray) -> np.ndarray:
    """(B,) how far the nearest of the found (m, n) is from each image (B, n): the root mean square over n pixels.

    Infinite where nothing was found.
    """
    if not len(found):
        return np.full(len(images), np.inf)
    return np.sqrt(((nearest(found, images) - images) ** 2).mean(axis=1))  # `squares` are off where numbers cancel


def share_recovered(found: np.ndarray, images: np.ndarray) -> float:
    """The share of the images (B, n), pixels from 0 to 1, that are among the found, as `SAME` says."""
    return float((errors(found, images) < SAME).mean())


def agreed(found: np.ndarray) -> np.ndarray:
    """(k, n) what a blind attacker accepts, who has no image to compare with: what two units agree on, each once.

    Two mixtures of examples are hardly ever the same; an example that two units give away is.
    """
    if not len(found):
        return found
    squares = (found**2).sum(axis=1)
    apart = np.sqrt(np.maximum(0, squares[:, None] + squares - 2 * found @ found.T) / found.shape[1])
    near = apart < TWINS
    first = near.argmax(axis=1)  # the first that each is the same as: perhaps itself
    return found[[unit for unit in np.unique(first) if near[unit].sum() > 1]]


def labels_of(update: np.ndarray, classes: int) -> np.ndarray:
    """The labels that are in a party's data for certain: those whose bias in the last layer went up.

    The gradient of that bias is the mean of p - onehot(y), where p is what the model answers: below 0 only for a label
    that is there. A step goes the other way. One example gives exactly one label, however many steps are taken on it.
    update: (P,) w_k - w_t of plain SGD, whose last weights are that bias.
    """
    return np.flatnonzero(update[-classes:] > 0)


class Membership(NamedTuple):
    """How well "its loss is below the threshold, so it was trained on" tells members from others."""

    threshold: float
    found: float  # TPR: the share of members that it names
    blamed: float  # FPR: the share of others that it names

    @property
    def advantage(self) -> float:
        """TPR - FPR: 1 if it is always right, 0 if it might as well toss a coin."""
        return self.found - self.blamed


def membership(members: np.ndarray, others: np.ndarray, threshold: float) -> Membership:
    """The attack with this threshold on the losses (`diagnostics.losses`) of members and of others.

    Source: Yeom et al. 2018, section 3.
    """
    return Membership(threshold, float((members < threshold).mean()), float((others < threshold).mean()))


def best_membership(members: np.ndarray, others: np.ndarray) -> Membership:
    """The threshold with the largest advantage: more than an attacker has, who does not know who was a member."""
    thresholds = np.unique(np.concatenate([members, others]))
    below = [np.searchsorted(np.sort(values), thresholds) / len(values) for values in (members, others)]
    return membership(members, others, float(thresholds[int(np.argmax(below[0] - below[1]))]))


def most_advantage(epsilon: float, delta: float) -> float:
    """What no attack's TPR - FPR can exceed under (ε, δ)-differential privacy: (e^ε - 1 + 2 δ) / (e^ε + 1).

    For TPR ≤ e^ε FPR + δ and 1 - FPR ≤ e^ε (1 - TPR) + δ; both are equal there. Source: Kairouz, Oh and Viswanath 2015
    (arXiv 1311.0776), theorem 2.1.
    """
    return float(np.tanh(epsilon / 2) + 2 * delta / (np.exp(epsilon) + 1)) if epsilon < 700 else 1.0
