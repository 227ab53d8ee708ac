"""What a round reports, worked out by hand, and who takes part in it."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab import Experiment, Round, State, run
from fedlab.datasets import Dataset
from fedlab.federation import hold
from fedlab.randomness import participants
from fedlab.rounds import PartyReport

SKEWED = Experiment(
    parties=7,
    examples=700,
    partition="dirichlet",
    alpha=0.3,
    algorithm="fedprox",
    mu=0.1,
    model="softmax",
    rounds=4,
    participation=0.6,
    local_epochs=2,
    batch_size=16,
    seed=11,
)


def state_of(one: Round) -> State:
    assert one.state is not None
    return one.state


def test_a_round_of_the_2nn_with_ten_parties_costs_16_megabytes() -> None:
    """784·200 + 200 + 200·200 + 200 + 200·10 + 10 = 199,210 weights of 4 bytes = 796,840 bytes, once up, once down."""
    (one,) = run(Experiment(parties=10, examples=100, model="2nn", rounds=1))
    assert one.bytes_up == one.bytes_down == 10 * 796_840
    assert round((one.bytes_up + one.bytes_down) / 1e6, 1) == 15.9


def test_only_those_who_take_part_send_and_receive(blobs: Dataset) -> None:
    """Softmax regression on 8 features and 4 classes: 36 weights, 144 bytes; 0.6 · 7 = 4.2, so 4 parties."""
    for one in run(SKEWED, dataset=blobs):
        assert one.bytes_up == one.bytes_down == 4 * 144
        assert [report.party for report in one.parties] == participants(11, one.number, 7, 0.6).tolist()


def test_a_report_counts_examples_and_steps(blobs: Dataset) -> None:
    """E · ⌈n_k / B⌉ local steps."""
    parties = hold(SKEWED.with_(parties=6, examples=100), blobs)
    for one in run(SKEWED.with_(parties=6, examples=100), dataset=blobs):
        for report in one.parties:
            assert report.examples == len(parties[report.party])
            assert report.steps == 2 * -(-report.examples // 16)


def test_distance_and_training_loss_of_one_step_follow_from_the_model(blobs: Dataset) -> None:
    """With one step, w_k - w_t = -η∇F_k(w_t), and the loss a party saw is F_k(w_t); both by hand for zero weights.

    At w = 0 every class has the chance 1/4: the loss is ln 4, and ∇F_k is x'(1/4 - onehot)/n with the bias' mean.
    """
    experiment = SKEWED.with_(algorithm="fedsgd", rounds=1, participation=1.0, learning_rate=0.2)
    zero = State(0, np.zeros(36, np.float32))
    (one,) = run(experiment, dataset=blobs, start=zero)
    for report, own in zip(one.parties, hold(experiment, blobs), strict=True):
        error = (0.25 - np.eye(4)[blobs.train_y[own]]) / len(own)
        step = 0.2 * np.concatenate([(blobs.train_x[own].T @ error).ravel(), error.sum(axis=0)])
        assert report.distance == pytest.approx(np.linalg.norm(step), rel=1e-5)
        assert report.train_loss == pytest.approx(np.log(4), rel=1e-6)
    assert one.train_loss == pytest.approx(np.log(4), rel=1e-6)


def test_test_accuracy_and_loss_follow_from_the_shared_model(blobs: Dataset) -> None:
    """Mean of log Σ exp(scores) - score of the label, over the test examples, in NumPy."""
    for one in run(SKEWED, dataset=blobs):
        w = state_of(one).weights.astype(np.float64)
        scores = blobs.test_x @ w[:32].reshape(8, 4) + w[32:]
        losses = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(400), blobs.test_y]
        assert one.test_loss == pytest.approx(losses.mean(), rel=1e-5)
        assert one.test_accuracy == (scores.argmax(axis=1) == blobs.test_y).mean()


def test_the_training_loss_is_weighted_by_examples(blobs: Dataset) -> None:
    for one in run(SKEWED.with_(parties=3, examples=7, participation=1.0), dataset=blobs):
        sizes = [report.examples for report in one.parties]
        assert len(set(sizes)) > 1
        total = sum(report.examples * report.train_loss for report in one.parties)
        assert one.train_loss == pytest.approx(total / sum(sizes), rel=1e-12)


# Who takes part


@pytest.mark.parametrize(
    ("parties", "participation", "expected"),
    [(10, 1.0, 10), (10, 0.1, 1), (10, 0.001, 1), (100, 0.1, 10), (7, 0.6, 4), (1, 0.05, 1), (3, 0.5, 2)],
)
def test_a_round_has_max_of_c_k_and_1_parties(parties: int, participation: float, expected: int) -> None:
    chosen = participants(5, 1, parties, participation)
    assert len(set(chosen.tolist())) == len(chosen) == expected
    assert set(chosen.tolist()) <= set(range(parties))


def test_every_party_is_as_likely_as_every_other() -> None:
    """2 of 8 in 4,000 rounds: each party about 1,000 times; five standard deviations √(4000·¼·¾) = 27 make 137."""
    times = np.bincount(np.concatenate([participants(3, number, 8, 0.25) for number in range(1, 4_001)]))
    assert np.abs(times - 1_000).max() < 137


# Memory


def test_a_long_history_is_made_of_small_objects() -> None:
    """1,000 rounds of 1,000 parties are a million reports: without a dictionary each, as slots do it."""
    report = PartyReport(0, 1, 1, 0.0, 0.0)
    for value in (report, State(0, np.zeros(1)), Round(1, 0.0, 0.0, 0.0, (report,), 0, 0, 0.0, None)):
        assert not hasattr(value, "__dict__")
