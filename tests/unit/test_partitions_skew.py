"""What each kind of skew is defined by, and the number that says how skewed a partition is."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab import Experiment
from fedlab.datasets import mnist
from fedlab.federation import hold
from fedlab.partitions import PARTITIONS, Partition, label_counts, label_skew
from fedlab.settings import setting
from fedlab.vocabulary import require_one_meaning

LABELS = mnist().train_y


def counts(**settings: object) -> np.ndarray:
    """Examples of each label at each party, all of MNIST dealt out."""
    experiment = Experiment(**{"examples": 60_000, **settings})
    return label_counts(hold(experiment, mnist()), LABELS, 10)


def test_mcmahans_shards_are_two_of_300_images_and_most_parties_know_two_digits() -> None:
    """A shard of 300 sorted images spans a change of digit only 9 times in 200, so few parties know three digits."""
    held = counts(partition="shards", parties=100)
    assert np.all(held.sum(axis=1) == 600)
    known = (held > 0).sum(axis=1)
    assert known.max() <= 4
    assert np.median(known) == 2
    assert (known > 2).sum() <= 9


@pytest.mark.parametrize("k", [1, 2, 3, 9])
def test_k_labels_a_party_means_exactly_k(k: int) -> None:
    held = counts(partition="label_limit", labels_per_party=k, parties=20)
    assert np.all((held > 0).sum(axis=1) == k)
    holders = (held > 0).sum(axis=0)
    assert holders.max() - holders.min() <= 1
    for label in range(10):  # who knows a label holds as much of it as the others who do
        shared = held[held[:, label] > 0, label]
        assert shared.max() - shared.min() <= 1


def test_one_label_a_party_and_ten_parties_is_one_party_a_label() -> None:
    held = counts(partition="label_limit", labels_per_party=1, parties=10)
    assert sorted(held.argmax(axis=1)) == list(range(10))
    assert sorted(held.max(axis=1)) == sorted(np.bincount(LABELS))


def test_three_parties_with_one_label_each_hold_more_so_that_no_label_is_lost() -> None:
    held = counts(partition="label_limit", labels_per_party=1, parties=3)
    assert np.all((held > 0).sum(axis=0) > 0)
    assert (held > 0).sum(axis=1).max() == 4  # ten labels over three parties: at least four somewhere


def test_quantity_skew_changes_sizes_and_not_labels() -> None:
    """With β = 100 a share has the standard deviation √(0.1 · 0.9 / 1001) = 0.0095: 570 of 60,000 examples."""
    even, uneven = counts(partition="quantity", size_beta=100.0), counts(partition="quantity", size_beta=0.1)
    assert np.abs(even.sum(axis=1) - 6_000).max() < 4 * 570
    assert uneven.sum(axis=1).max() > 3 * 6_000
    large = uneven[uneven.sum(axis=1) > 500]
    shares = large / large.sum(axis=1, keepdims=True)
    assert np.abs(shares - np.bincount(LABELS) / 60_000).max() < 0.08


def test_a_dirichlet_split_of_each_label_leaves_every_party_ten_examples() -> None:
    for seed in range(5):
        held = counts(partition="label_dirichlet", alpha=0.1, parties=20, seed=seed)
        assert held.sum(axis=1).min() >= 10
        assert held.sum(axis=1).max() > 1.2 * held.sum(axis=1).min()


def test_label_skew_is_zero_when_all_hold_the_same_mix_and_sizes_do_not_matter() -> None:
    assert label_skew(np.array([[1, 2, 3], [10, 20, 30]])) == pytest.approx(0, abs=1e-7)


def test_label_skew_of_two_parties_with_a_label_each_by_hand() -> None:
    """p = (1/2, 1/2), q = (1, 0), m = (3/4, 1/4): the divergence is H(m) - H(q)/2 - H(p)/2 = 0.8113 - 0 - 0.5 bits."""
    entropy = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    assert label_skew(np.array([[7, 0], [0, 7]])) == pytest.approx(np.sqrt(entropy - 0.5), rel=1e-12)


def test_label_skew_of_one_label_of_ten_is_087_and_of_two_078() -> None:
    """m = (q + p)/2; again H(m) - H(q)/2 - H(p)/2, with H(q) = log2(k) and H(p) = log2(10)."""
    for k, told in ((1, 0.87), (2, 0.78)):
        m = np.array([(1 / k + 0.1) / 2] * k + [0.05] * (10 - k))
        by_hand = np.sqrt(-(m * np.log2(m)).sum() - np.log2(k) / 2 - np.log2(10) / 2)
        held = np.kron(np.eye(10 // k), np.ones(k)).astype(int)
        assert label_skew(held) == pytest.approx(by_hand, rel=1e-12)
        assert round(by_hand, 2) == told


def test_label_skew_falls_with_alpha_and_is_smallest_for_iid() -> None:
    by_alpha = [label_skew(counts(partition="dirichlet", alpha=alpha)) for alpha in (0.01, 0.3, 3.0, 100.0)]
    assert by_alpha == sorted(by_alpha, reverse=True)
    assert label_skew(counts(partition="iid")) < min(*by_alpha, 0.03)


def test_a_partition_that_needs_owners_says_so_where_there_are_none() -> None:
    with pytest.raises(ValueError, match="mnist does not say whose each example is"):
        hold(Experiment(partition="natural"), mnist())


def test_two_kinds_that_mean_different_things_by_one_name_fail_loudly() -> None:
    class Impostor(Partition):
        alpha: float = setting(1.0, "Not the usual α.", low=0.0, high=1.0)

    with pytest.raises(TypeError, match="both have a setting alpha"):
        require_one_meaning([*PARTITIONS.values(), Impostor])
    require_one_meaning(PARTITIONS.values())
