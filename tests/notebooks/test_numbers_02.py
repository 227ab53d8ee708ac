"""What lesson 02 says of runs that were done beforehand is what their result files say."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from benchmarks.common import RESULTS
from benchmarks.lesson_02 import rounds_allowed
from fedlab import Experiment
from fedlab.lessons import build, checks_02

WORDS = dict(enumerate(["none", "one", "two", "three", "four", "five", "six"]))


@pytest.fixture(scope="module")
def lesson() -> str:
    """The text of the lesson, in one line."""
    source = (build.SOURCES / "02_fedavg.py").read_text(encoding="utf-8")
    return " ".join(re.sub(r"^# ?", "", source, flags=re.MULTILINE).split())


def results(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["results"]


def gains(mix: str, measure: Any) -> list[float]:
    """E = 10 minus E = 1, by seed, of a measure of the accuracies."""
    found = {
        (one["E"], one["seed"]): measure(one["accuracies"]) for one in results("lesson_02_skew") if one["mix"] == mix
    }
    return [found[10, seed] - found[1, seed] for seed in range(6)]


def test_six_seeds_gain_what_the_lesson_says(lesson: str) -> None:
    fair, skewed = gains("fair", max), gains("skewed", max)
    ours, theirs = (f"{min(one):.1f} to {max(one):.1f}" for one in (fair, skewed))
    assert f"a fair mix gains {ours} points, the skewed one {theirs}." in lesson
    assert min(skewed) > 0
    assert min(skewed) < min(fair) < max(fair) < max(skewed)


def test_by_the_last_round_some_seeds_lose(lesson: str) -> None:
    lost = sum(gain < 0 for gain in gains("skewed", lambda accuracies: accuracies[-1]))
    assert f"E = 10 is behind E = 1 with {WORDS[lost]} of the six seeds" in lesson


def test_another_scaling_of_the_pixels_takes_the_rounds_that_the_lesson_says(lesson: str) -> None:
    found = {"iid": [], "shards": []}  # type: dict[str, list[int]]
    for one in results("lesson_02_pixels"):
        found[one["partition"]].append(one["rounds"])
    fair, shards = (" and ".join(map(str, found[partition])) for partition in ("iid", "shards"))
    assert f"it takes {fair} rounds with the fair mix (paper: 87) and {shards} with the shards (paper: 664)" in lesson


def test_the_rerun_of_table_1_is_what_the_lesson_says_of_it() -> None:
    """Two of three seeds are quicker than the band with the shards, and the medians get there later."""
    rows = {row["cell"]: row for row in results("published_mcmahan_full")["rows"]}
    shards = rows["shards, C = 0.1"]
    low = int(shards["band"].split()[0])
    ours, later = ([int(n) for n in shards[name].split(", ")] for name in ("ours", "ours, median of ten rounds"))
    assert sum(number < low for number in ours) == 2
    assert all(one < other for one, other in zip(ours, later, strict=True))
    for share in ("0.1", "1"):
        iid, skewed = ([int(n) for n in rows[f"{mix}, C = {share}"]["ours"].split(", ")] for mix in ("iid", "shards"))
        assert max(iid) < min(skewed)
    assert int(rows["shards, C = 1"]["ours"]) < min(ours)


def passing(choices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The choices that reach the goal of exercise 4 with both seeds."""
    return [one for one in choices if one["rounds"] and min(map(max, one["accuracies"])) >= 100 * checks_02.GOAL]


def test_a_fifth_of_the_choices_meet_the_budget_and_none_without_a_trade(lesson: str) -> None:
    """E = 1, one party a round, all parties: none of these passes, whatever B and the learning rate are."""
    choices = results("lesson_02_budget")
    right = passing(choices)
    assert f"Of {len(choices)} choices that we tried {len(right)} get there" in lesson
    assert 0.1 < len(right) / len(choices) < 0.3
    assert not [one for one in right if one["E"] == 1 or one["asked"] in (1, 20)]
    assert {one["E"] for one in right} >= {2, 3, 5, 10}
    assert {one["asked"] for one in right} >= {2, 3, 4, 6, 8}


def test_what_must_fail_fails_by_more_than_half_a_point() -> None:
    for one in results("lesson_02_budget"):
        if one["rounds"] and (one["E"] == 1 or one["asked"] in (1, 20)):
            assert min(map(max, one["accuracies"])) < 100 * checks_02.GOAL - 0.5


def test_the_budget_allows_the_rounds_that_were_tried() -> None:
    """E = 2, B = 10: 20 s of steps, 40 s on the line, 20 s of waiting: six rounds in 8 minutes. Four parties: 38 MB."""
    choice = Experiment(parties=20, examples=2_000, participation=0.2, local_epochs=2, batch_size=10)
    assert rounds_allowed(choice) == 6
    for one in results("lesson_02_budget"):
        own = {"local_epochs": one["E"], "batch_size": one["B"], "participation": one["asked"] / 20}
        assert one["rounds"] == rounds_allowed(choice.with_(**own))
