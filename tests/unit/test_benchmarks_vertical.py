"""What `python -m benchmarks.vertical` wrote down, and that it can be run. No time is asserted here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks import vertical
from fedlab.vertical import Columns
from fedlab.vertical.worth import score

FOUND: dict[str, Any] = json.loads(vertical.FILE.read_text(encoding="utf-8"))["results"]
AUC = {name: one["mean"] for name, one in FOUND["coalitions"]["auc"].items()}
PUBLISHED = {  # logistic regression on Cleveland, five folds
    "doctor": 0.841, "laboratory": 0.531, "cardiologist": 0.816, "imaging": 0.855, "doctor+laboratory": 0.840,
    "doctor+laboratory+cardiologist+imaging": 0.909,
}  # fmt: skip


def test_the_file_holds_every_part() -> None:
    assert FOUND.keys() == vertical.PARTS.keys()


@pytest.mark.parametrize("who", PUBLISHED)
def test_auc_of_those_columns_is_within_two_points_of_the_published(who: str) -> None:
    assert AUC[who] == pytest.approx(PUBLISHED[who], abs=0.02)


def test_a_number_of_the_file_is_what_the_kit_computes() -> None:
    assert vertical.over_seeds(Columns(who="imaging"))["mean"] == pytest.approx(AUC["imaging"], abs=2e-3)
    assert score(Columns()) == pytest.approx(AUC["doctor+laboratory+cardiologist+imaging"], abs=0.02)


def test_imaging_adds_most_and_the_laboratory_nothing() -> None:
    by_all = FOUND["coalitions"]["leave one out"]
    shares = FOUND["coalitions"]["shapley"]
    assert max(by_all, key=by_all.get) == max(shares, key=shares.get) == "imaging"
    assert abs(by_all["laboratory"]) < 0.01
    assert min(shares, key=shares.get) == "laboratory"
    assert sum(shares.values()) == pytest.approx(AUC["doctor+laboratory+cardiologist+imaging"] - 0.5, abs=2e-4)


def test_more_common_people_are_better_and_few_are_hardly_worth_it() -> None:
    together = [one["together"]["mean"] for one in FOUND["people"]]
    assert together == sorted(together)
    fewest, alone = FOUND["people"][0]["together"], FOUND["people"][0]["alone"]["mean"]
    assert abs(fewest["mean"] - alone) < fewest["sd"]
    assert together[-1] > alone + 0.05


@pytest.mark.parametrize("model", ["logistic", "network"])
def test_noise_hides_labels_and_costs_auc_and_rounds_undo_a_part_of_it(model: str) -> None:
    rows = [one for one in FOUND["leak"] if one["model"] == model]
    assert [one["noise"] for one in rows] == list(vertical.NOISE)
    first, last = ([one[f"leak, round {number}"] for one in rows] for number in (1, 50))
    assert first[0] == last[0] == 1
    assert first == sorted(first, reverse=True)
    assert last == sorted(last, reverse=True)
    assert all(late >= early for early, late in zip(first, last, strict=True))
    assert rows[-1]["auc"] < rows[0]["auc"] - 0.01


def test_halves_of_a_picture_are_read_better_together() -> None:
    for one in FOUND["digits"]:
        assert one["together"] > max(one["alone"].values()) + 0.03
        assert one["together"] == pytest.approx(one["one place"], abs=0.01)


def test_training_sends_more_than_the_columns_would_be() -> None:
    for one in FOUND["bytes"]:
        assert one["all rounds"] == one["rounds"] * (one["up a round"] + one["down a round"])
        assert one["all rounds"] > one["the columns"]


def steps(skew: str, method: str) -> list[dict[str, Any]]:
    return [one for one in FOUND["asynchrony"] if (one["skew"], one["method"]) == (skew, method)]


def test_where_parties_hold_the_same_who_waits_for_nobody_is_first_with_every_seed() -> None:
    for method in ("FedBuff, 3", "FedBuff, 5", "FedAsync"):
        for one, waiting in zip(steps("iid", method), steps("iid", "FedAvg"), strict=True):
            assert one["seconds to the goal"] < waiting["seconds to the goal"] / 4
            assert one["megabytes"] > 4 * waiting["megabytes"]


def test_where_parties_differ_who_waits_for_nobody_forgets_those_who_are_slow() -> None:
    """On the slow parties' own images, with every seed: at least five points below waiting for them."""
    for method in ("FedBuff, 3", "FedBuff, 5", "FedAsync"):
        for one, waiting in zip(steps("dirichlet 0.3", method), steps("dirichlet 0.3", "FedAvg"), strict=True):
            assert one["slow parties"] < waiting["slow parties"] - 5
            assert one["fast parties"] > waiting["fast parties"]


def test_car_parks_reach_the_goal_in_a_fifth_of_the_time_and_the_slow_ones_gain_less_than_the_fast() -> None:
    """With every seed: the slow end above where waiting brings them, and below the fast."""
    waited = [one for one in FOUND["car_parks"] if one["method"] == "FedAvg"]
    for one in FOUND["car_parks"]:
        if one["method"] != "FedAvg":
            waiting = waited[one["seed"]]
            assert one["seconds to the goal"] < waiting["seconds to the goal"] / 5
            assert waiting["slow parties"] < one["slow parties"] < one["fast parties"]
