"""What parties reach who hold different columns: alone, together, all in one place; and how, round by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fedlab.plots.curves import COLOURS
from fedlab.text import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE = COLOURS[:2]


def three_bars(
    ax: Axes, scores: Mapping[str, Sequence[float]], solid: Sequence[str], chance: float, label: str
) -> None:
    """One bar each: the mean of its scores, with a line from the lowest to the highest.

    solid: those that can be trained; the others, hatched, would take labels that the party has not.
    """
    means = [float(np.mean(one)) for one in scores.values()]
    for place, (name, one) in enumerate(scores.items()):
        height = means[place] - chance
        (bar,) = ax.bar(place, height, bottom=chance, width=0.62, color=BLUE)
        if name not in solid:
            bar.set(facecolor="none", edgecolor=BLUE, hatch="///")
        ax.plot([place, place], [min(one), max(one)], color="black", lw=1)
        ax.annotate(f"{means[place]:.3f}", (place, max(*one, means[place])), (0, 3), textcoords="offset points",
                    ha="center", fontsize="small")  # fmt: skip
    ax.axhline(chance, color="black", lw=0.8)
    ax.set_xticks(range(len(scores)), [name.replace(" ", "\n") for name in scores], fontsize="small")
    low = min([chance, *(min(one) for one in scores.values())])
    ax.set(ylabel=label, ylim=(low, 1.06))
    ax.tick_params(axis="x", length=0)
    ax.spines[["top", "right"]].set_visible(False)


def by_round(ax: Axes, score: np.ndarray, leak: np.ndarray, chance: float, label: str) -> None:
    """The model's score after each round, and what the cut has given away until then: (T,) each; nan: nothing."""
    from matplotlib.ticker import MaxNLocator

    rounds = np.arange(1, len(score) + 1)
    every = max(1, len(score) // 8)
    ax.plot(rounds, score, color=BLUE, marker="o", ms=4, markevery=every, label=label)
    if not np.isnan(leak).all():
        ax.plot(rounds, leak, color=ORANGE, ls="--", marker="s", ms=4, markevery=every, label=say("labels read"))
    ax.axhline(chance, color="black", lw=0.8)
    ax.set(xlabel=say("round"), ylim=(min(chance - 0.05, score.min(), np.nanmin([1, *leak])), 1.04))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3, lw=0.6)
    ax.legend(fontsize="small", framealpha=0.7, loc="best")
    ax.spines[["top", "right"]].set_visible(False)
