"""What the cut gives away: labels, from the gradients that go back over it, and what noise does about that.

With one logit every gradient is (p - y) v: it points one way for those with the label and the other way for those
without, and it is longest for those of whom the model is wrong.

Source: Li, Sun, Yang, Gao, Zhang, Xie, Smith and Wang 2021 (arXiv 2102.08504): the attacks by norm and by direction,
and `iso`, the noise of equal power in all directions.
"""

from __future__ import annotations

import numpy as np

ACQUAINTANCES = 5  # people of each label whom the attacking party knows


def auc(scores: np.ndarray, y: np.ndarray) -> float:
    """How often a person with the label 1 scores higher than one with 0, ties half; nan without either.

    It is the area under the ROC curve. Source: Mann and Whitney 1947, the statistic U by the number of pairs.
    """
    with_label, without = np.sort(scores[y == 1]), np.sort(scores[y == 0])
    if not len(with_label) or not len(without):
        return float("nan")
    below = np.searchsorted(without, with_label, "left").sum() + np.searchsorted(without, with_label, "right").sum()
    return float(below / 2 / len(with_label) / len(without))


def noisy(gradients: np.ndarray, t: float, rng: np.random.Generator) -> np.ndarray:
    """(B, c) the gradients with noise N(0, t/c max ||g||² I): t times the power of the largest."""
    largest = np.sqrt((gradients**2).sum(axis=1).max())
    return gradients + np.sqrt(t / gradients.shape[1]) * largest * rng.normal(size=gradients.shape)


def by_norm(gradients: np.ndarray, y: np.ndarray) -> float:
    """AUC of the guess "the longer, the likelier the label is 1". gradients: (n, c)."""
    return auc((gradients**2).sum(axis=1), y)


def by_direction(gradients: np.ndarray, y: np.ndarray, known: np.ndarray) -> float:
    """How well the direction gives the labels away, of all whom the attacker does not know.

    known: positions of those whose labels it knows. A person is compared with the mean gradient of each label's known
    people. With two labels it is the AUC of that guess, with more the share of labels that are guessed right.
    """
    labels = np.unique(y[known])
    means = np.array([gradients[known[y[known] == label]].mean(axis=0) for label in labels])
    scores = gradients @ (means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-300)).T
    others = np.setdiff1d(np.arange(len(y)), known)
    if len(labels) == 2:
        return auc((scores[:, 1] - scores[:, 0])[others], y[others])
    return float((labels[scores[others].argmax(axis=1)] == y[others]).mean())


def acquaintances(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The positions of those whom an attacker knows: `ACQUAINTANCES` of each label, or all there are but one."""
    found = []
    for label in np.unique(y):
        own = rng.permutation(np.flatnonzero(y == label))
        found.append(own[: min(ACQUAINTANCES, max(1, len(own) - 1))])
    return np.concatenate(found)
