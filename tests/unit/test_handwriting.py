"""Digits of one's own are made as MNIST's were."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.datasets import mnist
from fedlab.engines import engine_for
from fedlab.federation import prepare
from fedlab.handwriting import BOX, centred, digit, in_box, with_own

Points = list[tuple[float, float]]


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> Points:
    """Points on an ellipse; angles in degrees, clockwise from the right, since y goes down."""
    return [(cx + rx * np.cos(a), cy + ry * np.sin(a)) for a in np.radians(np.linspace(start, end, 30))]


# drawn by hand on paper of 1 x 1, as one writes them: strokes of points
DRAWN: dict[int, list[Points]] = {
    0: [arc(0.5, 0.5, 0.2, 0.33, 0, 360)],
    1: [[(0.52, 0.15), (0.48, 0.85)]],
    2: [[*arc(0.5, 0.33, 0.2, 0.18, 190, 380), (0.32, 0.82), (0.74, 0.8)]],
    3: [[*arc(0.48, 0.32, 0.19, 0.17, 200, 440), *arc(0.48, 0.66, 0.21, 0.18, 280, 510)]],
    4: [[(0.36, 0.18), (0.3, 0.5), (0.68, 0.5)], [(0.66, 0.2), (0.6, 0.86)]],
    5: [[(0.66, 0.18), (0.38, 0.18), (0.36, 0.45), *arc(0.48, 0.63, 0.19, 0.2, 260, 500)]],
    6: [[(0.6, 0.13), (0.42, 0.35), (0.34, 0.6), *arc(0.49, 0.68, 0.16, 0.16, 180, 540)]],
    7: [[(0.3, 0.2), (0.7, 0.2), (0.46, 0.86)]],
}


@lru_cache
def trained() -> tuple[Experiment, np.ndarray]:
    """An ordinary model: McMahan's 2NN after six rounds on 12,000 images."""
    experiment = Experiment(parties=4, examples=12_000, rounds=6, local_epochs=2)
    *_, last = run(experiment)
    assert last.state is not None
    return experiment, last.state.weights


def test_digits_that_are_drawn_are_read_right_by_a_model_that_has_seen_only_mnist() -> None:
    """At least seven of eight: were they off centre, too thin or the wrong way round, it would read two or three."""
    experiment, weights = trained()
    x = np.array([digit(strokes) for strokes in DRAWN.values()])
    with (engine := engine_for(prepare(experiment))).open(1):
        read = engine.answer(weights, x, 255.0).argmax(axis=1)
    assert (read == list(DRAWN)).sum() >= 7, read


@pytest.mark.parametrize("label", DRAWN)
def test_the_centre_of_mass_is_in_the_middle_within_half_a_pixel(label: int) -> None:
    picture = digit(DRAWN[label]).astype(float)
    steps = np.arange(28)  # pixels are counted from 0, and their middle is (14, 14)
    for axis in (0, 1):
        assert abs(picture.sum(axis=axis) @ steps / picture.sum() - 14) <= 0.5 + 1e-9


@pytest.mark.parametrize("label", DRAWN)
def test_the_longer_side_fills_the_box_and_the_proportions_stay(label: int) -> None:
    points = np.concatenate([np.array(stroke) for stroke in DRAWN[label]])
    inked = in_box(DRAWN[label]) > 0
    tall, wide = inked.any(axis=1).sum(), inked.any(axis=0).sum()
    assert max(tall, wide) in (BOX - 1, BOX)
    width, height = points.max(axis=0) - points.min(axis=0)
    pen = 2.4
    assert wide - pen == pytest.approx((BOX - pen) * width / max(width, height), abs=2)
    assert tall - pen == pytest.approx((BOX - pen) * height / max(width, height), abs=2)


def test_where_and_how_large_one_draws_does_not_matter() -> None:
    for strokes in DRAWN.values():
        moved = [[(300 + 40 * x, 7 + 40 * y) for x, y in stroke] for stroke in strokes]
        assert np.abs(digit(strokes).astype(int) - digit(moved)).max() <= 16  # of 255: rounding


def test_the_images_of_mnist_have_their_mass_where_ours_have_it() -> None:
    images = mnist().train_x[:3_000].astype(float)
    steps = np.arange(28)
    off = np.array([[abs(one.sum(axis=axis) @ steps / one.sum() - 14) for axis in (0, 1)] for one in images])
    assert (off <= 0.51).mean() > 0.99


def test_strokes_have_grey_edges_as_scaling_gives_them() -> None:
    greys = np.unique(digit(DRAWN[3]))
    assert greys[0] == 0
    assert greys[-1] == 255
    assert len(greys) > 20


def test_a_dot_is_a_dot_in_the_middle() -> None:
    picture = digit([[(0.1, 0.9)]])
    assert picture[13:15, 13:15].min() > 200
    assert (picture > 0).sum() <= 16


@pytest.mark.parametrize("strokes", [[], [[]], [[(float("nan"), 0.5)]]])
def test_nothing_drawn_is_a_sentence(strokes: list[Points], is_one_sentence: Callable[[object], bool]) -> None:
    with pytest.raises(ValueError, match="Nothing is drawn yet") as caught:
        digit(strokes)
    assert is_one_sentence(caught.value)


def test_the_box_is_moved_and_not_changed() -> None:
    box = in_box(DRAWN[7])
    assert np.array_equal(np.sort(centred(box)[centred(box) > 0]), np.sort(box[box > 0]))


def test_one_party_more_holds_the_own_digits_and_the_others_hold_what_they_held() -> None:
    experiment = Experiment(parties=3, examples=90, partition="dirichlet", alpha=0.3)
    x, y = np.array([digit(DRAWN[4]), digit(DRAWN[7])]), np.array([4, 7])
    with_me, data = with_own(experiment, x, y)
    before, after = prepare(experiment), prepare(with_me, data)
    assert with_me.parties == 4
    assert np.array_equal(after.dataset.train_x[np.sort(after.parties[3])], x)
    for party in range(3):
        ours = np.sort(before.seen.train_x[before.parties[party]].reshape(-1, 784), axis=0)
        theirs = np.sort(after.dataset.train_x[after.parties[party]].reshape(-1, 784), axis=0)
        assert np.array_equal(ours, theirs)
    with pytest.raises(ValueError, match="kept no digit yet"):
        with_own(experiment, x[:0], y[:0])
    with pytest.raises(ValueError, match="28 × 28"):
        with_own(Experiment(parties=3, dataset="synthetic", partition="natural", model="softmax"), x, y)
