"""What lesson 04 says of ten seeds, and of the paper's long runs, is what their result files say."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.common import RESULTS
from fedlab.lessons.pictures_04 import FEDAVG, KEEPS, PULLS, published
from fedlab.lessons.race import Difference, difference, seeds_needed


def ten_seeds(measure: str, seeds: int = 10) -> dict[str, list[float]]:
    """For each method a number for each of the first seeds."""
    content = json.loads((RESULTS / "lesson_04.json").read_text(encoding="utf-8"))
    return {name: numbers[measure][:seeds] for name, numbers in content["results"].items()}


def both_ideas(numbers: dict[str, list[float]]) -> tuple[Difference, Difference]:
    """What keeping the work changes, and what the pull does."""
    return difference(numbers, KEEPS, FEDAVG, float), difference(numbers, PULLS, KEEPS, float)


def seeds_below_zero(found: Difference) -> int:
    return sum(value < 0 for value in found.values)


def test_three_seeds_tell_of_keeping_the_work_but_not_of_the_pull() -> None:
    work, pull = both_ideas(ten_seeds("late loss", 3))
    assert work.high < 0
    assert seeds_below_zero(work) == 3
    assert pull.low < 0 < pull.high
    assert pull.mean < 0


def test_three_seeds_ask_for_ten() -> None:
    _, pull = both_ideas(ten_seeds("late loss", 3))
    assert seeds_needed(float(np.std(pull.values, ddof=1)), pull.mean) == 10


def test_ten_seeds_tell_of_both_ideas_and_one_of_them_has_the_lower_loss_with_fedavg() -> None:
    work, pull = both_ideas(ten_seeds("late loss"))
    assert work.high < 0
    assert pull.high < 0
    assert seeds_below_zero(work) == 9


def test_ten_seeds_make_the_interval_of_the_pull_a_quarter_as_wide_and_that_of_the_work_as_wide_as_before() -> None:
    pairs = zip(both_ideas(ten_seeds("late loss")), both_ideas(ten_seeds("late loss", 3)), strict=True)
    work, pull = ((ten.high - ten.low) / (three.high - three.low) for ten, three in pairs)
    assert pull == pytest.approx(1 / 4, abs=0.05)
    assert work == pytest.approx(1, abs=0.05)


def test_the_first_three_seeds_of_keeping_the_work_lie_closer_together_than_the_ten() -> None:
    three, ten = (both_ideas(ten_seeds("late loss", seeds))[0].values for seeds in (3, 10))
    assert np.std(three, ddof=1) < np.std(ten, ddof=1) / 2


def test_pairs_make_the_interval_of_these_losses_no_shorter() -> None:
    numbers = ten_seeds("late loss")
    widths = [
        one.high - one.low for one in (difference(numbers, PULLS, KEEPS, float, paired) for paired in (True, False))
    ]
    assert widths[0] / widths[1] == pytest.approx(1, abs=0.05)


def test_of_the_accuracy_ten_seeds_cannot_tell_whether_the_pull_changes_it() -> None:
    _, pull = both_ideas(ten_seeds("last accuracy"))
    assert pull.low < 0 < pull.high


def test_in_the_long_run_the_ideas_change_places() -> None:
    short_work, short_pull = both_ideas(ten_seeds("late loss"))
    work, pull = both_ideas(published("synthetic(1,1)", "loss"))
    assert short_work.mean < short_pull.mean < 0
    assert pull.mean < work.mean < 0
    assert (seeds_below_zero(work), seeds_below_zero(pull)) == (2, 3)
    assert pull.low < 0 < pull.high  # three seeds are too few


def test_in_the_long_run_both_ideas_make_the_end_steadier_with_every_seed() -> None:
    assert [seeds_below_zero(one) for one in both_ideas(published("synthetic(1,1)", "spread"))] == [3, 3]


def test_with_one_truth_for_all_the_pull_costs_more_than_the_work_gains() -> None:
    numbers = published("synthetic IID", "loss")
    for fedavg, keeps, pulls in zip(*(numbers[name] for name in (FEDAVG, KEEPS, PULLS)), strict=True):
        assert all(one < other for one, other in pairwise((keeps, fedavg, pulls)))


def test_without_stragglers_the_published_fedprox_with_mu_zero_is_fedavg() -> None:
    content = json.loads((RESULTS / "published_fedprox_full.json").read_text(encoding="utf-8"))
    loss = {row["cell"]: row["loss, seeds 0, 1, 2"] for row in content["results"]["rows"]}
    for data in ("synthetic(1,1)", "synthetic(0,0)", "synthetic IID"):
        assert loss[f"{data}, 0% stragglers, FedProx μ=0"] == loss[f"{data}, 0% stragglers, FedAvg"]
