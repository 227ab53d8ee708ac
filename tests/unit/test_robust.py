"""Facts about robust averages: what liars can do to them, and that they are what others compute by these names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flwr.server.strategy.aggregate import aggregate_krum, aggregate_median, aggregate_trimmed_avg
from hypothesis import given
from hypothesis import strategies as st

from fedlab import Experiment, Round, run
from fedlab.algorithms import ALGORITHMS
from fedlab.datasets import Dataset
from fedlab.messages import Message, Upload
from fedlab.rounds import Diverged
from fedlab.settings import InvalidSetting
from fedlab.stages import (
    AGGREGATIONS,
    Aggregation,
    GeometricMedian,
    Krum,
    Mean,
    Median,
    MultiKrum,
    NormBound,
    TrimmedMean,
)  # fmt: skip

from .crowds import combined, crowd

PLAN = Experiment(parties=7, examples=700, model="softmax", rounds=2, local_epochs=2, batch_size=16, seed=11)
each_rule = pytest.mark.parametrize("rule", AGGREGATIONS)


# What liars can do


def test_one_party_moves_the_mean_anywhere() -> None:
    """Of n = 5 parties that count the same, one that sends 5 X - Σ others makes the mean X."""
    honest, target = crowd(0, 4), np.full(6, 1_000.0)
    lie = 5 * target - honest.sum(axis=0)
    assert combined(Mean(), np.vstack([honest, lie])) == pytest.approx(target, rel=1e-4)


@given(st.integers(0, 10_000), st.integers(2, 9), st.floats(-1e6, 1e6))
def test_median_and_trimmed_mean_stay_among_the_honest(seed: int, honest: int, lie: float) -> None:
    """While liars are fewer than half, and trimming leaves out at least as many on each side as there are liars."""
    liars = (honest - 1) // 2
    fair = crowd(seed, honest).astype(np.float32)
    points = np.vstack([fair, np.full((liars, 6), lie)])
    for rule in (Median(), TrimmedMean(trim=min(0.49, (liars + 0.1) / len(points)))):
        result = combined(rule, points)
        assert (fair.min(axis=0) - 1e-3 <= result).all()
        assert (result <= fair.max(axis=0) + 1e-3).all()


def test_at_half_the_median_breaks() -> None:
    """Three liars against three: the middle two are one of each side."""
    points = np.vstack([np.zeros((3, 6)), np.full((3, 6), 1e6)])
    assert combined(Median(), points).min() > 1e5


@given(st.integers(0, 10_000))
def test_krum_returns_one_of_its_inputs_and_an_honest_one(seed: int) -> None:
    """Seven parties, of which two send one far point: each of these has one neighbour near, and n - f - 2 = 3 count."""
    points = np.vstack([crowd(seed, 5), np.full((2, 6), 50.0)]).astype(np.float32)
    result = combined(Krum(expected_attackers=2), points)
    assert next(place for place, point in enumerate(points) if np.array_equal(point, result)) < 5


def test_trimming_fewer_than_there_are_liars_lets_them_move_the_mean_anywhere() -> None:
    """Two liars of seven, and one number left out on each side: the other lie is one of five that are averaged."""
    fair, lie = crowd(1, 5), 1e6
    points = np.vstack([fair, np.full((2, 6), lie)])
    four = np.sort(fair, axis=0)[1:]
    assert combined(TrimmedMean(trim=0.15), points) == pytest.approx((four.sum(axis=0) + lie) / 5, rel=1e-5)


def test_krum_keeps_a_liar_where_more_agree_than_have_to_be_near() -> None:
    """n = 7 and f = 2: three nearest others count, and four liars at one point have three at no distance at all."""
    points = np.vstack([crowd(2, 3), np.full((4, 6), 50.0)])
    assert combined(Krum(expected_attackers=2), points) == pytest.approx(np.full(6, 50))


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_who_holds_a_share_p_and_sends_the_difference_to_a_model_by_p_replaces_the_shared_one(
    seed: int, examples: int
) -> None:
    """Model replacement (Bagdasaryan et al. 2020): m = (X - w_t) / p, and the others send no change. The server adds
    Σ p_k m_k = p (X - w_t) / p to w_t: X. Here p = n_k / (n_k + 4 · 25).
    """
    w, target = crowd(seed, 2)
    points = np.zeros((5, 6))
    points[4] = (target - w) / (examples / (examples + 100))
    assert w + combined(Mean(), points, [25, 25, 25, 25, examples]) == pytest.approx(target, abs=1e-5)


def test_the_geometric_median_of_points_on_a_line_is_the_middle_one() -> None:
    """Σ |z - x| is smallest at the middle of an odd number of points, however far the outer ones are."""
    line = np.array([[0.0], [1], [2], [3], [1_000]]) * np.ones((1, 6))
    assert combined(GeometricMedian(), line) == pytest.approx(np.full(6, 2), abs=0.35)
    assert combined(Mean(), line)[0] > 200


def test_the_geometric_median_of_a_triangle_with_equal_sides_is_its_centre() -> None:
    corners = np.array([[0.0, 0], [1, 0], [0.5, np.sqrt(0.75)]])
    assert combined(GeometricMedian(), corners) == pytest.approx([0.5, np.sqrt(0.75) / 3], abs=1e-6)


def test_who_shouts_is_turned_down_to_the_bound() -> None:
    """A message of length 100 counts as one of length 2; one of length 1 stays. Their mean has (2 + 1) / 2."""
    points = np.zeros((2, 6))
    points[0, 1], points[1, 1] = 100, 1
    assert combined(NormBound(norm_bound=2.0), points)[1] == pytest.approx(1.5)


def test_under_label_skew_krum_hears_one_party_only(blobs: Dataset) -> None:
    """One class a party: whoever Krum picks, the new model is that party's."""
    plan = PLAN.with_(partition="label_dirichlet", alpha=0.05, aggregation="krum", rounds=1)
    sent: list[Upload] = []
    (one,) = run(plan, dataset=blobs, on_upload=lambda number, upload: sent.append(upload))
    assert one.state is not None
    near = [float(np.abs(one.state.weights - upload.weights).max()) for upload in sent]
    assert sorted(near)[0] < 1e-6 < 1e-2 < sorted(near)[1]


# Against others


def theirs(points: np.ndarray) -> list[tuple[list[np.ndarray], int]]:
    return [([point.astype(np.float32)], 10) for point in points]


@given(st.integers(0, 10_000), st.integers(3, 9))
def test_median_and_trimmed_mean_are_flowers(seed: int, parties: int) -> None:
    points = crowd(seed, parties)
    assert combined(Median(), points) == pytest.approx(aggregate_median(theirs(points))[0], abs=1e-6)
    trimmed = aggregate_trimmed_avg(theirs(points), 0.25)[0]
    assert combined(TrimmedMean(trim=0.25), points) == pytest.approx(trimmed, abs=1e-6)


@given(st.integers(0, 10_000), st.integers(7, 10), st.integers(0, 2))
def test_krum_and_multi_krum_are_flowers(seed: int, parties: int, liars: int) -> None:
    points = crowd(seed, parties)
    one = aggregate_krum(theirs(points), liars, 0)[0]
    assert np.array_equal(combined(Krum(expected_attackers=liars), points), one)
    several = aggregate_krum(theirs(points), liars, parties - liars)[0]
    assert combined(MultiKrum(expected_attackers=liars), points) == pytest.approx(several, abs=1e-5)


# What they are without anything to do


@pytest.mark.parametrize("rule", [NormBound(norm_bound=1_000), MultiKrum(expected_attackers=0)])
def test_rules_that_leave_nobody_out_are_the_mean(rule: Aggregation) -> None:
    points, sizes = crowd(3, 5), [10, 20, 30, 40, 50]
    assert combined(rule, points, sizes) == pytest.approx(combined(Mean(), points, sizes), abs=1e-6)


def test_trimming_nobody_is_the_mean_in_which_parties_count_the_same() -> None:
    points = crowd(4, 5)
    assert combined(TrimmedMean(trim=0.0), points, [1, 2, 3, 4, 5]) == pytest.approx(points.mean(axis=0), abs=1e-6)


@each_rule
def test_where_all_parties_send_the_same_every_rule_returns_it(rule: str) -> None:
    same = np.tile(np.linspace(-0.1, 0.1, 6), (5, 1))
    assert combined(AGGREGATIONS[rule](), same) == pytest.approx(same[0], abs=1e-6)


# In the federation


@each_rule
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_trains_under_every_rule(rule: str, algorithm: str, blobs: Dataset) -> None:
    """SCAFFOLD sends two arrays, FedNova a number beside its own: a rule gets both. Who waits for few compares few."""
    reporting = {"central": 1, "fedbuff": 3, "fedasync": 1}.get(algorithm, 7)
    if "krum" in rule and algorithm in ("fedbuff", "fedasync"):
        with pytest.raises(InvalidSetting, match=f"needs 5 parties in each round, but there are only {reporting}"):
            PLAN.with_(algorithm=algorithm, aggregation=rule)
        return
    (one,) = run(PLAN.with_(algorithm=algorithm, aggregation=rule, rounds=1), dataset=blobs)
    assert np.isfinite(one.test_loss)
    assert len(one.parties) == reporting


@each_rule
def test_one_computer_with_all_data_averages_nothing(
    rule: str, blobs: Dataset, assert_same_rounds: Callable[[list[Round], list[Round]], None]
) -> None:
    central = PLAN.with_(algorithm="central")
    assert_same_rounds(list(run(central.with_(aggregation=rule), dataset=blobs)), list(run(central, dataset=blobs)))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"parties": 6, "aggregation": "krum", "expected_attackers": 2},
            "expected_attackers is 2, and then Krum: the party in best company needs 7 parties in each round, but "
            "there are only 6: take fewer attackers or more parties.",
        ),
        ({"aggregation": "trimmed_mean", "trim": 0.5}, "trim is 0.5, but it must be a number from 0 to 0.49."),
        (
            {"aggregation": "median", "secure_sum": "masks"},
            "Under masks the server sees only the parties' sum, but Median of each weight looks at each message by "
            "itself: take the mean, or open messages.",
        ),
    ],
)
def test_a_rule_that_cannot_work_says_so(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Experiment(**settings)
    assert str(caught.value) == sentence


def test_where_dropouts_leave_too_few_krum_says_so(blobs: Dataset, is_one_sentence: Callable[[object], bool]) -> None:
    plan = PLAN.with_(aggregation="krum", expected_attackers=2, dropouts=0.5)
    with pytest.raises(Diverged, match=r"^Only 3 parties reported, but Krum") as caught:
        list(run(plan, dataset=blobs))
    assert is_one_sentence(caught.value)


def test_a_rule_of_ones_own_still_gets_messages_one_by_one(blobs: Dataset) -> None:
    class Last(Aggregation):
        def combine(self, uploads: Any) -> Message:
            *_, last = uploads
            return tuple(last.message)

    assert len(list(run(PLAN.with_(aggregation=Last()), dataset=blobs))) == 2
