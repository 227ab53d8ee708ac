"""Convergence: one curve a history.

Colours are Okabe and Ito's, and no two curves differ by colour alone: line and marker differ too.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from fedlab.differences import differences
from fedlab.history import History
from fedlab.text import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00")  # the two oranges far apart
LINES = ("-", "--", "-.", ":")
WIDTHS = {"-": 2.6, "--": 1.5, "-.": 1.5, ":": 2.0}  # a solid line is seen behind a broken one that runs along it
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
MOST_MARKERS = 12  # on one curve

# what a run can be drawn against: the axis label (said when it is drawn), and its value at each round, or no number
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
    "bytes_up": ("megabytes up, from all parties", lambda history: np.cumsum(history.column("bytes_up")) / 1e6),
    "epsilon": (
        "ε spent, at the run's own δ",
        lambda history: np.array([np.nan if one.epsilon is None else one.epsilon for one in history]),
    ),
}
LONG = 48  # characters of a name in a legend
LOG_AXES = ("epsilon",)  # with them what matters is how many times as much
Y_AXES = {
    "test_accuracy": "test accuracy",
    "test_auc": "test AUC",
    "score": "test accuracy or AUC",
    "test_loss": "test loss",
    "train_loss": "training loss",
}
SHARES = ("test_accuracy", "test_auc", "score")  # from 0 to 1, and more is better


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
    untrained: Sequence[float | None] = (),
) -> None:
    """Draw one curve a history.

    x: a key of `X_AXES`. y: a key of `Y_AXES`. labels: what differs between the experiments unless given.
    styles: the number of each curve's `style`, its position unless given.
    untrained: for each, its y before round 1, if it is known. A thin line comes from there. The axis is fitted to the
    rounds, so that what they differ by can be seen, and reaches towards the untrained by a third of that.
    A run without a number for x, such as ε where nothing is promised, is left out and named below the axis.
    """
    from matplotlib.lines import Line2D
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    labels = differences([history.experiment for history in histories]) if labels is None else labels
    styles = range(len(histories)) if styles is None else styles
    x_label, x_of = X_AXES[x]
    every_one = list(zip_longest(histories, labels, styles, list(untrained)[: len(histories)]))
    fits = [bool(np.isfinite(x_of(history)).all()) for history in histories]
    curves = [one for one, there in zip(every_one, fits, strict=True) if there]
    left_out = [label for label, there in zip(labels, fits, strict=True) if not there]
    begins, ends, heights = list[float](), list[float](), list[float]()
    for history, label, number, _ in curves:
        look = style(number)
        look["lw"] = WIDTHS[look["linestyle"]]
        look["zorder"] = 2 if look["linestyle"] == "-" else 2.1
        every = -(-len(history) // MOST_MARKERS)
        look["markevery"] = (number % every, every) if every else None  # nor do markers hide each other
        xs, ys = x_of(history), history.column(y)
        ax.plot(xs, ys, label=_shortened(label), markersize=4.5, **look)
        begins += list(xs[:1])
        ends += list(xs[-1:])
        heights += ys
    ax.set(xlabel=say(x_label), ylabel=say(Y_AXES[y]))
    if left_out:
        runs = textwrap.fill("; ".join(map(_shortened, left_out)), 2 * LONG)
        ax.set_xlabel(say("{x}\nleft out, without a number for that: {runs}", x=say(x_label), runs=runs))
    if y in SHARES:
        ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
    if x == "rounds":
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        ends.append(2)
    if x in LOG_AXES:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xlim(min(filter(None, begins), default=1) / 1.3, 1.3 * (max(ends, default=0) or 10))
    else:
        ax.set_xlim(0, 1.04 * (max(ends, default=0) or 1))
    for history, _, number, begin in curves:
        if begin is not None and len(history):
            first = [ax.get_xlim()[0], x_of(history)[0]], [begin, history.column(y)[0]]
            ax.add_artist(Line2D(*first, color=style(number)["color"], lw=0.7))
            reach = (max(heights) - min(heights)) / 3
            ax.update_datalim([(first[0][0], np.clip(begin, min(heights) - reach, max(heights) + reach))])
    if heights:
        ax.autoscale_view(scalex=False)
    else:  # nothing is drawn yet: all that can be, accuracies from 0 to 1 and losses up to that of guessing among ten
        ax.set_ylim(0, 1 if y in SHARES else 2.3)
    ax.grid(alpha=0.3, lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    if curves:
        known = [f"{begin:.0%}" for begin in sorted({begin for *_, begin in curves if begin is not None})]
        legend = ax.legend(
            loc="lower right" if y in SHARES else "upper right",
            ncols=1 if max(len(label) for _, label, *_ in curves) > LONG / 2 else -(-len(curves) // 5),
            fontsize="small",
            framealpha=0.7,
            title=say("untrained: {begin}", begin=" – ".join(dict.fromkeys([known[0], known[-1]]))) if known else None,
            title_fontsize="small",
        )
        legend.set_in_layout(False)  # long names may lie over the curves, but not take the room of the axes


def _shortened(label: str) -> str:
    """A name that fits into a legend: of a long one the beginning and the end."""
    half = LONG // 2 - 1
    return label if len(label) <= LONG else f"{label[:half].rstrip()} … {label[-half:].lstrip()}"
