"""What lies behind an accuracy, worked out by hand or another way."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab import Experiment, Round, run
from fedlab.datasets import Dataset
from fedlab.diagnostics import (
    confusion,
    confusion_on_test,
    cosines,
    fairness,
    party_accuracies,
    principal_plane,
    recall,
)
from fedlab.messages import Upload


def judged(experiment: Experiment, last: Round) -> list[np.ndarray]:
    """The models that the round's test accuracy is of."""
    assert last.state is not None
    return experiment.algorithm.judged(last.state.weights, [own.get("algorithm") for own in last.state.parties])


def test_confusion_counts_labels_in_rows_and_answers_in_columns() -> None:
    table = confusion(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 0, 2]), 4)
    assert table.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 2, 0], [0, 0, 0, 0]]
    assert recall(table) == pytest.approx([1 / 2, 1, 2 / 3, np.nan], nan_ok=True)


@pytest.mark.parametrize("algorithm", ["fedavg", "alone"])
def test_the_diagonal_of_the_confusion_is_the_runs_test_accuracy(blobs: Dataset, algorithm: str) -> None:
    experiment = Experiment(examples=1_000, model="softmax", rounds=2, algorithm=algorithm, partition="dirichlet")
    *_, last = run(experiment, dataset=blobs)
    assert last.state is not None
    models = judged(experiment, last)
    table = confusion_on_test(experiment, models, blobs)
    assert table.trace() / table.sum() == last.test_accuracy
    assert np.array_equal(table.sum(axis=1), np.bincount(blobs.test_y))


def test_the_parties_accuracies_average_to_that_of_their_examples_together(blobs: Dataset) -> None:
    """Softmax regression by hand: the largest of x W + b is the answer."""
    experiment = Experiment(examples=1_300, parties=7, model="softmax", rounds=1, partition="dirichlet", alpha=0.1)
    (one,) = run(experiment, dataset=blobs)
    assert one.state is not None
    own = party_accuracies(experiment, [one.state.weights], blobs)
    scores = blobs.train_x @ one.state.weights[:-4].reshape(8, 4) + one.state.weights[-4:]
    sizes = [report.examples for report in one.parties]
    assert np.average(own, weights=sizes) == pytest.approx((scores.argmax(axis=1) == blobs.train_y).mean())
    assert own.std() > 0.01


def test_alone_every_party_is_judged_with_its_own_model(blobs: Dataset) -> None:
    """With one label a party, answering that label always is enough to be always right; no shared model can be."""
    experiment = Experiment(
        examples=400, parties=4, model="softmax", rounds=5, algorithm="alone", partition="label_limit",
        labels_per_party=1,
    )  # fmt: skip
    *_, last = run(experiment, dataset=blobs)
    assert last.state is not None
    models = judged(experiment, last)
    assert party_accuracies(experiment, models, blobs).min() > 0.95
    assert party_accuracies(experiment, models[:1], blobs).min() < 0.5


def test_fairness_names_the_best_the_median_and_the_worst_tenth() -> None:
    spread = fairness(np.linspace(0, 1, 21))  # two of 21 are a tenth
    assert (spread.best, spread.median, spread.worst_tenth) == pytest.approx((1.0, 0.5, 0.025))
    assert fairness(np.array([0.2, 0.8])).worst_tenth == 0.2


def test_cosines_of_a_right_angle_an_opposite_and_a_standstill() -> None:
    table = cosines([np.array([2.0, 0]), np.array([0, 5.0]), np.array([-1.0, 0]), np.zeros(2)])
    assert table[:3, :3].tolist() == [[1, 0, -1], [0, 1, 0], [-1, 0, 1]]
    assert np.isnan(table[3]).all()


def test_the_principal_plane_is_the_one_that_a_singular_value_decomposition_finds() -> None:
    points = np.random.default_rng(0).normal(size=(12, 300)) * np.linspace(5, 0.1, 300)
    plane, explained = principal_plane(points)
    left, sizes, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    assert np.abs(plane) == pytest.approx(np.abs(left[:, :2] * sizes[:2]), rel=1e-6, abs=1e-6)
    assert explained == pytest.approx(sizes[:2] ** 2 / (sizes**2).sum())


def test_points_in_a_plane_keep_their_distances_there() -> None:
    rng = np.random.default_rng(1)
    flat = rng.normal(size=(6, 2)) @ np.linalg.qr(rng.normal(size=(50, 2)))[0].T + 3
    plane, explained = principal_plane(flat)
    assert explained.sum() == pytest.approx(1)
    assert np.linalg.norm(plane[0] - plane[4]) == pytest.approx(np.linalg.norm(flat[0] - flat[4]))
    assert principal_plane(np.ones((3, 5)))[0].tolist() == [[0, 0]] * 3


def test_uploads_are_handed_over_in_order_with_the_weights_that_the_round_averages(blobs: Dataset) -> None:
    """And what was sent of them: FedAvg's difference from the model that the round began with."""
    seen: list[tuple[int, Upload]] = []
    experiment = Experiment(examples=1_000, parties=4, model="softmax", rounds=2)
    rounds = list(run(experiment, dataset=blobs, on_upload=lambda number, upload: seen.append((number, upload))))
    assert [(number, upload.party) for number, upload in seen] == [(n, k) for n in (1, 2) for k in range(4)]
    before, after = rounds[0].state, rounds[1].state
    assert before is not None
    assert after is not None
    second = [upload for number, upload in seen if number == 2]
    assert after.weights == pytest.approx(np.mean([upload.weights for upload in second], axis=0), abs=1e-6)
    for upload in second:
        assert np.array_equal(upload.message[0], upload.weights - before.weights)


def test_two_equal_groups_that_disagree_pull_against_each_other_where_fedavg_stands_still() -> None:
    """One calls 1 what the other calls 0: at the fixed point their gradients sum to 0, so their cosine is -1.

    By it one can tell clusters of parties. Source: Sattler, Müller and Samek 2020 (arXiv 1910.01991).
    """
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    twice = np.concatenate([x, x]), np.concatenate([y, 1 - y])
    data = Dataset("two groups", *twice, *twice, owners=np.repeat([0, 1], 40))
    experiment = Experiment(
        parties=2, examples=80, partition="natural", model="softmax", algorithm="fedsgd", rounds=200, learning_rate=0.5
    )
    sent: list[np.ndarray] = []
    for _ in run(experiment, dataset=data, on_upload=lambda number, upload: sent.append(upload.message[0])):
        pass
    assert cosines(sent[-2:])[0, 1] == pytest.approx(-1, abs=1e-3)
    assert cosines(sent[:2])[0, 1] > -0.999
