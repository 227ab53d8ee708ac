"""Facts about whom an aggregation rule has kept: what each party's message counts in what it gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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

from .crowds import combined, crowd, uploads


def weights(rule: Aggregation, points: np.ndarray, sizes: list[int] | None = None) -> np.ndarray:
    found = rule.weights(uploads(points, sizes))
    assert found is not None
    return found


def test_the_mean_keeps_everybody_by_examples() -> None:
    """10, 30 and 60 of 100 examples."""
    assert weights(Mean(), crowd(0, 3), [10, 30, 60]) == pytest.approx([0.1, 0.3, 0.6])


def test_krum_keeps_one_and_multi_krum_as_many_as_are_not_expected_to_lie() -> None:
    """On a line 0, 1, 3, 7, 50, and n - f - 2 = 2 nearest others: squared distances 1 + 9, 1 + 4, 4 + 9, 16 + 36, and
    43² + 47². The party at 1 is in the best company; f = 1, so only the one at 50 is left out of four: 10 of 70
    examples, 30, 20 and 10.
    """
    line = np.array([[0.0], [1], [3], [7], [50]]) * np.eye(1, 6)
    sizes = [10, 30, 20, 10, 900]
    assert weights(Krum(expected_attackers=1), line, sizes) == pytest.approx([0, 1, 0, 0, 0])
    assert weights(MultiKrum(expected_attackers=1), line, sizes) == pytest.approx([1 / 7, 3 / 7, 2 / 7, 1 / 7, 0])


def test_a_trimmed_mean_and_a_median_tell_the_share_of_the_numbers_that_they_took_from_a_party() -> None:
    """Five parties, four numbers each. The median takes the third of each column: from parties 1, 3, 1 and 2. Without
    one on each side three are left: in the first column 1, 2, 0, in the second 2, 3, 4, in the third 3, 1, 0, in the
    fourth 0, 2, 4: of all 12 the parties 0 and 2 have three, the others two.
    """
    table = np.array([[4, 9, 4, 2], [3, 1, 3, 1], [2, 4, 9, 3], [1, 5, 2, 9], [9, 6, 1, 4]])
    assert weights(Median(), table) == pytest.approx([0, 0.5, 0.25, 0.25, 0])
    assert weights(TrimmedMean(trim=0.2), table) == pytest.approx(np.array([3, 2, 3, 2, 2]) / 12)


def test_of_four_parties_the_median_takes_the_middle_two() -> None:
    assert weights(Median(), np.array([[1, 1], [2, 4], [3, 3], [9, 2]])) == pytest.approx([0, 0.25, 0.5, 0.25])


def test_who_sends_the_same_number_has_the_same_share_of_it() -> None:
    """A pixel that is black in every image moves no weight: all send 0. In the second column the middle two of 1, 2, 2
    and 2 are two of the three 2s: each party that sent one has a third.
    """
    table = np.array([[0, 1], [0, 2], [0, 2], [0, 2]])
    assert weights(Median(), table) == pytest.approx([(1 / 4 + 0) / 2] + [(1 / 4 + 1 / 3) / 2] * 3)


def test_a_shortened_message_counts_less_by_the_factor_that_shortened_it() -> None:
    """Arrays of one number and of five, each by itself. Lengths 0 and 10 under a bound of 2: factors 1 and 1/5, over
    six numbers (1 + 5/5) / 6 = 1/3. The other, of length 1, is left alone. Half of the examples each.
    """
    points = np.zeros((2, 6))
    points[0, 1], points[1, 1] = 10, 1
    assert weights(NormBound(norm_bound=2.0), points) == pytest.approx([1 / 6, 1 / 2])


def test_the_geometric_median_weighs_by_the_inverse_of_the_distance() -> None:
    """0, 0, 0 and 100 with equal examples. If the far one has the weight a, then z = 100 a, the distances are 100 a and
    100 (1 - a), and a step makes 1/a into 3/a - 2. From 1/a = 4 that is 1 + 3 · 3^t after t steps, and there are ten.
    """
    points = np.array([[0.0], [0], [0], [100]]) * np.eye(1, 6)
    far = 1 / (1 + 3**11)
    assert weights(GeometricMedian(), points) == pytest.approx([(1 - far) / 3] * 3 + [far], rel=1e-5)


@given(st.integers(0, 10_000))
@pytest.mark.parametrize("rule", [Mean(), Krum(), MultiKrum(), GeometricMedian()])
def test_what_a_rule_kept_adds_up_to_what_it_gave(rule: Aggregation, seed: int) -> None:
    """Σ a_k m_k, for the rules that take a message as a whole."""
    points, sizes = crowd(seed, 6), [10, 20, 30, 40, 50, 60]
    assert weights(rule, points, sizes) @ points == pytest.approx(combined(rule, points, sizes), abs=1e-5)


@given(st.integers(0, 10_000), st.integers(5, 9))
@pytest.mark.parametrize("rule", AGGREGATIONS)
def test_weights_are_shares(rule: str, seed: int, parties: int) -> None:
    """From 0 to 1, and together 1, or less under a bound of 1, which messages of 6 numbers around 1 are longer than."""
    found = weights(AGGREGATIONS[rule](), crowd(seed, parties))
    assert ((found >= 0) & (found <= 1)).all()
    if rule == "norm_bound":
        assert found.sum() < 1
    else:
        assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize("rule", [Median(), TrimmedMean(trim=0.25), Krum(), MultiKrum(expected_attackers=2)])
def test_robust_rules_throw_out_two_loud_liars(rule: Aggregation) -> None:
    """The far points have the largest numbers everywhere, and but for one all of their 4 or 5 nearest are far away."""
    points = np.vstack([crowd(5, 6), np.full((2, 6), 100.0)])
    assert weights(rule, points)[6:] == pytest.approx([0, 0])


def test_a_rule_of_ones_own_need_not_tell_whom_it_kept() -> None:
    assert Aggregation().weights(uploads(crowd(0, 3))) is None
