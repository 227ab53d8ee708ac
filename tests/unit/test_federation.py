"""A run: it repeats, stops, continues and forks to the last bit, and it reports what happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from fedlab import Experiment, History, Round, State, run
from fedlab.algorithms import ALGORITHMS, FedAvg
from fedlab.datasets import Dataset, mnist
from fedlab.federation import Diverged, first_state, hold, prepare

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


def first_weights(experiment: Experiment, dataset: Dataset) -> np.ndarray:
    return first_state(prepare(experiment, dataset)).weights


Same = Callable[[list[Round], list[Round]], None]  # `assert_same_rounds` of conftest.py


# Seeds and threads


@pytest.mark.parametrize(
    ("model", "engine"), [("softmax", "numpy"), ("2nn", "numpy"), ("2nn", "keras"), ("cnn", "keras")]
)
def test_a_run_repeats_exactly_whatever_the_number_of_threads(
    model: str, engine: str, assert_same_rounds: Same, request: pytest.FixtureRequest
) -> None:
    if engine == "keras":
        request.getfixturevalue("tensorflow")
    experiment = SKEWED.with_(model=model, rounds=2)
    once = list(run(experiment, engine=engine, threads=1))
    assert {one.engine for one in once} == {engine}
    for threads in (1, 3, None):
        assert_same_rounds(list(run(experiment, engine=engine, threads=threads)), once)


def test_another_seed_is_another_run(blobs: Dataset) -> None:
    """It draws other examples, other parties, another first model."""
    runs = [list(run(SKEWED.with_(seed=seed), dataset=blobs)) for seed in (0, 1)]
    assert not np.array_equal(weights(runs[0])[0], weights(runs[1])[0])
    one, other = (first_weights(SKEWED.with_(seed=seed), blobs) for seed in (0, 1))
    assert not np.array_equal(one, other)
    used = [set(np.concatenate(hold(SKEWED.with_(seed=seed), blobs)).tolist()) for seed in (0, 1)]
    assert used[0] != used[1]


def test_algorithms_meet_the_same_parties_and_the_same_first_model(blobs: Dataset) -> None:
    """So that two curves in one picture differ by the algorithm alone."""
    other = SKEWED.with_(algorithm="fedavg", learning_rate=0.3, local_epochs=5)
    for ours, theirs in zip(hold(SKEWED, blobs), hold(other, blobs), strict=True):
        assert np.array_equal(ours, theirs)
    assert np.array_equal(first_weights(SKEWED, blobs), first_weights(other, blobs))


# Continue, fork, stop


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_continued_run_equals_the_uninterrupted_one(blobs: Dataset, algorithm: str, assert_same_rounds: Same) -> None:
    """From each of its rounds, and on another number of threads: what an algorithm remembers is part of the state."""
    experiment = SKEWED.with_(algorithm=algorithm)
    whole = list(run(experiment, dataset=blobs, threads=1))
    for done in (1, 2, 3):
        rest = list(run(experiment, dataset=blobs, threads=3, start=state_of(whole[done - 1])))
        assert_same_rounds(rest, whole[done:])


def test_more_rounds_begin_with_the_same_rounds(blobs: Dataset, assert_same_rounds: Same) -> None:
    whole = list(run(SKEWED, dataset=blobs))
    assert_same_rounds(list(run(SKEWED.with_(rounds=2), dataset=blobs)), whole[:2])


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
    assert {state_of(one).kinds[0] for one in fork} == {FedAvg}
    history = History(SKEWED, whole).up_to(2, SKEWED.with_(algorithm="fedavg"))
    assert history.rounds == whole[:2]


@pytest.mark.parametrize("threads", [1, 3])
def test_a_run_stopped_within_a_round_loses_that_round_alone(
    blobs: Dataset, threads: int, assert_same_rounds: Same
) -> None:
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
    assert_same_rounds(done.rounds, whole[:2])
    rest = list(run(experiment, dataset=blobs, start=done.state_at(2)))
    assert_same_rounds(rest, whole[2:])


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
                on_upload=lambda number, upload: reported.append(number),
            )
        )
    assert reported == [1]


def test_a_pause_changes_no_number(blobs: Dataset, assert_same_rounds: Same) -> None:
    slow = run(SKEWED, dataset=blobs, threads=3, between_chunks=lambda: time.sleep(0.002))
    assert_same_rounds(list(slow), list(run(SKEWED, dataset=blobs)))


def test_a_run_that_is_left_alone_leaves_no_thread_behind(blobs: Dataset) -> None:
    list(run(SKEWED, dataset=blobs))
    before = threading.active_count()
    rounds = run(SKEWED, dataset=blobs, threads=3)
    next(rounds)
    rounds.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


# Errors


def test_training_that_breaks_down_says_so_and_keeps_the_rounds_before(
    is_one_sentence: Callable[[object], bool], assert_same_rounds: Same
) -> None:
    """Two good rounds, then a learning rate of 100."""
    experiment = Experiment(parties=3, examples=600, model="2nn", rounds=2, local_epochs=2)
    history = History(experiment, run(experiment))
    before = list(history)
    reckless = experiment.with_(learning_rate=100.0, rounds=20)
    with pytest.raises(Diverged, match=r"Take a smaller learning rate\.$") as caught:
        keep(history, run(reckless, start=history.state_at(2)))
    assert is_one_sentence(caught.value)
    assert_same_rounds(list(history)[:2], before)
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
    state = first_state(prepare(SKEWED, blobs))
    with pytest.raises(ValueError, match=r"36 weights, but the model has 7,850") as caught:
        next(run(SKEWED, dataset=mnist(), start=state))
    assert is_one_sentence(caught.value)
