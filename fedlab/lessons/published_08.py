"""What liars do to each rule, and rules to honest parties that differ: what `python -m benchmarks.robustness` found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from fedlab.differences import title_of
from fedlab.lessons.published import RESULTS
from fedlab.stages import AGGREGATIONS
from fedlab.text import say

FILE = RESULTS / "robustness.json"
CHANCE = 10.0  # percent: what a run that broke down knows
FORGOTTEN = 5.0  # percent: a digit of which fewer are recognised is one that the model does not know

Runs = Sequence[Mapping[str, Any]]


def runs(part: str) -> Runs:
    """All that was measured in a part: "breakdown" or "skew"."""
    content: dict[str, Runs] = json.loads(FILE.read_text(encoding="utf-8"))["results"]
    return content[part]


def ended(one: Mapping[str, Any]) -> float:
    """The accuracy after the last round, in percent."""
    return CHANCE if one["diverged"] else float(one["accuracy"][-1])


def breakdown() -> dict[str, list[float]]:
    """By rule, the accuracy with 0, 1, 2, ... liars of ten: means over the seeds."""
    part = runs("breakdown")
    liars = sorted({one["attackers"] for one in part})
    return {
        rule: [fmean(ended(one) for one in part if (one["rule"], one["attackers"]) == (rule, some)) for some in liars]
        for rule in dict.fromkeys(one["rule"] for one in part)
    }


def title(rule: str) -> str:
    """A rule's name for learners."""
    return title_of(AGGREGATIONS[rule]).partition(":")[0]


def skew() -> list[dict[str, Any]]:
    """A row for each rule where nobody lies: what all know, what the worst party has right, and digits not known."""
    part = runs("skew")
    return [
        {
            say("rule"): title(rule),
            say("test accuracy, %"): fmean(map(ended, own)),
            say("worst party: own images right, %"): fmean(min(one["own images right"]) for one in own),
            say("digits of which hardly any is recognised"): fmean(
                sum(np.array(one["recall"]) < FORGOTTEN) for one in own
            ),
        }
        for rule in dict.fromkeys(one["rule"] for one in part)
        if (own := [one for one in part if one["rule"] == rule])
    ]


def recalls(seed: int = 0) -> dict[str, np.ndarray]:
    """By rule, the recall of each digit under skew, in percent."""
    return {title(one["rule"]): np.array(one["recall"]) for one in runs("skew") if one["seed"] == seed}


def doors(rules: Sequence[str] = ("mean", "median", "krum", "norm_bound")) -> list[dict[str, Any]]:
    """A row for each rule: test accuracy, and marked images called a 0, by how loud one liar is; 0: nobody lies."""
    part = runs("backdoor")
    rows = []
    for rule in rules:
        row: dict[str, Any] = {say("rule"): title(rule)}
        for loud in dict.fromkeys(one["s"] for one in part):
            own = [one for one in part if (one["rule"], one["s"]) == (rule, loud)]
            row[say("s = {s}: accuracy, %", s=loud)] = fmean(one["accuracy"][-1] for one in own)
            row[say("s = {s}: backdoor, %", s=loud)] = fmean(one["backdoor"][-1] for one in own)
        rows.append(row)
    return rows


def krum_kept() -> list[tuple[int, list[int]]]:
    """For each seed: the party that Krum kept in the last round under skew, and the digits that it holds."""
    found = []
    for one in runs("skew"):
        if one["rule"] == "krum":
            party = int(np.argmax(one["weights"]))
            found.append((party, [int(digit) for digit in np.flatnonzero(one["held"][party])]))
    return found
