"""The long races of lesson 05, as `python -m benchmarks.lesson_05` has run them: the lesson reads its numbers there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fedlab.history import History
from fedlab.lessons.published import RESULTS
from fedlab.lessons.race import Difference, difference
from fedlab.text import say

FILE = RESULTS / "lesson_05.json"

# each with "method", "rate", "seed", "rounds", "megabytes" of a round, and "accuracy" after each round, in percent
Runs = Sequence[Mapping[str, Any]]


def runs(part: str) -> Runs:
    """The runs of a part: "server", "tuning", "race" or "few"."""
    content: dict[str, Runs] = json.loads(FILE.read_text(encoding="utf-8"))["results"]
    return content[part]


def written(method: str, history: History) -> dict[str, Any]:
    """A run as the file holds it."""
    return {
        "method": method,
        "rate": history.experiment.learning_rate,
        "seed": history.experiment.seed,
        "rounds": history.experiment.rounds,
        "megabytes": (history.rounds[0].bytes_up + history.rounds[0].bytes_down) / 1e6,
        "accuracy": [round(100 * one.test_accuracy, 2) for one in history],
    }


def last(run: Mapping[str, Any]) -> float:
    """The test accuracy after all rounds, in percent; 0 of a run whose numbers were no longer finite."""
    return float(run["accuracy"][-1]) if len(run["accuracy"]) == run["rounds"] else 0.0


def by_rate(part: Runs, method: str) -> dict[float, list[float]]:
    """What a method ends with at each learning rate, seed by seed."""
    rates = sorted({run["rate"] for run in part if run["method"] == method})
    return {rate: [last(run) for run in part if (run["method"], run["rate"]) == (method, rate)] for rate in rates}


def by_method(part: Runs) -> dict[str, list[float]]:
    """What each method ends with, over all its runs."""
    return {method: [last(run) for run in own] for method, own in raced(part).items()}


def lead(tuning: Runs, a: str, b: str, rate: float) -> float:
    """How many points method a ends above method b if both have this learning rate, mean over seeds."""
    return float(np.mean(by_rate(tuning, a)[rate]) - np.mean(by_rate(tuning, b)[rate]))


def best_against(tuning: Runs, rate: float = 0.05) -> float:
    """How many points FedAvg at its best rate ends above SCAFFOLD at this one, mean over seeds."""
    return best_ends(tuning)["FedAvg"] - float(np.mean(by_rate(tuning, "SCAFFOLD")[rate]))


def best_ends(tuning: Runs) -> dict[str, float]:
    """What each method ends with at its best rate, mean over seeds."""
    return {method: float(np.mean(by_rate(tuning, method)[rate])) for method, rate in best_rates(tuning).items()}


def best_rates(tuning: Runs) -> dict[str, float]:
    """For each method the learning rate with the best mean over seeds."""
    means = {
        method: {rate: float(np.mean(ends)) for rate, ends in by_rate(tuning, method).items()}
        for method in dict.fromkeys(run["method"] for run in tuning)
    }
    return {method: max(mean, key=mean.__getitem__) for method, mean in means.items()}


def raced(part: Runs) -> dict[str, list[Mapping[str, Any]]]:
    """The runs by method, each in the order of its seeds."""
    return {
        method: [run for run in part if run["method"] == method] for method in dict.fromkeys(r["method"] for r in part)
    }


def over_fedavg(runs: Mapping[str, Any], method: str, equal_megabytes: bool = False) -> Difference:
    """A method minus FedAvg, seed by seed, after all rounds; or after as many as FedAvg's megabytes pay for."""
    fedavg = runs["FedAvg"][0]
    paid = fedavg["rounds"] * fedavg["megabytes"]

    def measure(run: Any) -> float:
        rounds = min(run["rounds"], round(paid / run["megabytes"])) if equal_megabytes else run["rounds"]
        return float(run["accuracy"][rounds - 1])

    name = say("{method} at equal megabytes", method=method) if equal_megabytes else method
    return replace(difference(dict(runs), method, "FedAvg", measure), a=name)
