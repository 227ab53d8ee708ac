"""The pictures of lesson 06: steps of signs, what averaging repairs, and a party's ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from fedlab.lessons.one_update import Entry
from fedlab.lessons.pictures import finish
from fedlab.lessons.signs import SLOPES, TILT
from fedlab.plots import style
from fedlab.text import say


def signs(lines: Mapping[str, np.ndarray], walks: Mapping[str, np.ndarray], rate: float) -> Figure:
    """Left: a weight after each step, and the true mean slope's way. Right: walks over the plane's valley."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    steps = len(next(iter(lines.values()))) - 1
    for number, (name, path) in enumerate(lines.items()):
        left.plot(path[:, 0], label=name, lw=1.7, markevery=steps // 8, **style(number))
    way = -rate * np.mean(SLOPES) * np.arange(steps + 1)
    left.plot(way, color="0.4", lw=1, ls=":", label=say("the slopes themselves"))
    left.set(xlabel=say("step"), ylabel=say("weight w"))
    left.set_title(say("slopes 4, −1, −1, −1 by turns"), fontsize="medium")
    finish(left)
    a, b = np.meshgrid(np.linspace(-0.4, 2.3, 90), np.linspace(-0.4, 2.3, 90))
    right.contour(a, b, np.abs(a - b) + TILT * np.abs(a + b), levels=12, colors="0.85", linewidths=0.8)
    for number, (name, path) in enumerate(walks.items()):
        right.plot(*path.T, label=name, lw=1.4, ms=4, markevery=5, **style(number))
    right.plot(0, 0, "k*", ms=12, ls="", label=say("minimum"))
    right.set(xlabel="a", ylabel="b", aspect="equal")
    right.set_title(say("a narrow valley that falls slowly"), fontsize="medium")
    finish(right)
    plt.close(figure)
    return figure


def averaged(found: Mapping[str, Sequence[float]]) -> Figure:
    """How far the mean of n codes of one update is off, against n."""
    figure, ax = plt.subplots(figsize=(7.6, 3.8), layout="constrained")
    for number, (name, values) in enumerate(found.items()):
        ax.plot(range(1, len(values) + 1), values, label=name, lw=1.7, ms=4.5, **style(number))
    ax.axhline(1, color="0.4", lw=0.8, ls=":")
    ax.set(
        xscale="log", yscale="log", xlabel=say("how often it was coded, and the mean taken"),
        ylabel=say("share of the squares that is wrong"),
    )  # fmt: skip
    ax.set_xticks([1, 2, 5, 10, 20, 40], labels=["1", "2", "5", "10", "20", "40"])
    ax.minorticks_off()
    finish(ax)
    plt.close(figure)
    return figure


def book(entries: Sequence[Entry]) -> Figure:
    """The length of all updates of a party, of what it has sent of them, and of what it remembers."""
    figure, ax = plt.subplots(figsize=(7.6, 3.4), layout="constrained")
    columns = {
        say("all updates"): [entry.updates for entry in entries],
        say("all that was sent"): [entry.sent for entry in entries],
        say("the memory"): [entry.remembered for entry in entries],
    }
    for number, (name, vectors) in enumerate(columns.items()):
        lengths = [float(np.linalg.norm(vector)) for vector in vectors]
        ax.plot(range(1, len(lengths) + 1), lengths, label=name, lw=1.7, ms=5, **style(number))
    ax.set(xlabel=say("round"), ylabel=say("length"), ylim=(0, None), xticks=range(1, len(entries) + 1))
    finish(ax)
    plt.close(figure)
    return figure
