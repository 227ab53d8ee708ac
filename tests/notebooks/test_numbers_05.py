"""What lesson 05 says of its long races, held against the file that they left."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab.lessons import published_05 as published
from fedlab.lessons.published_05 import Runs

TUNING, RACE = published.runs("tuning"), published.raced(published.runs("race"))


def test_at_the_labs_rate_scaffold_is_far_ahead_and_at_four_times_that_it_is_behind_but_not_with_every_seed() -> None:
    fedavg, scaffold = (published.by_rate(TUNING, name) for name in ("FedAvg", "SCAFFOLD"))
    assert min(np.subtract(scaffold[0.05], fedavg[0.05])) > 4
    assert published.lead(TUNING, "SCAFFOLD", "FedAvg", 0.2) < -3
    assert max(np.subtract(scaffold[0.2], fedavg[0.2])) > 0


def test_at_a_rate_of_0_4_scaffold_breaks_down_with_every_seed_and_fedavg_does_not() -> None:
    assert published.by_rate(TUNING, "SCAFFOLD")[0.4] == [0, 0, 0]
    assert min(published.by_rate(TUNING, "FedAvg")[0.4]) > 70


def test_fedavg_at_its_best_rate_is_ahead_of_scaffold_at_the_labs() -> None:
    assert published.best_against(TUNING) > 0


def test_each_method_has_another_best_rate_and_fedadam_and_feddyn_have_theirs_at_the_edge() -> None:
    best = published.best_rates(TUNING)
    assert best == {"FedAvg": 0.2, "SCAFFOLD": 0.1, "FedDyn": 0.05, "FedAvgM": 0.2, "FedAdam": 0.4}


def test_the_race_is_run_with_the_best_rates_on_seeds_that_were_not_tuned_on() -> None:
    best = published.best_rates(TUNING)
    assert {(run["method"], run["rate"]) for run in published.runs("race")} == set(best.items())
    assert not {run["seed"] for run in published.runs("race")} & {run["seed"] for run in TUNING}


@pytest.mark.parametrize("name", ["SCAFFOLD", "FedDyn"])
def test_six_seeds_do_not_tell_it_from_fedavg_after_equal_rounds(name: str) -> None:
    found = published.over_fedavg(RACE, name)
    assert len(found.values) == 6
    assert found.low < 0 < found.high


def test_at_equal_megabytes_fedavg_is_ahead_of_scaffold() -> None:
    assert published.over_fedavg(RACE, "SCAFFOLD", equal_megabytes=True).high < 0


@pytest.mark.parametrize("name", ["FedAvgM", "FedAdam"])
def test_a_better_server_is_clearly_ahead_of_fedavg_and_sends_nothing_more(name: str) -> None:
    assert published.over_fedavg(RACE, name).low > 3
    assert RACE[name][0]["megabytes"] == RACE["FedAvg"][0]["megabytes"]


def test_three_times_fedadams_default_server_rate_is_much_better() -> None:
    ends = {name: np.mean(of_both) for name, of_both in published.by_method(published.runs("server")).items()}
    assert ends["FedAdam, η_s = 0.03"] - ends["FedAdam, η_s = 0.01"] > 5


def test_with_three_of_ten_parties_a_round_scaffold_and_feddyn_lead_and_better_servers_do_not() -> None:
    few = published.runs("few")
    assert {len(ends) for name in RACE for ends in published.by_rate(few, name).values()} == {2}
    ends = published.best_ends(few)
    assert min(ends["SCAFFOLD"], ends["FedDyn"]) > ends["FedAvg"] + 5
    assert max(ends["FedAvgM"], ends["FedAdam"]) < ends["FedAvg"] + 1


def test_at_equal_megabytes_a_method_gets_as_many_rounds_as_fedavg_pays_for() -> None:
    """16 rounds at 10 MB pay for 8 at 20 MB, whose accuracy is then 8; after all 16 it is 16."""
    made: dict[str, Runs] = {
        name: [{"rounds": 16, "megabytes": megabytes, "accuracy": list(range(1, 17))}]
        for name, megabytes in (("FedAvg", 10.0), ("Dear", 20.0))
    }
    assert published.over_fedavg(made, "Dear", equal_megabytes=True).mean == 8 - 16
    assert published.over_fedavg(made, "Dear").mean == 0


def test_a_run_that_broke_down_counts_as_nothing() -> None:
    assert published.last({"rounds": 3, "accuracy": [10.0, 20.0, 30.0]}) == 30
    assert published.last({"rounds": 3, "accuracy": [10.0, 20.0]}) == 0
