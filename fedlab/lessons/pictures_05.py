"""The pictures of lesson 05: walks in the plane, accuracy by learning rate, and two things called Dirichlet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fedlab.experiment import Experiment
from fedlab.lessons.plane import CENTRES, CURVES, MINIMUM, Walk
from fedlab.lessons.published_05 import Runs, by_rate
from fedlab.partitions import label_counts, label_skew
from fedlab.plots import COLOURS, holdings, style
from fedlab.prepare import hold
from fedlab.text import say

LOWEST = 50  # percent: a run that broke down leaves the picture
HIGH, WIDE = (-19, 6), (-16, 19)  # the part of the plane that is drawn


def walks(all_of_them: Mapping[str, Walk], rounds_with_steps: Sequence[int] = (0, -1)) -> Figure:
    """Walks side by side, with the parties' own steps in some of the rounds: the first and the last."""
    figure, axes = plt.subplots(
        1, len(all_of_them), figsize=(10, 4.4), sharey=True, layout="constrained", squeeze=False
    )
    for ax, (title, one) in zip(axes[0], all_of_them.items(), strict=True):
        draw(ax, one, title, rounds_with_steps)
        ax.label_outer()
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize="small")
    plt.close(figure)
    return figure


def draw(ax: Axes, one: Walk, title: str, rounds_with_steps: Sequence[int]) -> None:
    """A walk over the mean's valley."""
    a, b = np.meshgrid(np.linspace(*WIDE, 120), np.linspace(*HIGH, 120))
    place = np.stack([a, b], axis=-1)
    height = sum((CURVES[k] / 2 * (place - CENTRES[k]) ** 2).sum(axis=-1) for k in (0, 1)) / 2
    ax.contour(a, b, height, levels=np.geomspace(np.min(height) + 4, np.max(height), 12), colors="0.85", linewidths=0.8)
    for k in (0, 1):
        look = style(k + 1)
        ax.plot(*CENTRES[k], marker=look["marker"], color=look["color"], ms=8, ls="")
        name = say("party {party}'s\nminimum", party=k)
        ax.annotate(name, CENTRES[k], (0, 8 - 32 * k), textcoords="offset points", ha="center", fontsize="x-small")
        for number in rounds_with_steps:
            if k in one.steps[number]:
                ax.plot(*one.steps[number][k].T, color=look["color"], ls=look["linestyle"], lw=1.1, marker=".", ms=3)
    ax.plot(*one.shared.T, **style(0), lw=1.6, ms=3.5, label=say("shared model, one point a round"))
    ax.plot(*MINIMUM, "k*", ms=12, ls="", label=say("minimum of the mean"))
    ax.set(title=title, xlabel="a", ylabel="b", xlim=WIDE, ylim=HIGH)
    ax.spines[["top", "right"]].set_visible(False)


def rates(part: Runs, title: str) -> Figure:
    """Accuracy by learning rate: a line through the mean of the seeds, and a bar from the worst to the best of them."""
    methods = list(dict.fromkeys(run["method"] for run in part))
    figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
    for number, method in enumerate(methods):
        found = by_rate(part, method)
        x = np.array(list(found)) * 1.03 ** (number - len(methods) / 2)  # side by side: bars must not cover others
        ends = np.array(list(found.values()))
        mean = ends.mean(axis=1)
        reach = np.stack([mean - ends.min(axis=1), ends.max(axis=1) - mean])
        ax.errorbar(x, mean, yerr=reach, capsize=4, lw=1.7, ms=6, label=method, **style(number))
    ax.set(
        xscale="log",
        xlabel=say("learning rate η of the parties"),
        ylabel=say("test accuracy after {rounds} rounds, %", rounds=part[0]["rounds"]),
        ylim=(LOWEST, 92),
        xticks=list(found),
        xticklabels=[f"{rate:g}" for rate in found],
    )
    ax.set_title(title, fontsize="medium")
    ax.minorticks_off()
    ax.grid(alpha=0.3, lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=len(methods), fontsize="small")
    plt.close(figure)
    return figure


def two_dirichlets(named: Mapping[str, Experiment]) -> Figure:
    """Two ways to split one set of images: who holds which label, and how much, in columns of a party each."""
    figure, axes = plt.subplots(
        2, len(named), figsize=(10, 4.6), sharex=True, layout="constrained", height_ratios=(3, 1), sharey="row"
    )
    for (above, below), (title, experiment) in zip(axes.T, named.items(), strict=True):
        data = experiment.data()
        counts = label_counts(hold(experiment, data), data.train_y, data.classes)
        holdings(above, counts)
        above.set(title=say("{title}: label skew {skew:.2f}", title=title, skew=label_skew(counts)), xlabel="")
        below.bar(range(len(counts)), counts.sum(axis=1), color=COLOURS[0])
        below.set(xlabel=say("party"), ylabel=say("images"))
        below.spines[["top", "right"]].set_visible(False)
    for ax in axes[:, 1:].flat:
        ax.set_ylabel("")
    plt.close(figure)
    return figure
