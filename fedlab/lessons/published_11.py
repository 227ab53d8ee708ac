"""What lesson 11 quotes: columns split between parties, as `python -m benchmarks.vertical` found it."""

from __future__ import annotations

import json
from typing import Any

from fedlab.lessons.published import RESULTS
from fedlab.text import say

FILE = RESULTS / "vertical.json"


def found(part: str) -> Any:
    """All that was measured in a part: "coalitions", "people", "leak", "bytes" or "psi"."""
    return json.loads(FILE.read_text(encoding="utf-8"))["results"][part]


def auc(*parties: str) -> float:
    """What these parties reach together: the mean of ten seeds."""
    return float(found("coalitions")["auc"]["+".join(parties)]["mean"])


def party(name: str) -> str:
    """A party's name for learners."""
    names = {
        "doctor": say("the doctor"), "laboratory": say("the laboratory"), "cardiologist": say("the cardiologist"),
        "imaging": say("imaging"),
    }  # fmt: skip
    return names[name]


def earnings() -> list[dict[str, Any]]:
    """A row for each party: what it reaches alone, what all lose without it, its Shapley value and its share."""
    part = found("coalitions")
    total = sum(part["shapley"].values())
    return [
        {
            say("party"): party(name),
            say("AUC alone, if it knew the labels"): part["auc"][name]["mean"],
            say("what all lose without it"): part["leave one out"][name],
            say("Shapley value"): value,
            say("share, %"): round(100 * value / total),
        }
        for name, value in part["shapley"].items()
    ]


def overlaps() -> tuple[list[float], list[float], list[float], float]:
    """Shares of people whom all know; AUC together, mean and deviation of ten seeds; and the doctor's alone."""
    part = found("people")
    together = [one["together"] for one in part]
    return (
        [one["overlap"] for one in part],
        [one["mean"] for one in together],
        [one["sd"] for one in together],
        part[0]["alone"]["mean"],
    )


def noise(model: str) -> dict[str, list[float]]:
    """By "noise", "auc" of the model, and "leak, round 50": AUC of the labels read until then. Each in one order."""
    part = [one for one in found("leak") if one["model"] == model]
    return {key: [one[key] for one in part] for key in ("noise", "auc", "leak, round 50")}


def sent() -> list[dict[str, Any]]:
    """A row for each model: bytes over the cut, beside those of the columns themselves."""
    names = {"logistic": say("logistic regression"), "network": say("network, c = {c}")}
    return [
        {
            say("model of the four"): names[one["model"]].format(c=one["cut"]),
            say("bytes up in a round"): one["up a round"],
            say("bytes down"): one["down a round"],
            say("in 20 rounds, both ways"): one["all rounds"],
            say("the columns themselves"): one["the columns"],
        }
        for one in found("bytes")
        if one["data"] == "heart"
    ]


def intersections() -> list[dict[str, Any]]:
    """A row for each way to find whom both know: how many names, and seconds."""
    part = found("psi")
    ways = {"written out": say("the twenty lines above"), "openmined": say("OpenMined's library")}
    return [
        {say("way"): title, say("names at each party"): one["names"], say("seconds"): one["seconds"]}
        for way, title in ways.items()
        for one in part[way]
    ] + [
        {say("way"): say("breaking bare hashes"), say("names at each party"): one["numbers"],
         say("seconds"): one["seconds"]}
        for one in part["bare hashes"]
    ]  # fmt: skip
