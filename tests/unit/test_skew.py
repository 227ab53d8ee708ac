"""What parties see can differ beside what they hold: noise, rotation, wrong labels."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.datasets import Dataset, mnist
from fedlab.federation import hold
from fedlab.skew import as_seen, noisy_parties, rotated


def seen(**settings: object) -> tuple[Dataset, list[np.ndarray]]:
    experiment = Experiment(**{"parties": 5, "examples": 2_000, **settings})
    parties = hold(experiment, mnist())
    return as_seen(experiment, mnist(), parties), parties


def test_without_skew_the_images_are_not_even_copied() -> None:
    assert seen()[0] is mnist()


@pytest.mark.parametrize("skew", [{"feature_noise": 0.5}, {"rotation": 45.0}, {"label_noise": 1.0}])
@pytest.mark.parametrize("partition", ["iid", "shards", "quantity"])
def test_skew_changes_neither_who_holds_what_nor_the_test_examples(skew: dict[str, float], partition: str) -> None:
    data, parties = seen(partition=partition, **skew)
    _, undisturbed = seen(partition=partition)
    assert all(np.array_equal(a, b) for a, b in zip(parties, undisturbed, strict=True))
    assert data.test_x is mnist().test_x
    assert data.test_y is mnist().test_y
    unused = np.setdiff1d(np.arange(60_000), np.concatenate(parties))
    assert np.array_equal(data.train_x[unused], mnist().train_x[unused])


def test_noise_grows_from_no_noise_at_party_0_to_sigma_at_the_last() -> None:
    """On features, which nothing clips: the standard deviation of what was added is σ k/(K - 1)."""
    x = np.zeros((4_000, 6), np.float32)
    data = Dataset("flat", x, np.arange(4_000) % 3, x[:10], np.arange(10) % 3)
    experiment = Experiment(parties=5, examples=4_000, feature_noise=2.0, model="softmax")
    parties = hold(experiment, data)
    disturbed = as_seen(experiment, data, parties)
    found = [disturbed.train_x[own].std() for own in parties]
    assert found == pytest.approx([0, 0.5, 1.0, 1.5, 2.0], rel=0.05)


def test_noise_on_pixels_stays_between_black_and_white() -> None:
    data, parties = seen(feature_noise=1.0)
    assert np.array_equal(data.train_x[parties[0]], mnist().train_x[parties[0]])
    last = data.train_x[parties[4]]
    assert last.dtype == np.uint8
    # where a pixel is black, half of the noise is cut off at 0
    black = last[mnist().train_x[parties[4]] == 0]
    assert (black == 0).mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("turns", [-1, 0, 1, 2])
def test_a_rotation_by_quarter_turns_only_moves_pixels(turns: int) -> None:
    images = mnist().train_x[:20]
    assert np.array_equal(rotated(images, 90 * turns), np.rot90(images, turns, axes=(1, 2)))


def test_a_rotation_there_and_back_gives_nearly_the_same_image() -> None:
    images = mnist().train_x[:20].astype(np.float32)
    back = rotated(rotated(images, 30), -30)
    assert np.corrcoef(images.ravel(), back.ravel())[0, 1] > 0.95


def test_party_k_of_five_sees_its_images_turned_by_a_quarter_of_the_angle_more() -> None:
    data, parties = seen(rotation=180.0)
    for party, turns in ((0, 0), (2, 1), (4, 2)):
        own = parties[party]
        assert np.array_equal(data.train_x[own], np.rot90(mnist().train_x[own], turns, axes=(1, 2)))


def test_label_noise_makes_exactly_that_share_wrong_at_exactly_those_parties() -> None:
    experiment = Experiment(parties=5, examples=2_000, label_noise=0.25, noisy_parties=0.4)
    data, parties = seen(label_noise=0.25, noisy_parties=0.4)
    wrong = [(data.train_y[own] != mnist().train_y[own]).mean() for own in parties]
    assert len(noisy_parties(experiment)) == 2
    assert wrong == [0.25 if party in noisy_parties(experiment) else 0 for party in range(5)]
    assert set(np.unique(data.train_y)) <= set(range(10))


def test_features_cannot_be_rotated(blobs: Dataset) -> None:
    with pytest.raises(ValueError, match="Only images can be rotated"):
        next(run(Experiment(rotation=10.0, examples=100, model="softmax"), dataset=blobs))
