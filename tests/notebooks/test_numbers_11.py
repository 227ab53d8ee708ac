"""What lesson 11 says of columns split between parties, held against the file of `python -m benchmarks.vertical`."""

from __future__ import annotations

import re

import numpy as np
import pytest

from fedlab.lessons import build, claims_11
from fedlab.lessons import published_11 as published

TEXT = (build.SOURCES / "11_across_industries.py").read_text(encoding="utf-8").replace("\n# ", " ")
FOUR = ("doctor", "laboratory", "cardiologist", "imaging")


def said(words: str) -> float:
    """The number that stands behind these words in the lesson."""
    (number,) = re.findall(re.escape(words) + r" (0\.\d+)", TEXT)
    return float(number)


def test_who_adds_what_with_ten_seeds() -> None:
    for words, auc in {
        "the doctor alone has": published.auc("doctor"),
        "with the laboratory": published.auc("doctor", "laboratory"),
        "with imaging": published.auc("doctor", "imaging"),
        "and all four": published.auc(*FOUR),
        "Leave the laboratory out of the four, and it is": published.auc("doctor", "cardiologist", "imaging"),
        "a split network has": published.found("coalitions")["network"]["mean"],
    }.items():
        assert said(words) == pytest.approx(auc, abs=6e-4), words


def test_few_shared_people_are_worth_less_than_the_spread_between_seeds() -> None:
    shares, together, spread, alone = published.overlaps()
    assert shares[0] == 0.05
    assert together[0] == pytest.approx(0.840, abs=6e-4)
    assert alone == pytest.approx(0.835, abs=6e-4)
    assert together[0] - alone < spread[0]
    assert together[shares.index(0.2)] == pytest.approx(0.883, abs=6e-4)
    assert round(0.05 * published.found("bytes")[0]["people"]) == 12
    assert together == sorted(together)


def test_what_each_earns() -> None:
    rows = {next(iter(row.values())): list(row.values())[1:] for row in published.earnings()}
    assert rows["imaging"][3] == 37
    assert rows["the laboratory"][3] == 1
    assert rows["the laboratory"][1] < 0
    assert rows["the laboratory"][0] == pytest.approx(0.528, abs=6e-4)
    assert sum(row[2] for row in rows.values()) == pytest.approx(published.auc(*FOUR) - 0.5, abs=3e-4)


def test_a_thousand_million_numbers_take_40_minutes_at_the_speed_of_a_million() -> None:
    million = next(one for one in published.found("psi")["bare hashes"] if one["numbers"] == 10**6)
    assert 1_000 * million["seconds"] / 60 == pytest.approx(40, abs=1)


def test_what_noise_buys() -> None:
    """At t = 10 and t = 100, after 50 rounds."""
    for model, read, left in (("logistic", {10: 0.80, 100: 0.65}, 0.824), ("network", {100: 0.71}, 0.884)):
        one = published.noise(model)
        for t, expected in read.items():
            assert one["leak, round 50"][one["noise"].index(t)] == pytest.approx(expected, abs=6e-3)
        assert one["auc"][one["noise"].index(100)] == pytest.approx(left, abs=6e-4)
        assert all(leak > 0.95 for leak, t in zip(one["leak, round 50"], one["noise"], strict=True) if t <= 1)
    logistic = published.noise("logistic")
    assert logistic["auc"][0] - logistic["auc"][logistic["noise"].index(10)] == pytest.approx(0.02, abs=2e-3)
    assert logistic["auc"][-1] < published.auc("doctor")
    assert published.noise("network")["auc"][-1] > published.auc("doctor")


def test_the_length_of_a_gradient_tells_hardly_more_than_a_coin_here() -> None:
    by_norm = [one["by norm, round 50"] for one in published.found("leak")]
    assert min(by_norm) == pytest.approx(0.50, abs=6e-3)
    assert max(by_norm) == pytest.approx(0.56, abs=6e-3)


def test_the_columns_are_11_kilobytes_and_the_runs_ten_and_forty_times_that() -> None:
    logistic, network, _ = (list(row.values())[1:] for row in published.sent())
    assert logistic[3] == network[3] == pytest.approx(11_000, abs=500)
    assert logistic[2] == 10 * logistic[3]
    assert network[2] == 40 * network[3]
    one = published.found("bytes")[0]
    assert one["up a round"] == 4 * 3 * one["people"]  # 4 bytes a person from each of three who are away


def test_in_the_first_round_every_label_is_the_sign_of_what_comes_back() -> None:
    """(p - y) / n with p = 1/2 for everybody: half a person each way."""
    back, y = claims_11.came_back(rounds=1)
    assert back * len(y) == pytest.approx(0.5 - y, abs=1e-6)
    assert ((claims_11.came_back(rounds=10)[0] < 0) == (y == 1)).all()


def test_the_pieces_and_the_whole_are_compared_on_weights_that_have_moved() -> None:
    apart, whole = claims_11.weights_apart_and_in_one_place()
    assert apart.shape == whole.shape
    assert np.abs(whole).max() > 0.1
