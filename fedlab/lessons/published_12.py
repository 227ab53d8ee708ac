"""What lesson 12 quotes: the same experiments in other frameworks, as `make bridges` found them."""

from __future__ import annotations

import json
from statistics import median
from typing import Any

from fedlab.bridges import TARGETS
from fedlab.lessons.published import RESULTS
from fedlab.lessons.published_09 import simulated
from fedlab.text import say

FILE, OPENMINED = RESULTS / "bridges.json", RESULTS / "openmined.json"
TEN, UNEQUAL, AT_ONCE = "10 × 600", "579, 1,179 and 1,242", "3 × 1,000, all at once"


def found(name: str) -> dict[str, Any]:
    """All that was measured of a framework: "flower", "tff", "pysyft" or "fate"."""
    results: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["results"]
    return results[name]


def accuracies(experiment: str = TEN) -> dict[str, list[float]]:
    """By framework: per cent of the test images right after each round; the kit's own first."""
    runs = {framework.title: found(name)["yardstick"][experiment] for name, framework in TARGETS.items()}
    kit = next(iter(runs.values()))["the kit's"]
    by_name = {say("the kit"): kit} | {title: one["accuracy"] for title, one in runs.items()}
    return {title: [100 * value for value in values] for title, values in by_name.items()}


def distances(experiment: str) -> dict[str, list[float]]:
    """By framework: after each round, the largest difference of any weight to the kit's."""
    return {
        framework.title: found(name)["yardstick"][experiment]["weights differ by"]
        for name, framework in TARGETS.items()
    }


def farthest_after_round_1() -> float:
    """Of any weight, in any of the frameworks and any of the three experiments."""
    return max(rounds[0] for experiment in (AT_ONCE, UNEQUAL, TEN) for rounds in distances(experiment).values())


def costs() -> list[dict[str, Any]]:
    """A row for each framework: what it costs to start, and then. The kit's own row is from `benchmarks.flower`."""
    kit = simulated()
    rows: list[dict[str, Any]] = [
        {
            say("framework"): say("the kit"),
            say("MB on disk"): None,
            say("seconds for start, round 1 and end"): kit["first round"]["local engine"],
            say("seconds a round"): median(kit["algorithms"]["fedavg"]["seconds"]["local engine"]),
            say("MB of memory"): round(kit["peak_mb"]["local engine"]),
        }
    ]
    for name, framework in TARGETS.items():
        one = found(name)
        ten = one["yardstick"][TEN]
        rows.append(
            {
                say("framework"): f"{framework.title} {one['version']}",
                say("MB on disk"): one["disk, MB"],
                say("seconds for start, round 1 and end"): ten["first round, s"],
                say("seconds a round"): ten["a round, s"],
                say("MB of memory"): ten["memory, MB"],
            }
        )
    return rows


def called() -> list[dict[str, Any]]:
    """A row for each of the kit's words, a column for each framework: what it is called there."""
    words = next(iter(TARGETS.values())).words
    return [
        {say("here"): say(word)} | {one.title: _plain(one.words[word].called) for one in TARGETS.values()}
        for word in words
    ]


def _plain(called: str) -> str:
    """Without the marks of code, which a table has no use for."""
    return say(called).replace("`", "")


def seen(name: str) -> list[dict[str, Any]]:
    """A row for each of the kit's words: what it is called in a framework, and where its program says so."""
    framework = TARGETS[name]
    return [
        {say("here"): say(word), framework.title: _plain(one.called), say("in the program"): one.seen or None}
        for word, one in framework.words.items()
    ]


def fedprox(client: str, sign: str) -> float:
    """Largest difference after one round of FedProx, all examples at once, μ = 1: TFF's client "as it is" or
    "corrected", to the kit's FedProx with "+μ" or "-μ"."""
    return float(found("tff")["fedprox"][client][sign])


def plaintext(of: str) -> float:
    """Largest difference between what FATE's plaintext aggregator returned of three equal parties, and "the mean" or
    "the sum" of their models."""
    return float(found("fate")["plaintext"][of])


def consent() -> dict[str, str]:
    """What was said at a Datasite of PySyft's before and when the first training was allowed, step by step."""
    record = found("pysyft")["consent"]
    steps = {
        "asked": say("The data scientist asks for the images:"),
        "answer": say("PySyft answers:"),
        "run at once": say("She runs her program before anybody has read it:"),
        "request": say("The owner reads who asks, and what for:"),
        "approved": say("The owner approves:"),
    }
    return {text: record[step] for step, text in steps.items()}


def boosted() -> list[dict[str, Any]]:
    """A row for each way to grow FATE's trees, which are asked whether a digit is odd."""
    one = found("fate")["secureboost"]
    return [
        {
            say("trees over"): say("the guest's half alone"),
            say("test accuracy, %"): 100 * one["guest alone"], say("seconds"): None,
        },
        {
            say("trees over"): say("both halves; the guest's gradients are encrypted"),
            say("test accuracy, %"): 100 * one["accuracy"], say("seconds"): one["seconds"],
        },
    ]  # fmt: skip


def measured(part: str) -> list[dict[str, Any]]:
    """What OpenMined's libraries cost, as `python -m benchmarks.openmined` found it."""
    rows: list[dict[str, Any]] = json.loads(OPENMINED.read_text(encoding="utf-8"))["results"][part]
    return rows


def openmined(part: str) -> list[dict[str, Any]]:
    """For learners: "mean", a row for each way to average, or "psi", a row for each intersection."""
    rows = measured(part)
    ways = {
        "plain": say("open messages"), "masks": say("masks (lesson 07)"), "encrypted": say("TenSEAL"),
        "twenty lines": say("the twenty lines of lesson 11"), "openmined-psi": say("openmined-psi"),
    }  # fmt: skip
    if part == "psi":
        return [
            {say("way"): ways[one["way"]], say("names at each party"): one["names"], say("seconds"): one["seconds"]}
            for one in rows
        ]
    return [
        {
            say("the mean of"): say("{parties} × {weights:,} weights", **one), say("way"): ways[one["way"]],
            say("milliseconds"): 1000 * one["seconds"], say("bytes that a party sends"): one["bytes up"],
        }
        for one in rows
    ]  # fmt: skip
