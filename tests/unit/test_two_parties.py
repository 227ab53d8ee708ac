"""A round one local step at a time, and the map of two parties: held against whole runs and exact geometry."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab import Experiment, Round, run
from fedlab.evaluation import cross_entropy
from fedlab.lessons.steps import walk
from fedlab.lessons.two_parties import TWO, TwoParties, plane_through
from fedlab.prepare import prepare
from fedlab.settings import InvalidSetting


def assert_same(one: np.ndarray, other: np.ndarray) -> None:
    """But for float32's rounding."""
    np.testing.assert_allclose(one, other, rtol=0, atol=2e-6)


@pytest.fixture(scope="module")
def two() -> TwoParties:
    return TwoParties(TWO.with_(examples=200, rounds=1), most_epochs=3)


def last_of(experiment: Experiment, start: Round | None = None) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """The shared model after a run, and what each party brought in its last round."""
    brought: dict[int, np.ndarray] = {}
    rounds = run(
        experiment,
        start=start.state if start else None,
        on_upload=lambda number, upload: brought.update({upload.party: upload.weights}),
    )
    *_, last = rounds
    assert last.state is not None
    return last.state.weights, brought


@pytest.mark.parametrize("model", ["softmax", "2nn"])
def test_one_partys_walk_ends_where_its_local_training_does(model: str) -> None:
    experiment = Experiment(parties=2, examples=60, model=model, batch_size=7, local_epochs=2, rounds=1)
    prepared = prepare(experiment)
    _, brought = last_of(experiment)
    *_, end = walk(prepared, prepared.first_weights(), [1])
    assert_same(end, brought[1])


def test_averages_after_every_step_on_all_images_are_fedsgd() -> None:
    """E = 1 and B = all: one step, whose average is FedSGD's round exactly."""
    experiment = Experiment(parties=3, examples=90, model="softmax", batch_size="all", rounds=1)
    prepared = prepare(experiment)
    _, end = walk(prepared, prepared.first_weights(), [0, 1, 2])
    shared, _ = last_of(experiment.with_(algorithm="fedsgd"))
    assert_same(end, shared)


def test_averages_after_every_step_are_fedavg_with_a_round_for_every_step() -> None:
    """With B = all the order of the images plays no part: E = 4 averaged each time is four rounds with E = 1."""
    experiment = Experiment(parties=2, examples=40, model="2nn", batch_size="all", local_epochs=4, rounds=4)
    prepared = prepare(experiment)
    *_, end = walk(prepared, prepared.first_weights(), [0, 1])
    shared, _ = last_of(experiment.with_(local_epochs=1))
    assert_same(end, shared)


def test_parties_of_unequal_sizes_cannot_average_after_every_step() -> None:
    prepared = prepare(Experiment(parties=2, examples=50, model="softmax", partition="quantity", size_beta=0.5))
    with pytest.raises(ValueError, match="unequally many examples"):
        list(walk(prepared, prepared.first_weights(), [0, 1]))


def test_the_map_shows_the_round_that_a_run_would_do(two: TwoParties) -> None:
    """The round after the first, with E = 2, as `run` does it."""
    experiment = TWO.with_(examples=200, rounds=1)
    (first,) = run(experiment)
    shared, brought = last_of(experiment.with_(rounds=2, local_epochs=2), first)
    for k in (0, 1):
        assert_same(two.alone[k, 2 * two.a_pass], brought[k])
    assert_same(two.average(2 * two.a_pass), shared)


def test_the_start_both_ends_and_their_average_lie_in_the_plane(two: TwoParties) -> None:
    steps = 3 * two.a_pass
    plane = two.plane(3)
    models = np.stack([two.start, *two.alone[:, steps], two.average(steps)])
    places = plane.place(models)
    np.testing.assert_allclose(plane.model(places), models, rtol=0, atol=1e-6)
    np.testing.assert_allclose(places[3], (places[1] + places[2]) / 2, rtol=0, atol=1e-6)
    assert plane.off(models).max() < 0.01
    assert places[1][1] == pytest.approx(places[2][1])  # the x axis leads from one end to the other
    assert places[1][1] > 0


def test_distances_in_the_plane_are_those_of_the_models() -> None:
    """A 3-4-5 triangle in five dimensions: from (0, 0) to the ends 3 and 4 away, which are 5 apart."""
    start = np.ones(5, np.float32)
    end_0, end_1 = start.copy(), start.copy()
    end_0[1] += 3
    end_1[4] += 4
    plane = plane_through(start, end_0, end_1)
    (x0, y0), (x1, y1) = plane.place(np.stack([end_0, end_1]))
    assert (np.hypot(x0, y0), np.hypot(x1, y1), x1 - x0) == pytest.approx((3, 4, 5))
    assert y0 == pytest.approx(12 / 5)  # the height of that triangle
    assert y1 == pytest.approx(12 / 5)


def test_off_says_how_much_of_the_way_the_plane_does_not_show() -> None:
    """Of a way of length 5, 3 in the plane and 4 across it."""
    start = np.zeros(3, np.float32)
    plane = plane_through(start, np.array([1, 0, 0], np.float32), np.array([0, 1, 0], np.float32))
    assert plane.off(np.array([[3, 0, 4], [0, 0, 0], [2, 2, 0]], np.float32)) == pytest.approx([0.8, 0, 0], abs=1e-6)


def test_the_maps_loss_is_that_of_the_models_in_its_places(two: TwoParties) -> None:
    """At a corner and in the middle, from the weights and the images by hand: x W + b."""
    land, plane, data = two.landscape(1), two.plane(1), two.prepared.dataset
    x = data.test_x[::10].reshape(-1, 784) / 255
    for row, column in ((0, 0), (15, 20)):
        w = plane.model(np.array([[land.x[column], land.y[row]]]))[0].astype(float)
        logits = x @ w[:7840].reshape(784, 10) + w[7840:]
        assert land.loss[row, column] == pytest.approx(cross_entropy(logits, data.test_y[::10]).mean(), rel=1e-4)


def test_the_map_needs_a_model_whose_logits_are_linear() -> None:
    with pytest.raises(InvalidSetting, match="needs the model softmax"):
        TwoParties(TWO.with_(model="2nn"))
