"""Methods against each other with several seeds: the same parties, the same first model, the same rounds for each.

Two runs with one seed share all that chance decides, so they are a pair. What is compared is their *difference*: what
chance did to both of them drops out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from fedlab import plots
from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.progress import train
from fedlab.lessons.switches import checking
from fedlab.text import say

SEEDS = (0, 1, 2)
BLUE, ORANGE = plots.COLOURS[:2]

Race = dict[str, list[History]]  # for each method one history a seed
T = TypeVar("T")


def race(experiments: Mapping[str, Experiment], seeds: Sequence[int] = SEEDS) -> Race:
    """Train each experiment with each seed, with a progress bar."""
    each = {
        say("{method}, seed {seed}", method=name, seed=seed): experiment.with_(seed=seed)
        for name, experiment in experiments.items()
        for seed in seeds
    }
    trained = iter(train(each).values())
    return {name: [next(trained) for _ in seeds] for name in experiments}


def late_loss(history: History) -> float:
    """The mean test loss of the second half of a run: single rounds jump too much to compare them."""
    return float(np.mean(history.column("test_loss")[len(history) // 2 :]))


def last_accuracy(history: History) -> float:
    """The test accuracy after the last round, in percent."""
    return 100 * history.rounds[-1].test_accuracy


@dataclass(frozen=True)
class Difference:
    """How much more of something method a has than method b, seed by seed, and what can be said of all seeds.

    values: one difference a seed. low, high: the 95 % interval of their mean; from -inf to inf with one seed, which
    says nothing about the others.
    """

    a: str
    b: str
    values: tuple[float, ...]
    mean: float
    low: float
    high: float


def difference(
    runs: Mapping[str, Sequence[T]], a: str, b: str, measure: Callable[[T], float], paired: bool = True
) -> Difference:
    """Method a minus method b, with Student's 95 % interval.

    runs: a race, or whatever else the measure makes a number of, one a seed.
    paired: seed by seed, which is what a race is made for. False takes the runs of a and of b for unrelated, as if
    each had had seeds of its own: the interval is then as wide as chance makes both of them together.
    """
    ours, theirs = (np.array([measure(history) for history in runs[name]]) for name in (a, b))
    values = ours - theirs
    n = len(values)
    half = np.inf
    if n > 1:
        variance = values.var(ddof=1) if paired else ours.var(ddof=1) + theirs.var(ddof=1)
        half = student(n - 1 if paired else 2 * n - 2) * np.sqrt(variance / n)
    mean = float(values.mean())
    return Difference(a, b, tuple(map(float, values)), mean, float(mean - half), float(mean + half))


def student(freedom: int) -> float:
    """How many standard errors the 95 % interval reaches to either side, with so many degrees of freedom.

    With t = √f tan θ, Student's density becomes cos(θ)^(f - 1) between -π/2 and π/2: add up its area from the middle
    until 95 % are in.
    """
    edges = np.linspace(0, np.pi / 2, 100_001)
    area = np.append(0, np.cumsum(np.cos((edges[1:] + edges[:-1]) / 2) ** (freedom - 1)))
    return float(np.sqrt(freedom) * np.tan(np.interp(0.95 * area[-1], area, edges)))


def seeds_needed(spread: float, gap: float) -> int:
    """The least number of seeds whose interval reaches less far than the gap.

    spread: the standard deviation of the differences over seeds. gap: the difference that one wants to see.
    """
    return next(n for n in count(2) if student(n - 1) * spread / np.sqrt(n) < abs(gap))


def in_words(found: Difference, unit: str = "") -> str:
    """A difference in two lines. While the lessons are being checked, without the numbers that are not exact.

    >>> in_words(difference(runs, "SCAFFOLD", "FedAvg", last_accuracy), unit="points")
    'SCAFFOLD minus FedAvg, 3 seeds: 4.1 points on average, 95 % interval 2.9 to 5.3 points.\n    Zero is outside: ...'
    """
    n = len(found.values)
    seeds = say("{n} seeds", n=n) if n > 1 else say("one seed")
    head = say("{a} minus {b}, {seeds}", a=found.a, b=found.b, seeds=seeds)
    if not checking():
        head += ": " + say("{mean} on average", mean=_amount(found.mean, unit))
        if np.isfinite(found.low):
            low, high = _amount(found.low), _amount(found.high, unit)
            head += ", " + say("95 % interval {low} to {high}", low=low, high=high)
    return f"{head}.\n    {_verdict(found)}"


def _verdict(found: Difference) -> str:
    parts = {"a": found.a, "b": found.b}
    if not np.isfinite(found.low):
        return say("One seed gives no interval: it cannot tell how much another seed would change.")
    if np.isclose(found.low, found.high):
        return say("All seeds give the same, so the interval has no width.")
    if found.low <= 0 <= found.high:
        return say("Zero is inside: these seeds do not tell which of the two has more.")
    if found.low > 0:
        return say("Zero is outside: {a} has more than {b}.", **parts)
    return say("Zero is outside: {a} has less than {b}.", **parts)


def _amount(value: float, unit: str = "") -> str:
    return f"{value:.3g} {say(unit)}".strip() if unit else f"{value:.3g}"


def differences(found: Sequence[Difference], what: str, names: Sequence[str] = ()) -> Figure:
    """One row a comparison: a dot a seed, the mean and its interval, and the line of no difference.

    what: the measure, for the axis below. names: of the rows, if not "a minus b".
    """
    figure, ax = plt.subplots(figsize=(8, 1.2 + 0.62 * len(found)), layout="constrained")
    for row, one in enumerate(found):
        if np.isfinite(one.low):
            reach = [[one.mean - one.low], [one.high - one.mean]]
            ax.errorbar(one.mean, row, xerr=reach, fmt="none", color=BLUE, lw=2.2, capsize=6, capthick=2.2)
        ax.plot(one.mean, row, "D", color=BLUE, ms=8, label=say("mean and 95 % interval"))
        seeds = np.full(len(one.values), row - 0.28)
        ax.plot(one.values, seeds, "o", color=ORANGE, mec="white", ms=7, label=say("one seed each"))
    ax.axvline(0, color="black", ls="--", lw=1)
    names = names or [say("{a} minus {b}", a=one.a, b=one.b) for one in found]
    label = say("difference in {what}", what=what)
    ax.set(yticks=range(len(found)), yticklabels=names, ylim=(len(found) - 0.5, -0.6), xlabel=label)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.grid(axis="x", alpha=0.3, lw=0.6)
    lines, labels = ax.get_legend_handles_labels()
    figure.legend(lines[:2], labels[:2], loc="outside lower center", ncols=2, fontsize="small")
    plt.close(figure)
    return figure


def panels(runs: Race, y: str = "test_accuracy") -> Figure:
    """One panel for each seed, one curve for each method; y as in `plots.convergence`."""
    by_seed = list(zip(*runs.values(), strict=True))
    figure, axes = plt.subplots(1, len(by_seed), figsize=(9, 3), sharey=True, layout="constrained", squeeze=False)
    for histories, ax in zip(by_seed, axes[0], strict=True):
        plots.convergence(ax, histories, y=y, labels=list(runs))
        ax.set_title(say("seed {seed}", seed=histories[0].experiment.seed), fontsize="medium")
        ax.label_outer()
        ax.get_legend().remove()
    lines, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside lower center", ncols=len(runs), fontsize="small")
    plt.close(figure)
    return figure
