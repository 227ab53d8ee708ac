"""What lesson 06 codes and keeps book of, and where its walks of signs lead."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.federation import first_state, prepare
from fedlab.lessons import one_update, signs
from fedlab.stages import Quantize, TopK

PLAN = Experiment(parties=3, examples=150, model="softmax", rounds=3, compression="topk", topk_share=0.05)


def test_one_real_update_is_what_fedavg_would_send() -> None:
    """With one party the first shared model after it is w_0 + its update."""
    alone = PLAN.with_(parties=1, compression="none", rounds=1)
    (one,) = run(alone)
    assert one.state is not None
    moved = one.state.weights - first_state(prepare(alone)).weights
    assert one_update.real_update(alone) == pytest.approx(moved, abs=1e-6)


def test_after_each_round_sent_and_remembered_are_all_updates_of_the_party() -> None:
    entries = one_update.ledger(PLAN, party=2)
    assert len(entries) == 3
    for entry in entries:
        assert entry.sent + entry.remembered == pytest.approx(entry.updates, abs=1e-6)
        assert np.linalg.norm(entry.remembered) > 0.1 * np.linalg.norm(entry.updates)
    assert np.count_nonzero(entries[0].sent) == round(0.05 * 7_850)


def test_the_mean_of_codes_that_are_right_on_average_comes_closer_and_that_of_top_k_does_not() -> None:
    """Squares of independent errors: the mean of 16 has a 16th of them, within a factor of two for 500 numbers."""
    v = np.random.default_rng(1).standard_normal(500, np.float32)
    qsgd = one_update.off_on_average(Quantize(quantize_bits=2, error_feedback=False), v, 16)
    top = one_update.off_on_average(TopK(topk_share=0.1, error_feedback=False), v, 16)
    assert 8 < qsgd[0] / qsgd[-1] < 32
    assert top == pytest.approx([top[0]] * 16)


def test_signs_alone_drift_uphill_and_with_a_memory_follow_the_slopes() -> None:
    """Half a step to the right each step by the signs, a quarter to the left by the slopes: 400 steps of 0.01."""
    ends = [signs.walk(signs.by_turns, np.zeros(1), 400, 0.01, memory)[-1, 0] for memory in (False, True)]
    assert ends == pytest.approx([2.0, -1.0], abs=0.03)


def test_signs_alone_stay_where_they_reach_the_floor_of_a_valley_and_with_a_memory_come_to_its_minimum() -> None:
    """Across, a falls by what b rises: a + b stays 2.5, so they stop near (1.25, 1.25), 1.77 from the minimum."""
    stuck, arrives = (signs.walk(signs.valley, np.array([2.0, 0.5]), 120, 0.05, memory) for memory in (False, True))
    assert stuck.sum(axis=1) == pytest.approx(2.5)
    assert np.linalg.norm(stuck[-1]) == pytest.approx(1.25 * 2**0.5, abs=0.06)
    assert np.linalg.norm(arrives[-1]) < 0.15
