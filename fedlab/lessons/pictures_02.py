"""The pictures of lesson 02: prices against a setting, seed by seed, and pairs of runs with one seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fedlab.plots import style
from fedlab.text import say


def by_setting(
    setting: str, values: Sequence[float], seeds: Sequence[int], measures: Mapping[str, np.ndarray]
) -> Figure:
    """One plot a measure, (values, seeds) each: a dot a seed, side by side, and a line through the medians."""
    figure = Figure((7.6, 3.3), layout="constrained")
    axes = figure.subplots(1, len(measures))
    places = np.arange(len(values))
    for ax, (name, numbers) in zip(axes, measures.items(), strict=True):
        for place, (seed, column) in enumerate(zip(seeds, numbers.T, strict=True)):
            look = {**style(seed), "linestyle": ""}
            ax.plot(places + 0.13 * (place - 1), column, label=say("seed {seed}", seed=seed), **look)
        ax.plot(places, np.median(numbers, axis=1), color="0.4", lw=1, zorder=0, label=say("median"))
        ax.set(xticks=places, xticklabels=values, xlabel=setting, ylabel=name, ylim=(0, None))
        _plain(ax)
    axes[0].legend(fontsize="small")
    return figure


def pairs(panels: Mapping[str, np.ndarray], ends: Sequence[str], seeds: Sequence[int]) -> Figure:
    """One plot a panel, (2, seeds) each: a line a seed from the first end to the second, and what it gains."""
    figure = Figure((9.2, 3.9), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True)
    for ax, (title, numbers) in zip(axes, panels.items(), strict=True):
        for seed, pair in zip(seeds, numbers.T, strict=True):
            ax.plot([0, 1], pair, lw=1.7, markersize=6, label=say("seed {seed}", seed=seed), **style(seed))
        gains = "\n".join(
            say("seed {seed}: {gain:+.1f}", seed=seed, gain=gain)
            for seed, gain in zip(seeds, numbers[1] - numbers[0], strict=True)
        )
        ax.set(xticks=[0, 1], xticklabels=ends, xlim=(-0.25, 1.25), ylim=(0, 100), xlabel=gains)
        ax.set_title(title, fontsize="medium")
        _plain(ax)
    axes[0].set_ylabel(say("best test accuracy so far, %"))
    axes[0].legend(fontsize="small", loc="lower right")
    return figure


def _plain(ax: Axes) -> None:
    ax.grid(alpha=0.3, axis="y")
    ax.spines[["top", "right"]].set_visible(False)
