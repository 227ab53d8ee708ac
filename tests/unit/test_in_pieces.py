"""Facts about runs in pieces: what a place without threads trains with."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from fedlab import Experiment, History, run
from fedlab.federation import in_pieces

KINDS = {
    "fedavg": Experiment(parties=4, examples=400, rounds=3),
    "softmax, all at once": Experiment(parties=4, examples=400, rounds=3, model="softmax", batch_size="all"),
    "scaffold with dropouts": Experiment(parties=4, examples=400, rounds=3, algorithm="scaffold", dropouts=0.3),
    "masks": Experiment(parties=4, examples=400, rounds=2, secure_sum="masks"),
}


@pytest.mark.parametrize("experiment", KINDS.values(), ids=KINDS)
def test_the_rounds_are_those_of_run_to_the_last_bit(experiment: Experiment) -> None:
    here = [one for one in in_pieces(experiment) if one is not None]
    there = list(run(experiment))
    assert [(one.test_accuracy, one.test_loss, one.bytes_up) for one in here] == [
        (one.test_accuracy, one.test_loss, one.bytes_up) for one in there
    ]
    assert here[-1].state is not None
    assert there[-1].state is not None
    np.testing.assert_array_equal(here[-1].state.weights, there[-1].state.weights)


def test_no_thread_is_made() -> None:
    before = set(threading.enumerate())
    for _ in in_pieces(KINDS["fedavg"]):
        assert set(threading.enumerate()) <= before


def test_it_gives_the_thread_back_at_least_once_for_every_4096_examples() -> None:
    """600 examples ten times at each of four parties are 24,000; a piece is 2,048 and one batch at most."""
    experiment = Experiment(parties=4, examples=2400, rounds=1, local_epochs=10, model="softmax")
    assert sum(one is None for one in in_pieces(experiment)) >= 24_000 / 4096


def test_what_is_left_in_the_middle_of_a_round_goes_on_from_the_round_before() -> None:
    experiment = KINDS["fedavg"]
    pieces = in_pieces(experiment)
    first = next(one for one in pieces if one is not None)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    rest = [one for one in in_pieces(experiment, start=first.state) if one is not None]
    assert [one.test_accuracy for one in (first, *rest)] == History(experiment, run(experiment)).column("test_accuracy")


def test_numpy_warns_again_while_a_run_is_left() -> None:
    """A run hides NumPy's warnings about its own numbers only, not about those of whoever has left it."""
    pieces = in_pieces(KINDS["fedavg"])
    next(pieces)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.ones(1) / np.zeros(1)
