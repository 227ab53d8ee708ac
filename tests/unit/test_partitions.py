"""Who holds which data: the facts of IID and of Dirichlet label skew (Hsu, Qi and Brown 2019)."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab import Experiment
from fedlab.datasets import mnist
from fedlab.federation import hold
from fedlab.partitions import IID, PARTITIONS, Dirichlet, LabelDirichlet, Partition, label_counts, label_skew
from fedlab.partitions.base import nobody_empty

LABELS = mnist().train_y[:5_000]
OVERALL = np.bincount(LABELS) / 5_000


def shares(partition: Partition, parties: int = 10, seed: int = 0) -> np.ndarray:
    """(parties, 10) the share of each label in each party's data, counted here and not by the kit."""
    held = partition.assign(LABELS, parties, np.random.default_rng(seed))
    return np.array([[(LABELS[own] == label).mean() for label in range(10)] for own in held])


def largest(alpha: float) -> np.ndarray:
    """For 24 draws of 10 parties, the share that each party's commonest label has of its data."""
    return np.concatenate([shares(Dirichlet(alpha=alpha), seed=seed).max(axis=1) for seed in range(24)])


@pytest.mark.parametrize("parties", [1, 3, 7, 1_000, 5_000])
@pytest.mark.parametrize("partition", [IID(), Dirichlet(alpha=0.01), Dirichlet(alpha=1.0)])
def test_sizes_differ_by_one_at_most(partition: Partition, parties: int) -> None:
    """So that α changes what parties hold, and not how much; 5,000 parties get one example each."""
    sizes = [len(own) for own in partition.assign(LABELS, parties, np.random.default_rng(1))]
    assert sum(sizes) == 5_000
    assert {5_000 // parties, -(-5_000 // parties)} >= set(sizes)


def test_iid_parties_hold_the_overall_mix() -> None:
    """500 draws without replacement: a label's share is within five standard deviations √(p(1-p)/500) of its p."""
    spread = np.sqrt(OVERALL * (1 - OVERALL) / 500)
    assert (np.abs(shares(IID()) - OVERALL) < 5 * spread).all()


def test_a_small_alpha_leaves_nearly_one_label_a_party() -> None:
    """A taste with α = 0.01 is one label; a party holds another only where that label's stock runs out."""
    assert largest(0.01).mean() > 0.9


def test_a_large_alpha_is_nearly_the_overall_mix() -> None:
    """Dirichlet(100 p) has the standard deviation √(p(1-p)/101), drawing 500 examples adds √(p(1-p)/500): 0.033
    together for p = 0.1. The mean distance of a normal variable is √(2/π) of that, 0.026."""
    distances = np.mean([np.abs(shares(Dirichlet(alpha=100.0), seed=seed) - OVERALL).mean() for seed in range(8)])
    assert 0.02 < distances < 0.032


def test_skew_falls_as_alpha_rises() -> None:
    """On average over 240 parties, along the whole range of the slider."""
    skew = [largest(alpha).mean() for alpha in (0.01, 0.1, 0.5, 1.0, 3.0, 10.0, 30.0, 100.0)]
    assert (np.diff(skew) < 0).all(), skew


def test_the_mix_of_a_party_follows_the_dirichlet_distribution() -> None:
    """For q ~ Dirichlet(α p), two examples of one party agree with the chance Σ E[q_c²] = Σ p_c (α p_c + 1) / (α + 1).

    That is 0.55 for α = 1 and ten labels with p = 1/10. 20,000 parties with two examples each have a standard deviation
    of 0.0035; the rest of the tolerance is for those who draw last, when labels run out.
    """
    labels = np.arange(4_000) % 10
    agree = []
    for seed in range(10):
        held = Dirichlet(alpha=1.0).assign(labels, 2_000, np.random.default_rng(seed))
        agree += [labels[own[0]] == labels[own[1]] for own in held]
    assert np.mean(agree) == pytest.approx(0.55, abs=0.03)


def test_the_order_of_the_parties_says_nothing() -> None:
    """Those who draw last get what is left; that must not always be the same parties."""
    last = [shares(Dirichlet(alpha=0.05), seed=seed).max(axis=1).argmin() for seed in range(12)]
    assert len(set(last)) > 3


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """The Jensen-Shannon distance of two mixes by entropies: √(H(m) - H(q)/2 - H(p)/2) bits, m = (q + p)/2."""

    def entropy(mix: np.ndarray) -> float:
        return -float((mix[mix > 0] * np.log2(mix[mix > 0])).sum())

    return np.sqrt(max(0.0, entropy((one + other) / 2) - entropy(one) / 2 - entropy(other) / 2))


def skew_in_drawing_order(alpha: float) -> np.ndarray:
    """(10,) for 10 parties with 2,000 examples, how far the first to the last to draw are from everybody's mix.

    The order is found by a second generator, which draws what `Dirichlet` draws until then: the stock of each label.
    """
    labels = LABELS[:2_000]
    overall = np.bincount(labels) / 2_000
    drawn = []
    for seed in range(60):
        twin = np.random.default_rng(seed)
        for label in range(10):
            twin.permutation(np.flatnonzero(labels == label))
        held = Dirichlet(alpha=alpha).assign(labels, 10, np.random.default_rng(seed))
        mixes = label_counts(held, labels, 10) / 200
        drawn.append([distance(mixes[party], overall) for party in twin.permutation(10)])
    return np.mean(drawn, axis=0)


def test_a_large_alpha_is_not_iid_for_those_who_draw_last() -> None:
    """The docstring's numbers, which were measured over 200 seeds of the same."""
    assert skew_in_drawing_order(100.0) == pytest.approx([0.15] * 8 + [0.21, 0.42], abs=0.03)
    of_three = skew_in_drawing_order(3.0)
    assert of_three[[0, -1]] == pytest.approx([0.57, 0.70], abs=0.03)
    of_one = skew_in_drawing_order(1.0)
    assert of_one.max() - of_one.min() < 0.09
    assert "α → ∞ is not IID" in " ".join(str(Dirichlet.__doc__).split())


def test_an_alpha_of_the_label_distribution_is_far_more_skewed_than_the_same_alpha_of_niid_bench() -> None:
    """Dirichlet(α p) with α = 0.5 and ten labels is Dirichlet(0.05, ..., 0.05); NIID-Bench's is Dirichlet(0.5, ...)."""
    mean = {
        kind: np.mean(
            [
                label_skew(
                    label_counts(kind(alpha=0.5).assign(LABELS[:2_000], 10, np.random.default_rng(s)), LABELS, 10)
                )
                for s in range(20)
            ]
        )
        for kind in (Dirichlet, LabelDirichlet)
    }
    assert mean[Dirichlet] == pytest.approx(0.76, abs=0.03)
    assert mean[LabelDirichlet] == pytest.approx(0.51, abs=0.03)


@pytest.mark.parametrize("name", PARTITIONS)
def test_every_partition_splits_mnist_among_few_and_among_many(name: str) -> None:
    """With its default settings, every example in use is held exactly once."""
    for parties, examples in ((1, 1), (2, 100), (10, 5_000), (100, 60_000)):
        experiment = Experiment(parties=parties, examples=examples, partition=name)
        held = hold(experiment, mnist())
        assert len(held) == parties
        assert all(len(own) > 0 for own in held)
        together = np.concatenate(held)
        assert len(together) == len(set(together.tolist())) == examples
        assert together.min() >= 0
        assert together.max() < 60_000


def test_the_examples_in_use_are_a_fair_draw() -> None:
    """5,000 of 60,000: each label's share within five standard deviations of its share in all of MNIST."""
    experiment = Experiment(parties=1, examples=5_000)
    (own,) = hold(experiment, mnist())
    everywhere = np.bincount(mnist().train_y) / 60_000
    spread = np.sqrt(everywhere * (1 - everywhere) / 5_000)
    assert (np.abs(np.bincount(mnist().train_y[own]) / 5_000 - everywhere) < 5 * spread).all()


def test_the_heat_map_counts_every_example() -> None:
    """Three parties, labels 0 0 1 | 2 | 2 1 1 of 4 classes, counted by hand."""
    labels = np.array([0, 2, 2, 0, 1, 1, 1])
    counts = label_counts([np.array([0, 3, 4]), np.array([1]), np.array([2, 5, 6])], labels, classes=4)
    assert counts.tolist() == [[2, 1, 0, 0], [0, 0, 1, 0], [0, 2, 1, 0]]


# Nobody goes empty-handed


def given_one_by_one(held: list[np.ndarray]) -> list[np.ndarray]:
    """What `nobody_empty` promises, as its sentence says it: look for the largest anew for each empty party."""
    held = list(held)
    for party, own in enumerate(held):
        if len(own) == 0:
            largest = max(range(len(held)), key=lambda other: len(held[other]))
            held[party], held[largest] = held[largest][-1:], held[largest][:-1]
    return held


@pytest.mark.parametrize("seed", range(40))
def test_whoever_holds_nothing_gets_an_example_of_whoever_then_holds_most(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parties = int(rng.integers(1, 40))
    examples = int(rng.integers(parties, 4 * parties + 1))
    ends = np.sort(rng.integers(0, examples + 1, parties - 1) // rng.integers(1, 4))
    held = np.split(rng.permutation(examples), ends)
    ours, expected = nobody_empty(held), given_one_by_one(held)
    assert all(np.array_equal(one, other) for one, other in zip(ours, expected, strict=True))
    assert min(map(len, ours)) >= 1


def test_ten_thousand_parties_with_very_unequal_shares_are_dealt_out() -> None:
    """Most hold nothing at first. Looking for the largest anew each time took 14 s, and minutes with 60,000 parties."""
    labels = mnist().train_y
    held = LabelDirichlet(alpha=0.01).assign(labels, 10_000, np.random.default_rng(0))
    assert len(held) == 10_000
    assert min(map(len, held)) == 1
    assert np.array_equal(np.sort(np.concatenate(held)), np.arange(60_000))


def test_label_dirichlet_splits_each_label_by_its_shares_in_turn() -> None:
    """Told once more in plain lists: shares of a label, only for those who have less than a fair part of everything."""
    labels = LABELS[:400]
    rng = np.random.default_rng(5)
    for _ in range(100):
        held: list[list[int]] = [[] for _ in range(7)]
        for label in range(10):
            examples = rng.permutation(np.flatnonzero(labels == label))
            shares = rng.dirichlet([0.3] * 7)
            open_to = [len(own) < 400 / 7 for own in held]
            if any(share > 0 and hungry for share, hungry in zip(shares, open_to, strict=True)):
                shares = shares * open_to
            ends = [0, *(int(end * len(examples)) for end in np.cumsum(shares / shares.sum())[:-1]), len(examples)]
            for party in range(7):
                held[party] += examples[ends[party] : ends[party + 1]].tolist()
        if min(map(len, held)) >= 10:
            break
    ours = LabelDirichlet(alpha=0.3).assign(labels, 7, np.random.default_rng(5))
    assert [own.tolist() for own in ours] == held
