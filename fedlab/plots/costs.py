"""The time that runs take to the goal, against the speed of the line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fedlab.costs import Cost
from fedlab.plots.curves import style
from fedlab.text import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def time_by_speed(ax: Axes, costs: Sequence[Cost], labels: Sequence[str], styles: Sequence[int], x_label: str) -> None:
    """Draw one curve a run over lines that are up to a hundred times slower and faster than the present one.

    styles: the number of each curve's `style`. x_label: what the speed is counted in, 1 being the present one.
    """
    speeds = np.logspace(-2, 2, 41)
    for cost, label, number in zip(costs, labels, styles, strict=True):
        travel = cost.seconds.down + cost.seconds.up
        times = travel / speeds + cost.seconds.work + cost.seconds.wait
        ax.plot(speeds, times, label=label, markevery=5, markersize=4.5, lw=1.7, **style(number))
    ax.axvline(1, color="0.35", ls=(0, (1, 2)), lw=1.2)
    ax.annotate(say("now"), (1, 1), (4, -4), ("data", "axes fraction"), "offset points", va="top", fontsize="small")
    ax.set(xscale="log", yscale="log", xlabel=x_label, ylabel=say("seconds to the goal"))
    ax.grid(alpha=0.3, lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize="small", framealpha=0.7, loc="upper right")
