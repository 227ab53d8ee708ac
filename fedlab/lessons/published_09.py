"""What a real network costs, as `benchmarks.federation` and `benchmarks.flower` have measured it."""

from __future__ import annotations

import json
from statistics import median
from typing import Any

from fedlab.lessons.published import RESULTS
from fedlab.text import say

FEDERATION, FLOWER = RESULTS / "federation.json", RESULTS / "flower.json"


def deployed() -> dict[str, Any]:
    """Four parties as processes of their own, each with a node of Flower's."""
    found: dict[str, Any] = json.loads(FEDERATION.read_text(encoding="utf-8"))["results"]
    return found


def simulated() -> dict[str, Any]:
    """Ten parties in Flower's simulation, beside the local engine."""
    found: dict[str, Any] = json.loads(FLOWER.read_text(encoding="utf-8"))["results"]["10"]
    return found


def seconds_a_round() -> float:
    """Of the deployment, after the first."""
    return float(deployed()["summary"]["a round"])


def costs() -> list[dict[str, Any]]:
    """A row for each way to run the same four parties."""
    summary, local = deployed()["summary"], deployed()["local"]
    way, first, each, up = (
        say("way"),
        say("seconds until round 1"),
        say("seconds a round"),
        say("megabytes up, a round"),
    )
    return [
        {way: say("in one program"), first: None, each: local["a round"], up: summary["counted up"]},
        {
            way: say("four processes, over a network"), first: summary["round 1"], each: summary["a round"],
            up: summary["sent up"],
        },
    ]  # fmt: skip


def simulation() -> list[dict[str, Any]]:
    """A row for each engine: ten parties, five local epochs."""
    found = simulated()
    fedavg = found["algorithms"]["fedavg"]["seconds"]
    names = {
        "local engine": say("in one program"),
        "engine flower": say("Flower's simulation, the kit's training"),
        "Flower's quick-start": say("Flower's quick-start, which trains with Keras"),
    }
    seconds, memory = say("seconds a round"), say("megabytes of memory")
    return [
        {say("way"): name, seconds: median(fedavg[who]), memory: found["peak_mb"][who]} for who, name in names.items()
    ]


def largest_difference() -> float:
    """Of any weight between the local engine and Flower's simulation: 3 and 10 parties, three algorithms."""
    found = json.loads(FLOWER.read_text(encoding="utf-8"))["results"]
    return float(max(one["largest difference"] for size in found.values() for one in size["algorithms"].values()))
