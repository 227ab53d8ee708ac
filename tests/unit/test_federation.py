"""A run: it repeats, stops, continues and forks to the last bit, and it reports what happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, History, Round, State, run
from fedlab.algorithms import ALGORITHMS
from fedlab.datasets import Dataset, mnist
from fedlab.federation import Diverged, hold, initialise
from fedlab.randomness import participants

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


class Stop(Exception):
    """What a lab raises between two chunks when its Stop button was pressed."""


def weights(rounds: list[Round]) -> list[np.ndarray]:
    return [state_of(one).weights for one in rounds]


def state_of(one: Round) -> State:
    assert one.state is not None
    return one.state


def keep(history: History, rounds: Iterator[Round]) -> None:
    """Append the rounds as they come, so that those before an error are kept."""
    for one in rounds:
        history.append(one)


def all_but_the_clock(one: Round) -> tuple[Any, ...]:
    return (one.number, one.test_accuracy, one.test_loss, one.train_loss, one.parties, one.bytes_up, one.bytes_down)


def assert_equal_to_the_last_bit(ours: list[Round], theirs: list[Round]) -> None:
    assert list(map(all_but_the_clock, ours)) == list(map(all_but_the_clock, theirs))
    assert len(ours) > 0
    for one, other in zip(weights(ours), weights(theirs), strict=True):
        assert np.array_equal(one, other)


# Seeds and threads


@pytest.mark.parametrize("model", ["softmax", "2nn", "cnn"])
def test_a_run_repeats_exactly_whatever_the_number_of_threads(model: str) -> None:
    experiment = SKEWED.with_(model=model, rounds=2)
    once = list(run(experiment, threads=1))
    assert_equal_to_the_last_bit(list(run(experiment, threads=1)), once)
    assert_equal_to_the_last_bit(list(run(experiment, threads=3)), once)
    assert_equal_to_the_last_bit(list(run(experiment)), once)


def test_another_seed_is_another_run(blobs: Dataset) -> None:
    """It draws other examples, other parties, another first model."""
    runs = [list(run(SKEWED.with_(seed=seed), dataset=blobs)) for seed in (0, 1)]
    assert not np.array_equal(weights(runs[0])[0], weights(runs[1])[0])
    one, other = (initialise(SKEWED.with_(seed=seed), blobs).weights for seed in (0, 1))
    assert not np.array_equal(one, other)
    used = [set(np.concatenate(hold(SKEWED.with_(seed=seed), blobs)).tolist()) for seed in (0, 1)]
    assert used[0] != used[1]


def test_algorithms_meet_the_same_parties_and_the_same_first_model(blobs: Dataset) -> None:
    """So that two curves in one picture differ by the algorithm alone."""
    other = SKEWED.with_(algorithm="fedavg", learning_rate=0.3, local_epochs=5)
    for ours, theirs in zip(hold(SKEWED, blobs), hold(other, blobs), strict=True):
        assert np.array_equal(ours, theirs)
    assert np.array_equal(initialise(SKEWED, blobs).weights, initialise(other, blobs).weights)


# Continue, fork, stop


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_continued_run_equals_the_uninterrupted_one(blobs: Dataset, algorithm: str) -> None:
    """From each of its rounds, and on another number of threads: what an algorithm remembers is part of the state."""
    experiment = SKEWED.with_(algorithm=algorithm)
    whole = list(run(experiment, dataset=blobs, threads=1))
    for done in (1, 2, 3):
        rest = list(run(experiment, dataset=blobs, threads=3, start=state_of(whole[done - 1])))
        assert_equal_to_the_last_bit(rest, whole[done:])


def test_more_rounds_begin_with_the_same_rounds(blobs: Dataset) -> None:
    whole = list(run(SKEWED, dataset=blobs))
    assert_equal_to_the_last_bit(list(run(SKEWED.with_(rounds=2), dataset=blobs)), whole[:2])


def test_a_finished_run_has_nothing_to_continue(blobs: Dataset) -> None:
    *_, last = run(SKEWED, dataset=blobs)
    assert list(run(SKEWED, dataset=blobs, start=state_of(last))) == []


def test_a_fork_changes_nothing_earlier_and_goes_another_way(blobs: Dataset) -> None:
    """From round 2 on with FedAvg; the fork begins with the shared model of round 2, which it leaves as it was."""
    whole = list(run(SKEWED, dataset=blobs))
    before = [w.copy() for w in weights(whole)]
    fork = list(run(SKEWED.with_(algorithm="fedavg"), dataset=blobs, start=state_of(whole[1])))
    assert [one.number for one in fork] == [3, 4]
    assert all(np.array_equal(w, copy) for w, copy in zip(weights(whole), before, strict=True))
    assert not np.array_equal(weights(fork)[0], weights(whole)[2])
    assert {state_of(one).algorithm for one in fork} == {"fedavg"}
    history = History(SKEWED, whole).up_to(2, SKEWED.with_(algorithm="fedavg"))
    assert history.rounds == whole[:2]


@pytest.mark.parametrize("threads", [1, 3])
def test_a_run_stopped_within_a_round_loses_that_round_alone(blobs: Dataset, threads: int) -> None:
    """Stopped in the middle of round 3, it keeps rounds 1 and 2 and continues to the same rounds 3 and 4."""
    experiment = SKEWED.with_(batch_size=4, local_epochs=60)
    whole = list(run(experiment, dataset=blobs))
    calls: list[int] = []
    list(run(experiment.with_(rounds=1), dataset=blobs, between_chunks=lambda: calls.append(1)))
    in_one_round = len(calls)
    assert in_one_round > 4, "a party's work must be cut into chunks, or Stop waits for the party"

    done, in_round_3 = History(experiment), []

    def stop_in_round_3() -> None:
        if len(done) == 2:
            in_round_3.append(1)
            if len(in_round_3) > in_one_round / 2:
                raise Stop

    with pytest.raises(Stop):
        keep(done, run(experiment, dataset=blobs, threads=threads, between_chunks=stop_in_round_3))
    assert_equal_to_the_last_bit(done.rounds, whole[:2])
    rest = list(run(experiment, dataset=blobs, start=done.state_at(2)))
    assert_equal_to_the_last_bit(rest, whole[2:])


def test_a_run_can_be_stopped_while_the_shared_model_is_evaluated(blobs: Dataset) -> None:
    """For a big model that takes longer than a party's work; the one party has reported when it begins."""
    reported: list[int] = []

    def stop_after_the_report() -> None:
        if reported:
            raise Stop

    experiment = SKEWED.with_(parties=1, participation=1.0)
    with pytest.raises(Stop):
        list(
            run(
                experiment,
                dataset=blobs,
                between_chunks=stop_after_the_report,
                on_upload=lambda number, result: reported.append(number),
            )
        )
    assert reported == [1]


def test_a_pause_changes_no_number(blobs: Dataset) -> None:
    slow = run(SKEWED, dataset=blobs, threads=3, between_chunks=lambda: time.sleep(0.002))
    assert_equal_to_the_last_bit(list(slow), list(run(SKEWED, dataset=blobs)))


def test_a_run_that_is_left_alone_leaves_no_thread_behind(blobs: Dataset) -> None:
    list(run(SKEWED, dataset=blobs))
    before = threading.active_count()
    rounds = run(SKEWED, dataset=blobs, threads=3)
    next(rounds)
    rounds.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


# What a round reports


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
    zero = State(0, np.zeros(36, np.float32), "fedsgd", None)
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


# Errors


def test_training_that_breaks_down_says_so_and_keeps_the_rounds_before(
    is_one_sentence: Callable[[object], bool],
) -> None:
    """Two good rounds, then a learning rate of 100."""
    experiment = Experiment(parties=3, examples=600, model="2nn", rounds=2, local_epochs=2)
    history = History(experiment, run(experiment))
    before = [all_but_the_clock(one) for one in history]
    reckless = experiment.with_(learning_rate=100.0, rounds=20)
    with pytest.raises(Diverged, match=r"smaller learning rate") as caught:
        keep(history, run(reckless, start=history.state_at(2)))
    assert is_one_sentence(caught.value)
    assert [all_but_the_clock(one) for one in history][:2] == before
    assert all(np.isfinite([one.test_loss, one.train_loss]).all() for one in history)


@pytest.mark.filterwarnings("error")
def test_breaking_down_makes_no_noise() -> None:
    with pytest.raises(Diverged):
        list(run(Experiment(parties=3, examples=600, model="2nn", rounds=20, learning_rate=100.0)))


def test_more_examples_than_the_data_set_has_are_refused(
    blobs: Dataset, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(ValueError, match=r"5,000 examples are asked for, but blobs has 1,300") as caught:
        next(run(Experiment(), dataset=blobs))
    assert is_one_sentence(caught.value)


def test_a_state_of_another_model_is_refused(blobs: Dataset, is_one_sentence: Callable[[object], bool]) -> None:
    """36 weights of a softmax regression on blobs do not start 7,850 of one on MNIST."""
    state = initialise(SKEWED, blobs)
    with pytest.raises(ValueError, match=r"36 weights, but the model has 7,850") as caught:
        next(run(SKEWED, dataset=mnist(), start=state))
    assert is_one_sentence(caught.value)
