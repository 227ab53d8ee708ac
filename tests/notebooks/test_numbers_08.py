"""What lesson 08 says of its long runs, held against the file that they left."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab.lessons import claims_08
from fedlab.lessons import published_08 as published

LINES = published.breakdown()
SKEW = {next(iter(row.values())): list(row.values())[1:] for row in published.skew()}


def test_the_mean_is_at_chance_with_two_liars_and_the_median_has_lost_one_point_and_a_half() -> None:
    assert LINES["mean"][2] == pytest.approx(8, abs=0.5)
    assert LINES["median"][0] - LINES["median"][2] == pytest.approx(1.4, abs=0.1)


def test_each_rule_falls_where_its_formula_says() -> None:
    """The mean stands none, a trimmed mean that cuts two and Multi-Krum for two stand two, the medians four of ten."""
    for rule, stands in {"trimmed_mean": 2, "multi_krum": 2, "median": 4, "geometric_median": 4}.items():
        fell = [after - before < -15 for before, after in zip(LINES[rule], LINES[rule][1:], strict=False)]
        assert fell.index(True) == stands
    assert LINES["mean"][0] - LINES["mean"][1] > 10


def test_krum_stays_at_87_or_88_percent_throughout() -> None:
    assert all(86.5 < value < 88.5 for value in LINES["krum"])
    assert LINES["krum"][0] < LINES["mean"][0] - 4


def test_the_worst_served_party_under_skew_has_17_percent_with_the_mean_4_with_the_median_and_none_with_krum() -> None:
    worst = {rule: values[1] for rule, values in SKEW.items()}
    assert worst["Mean by examples"] == pytest.approx(17, abs=0.6)
    assert worst["Median of each weight"] == pytest.approx(4, abs=0.5)
    assert worst["Krum"] == 0


def test_the_median_forgets_two_digits_of_ten() -> None:
    assert SKEW["Median of each weight"][2] == pytest.approx(2, abs=0.4)
    assert SKEW["Mean by examples"][2] == 0


def test_krum_knows_the_digits_of_the_party_that_it_kept_and_no_others() -> None:
    """With seed 0 they are 1, 5 and 7; with seed 1 it kept a party that holds 4s only."""
    (_, held), (_, only), _ = published.krum_kept()
    assert held == [1, 5, 7]
    assert only == [4]
    known = published.recalls()["Krum"]
    assert np.flatnonzero(known > 50).tolist() == held
    assert (np.delete(known, held) < 1).all()
    assert np.flatnonzero(published.recalls(1)["Krum"] > 50).tolist() == [4]


def test_the_labs_pairs_differ_in_one_thing() -> None:
    """So what the claims say is that thing's doing."""
    assert claims_08.MEDIAN.with_(aggregation="mean") == claims_08.LIARS
    assert claims_08.KRUM.with_(aggregation="mean") == claims_08.LIARS
    assert claims_08.SKEWED_KRUM.with_(aggregation="mean") == claims_08.SKEWED
    assert claims_08.BACKDOOR_MEDIAN.with_(aggregation="mean") == claims_08.BACKDOOR
    assert claims_08.BACKDOOR.with_(attack="none") == claims_08.HONEST
