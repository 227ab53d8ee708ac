"""Convergence: one curve a history.

Colours are Okabe and Ito's, and no two curves differ by colour alone: line and marker differ too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fedlab.differences import differences
from fedlab.history import History
from fedlab.text import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00")  # the two oranges far apart
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
MOST_MARKERS = 12  # on one curve

# what a run can be drawn against: the axis label (said when it is drawn), and its value at each round
X_AXES: dict[str, tuple[str, Callable[[History], np.ndarray]]] = {
    "rounds": ("round", lambda history: np.array(history.column("number"))),
    "bytes": (
        "megabytes sent, both ways",
        lambda history: np.cumsum([one.bytes_up + one.bytes_down for one in history]) / 1e6,
    ),
    "simulated_seconds": (
        "simulated seconds, on the parties' devices",
        lambda history: np.cumsum(history.column("simulated_seconds")),
    ),
}
Y_AXES = {"test_accuracy": "test accuracy", "test_loss": "test loss", "train_loss": "training loss"}


def style(number: int) -> dict[str, Any]:
    """Colour, line and marker of curve `number`; the first 28 all look different."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": LINES[number % len(LINES)],
        "marker": MARKERS[number % len(MARKERS)],
    }


def convergence(
    ax: Axes,
    histories: Sequence[History],
    x: str = "rounds",
    y: str = "test_accuracy",
    labels: Sequence[str] | None = None,
    styles: Sequence[int] | None = None,
) -> None:
    """Draw one curve a history.

    x: a key of `X_AXES`. y: a key of `Y_AXES`. labels: what differs between the experiments unless given.
    styles: the number of each curve's `style`, its position unless given.
    """
    from matplotlib.ticker import MaxNLocator

    labels = differences([history.experiment for history in histories]) if labels is None else labels
    styles = range(len(histories)) if styles is None else styles
    x_label, x_of = X_AXES[x]
    for history, label, number in zip(histories, labels, styles, strict=True):
        look = style(number)
        look["lw"] = 2.6 if look["linestyle"] == "-" else 1.5  # to be seen behind a broken line that runs along it
        every = -(-len(history) // MOST_MARKERS)
        look["markevery"] = (number % every, every) if every else None  # nor do markers hide each other
        ax.plot(x_of(history), history.column(y), label=label, markersize=4.5, **look)
    ax.set(xlabel=say(x_label), ylabel=say(Y_AXES[y]))
    if y == "test_accuracy":
        ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
    if x == "rounds":
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        ax.set_xlim(0, 1.04 * max([2, *(history.rounds[-1].number for history in histories if len(history))]))
    ax.grid(alpha=0.3, lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    if histories:
        ax.legend(
            loc="lower right" if y == "test_accuracy" else "upper right",
            ncols=-(-len(histories) // 5),
            fontsize="small",
            framealpha=0.7,
        )
