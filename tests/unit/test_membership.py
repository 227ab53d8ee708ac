"""Facts about telling who was in the data, and what ε allows anybody to tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from fedlab import Experiment, run
from fedlab import attacks_on_privacy as attack
from fedlab.datasets import Dataset
from fedlab.diagnostics import losses
from fedlab.messages import Upload
from fedlab.models.base import tensors
from fedlab.prepare import prepare


def test_right_so_a_member_has_the_advantage_train_accuracy_minus_test_accuracy(blobs: Dataset) -> None:
    """Yeom et al. 2018: exactly, whatever the model. The loss is 0 of what is right, and 1 of what is not."""
    experiment = Experiment(parties=1, examples=100, model="softmax", rounds=1, local_epochs=50)
    (one,) = run(experiment, dataset=blobs)
    assert one.state is not None
    own = prepare(experiment, blobs).training[0]
    members = losses(experiment, one.state.weights, blobs, blobs.train_x[own], blobs.train_y[own])
    others = losses(experiment, one.state.weights, blobs, blobs.test_x, blobs.test_y)
    w, b = tensors(one.state.weights, [(8, 4), (4,)])
    wrong = [
        ((x @ w + b).argmax(axis=1) != y).astype(float)
        for x, y in ((blobs.train_x[own], blobs.train_y[own]), (blobs.test_x, blobs.test_y))
    ]
    by_right = attack.membership(wrong[0], wrong[1], 0.5)
    assert by_right.advantage == pytest.approx((1 - wrong[0].mean()) - one.test_accuracy)
    best = attack.best_membership(members, others)
    assert best.advantage >= attack.membership(members, others, float(members.mean())).advantage
    assert others.mean() == pytest.approx(one.test_loss, rel=1e-5)


def test_the_best_threshold_is_the_best_of_all() -> None:
    """Members' losses 1, 2, 9 and others' 3, 4, 5: below 3 are two of three members and no other."""
    found = attack.best_membership(np.array([2.0, 9.0, 1.0]), np.array([5.0, 3.0, 4.0]))
    assert found.advantage == pytest.approx(2 / 3)
    assert (found.found, found.blamed) == (pytest.approx(2 / 3), 0.0)
    assert attack.best_membership(np.ones(5), np.ones(9)).advantage == 0


def test_no_attack_on_the_gaussian_mechanism_is_above_the_bound() -> None:
    """The best attack on noise σ against a shift of 1 has TPR - FPR = 2 Φ(1/2σ) - 1. The bound, at each ε with the δ
    that this mechanism has there (Balle and Wang 2018), is never below; at ε = 0 it is that."""
    for sigma in (0.5, 1.0, 3.0):
        best = 2 * norm.cdf(1 / (2 * sigma)) - 1
        for epsilon in np.linspace(0, 8, 33):
            half = 1 / (2 * sigma)
            delta = norm.cdf(half - epsilon * sigma) - np.exp(epsilon) * norm.cdf(-half - epsilon * sigma)
            assert attack.most_advantage(epsilon, delta) >= best - 1e-12
        assert attack.most_advantage(0.0, best) == pytest.approx(best)


def seen_by_all(experiment: Experiment, data: Dataset) -> tuple[dict[int, np.ndarray], np.ndarray, set[int]]:
    """The clipped update that each party has to send in round 1; the noisy mean; and who was there."""
    uploads, means = list[Upload](), list[np.ndarray]()
    every = experiment.with_(participation=1.0, dp_noise=0.0)
    list(run(every, dataset=data, on_upload=lambda number, upload: uploads.append(upload)))
    (one,) = run(experiment, dataset=data, on_mean=lambda number, mean: means.append(mean[0]))
    return {up.party: up.message[0] for up in uploads}, means[0], {report.party for report in one.parties}


def test_whoever_knows_all_other_updates_tells_a_party_as_well_as_epsilon_allows_and_no_better(blobs: Dataset) -> None:
    """In 400 real rounds party 0 is there or not, by chance. The attacker takes the others' clipped updates off the
    noisy sum and looks how much of party 0's direction is left: S if it was there, 0 if not, each with noise σ S. With
    σ = 1 the threshold S / 2 has TPR - FPR = 2 Φ(1/2) - 1 = 0.383. Either share, of about 200 rounds, is off by at
    most 4 · √(1/800) = 0.14; so TPR ≤ e^ε FPR + δ may be missed by (1 + e^ε) times that, at any threshold."""
    plan = Experiment(
        parties=4, examples=40, model="softmax", rounds=1, participation=0.5, privacy="dp", dp_clip=0.05, dp_noise=1.0
    )
    there, left = [], []
    for seed in range(400):
        updates, mean, came = seen_by_all(plan.with_(seed=seed), blobs)
        rest = mean * (0.5 * 4) - np.sum([updates[k] for k in came - {0}], axis=0)
        there.append(0 in came)
        left.append(float(rest @ updates[0]) / 0.05**2)
    was, scores = np.array(there), np.array(left)
    slack = 4 * np.sqrt(1 / (4 * 200))
    for threshold in np.linspace(-2, 3, 26):
        found, blamed = (scores[was] > threshold).mean(), (scores[~was] > threshold).mean()
        for epsilon in (0.0, 0.5, 1.0):
            delta = norm.cdf(0.5 - epsilon) - np.exp(epsilon) * norm.cdf(-0.5 - epsilon)
            assert found <= np.exp(epsilon) * blamed + delta + (1 + np.exp(epsilon)) * slack
    assert (scores[was] > 0.5).mean() - (scores[~was] > 0.5).mean() == pytest.approx(0.383, abs=2 * slack)
    assert scores[was].mean() - scores[~was].mean() == pytest.approx(1.0, abs=4 * np.sqrt(2 / 200))
    assert scores[was].std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * 200))
    assert scores[~was].std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * 200))


def test_the_bound_is_where_both_kinds_of_error_meet_it() -> None:
    """TPR = e^ε FPR + δ and 1 - FPR = e^ε (1 - TPR) + δ, solved: with ε = ln 3 and δ = 0 it is 3/4 and 1/4."""
    assert attack.most_advantage(np.log(3), 0.0) == pytest.approx(0.5)
    assert attack.most_advantage(0.0, 0.0) == 0
    assert attack.most_advantage(1_000.0, 1e-5) == 1
