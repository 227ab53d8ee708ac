"""What lies behind an accuracy, as pictures: who is served how well, which labels are known, where parties went.

Pure functions over what `diagnostics.py` computes; each draws on the axes it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fedlab.diagnostics import principal_plane
from fedlab.plots.curves import COLOURS
from fedlab.text import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE = COLOURS[0], COLOURS[1]
MOST_NUMBERED = 20  # parties whose numbers have room below a picture


def served(ax: Axes, accuracies: np.ndarray, test_accuracy: float, names: Sequence[str] = ()) -> None:
    """How much of its own data the shared model gets right for each party, the worst served first.

    accuracies: (K,) from `party_accuracies`. The dashed line is the accuracy on the test examples. names: (K,) what
    the parties are called, unless by their numbers. Told are all of few parties; of many the three worst served, and
    the best.
    """
    from matplotlib.ticker import PercentFormatter

    order = np.argsort(accuracies, kind="stable")
    few, called = len(order) <= MOST_NUMBERED, names or [str(party) for party in range(len(order))]
    in_order = [called[party] for party in order]
    ax.plot(np.arange(len(order)), accuracies[order], color=BLUE, marker="o" if few else "", ms=4)
    ax.axhline(test_accuracy, color="black", ls="--", lw=1)
    ax.set(xlabel=say("party, the worst served first"), ylabel=say("own examples right"), ylim=(0, 1.02))
    if few:
        named(ax, in_order)
    else:
        ax.plot(range(3), accuracies[order[:3]], "o", color=ORANGE, ms=4)
        between = ", " if max(map(len, in_order)) <= 4 else ",\n"
        worst = say("parties {numbers}", numbers=between.join(in_order[:3]))
        ax.annotate(worst, (1, accuracies[order[1]]), xytext=(10, -2), textcoords="offset points", va="top")
        ends = ax.set_xticks([0, len(order) - 1], [in_order[0], in_order[-1]])
        ends[0].label1.set_horizontalalignment("left")
        ends[1].label1.set_horizontalalignment("right")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.spines[["top", "right"]].set_visible(False)


def named(ax: Axes, names: Sequence[str], places: Sequence[int] | None = None) -> None:
    """Tell what stands where: numbers below the axis, names upright above it. places: those that have room, or all."""
    from matplotlib.patheffects import withStroke

    shown = range(len(names)) if places is None else places
    small = "x-small" if len(shown) > 12 or max(map(len, names)) > 14 else "small"
    if all(name.isdecimal() for name in names):
        ax.set_xticks(shown, [names[place] for place in shown], fontsize=small)
        return
    ax.set_xticks(shown, [""] * len(shown))
    edge = [withStroke(linewidth=2, foreground="white")]
    for place in shown:
        ax.text(place, 0.04, names[place], rotation=90, ha="center", va="bottom", fontsize=small, path_effects=edge,
                transform=ax.get_xaxis_transform())  # fmt: skip


def for_whom(ax: Axes, names: Sequence[str], scores: dict[str, np.ndarray], measure: str) -> None:
    """For whom taking part was worth it: for each owner a row, and on it a point for each way to get a model.

    scores: by what the way is called, (K,) from `by_owner`; those that are NaN are left out. measure: what they are.
    """
    rows = np.arange(len(names))
    for place, (label, values) in enumerate(scores.items()):
        ax.plot(values, rows, "osD^"[place % 4], color=COLOURS[place], ms=6 if len(names) <= 15 else 4, label=label)
    spread = np.stack(list(scores.values()))
    some = ~np.isnan(spread).all(axis=0)
    ax.hlines(rows[some], np.nanmin(spread[:, some], axis=0), np.nanmax(spread[:, some], axis=0), "0.8", zorder=0)
    ax.set_yticks(rows, names, fontsize="small" if len(names) <= 15 else 5)
    ax.invert_yaxis()
    ax.set_xlabel(measure)
    ax.legend(fontsize="x-small", frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.4, 1), handletextpad=0)
    ax.spines[["top", "right"]].set_visible(False)


def earnings(ax: Axes, names: Sequence[str], shapley: np.ndarray, left_out: np.ndarray) -> None:
    """What each party has earned in a round: two bars each, from `fedlab.contributions.earned`."""
    rows = np.arange(len(names))
    ax.barh(rows - 0.2, shapley, 0.4, color=BLUE, label=say("Shapley value"))
    ax.barh(rows + 0.2, left_out, 0.4, color=ORANGE, hatch="////", edgecolor="white", label=say("leave one out"))
    ax.axvline(0, color="black", lw=0.8)
    ax.set_yticks(rows, names, fontsize="small")
    ax.invert_yaxis()
    ax.set_xlabel(say("test loss that it took away, nats"))
    ax.locator_params(axis="x", nbins=4)
    ax.legend(fontsize="x-small", frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    ax.spines[["top", "right"]].set_visible(False)


def confusion_matrix(ax: Axes, table: np.ndarray, labels: Sequence[str] = ()) -> None:
    """What each label's test examples were taken for, in percent of the row; the diagonal is the label's recall.

    table: (classes, classes) from `confusion`. labels: what they are called, unless by their numbers.
    """
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.01:
            colour = "white" if share > 0.6 else "black"
            ax.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=7, color=colour)
    classes = range(len(table))
    ax.set(xlabel=say("taken for"), ylabel=say("label"), xticks=classes, yticks=classes)
    if labels:
        ax.set_xticks(classes, labels, rotation=45 if len(table) > 4 else 0, fontsize="small")
        ax.set_yticks(classes, labels, rotation=0 if len(table) > 4 else 90, va="center", fontsize="small")
    ax.tick_params(length=0)


def one_round(ax: Axes, began: np.ndarray, ended: np.ndarray, sent: Sequence[np.ndarray]) -> float:
    """One round in the plane that shows most of it: where the parties went, and where the server then put the model.

    began, ended: (P,) the shared model before and after the round. sent: the parties' weights, (P,) each.
    Returns the share of the points' spread that the plane shows.
    """
    plane, explained = principal_plane(np.stack([began, ended, *sent]))
    start, end, parties = plane[0], plane[1], plane[2:]
    for party in parties:
        ax.plot(*np.stack([start, party]).T, color=ORANGE, lw=0.8, alpha=0.7)
    ax.plot(*parties.T, "o", color=ORANGE, ms=4, label=say("parties"))
    ax.plot(*np.stack([start, end]).T, color="black", lw=2)
    ax.plot(*start, "o", color="black", mfc="white", ms=7, label=say("shared model before"))
    ax.plot(*end, "X", color="black", ms=8, label=say("and after"))
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(xlabel=say("direction in which they differ most"), ylabel=say("and second most"))
    ax.legend(fontsize="x-small", frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    return float(explained.sum())
