"""What lies behind an accuracy: who is served how well, which labels are known, how far parties agree, how they differ.

Everything here is computed only when asked, from a `State` or from the parties' weights that `run(on_upload=...)` hands
over; a run keeps none of it.

    kept = {}
    for one in run(experiment, on_upload=lambda number, upload: kept.setdefault(number, []).append(upload.weights)):
        ...
    points, explained = principal_plane(np.stack([*kept[1], first.state.weights]))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fedlab.datasets import Dataset
from fedlab.engines import engine_for
from fedlab.evaluation import auc, cross_entropy, judge, judge_auc, logits_of, shares
from fedlab.experiment import Experiment
from fedlab.prepare import Prepared, prepare
from fedlab.text import say

if TYPE_CHECKING:
    import keras


def predictions(
    experiment: Experiment, weights: np.ndarray, dataset: Dataset, x: np.ndarray, model: keras.Model | None = None
) -> np.ndarray:
    """(n,) the label that the model with these weights (P,) gives to each example of x (n, ...)."""
    (answers,) = _answers(prepare(experiment, dataset, model), [(weights, x)])
    return answers


def losses(
    experiment: Experiment,
    weights: np.ndarray,
    dataset: Dataset,
    x: np.ndarray,
    y: np.ndarray,
    model: keras.Model | None = None,
) -> np.ndarray:
    """(n,) the cross-entropy, in nats, of the model with these weights (P,) on each example of x (n, ...), y (n,)."""
    (logits,) = _logits(prepare(experiment, dataset, model), [(weights, x)])
    return cross_entropy(logits, y)


def _answers(prepared: Prepared, asked: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """(n,) labels for each pair of a model's weights (P,) and examples x (n, ...)."""
    return [logits.argmax(axis=1) for logits in _logits(prepared, asked)]


def _logits(prepared: Prepared, asked: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    with engine_for(prepared).open() as engine:
        return logits_of(engine, asked, prepared.dataset.scale)


def untrained(
    experiment: Experiment, dataset: Dataset | None = None, model: keras.Model | None = None
) -> tuple[float, float]:
    """Test accuracy (or AUC, where that is the measure) and loss of the first shared model, before round 1."""
    prepared = prepare(experiment, dataset, model)
    first = [prepared.first_weights()]
    with engine_for(prepared).open() as engine:
        accuracy, loss = judge(engine, first, prepared.dataset)
        area = judge_auc(engine, first, prepared.dataset)
    return accuracy if area is None else area, loss


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """(classes, classes) how many examples of the label in the row were taken for the label in the column."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def recall(table: np.ndarray) -> np.ndarray:
    """(classes,) the share of each label's examples that were recognised; NaN for a label without examples.

    table: from `confusion`.
    """
    examples = table.sum(axis=1)
    return np.where(examples > 0, table.diagonal() / np.maximum(examples, 1), np.nan)


def confusion_on_test(
    experiment: Experiment, models: Sequence[np.ndarray], dataset: Dataset, model: keras.Model | None = None
) -> np.ndarray:
    """The `confusion` on the test examples.

    models: (P,) each, as `algorithm.judged` gives them: the shared model, or several, which share the examples out as
    they do for a round's test accuracy.
    """
    prepared = prepare(experiment, dataset, model)
    asked = list(shares(models, dataset))
    answers = _answers(prepared, [(weights, x) for weights, x, _ in asked])
    labels = [y for _, _, y in asked]
    return confusion(np.concatenate(labels), np.concatenate(answers), dataset.classes)


def party_accuracies(
    experiment: Experiment, models: Sequence[np.ndarray], dataset: Dataset, model: keras.Model | None = None
) -> np.ndarray:
    """(K,) the share of each party's own training examples, as the party sees them, that its model gets right.

    models: (P,) each: the shared model alone, which tells how well it serves each of those who made it; or one for each
    party. They have been trained on these examples, so compare parties with each other and not with the test accuracy.
    """
    prepared = prepare(experiment, dataset, model)
    parties, seen = prepared.parties, prepared.seen
    groups = [np.concatenate(parties)] if len(models) == 1 else parties
    asked = [(weights, seen.train_x[own]) for weights, own in zip(models, groups, strict=True)]
    right = np.concatenate(_answers(prepared, asked)) == seen.train_y[np.concatenate(parties)]
    ends = np.cumsum([len(own) for own in parties])[:-1]
    return np.array([part.mean() for part in np.split(right, ends)])


def by_owner(
    experiment: Experiment, models: Sequence[np.ndarray], dataset: Dataset, model: keras.Model | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """How well each party's model does on test examples of that party's owner: accuracy (K,) and, of two classes, AUC.

    models: (P,) each: the shared model alone, or one for each party. NaN where an owner has no test examples or, for
    the AUC, not both labels. `ValueError` unless parties are owners, and it is known whose the test examples are.
    """
    prepared = prepare(experiment, dataset, model)
    data, owners = prepared.dataset, prepared.owners
    if owners is None or data.test_owners is None:
        raise ValueError(
            say("Parties are no owners here: take data with owners, such as heart, and the partition natural.")
        )
    own = [np.flatnonzero(data.test_owners == owner) for owner in owners]
    models = list(models) * len(owners) if len(models) == 1 else models
    asked = [(weights, data.test_x[its]) for weights, its in zip(models, own, strict=True) if len(its)]
    answers = iter(_logits(prepared, asked) if asked else [])
    accuracies, aucs = np.full(len(owners), np.nan), np.full(len(owners), np.nan)
    for party, its in enumerate(own):
        if len(its):
            logits, labels = next(answers), data.test_y[its]
            accuracies[party] = (logits.argmax(axis=1) == labels).mean()
            aucs[party] = auc(logits[:, 1] - logits[:, 0], labels) if data.classes == 2 else np.nan
    return accuracies, aucs


@dataclass(frozen=True)
class Fairness:
    """How a number such as the accuracy is spread over the parties."""

    best: float
    median: float
    worst_tenth: float  # the mean of the tenth of the parties that fare worst, at least one


def fairness(accuracies: np.ndarray) -> Fairness:
    """Best, median and worst tenth of (K,) numbers, one for each party.

    Source: Li, Sanjabi, Beirami and Smith 2020 (q-FFL, arXiv 1905.10497), section 4.
    """
    worst = np.sort(accuracies)[: max(1, len(accuracies) // 10)]
    return Fairness(float(accuracies.max()), float(np.median(accuracies)), float(worst.mean()))


def cosines(updates: Sequence[np.ndarray]) -> np.ndarray:
    """(m, m) the cosine between each two of m updates w_k - w_t, (P,) each: 1 same way, 0 at right angles, -1 against.

    An update of length 0 points nowhere: its cosines are NaN.
    """
    rows = np.stack(updates).astype(np.float64)
    products = rows @ rows.T
    lengths = np.sqrt(products.diagonal())
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(products / lengths[:, None] / lengths, -1, 1)


def principal_plane(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where m points of P dimensions lie in the plane that shows most of their spread, and how much of it that is.

    points: (m, P), for example the parties' weights and the shared model of several rounds, m of two or more.
    Returns (m, 2) coordinates around their mean, and (2,) the share of the variance along each axis. Distances in the
    plane are those of the points, as far as the plane shows them. The first point off the middle lies on an axis'
    positive side, so the same points always give the same picture.
    """
    centred = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh((centred @ centred.T).astype(np.float64))  # m x m, for P is large and m is small
    values, vectors = values[::-1].clip(min=0), vectors[:, ::-1]
    plane = vectors[:, :2] * np.sqrt(values[:2])
    for axis in plane.T:
        off = np.flatnonzero(np.abs(axis) > 1e-9 * np.abs(axis).max())
        if len(off) and axis[off[0]] < 0:
            axis *= -1
    total = values.sum()
    return plane, values[:2] / total if total > 0 else np.zeros(2)
