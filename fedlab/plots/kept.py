"""Whom an aggregation rule kept in a round, as a picture."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fedlab.plots.behind import BLUE, MOST_NUMBERED, ORANGE, named
from fedlab.text import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HARDLY = 0.0005  # what counts less than this was thrown out


def kept(
    axes: Sequence[Axes],
    parties: Sequence[int],
    weights: np.ndarray,
    by_mean: np.ndarray,
    accuracies: np.ndarray,
    liars: Collection[int],
    names: Sequence[str] = (),
) -> None:
    """What each party's message counted in the rule's result, and below, how much of its own data it has right.

    axes: two, one below the other. parties: the numbers of the m that reported. weights: (m,) from the rule's
    `weights`. by_mean: (m,) what they would be by the mean, drawn as dashes. accuracies: (m,) from `party_accuracies`.
    names: (m,) what they are called, unless by their numbers. Liars are hatched, and a cross stands where a party was
    thrown out.
    """
    from matplotlib.patheffects import withStroke
    from matplotlib.ticker import PercentFormatter

    places, lies = np.arange(len(parties)), np.isin(parties, list(liars))
    groups = [(say("honest"), ~lies, BLUE, ""), (say("lies"), lies, ORANGE, "////")]
    above, below = axes
    for ax, heights in ((above, weights), (below, accuracies)):
        for label, those, colour, hatch in groups:
            if those.any():
                ax.bar(places[those], heights[those], color=colour, hatch=hatch, edgecolor="white", label=label)
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        ax.spines[["top", "right"]].set_visible(False)
    edge = [withStroke(linewidth=4, foreground="white")]  # so that they stand out from the bars
    above.hlines(by_mean, places - 0.3, places + 0.3, "black", lw=1.5, path_effects=edge, label=say("by the mean"))
    if (out := places[weights < HARDLY]).size:
        size, crossed = max(2, min(6, 120 / len(parties))), say("thrown out")
        above.plot(out, np.zeros(len(out)), "x", color="black", ms=size, mew=1.5, clip_on=False, label=crossed)
    above.set(ylabel=say("of the result"), ylim=(0, 1.3 * max(weights.max(), by_mean.max())))
    handles, labels = above.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda one: labels[one] not in [group[0] for group in groups])
    above.legend(
        [handles[one] for one in order], [labels[one] for one in order], fontsize="x-small", frameon=False,
        ncols=4, loc="upper center", handlelength=1, columnspacing=1,
    )  # fmt: skip
    below.set(xlabel=say("party"), ylabel=say("own right"), ylim=(0, 1.02))
    shown = places if len(parties) <= MOST_NUMBERED else np.linspace(0, len(parties) - 1, 6).round().astype(int)
    named(below, names or [str(party) for party in parties], shown.tolist())
