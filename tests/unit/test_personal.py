"""Models of one's own, and a shared one that is fair: each against its closed form."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab import Experiment, History, run
from fedlab.algorithms import ALGORITHMS, FedProx
from fedlab.algorithms.ditto import Ditto
from fedlab.algorithms.qfedavg import QFedAvg
from fedlab.cli.results import comparison, picture
from fedlab.costs import steps
from fedlab.diagnostics import by_owner
from fedlab.evaluation import auc
from fedlab.messages import Trained
from fedlab.personal import personal
from fedlab.prepare import prepare

HEART = Experiment(dataset="heart", partition="natural", model="softmax", rounds=3)


# q-FedAvg


@pytest.mark.parametrize(("q", "best"), [(0, 0.2), (1, 0.38649), (5, 0.46853), (50, 0.49657)])
def test_q_fedavg_ends_where_the_closed_form_says(q: float, best: float) -> None:
    """Two parties, F_k = (w - c_k)², c = 0 and 1, weights .8 and .2: with r = (p_2/p_1)^(1/(2q+1)), w = r / (1 + r)."""
    ratio = (0.2 / 0.8) ** (1 / (2 * q + 1))
    assert best == pytest.approx(ratio / (1 + ratio), abs=1e-5)
    algorithm, w, rate = QFedAvg(q=q), np.array([0.6]), 0.1
    for _ in range(20_000 if q == 50 else 2_000):
        sent = [
            algorithm.report((w,), None, Trained(w - rate * 2 * (w - c), 1, 1, float((w[0] - c) ** 2), rate))[0]
            for c in (0, 1)
        ]
        mean = tuple(0.8 * a + 0.2 * b for a, b in zip(*sent, strict=True))
        w, _ = algorithm.step(w, mean, 1.0, None)
    assert w[0] == pytest.approx(best, abs=2e-3)


def test_with_q_0_it_is_fedavg() -> None:
    """Then h_k = 1/η, and the η cancels."""
    (fair,), (plain,) = (list(run(HEART.with_(rounds=1, algorithm=name, **more))) for name, more in (
        ("qfedavg", {"q": 0.0}), ("fedavg", {}),
    ))  # fmt: skip
    assert fair.state is not None
    assert plain.state is not None
    assert np.allclose(fair.state.weights, plain.state.weights, atol=1e-6)
    assert "qfedavg" in ALGORITHMS


# Personal models


@pytest.mark.parametrize("pull", [0.0, 0.5, 1.0, 10.0])
def test_ditto_of_means_lies_between_ones_own_and_everybodys(pull: float) -> None:
    """F_k = (v - x̄_k)²/2: v_k = (x̄_k + λ w) / (1 + λ); λ = 0 is alone, λ → ∞ is the shared one.

    Both as steps after the last round and as those of the algorithm, whose training begins anywhere.
    """
    mean, w, anywhere = np.array([4.0]), np.array([1.0]), np.array([-3.0])
    after, beside = FedProx(mu=pull), Ditto(ditto_pull=pull).own_training()
    v, v_k = w.copy(), beside.start((w,), anywhere)
    for _ in range(5_000):
        v = v - 0.009 * after.local_gradient(v - mean, v, w, None)
        v_k = v_k - 0.009 * beside.local_gradient(v_k - mean, v_k, anywhere, beside.correction((w,), anywhere))
    for found in (v, v_k):
        assert found == pytest.approx((mean + pull * w) / (1 + pull), abs=1e-6)


@pytest.mark.parametrize("some", [{}, {"participation": 0.5, "dropouts": 0.2}])
def test_dittos_shared_model_is_fedavgs(some: dict[str, float]) -> None:
    """To the last bit, and for the same bytes: one's own model changes nothing that is sent."""
    plan = HEART.with_(rounds=4, **some)
    (*_, ditto), (*_, fedavg) = (run(plan.with_(algorithm=name)) for name in ("ditto", "fedavg"))
    assert ditto.state is not None
    assert fedavg.state is not None
    assert np.array_equal(ditto.state.weights, fedavg.state.weights)
    assert (ditto.bytes_up, ditto.bytes_down) == (fedavg.bytes_up, fedavg.bytes_down)


def test_without_a_pull_dittos_own_models_are_those_trained_alone() -> None:
    """To the last bit, where all take part from the first round on; and so is what is judged."""
    (*_, ditto), (*_, alone) = (
        run(HEART.with_(rounds=4, algorithm=name, **more))
        for name, more in (("ditto", {"ditto_pull": 0}), ("alone", {}))
    )
    assert ditto.state is not None
    assert alone.state is not None
    for mine, theirs in zip(ditto.state.parties, alone.state.parties, strict=True):
        assert np.array_equal(mine["algorithm"], theirs["algorithm"])
    assert (ditto.test_accuracy, ditto.test_loss) == (alone.test_accuracy, alone.test_loss)


def test_a_strong_pull_keeps_dittos_own_models_near_the_shared_one() -> None:
    """One step on all of its data, λ = 10 and η = 0.05: v_k <- v_k - η (∇F_k(v_k) + λ (v_k - w)), halfway to w."""
    plan = HEART.with_(batch_size="all", learning_rate=0.05, rounds=20)
    gaps = []
    for pull in (0.0, 1.0, 10.0):
        *_, last = run(plan.with_(algorithm="ditto", ditto_pull=pull))
        assert last.state is not None
        gaps.append(max(float(np.linalg.norm(own["algorithm"] - last.state.weights)) for own in last.state.parties))
    assert gaps[0] > 1.5 * gaps[1] > 3 * gaps[2]


def test_who_trains_two_models_takes_twice_as_long() -> None:
    """E = 2, B = 10, 25 examples: 2 · 2 · 3 steps, and the clock with a line that costs next to nothing."""
    plan = Experiment(local_epochs=2, batch_size=10)
    assert [steps(plan.with_(algorithm=name), 25) for name in ("fedavg", "ditto")] == [6, 12]
    fast = HEART.with_(rounds=1, bandwidth=1_000.0)
    (one,), (other,) = list(run(fast)), list(run(fast.with_(algorithm="ditto")))
    assert other.simulated_seconds == pytest.approx(2 * one.simulated_seconds, rel=0.01)


def test_fine_tuning_goes_on_from_the_shared_model_as_local_training_does() -> None:
    """One step on all of a party's data: v_k = w - η ∇F_k(w), with softmax regression's gradient xᵀ(p - y)/n."""
    experiment = HEART.with_(batch_size="all")
    *_, last = run(experiment)
    assert last.state is not None
    prepared, w = prepare(experiment), last.state.weights
    for party, v in enumerate(personal(experiment, w, epochs=1)):
        x, y = prepared.seen_by([party])
        logits = x @ w[:-2].reshape(-1, 2) + w[-2:]
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        error = (p / p.sum(axis=1, keepdims=True) - np.eye(2)[y]) / len(y)
        slope = np.concatenate([(x.T @ error).ravel(), error.sum(axis=0)])
        assert np.allclose(v, w - experiment.learning_rate * slope, atol=1e-5)


def test_a_strong_pull_keeps_everybody_near_the_shared_model() -> None:
    *_, last = run(HEART)
    assert last.state is not None
    w = last.state.weights
    far, near = ([np.linalg.norm(v - w) for v in personal(HEART, w, epochs=5, pull=pull)] for pull in (0.0, 5.0))
    assert all(close < 0.6 * wide for close, wide in zip(near, far, strict=True))


def test_attacks_noise_and_absence_are_left_behind_at_home() -> None:
    *_, last = run(HEART)
    assert last.state is not None
    hard = HEART.with_(attack="sign_flip", attackers=1, dropouts=0.5, participation=0.5, compression="topk")
    plain, same = (personal(one, last.state.weights, epochs=1) for one in (HEART, hard))
    assert all(np.array_equal(a, b) for a, b in zip(plain, same, strict=True))


# For whom


def test_each_owner_is_judged_on_its_own_held_out_examples() -> None:
    """The parties' accuracies, weighted by their test examples, are the test accuracy."""
    *_, last = run(HEART)
    assert last.state is not None
    data = prepare(HEART).dataset
    accuracies, aucs = by_owner(HEART, [last.state.weights], HEART.data())
    assert data.test_owners is not None
    counts = np.bincount(data.test_owners)
    assert accuracies @ counts / counts.sum() == pytest.approx(last.test_accuracy)
    assert ((aucs > 0) & (aucs <= 1)).all()
    with pytest.raises(ValueError, match=r"^Parties are no owners here"):
        by_owner(HEART.with_(partition="iid"), [last.state.weights], HEART.data())


def test_auc_counts_pairs() -> None:
    """Of the six pairs of a 1 and a 0: (.8, .3), (.8, .8) a tie, (.8, .1), (.2, .3) wrong, (.2, .8) wrong, (.2, .1)."""
    assert auc(np.array([0.8, 0.2, 0.3, 0.8, 0.1]), np.array([1, 1, 0, 0, 0])) == pytest.approx(3.5 / 6)
    assert auc(np.array([0, 0, 0.0]), np.array([1, 0, 1])) == 0.5
    assert np.isnan(auc(np.array([1.0, 2.0]), np.array([1, 1])))


def test_a_round_tells_the_auc_where_it_is_the_measure() -> None:
    """Saying that no loan goes bad has an accuracy of 95 % and an AUC of one half: they are not the same number."""
    loans = Experiment(dataset="lending", partition="natural", model="softmax", rounds=1)
    (one,), (other,) = list(run(loans)), list(run(HEART.with_(rounds=1)))
    assert one.test_auc is not None
    assert one.score == one.test_auc != one.test_accuracy
    assert other.test_auc is None
    assert other.score == other.test_accuracy


def test_a_comparison_of_loans_is_told_by_auc() -> None:
    """And one with hospitals in it by what both have, accuracy."""
    loans = Experiment(dataset="lending", partition="natural", model="softmax", rounds=1)
    both = [History(one, run(one)) for one in (loans, HEART.with_(rounds=1))]
    assert "final AUC, %" in comparison(both[:1])
    assert f"{100 * both[0].rounds[-1].score:.2f}" in comparison(both[:1])
    assert "final accuracy, %" in comparison(both)
    assert picture(both[:1], "svg").startswith(b"<?xml")
