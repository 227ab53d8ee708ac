"""Four fields, owner by owner: what `python -m benchmarks.fields`, `lesson_10` and `vertical` found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from fedlab.lessons.published import RESULTS
from fedlab.text import say

WAYS = ("alone", "shared", "personal", "in one place")
Lines = Sequence[Mapping[str, Any]]


def lines(file: str, part: str) -> Lines:
    """All that was measured in a part of a result file."""
    content: dict[str, Lines] = json.loads((RESULTS / f"{file}.json").read_text(encoding="utf-8"))["results"]
    return content[part]


def owners(field: str) -> list[str]:
    """The owners' names."""
    return [one["owner"] for one in lines("fields", field)[:-1]]


def by_way(field: str, measure: str) -> dict[str, np.ndarray]:
    """(K,) for each way to get a model, how well it does on each owner's own, 0 to 1. measure: "accuracy" or "AUC"."""
    found = lines("fields", field)[:-1]
    return {say(way): np.array([one[f"{way}, {measure}"] for one in found]) / 100 for way in WAYS}


def whom(field: str, measure: str) -> list[dict[str, Any]]:
    """A row for each owner and one for their mean, in per cent."""
    return [
        {say("owner"): say(one["owner"]), **{say(way): one[f"{way}, {measure}"] for way in WAYS}}
        for one in lines("fields", field)
    ]


def gainers(field: str, measure: str) -> int:
    """How many owners have more with the shared model than alone."""
    found = by_way(field, measure)
    return int((found["shared"] > found["alone"]).sum())


def drift() -> list[dict[str, Any]]:
    """A row for each kind of local work and number of rounds."""
    return [
        {
            say("local work"): say(one["local work"]),
            say("steps a round"): one["steps"],
            say("rounds"): one["rounds"],
            say("test accuracy, %"): one["accuracy"],
            say("worst car park, %"): one["worst"],
        }
        for one in lines("lesson_10", "parks")
    ]


def without_rounds(skew: str, part: str) -> list[dict[str, Any]]:
    """A row for each method, means over the seeds. Where a goal is not reached with every seed there is a dash."""
    found = [one for one in lines("vertical", part) if one["skew"] == skew]
    rows = []
    for method in dict.fromkeys(one["method"] for one in found):
        own = [one for one in found if one["method"] == method]
        reached = [one["seconds to the goal"] for one in own]
        rows.append(
            {
                say("method"): say(method),
                say("steps of the server"): round(fmean(one["steps"] for one in own)),
                say("simulated seconds to the goal"): None if None in reached else fmean(reached),
                say("accuracy at the end, %"): fmean(one["accuracy"] for one in own),
                say("slow parties' own, %"): fmean(one["slow parties"] for one in own),
                say("fast parties' own, %"): fmean(one["fast parties"] for one in own),
                say("megabytes"): fmean(one["megabytes"] for one in own),
            }
        )
    return rows


def voices() -> list[dict[str, Any]]:
    """A row for each way: own voices, new ones, and new women and men; a dash where it was not asked."""
    asked = ("own voice", "new voices", "new women", "new men")
    return [
        {say("model"): say(one["way"]), **{say("{what}, %", what=say(what)): one.get(what) for what in asked}}
        for one in lines("fields", "vowels")
    ]


def longer() -> list[dict[str, Any]]:
    """The voices after 60 rounds and after 600."""
    return [
        {say(name) if name == "rounds" else say("{what}, %", what=say(name)): value for name, value in one.items()}
        for one in lines("lesson_10", "voices")
    ]


def pulls() -> list[dict[str, Any]]:
    """A row for each λ: the hospitals' personal models."""
    return [
        {"λ": f"{one['λ']:g}", **{name: value for name, value in one.items() if name != "λ"}}
        for one in lines("lesson_10", "pull")
    ]


def fair(field: str) -> list[dict[str, Any]]:
    """A row for each q and number of rounds: how owners are served."""
    return [
        {
            "q": f"{one['q']:g}",
            say("rounds"): one["rounds"],
            say("mean of owners, %"): one["mean"],
            say("worst owner, %"): one["worst"],
            say("spread of owners, points"): one["spread"],
        }
        for one in lines("lesson_10", "fair")
        if one["field"] == field
    ]
