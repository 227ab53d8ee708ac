"""What lesson 09 says, held against the files that it quotes and against its own runs."""

from __future__ import annotations

import pytest

from fedlab import History, run
from fedlab.lessons import claims_09 as promised
from fedlab.lessons import published_09 as published


@pytest.fixture(scope="module", params=[0, 1, 2])
def runs(request: pytest.FixtureRequest) -> list[History]:
    """With three seeds: the lesson shows one, and says nothing that holds for that one alone."""
    asked = [one.with_(seed=request.param) for one in promised.WE_SAY]
    return [History(one, run(one)) for one in asked]


def test_a_party_that_is_away_costs_its_digits_and_comes_back_within_four_rounds(runs: list[History]) -> None:
    there, gone = runs
    assert promised.accuracy(there, 8) - promised.accuracy(gone, 8) > 8
    assert promised.accuracy(there, 12) - promised.accuracy(gone, 12) < 3


def test_with_all_there_the_model_has_about_76_percent_right_after_8_rounds(runs: list[History]) -> None:
    assert promised.accuracy(runs[0], 8) == pytest.approx(76, abs=2)


def test_a_round_in_one_program_takes_a_tenth_of_a_second_or_so_and_seconds_over_a_network() -> None:
    local, network = published.deployed()["local"]["a round"], published.seconds_a_round()
    assert local < 0.35
    assert network > 10 * local


def test_round_1_of_four_parties_is_over_within_30_seconds_of_the_start() -> None:
    assert published.deployed()["summary"]["round 1"] <= 30


def test_more_bytes_cross_than_are_counted_and_not_many_more() -> None:
    """A tenth at most: the 2NN's 796,840 bytes a party dwarf what TLS, HTTP and Flower say."""
    summary = published.deployed()["summary"]
    assert 1 < summary["sent up"] / summary["counted up"] < 1.1
    assert summary["counted up"] == pytest.approx(4 * 796_840 / 1e6)


def test_flowers_simulation_is_not_a_bit_apart_with_3_and_10_parties_and_three_algorithms() -> None:
    assert published.largest_difference() == 0
    assert set(published.simulated()["algorithms"]) == {"fedavg", "fedprox", "scaffold"}


def test_the_simulation_is_hardly_slower_than_one_program_and_takes_ten_times_the_memory() -> None:
    local, flower, quick_start = (list(row.values()) for row in published.simulation())
    assert flower[1] < 2 * local[1]
    assert flower[1] < quick_start[1]
    assert 7 < flower[2] / local[2] < 13
