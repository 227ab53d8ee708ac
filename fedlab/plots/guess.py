"""What somebody predicted, as a line across a plot, its label where the curves leave room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE, HIGH = 0.24, 0.13  # of the label, as a share of the axes


def guess_line(ax: Axes, y: float, label: str) -> None:
    """Draw a horizontal line at y, with a label on paper of its own; the curves must be drawn before."""
    ax.axhline(y, color="0.35", lw=1.2, ls=(0, (1, 2)))
    right, below = min(((x, down) for x in (0, 1) for down in (0, 1)), key=lambda place: _crossings(ax, y, *place))
    ax.annotate(
        label,
        (0.99 if right else 0.01, y),
        xycoords=("axes fraction", "data"),
        xytext=(0, -4 if below else 4),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top" if below else "bottom",
        fontsize="small",
        color="0.25",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
        zorder=5,
    )


def _crossings(ax: Axes, y: float, right: int, below: int) -> int:
    """How much of the curves would run through a label at this place; a whole one where it would leave the axes."""
    bottom, top = ax.get_ylim()
    level = (y - bottom) / (top - bottom)
    low = level - HIGH if below else level
    left = 1 - WIDE if right else 0.0
    xs = np.linspace(left, left + WIDE, 25)
    outside = 25 if low < 0 or low + HIGH > 1 else 0
    curves = [ax.transLimits.transform(line.get_xydata()) for line in ax.lines[:-1]]
    heights = [np.interp(xs, curve[:, 0], curve[:, 1], left=-1, right=-1) for curve in curves]
    return outside + sum(int(np.count_nonzero((low < one) & (one < low + HIGH))) for one in heights)
