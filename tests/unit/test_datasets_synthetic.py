"""FedProx's synthetic data has the distribution that its paper and its authors' generator give it."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.datasets.synthetic import synthetic
from fedlab.federation import hold, prepare
from fedlab.settings import InvalidSetting

prepare_module, synthetic_module = sys.modules["fedlab.prepare"], sys.modules["fedlab.datasets.synthetic"]

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


@pytest.mark.parametrize("parties", [1, 2, 30])
@pytest.mark.parametrize("dataset", ["synthetic", "synthetic_iid"])
def test_there_are_ten_classes_whichever_labels_are_drawn(dataset: str, parties: int) -> None:
    """One party's truth often leaves labels out; the model has ten outputs all the same, as the paper's: 610 weights.

    Were the classes those drawn, averages over seeds would compare models of different sizes.
    """
    drawn = set()
    for seed in range(12):
        plan = Experiment(dataset=dataset, partition="natural", parties=parties, model="softmax", seed=seed)
        data = plan.data()
        drawn.add(len(np.unique(data.train_y)))
        assert data.classes == 10
        assert prepare(plan).size == 60 * 10 + 10
    assert min(drawn) < 10 or parties == 30


def test_a_run_with_another_seed_continues_a_state_of_the_first() -> None:
    """A fork to another seed; it failed where that seed drew fewer labels."""
    plan = Experiment(dataset="synthetic", partition="natural", parties=2, model="softmax", rounds=1)
    (one,) = run(plan)
    for seed in range(1, 6):
        (two,) = run(plan.with_(seed=seed, rounds=2), start=one.state)
        assert two.number == 2


def test_what_the_data_takes_is_known_before_it_is_drawn_and_refused_where_there_is_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """4,000 parties have about 4,000 (e⁶ + 50) = 1.8 million examples of 60 features of 4 bytes, twice: 0.87 GB."""
    plan = Experiment(dataset="synthetic", partition="natural", parties=4_000, examples=60_000, model="softmax")
    expected = 4_000 * (np.exp(6) + 50) * 60 * 4 * 2
    assert plan.dataset.nbytes(4_000, 0) == pytest.approx(expected, rel=0.25)  # sizes have a long tail

    def refuse(*args: object) -> None:
        raise AssertionError("it was drawn before anybody asked whether it fits")

    monkeypatch.setattr(prepare_module, "memory_left", lambda: 500_000_000)
    monkeypatch.setattr(synthetic_module, "synthetic", refuse)
    with pytest.raises(
        InvalidSetting, match=r"^This would take about 0\.\d GB of memory, and 0\.5 GB are free"
    ) as caught:
        prepare(plan)
    assert caught.value.setting == "parties"


def test_the_estimate_is_that_of_the_data_drawn() -> None:
    data = synthetic(300, 3, 1.0, 1.0)
    kept = data.train_x.nbytes + data.test_x.nbytes
    assert data.train_x.dtype == data.test_x.dtype == np.float32
    assert synthetic_module.synthetic_nbytes(300, 3) == 2 * kept
