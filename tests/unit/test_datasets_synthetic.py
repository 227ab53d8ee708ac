"""FedProx's synthetic data has the distribution that its paper and its authors' generator give it."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.datasets.synthetic import synthetic
from fedlab.federation import hold

SIGMA = np.arange(1, 61) ** -1.2  # Σ_jj, j from 1


def parts(alpha: float | None, beta: float | None, parties: int = 200, seed: int = 0) -> list[np.ndarray]:
    """Each party's training examples."""
    data = synthetic(parties, seed, alpha, beta)
    assert data.owners is not None
    return [data.train_x[data.owners == party] for party in range(parties)]


def test_sizes_are_lognormal_plus_fifty_and_a_tenth_is_for_testing() -> None:
    """log(n_k - 50) ~ N(4, 2²): half of the parties have at most 50 + e⁴ = 104.6 examples, 84 % have 50 + e⁶ = 453."""
    data = synthetic(1_000, 0, 0.0, 0.0)
    assert data.owners is not None
    train = np.bincount(data.owners)
    assert train.min() >= 45  # nine tenths of 50
    assert np.median(train) == pytest.approx(0.9 * 104.6, rel=0.15)
    assert (train <= 0.9 * 453).mean() == pytest.approx(0.84, abs=0.04)
    assert len(data.test_y) == pytest.approx(len(data.train_y) / 9, rel=0.02)


def test_examples_spread_around_their_partys_centre_with_variance_j_to_the_minus_1_2() -> None:
    largest = max(parts(1.0, 1.0), key=len)
    assert largest.var(axis=0) == pytest.approx(SIGMA, rel=0.15)


def test_parties_centres_differ_by_one_and_beta_sets_them_further_apart() -> None:
    """A feature's mean at a party is v_k ~ N(B_k, 1) with B_k ~ N(0, β²): its variance over parties is 1 + β²."""
    for beta in (0.0, 2.0):
        centres = np.stack([x.mean(axis=0) for x in parts(0.0, beta, parties=600)])
        assert centres.var(axis=0).mean() == pytest.approx(1 + beta**2, rel=0.12)
        # B_k is one number for all of a party's features, so β shows in the mean over features
        assert centres.mean(axis=1).var() == pytest.approx(1 / 60 + beta**2, rel=0.15)


def test_iid_data_has_one_centre_at_zero() -> None:
    for x in parts(None, None, parties=20):
        assert np.abs(x.mean(axis=0)).max() < 5 * np.sqrt(SIGMA.max() / len(x))


def test_alpha_changes_no_label_because_it_moves_all_scores_alike() -> None:
    """x (W + u) + b + u = x W + b + u (Σ x_j + 1), the same addition to all ten scores."""
    calm, wild = (synthetic(50, 3, alpha, 0.0) for alpha in (0.0, 10.0))
    assert np.array_equal(calm.train_x, wild.train_x)
    assert (calm.train_y == wild.train_y).mean() > 0.999


def test_a_partys_truth_is_linear_so_softmax_regression_learns_it() -> None:
    seed = next(seed for seed in range(100) if len(synthetic(1, seed, 1.0, 1.0).train_y) > 1_000)
    plan = Experiment(dataset="synthetic", partition="natural", parties=1, examples=60_000, model="softmax", seed=seed)
    *_, last = run(plan.with_(rounds=5, learning_rate=1.0, local_epochs=20))
    assert last.test_accuracy > 0.9


def test_the_natural_partition_leaves_everybody_their_own_and_the_others_deal_anew() -> None:
    plan = Experiment(dataset="synthetic", partition="natural", parties=8, examples=60_000)
    data = plan.data()
    assert data.owners is not None
    for party, own in enumerate(hold(plan, data)):
        assert np.array_equal(np.sort(own), np.flatnonzero(data.owners == party))
    dealt = hold(plan.with_(partition="iid"), data)
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1


def test_data_with_owners_is_used_up_to_the_examples_that_are_asked_for() -> None:
    plan = Experiment(dataset="synthetic", partition="natural", parties=8, examples=400)
    assert sum(map(len, hold(plan, plan.data()))) == 400


def test_the_data_depends_on_the_seed_and_on_nothing_else_of_a_run() -> None:
    plan = Experiment(dataset="synthetic", partition="natural", seed=5)
    assert plan.data() is plan.with_(rounds=3, algorithm="fedprox").data()
    assert not np.array_equal(plan.data().train_x[:40], plan.with_(seed=6).data().train_x[:40])
