"""What the server can see and what hiding it costs, as `python -m benchmarks.lesson_07` has measured it for lesson 07.

`leak`, `noise`, `stops`, `sizes` give rows for `show_table`; `lines_of_sizes` and `dots` what pictures are drawn from.
Shares and accuracies are in percent, means over three seeds unless said otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from fedlab.attacks_on_privacy import most_advantage
from fedlab.lessons.published import RESULTS
from fedlab.text import say

FILE = RESULTS / "lesson_07.json"
ROUNDS = 20  # of the runs of `sizes`; one with fewer accuracies broke down
CHANCE = 10.0  # what such a run knows: one digit in ten

Runs = Sequence[Mapping[str, Any]]


def runs(part: str) -> Runs:
    """All that was measured in a part: "leak", "noise", "sizes", "members" or "stops"."""
    content: dict[str, Runs] = json.loads(FILE.read_text(encoding="utf-8"))["results"]
    return content[part]


def of(part: Runs, **wanted: Any) -> Runs:
    """Those with these values, one a seed."""
    return [one for one in part if all(one[name] == value for name, value in wanted.items())]


def mean(part: Runs, name: str, **wanted: Any) -> float:
    """The mean of a column over the runs with these values."""
    return fmean(one[name] for one in of(part, **wanted))


def told(epsilon: float | None) -> str | None:
    """ε as a table shows it: two digits of a large one, which are more than it means."""
    if epsilon is None:
        return None
    return f"{epsilon:.1f}" if epsilon < 100 else f"{float(f'{epsilon:.2g}'):,.0f}"


# The share of a party's images that its upload gives away


def shares(model: str = "new", epochs: int = 1, column: str = "share") -> dict[int, float]:
    """By the batch size B, the party holding one batch: "share", "blind" (by a blind attacker), or "readable".

    model: "new", or "trained" by 2,000 steps (with one local step). epochs: 1, 5 or 20 steps on the same batch.
    """
    part = [one for one in runs("leak") if one["images"] == one["B"]]
    sizes = dict.fromkeys(one["B"] for one in part)
    return {size: mean(part, column, B=size, model=model, E=epochs) for size in sizes}


def usual(model: str, epochs: int) -> float:
    """The share of 500 images, trained on in batches of 32 for 1 or 5 epochs."""
    return mean(runs("leak"), "share", images=500, model=model, E=epochs)


def leak() -> list[dict[str, Any]]:
    """A row for each B: 1, 5 and 20 steps, the blind attacker, and the model after 2,000 steps."""
    columns = {
        say("1 step, %"): shares(),
        say("5 steps, %"): shares(epochs=5),
        say("20 steps, %"): shares(epochs=20),
        say("1 step, a blind attacker, %"): shares(column="blind"),
        say("1 step, after 2,000 steps of training, %"): shares("trained"),
    }
    return [{"B": size} | {head: column[size] for head, column in columns.items()} for size in shares()]


def noise() -> list[dict[str, Any]]:
    """A row for each σ of a party's own noise: what is read of a batch of 1 and of 8, and what ten parties learn."""
    part = runs("noise")
    return [
        {
            "σ": f"{sigma:g}",
            say("recovered of 1, %"): mean(part, "share", σ=sigma, B=1),
            say("can be read of 1, %"): mean(part, "readable", σ=sigma, B=1),
            say("recovered of 8, %"): mean(part, "share", σ=sigma, B=8),
            say("can be read of 8, %"): mean(part, "readable", σ=sigma, B=8),
            say("test accuracy, %"): fmean(one["accuracy"] or CHANCE for one in of(part, σ=sigma, B=1)),
            say("ε after 20 rounds"): told(max((one["ε"] for one in of(part, σ=sigma, B=1) if one["ε"]), default=None)),
        }
        for sigma in dict.fromkeys(one["σ"] for one in part)
    ]


def stops() -> list[dict[str, Any]]:
    """A row for each protection: what the server reads of one upload and of the mean, and what it costs."""
    part = runs("stops")
    return [
        {
            say("protection"): say(name),
            say("images read from an upload, %"): mean(part, "upload", protection=name),
            say("from the mean, %"): mean(part, "sum", protection=name),
            say("test accuracy, %"): mean(part, "accuracy", protection=name),
            say("kilobytes up"): mean(part, "bytes", protection=name) / 1_000,
            "ε": told(of(part, protection=name)[0]["ε"]),
        }
        for name in dict.fromkeys(one["protection"] for one in part)
    ]


# Clip and noise at three sizes


class Size(NamedTuple):
    """So many parties with one clip and one noise, over the seeds."""

    parties: int
    clip: float | None  # S; None: FedAvg, which neither clips nor adds noise
    noise: float  # σ
    epsilon: float | None
    accuracies: tuple[float, ...]  # after the last round, one a seed

    @property
    def mean(self) -> float:
        return fmean(self.accuracies)


def last(one: Mapping[str, Any]) -> float:
    """The accuracy after all rounds; that of a guess if the run broke down."""
    return float(one["accuracy"][-1]) if len(one["accuracy"]) == ROUNDS else CHANCE


def sizes() -> list[Size]:
    """All settings, in the order of the file: FedAvg first."""
    part = runs("sizes")
    settings = dict.fromkeys((one["parties"], one["S"], one["σ"], one["ε"]) for one in part)
    return [
        Size(*setting, tuple(last(one) for one in of(part, parties=setting[0], S=setting[1], σ=setting[2])))
        for setting in settings
    ]


def lines_of_sizes() -> dict[int, list[Size]]:
    """By the number of parties, a point for each σ, ε ascending: with the clip that is best on average there."""
    noisy = [one for one in sizes() if one.noise]
    best: dict[tuple[int, float], Size] = {}
    for one in noisy:
        kept = best.setdefault((one.parties, one.noise), one)
        best[one.parties, one.noise] = max(kept, one, key=lambda size: size.mean)
    points = sorted(best.values(), key=lambda size: size.epsilon or 0)
    return {parties: [one for one in points if one.parties == parties] for parties in dict.fromkeys(p for p, _ in best)}


def rows_of_sizes() -> list[dict[str, Any]]:
    """A row for each number of parties and σ: ε and the accuracy with each clip."""
    noisy = [one for one in sizes() if one.noise]
    found: dict[tuple[int, float], dict[str, Any]] = {}
    for one in noisy:
        row = {say("parties"): f"{one.parties:,}", "σ": f"{one.noise:.2f}", "ε": told(one.epsilon)}
        found.setdefault((one.parties, one.noise), row)[say("S = {clip:g}, %", clip=one.clip)] = one.mean
    return list(found.values())


# Who was in the data


class Dot(NamedTuple):
    """One model, and the attack by its losses with the threshold that is best."""

    model: str  # "2nn" or "softmax"
    epsilon: float | None  # None: without privacy
    advantage: float  # TPR - FPR, in percent
    by_right: float  # that of "right, so a member": train accuracy - test accuracy
    accuracy: float  # on the test images
    line: float  # what no attack can exceed


def dots() -> list[Dot]:
    """One a model, seed and noise; runs that broke down under their noise are left out."""
    return [
        Dot(
            one["model"],
            one["ε"],
            one["advantage"],
            one["train"] - one["test"],
            one["test"],
            100.0 if one["ε"] is None else 100 * most_advantage(one["ε"], one["δ"]),
        )
        for one in runs("members")
        if "advantage" in one
    ]


def members(model: str) -> list[dict[str, Any]]:
    """A row for each ε: means over the seeds, and the line."""
    own = [dot for dot in dots() if dot.model == model]
    return [
        {
            "ε": told(epsilon),
            say("advantage of the best threshold, %"): fmean(dot.advantage for dot in own if dot.epsilon == epsilon),
            say("train accuracy less test accuracy, %"): fmean(dot.by_right for dot in own if dot.epsilon == epsilon),
            say("no attack can exceed, %"): next(dot.line for dot in own if dot.epsilon == epsilon),
            say("test accuracy, %"): fmean(dot.accuracy for dot in own if dot.epsilon == epsilon),
        }
        for epsilon in dict.fromkeys(dot.epsilon for dot in own)
    ]
