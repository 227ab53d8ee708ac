"""The pictures of lesson 11: who adds what, whom all know, labels in what comes back, and what noise costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from fedlab.lessons.pictures import finish
from fedlab.plots import style
from fedlab.text import say


def sets(scores: Mapping[str, Sequence[float]]) -> Figure:
    """AUC of each set of parties: a bar for the mean, a dot for each seed. A coin has 0.5."""
    figure, ax = plt.subplots(figsize=(7.6, 0.5 * len(scores) + 1), layout="constrained")
    for row, own in enumerate(scores.values()):
        ax.barh(row, np.mean(own) - 0.5, left=0.5, height=0.6, color=style(0)["color"])
        ax.plot(own, [row] * len(own), "o", ms=3.5, color="black")
        ax.text(max(own) + 0.008, row, f"{np.mean(own):.3f}", va="center")
    ax.set_yticks(range(len(scores)), list(scores))
    ax.set(xlim=(0.5, 1), xlabel=say("AUC on patients that nobody trained on"))
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right"]].set_visible(False)
    plt.close(figure)
    return figure


def overlap(shares: Sequence[float], together: Sequence[float], spread: Sequence[float], alone: float) -> Figure:
    """AUC together against the share of patients whom all four know; dotted: the doctor alone, with all patients."""
    figure, ax = plt.subplots(figsize=(7.6, 3.6), layout="constrained")
    ax.errorbar(shares, together, spread, label=say("all four together"), lw=1.8, ms=5.5, capsize=3, **style(0))
    ax.axhline(alone, color="0.3", lw=1.4, ls=":", label=say("the doctor alone, with all patients"))
    ax.set(xlabel=say("share of the doctor's patients whom all four know"), ylabel=say("AUC"), ylim=(0.8, 0.93))
    finish(ax)
    plt.close(figure)
    return figure


def heaps(messages: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """What came back about each patient, as two heaps: those with the label and those without. A panel each."""
    figure, axes = plt.subplots(1, len(messages), figsize=(9.4, 3.3), layout="constrained", squeeze=False)
    for ax, (name, (back, y)) in zip(axes[0], messages.items(), strict=True):
        edges = np.linspace(back.min(), back.max(), 31)
        for number, (label, title) in enumerate({1: say("ill"), 0: say("healthy")}.items()):
            hatch = "///" if label else None
            ax.hist(back[y == label], edges, label=title, alpha=0.6, hatch=hatch, color=style(number)["color"])
        ax.axvline(0, color="black", lw=0.9)
        ax.set(xlabel=say("what came back about a patient"), ylabel=say("patients"), title=name)
        ax.ticklabel_format(axis="x", scilimits=(0, 0))
        finish(ax)
    plt.close(figure)
    return figure


def noise(lines: Mapping[str, Mapping[str, Sequence[float]]], alone: float) -> Figure:
    """For each model a panel: its AUC, and that of the labels read, against the noise; dotted: the doctor alone."""
    figure, axes = plt.subplots(1, len(lines), figsize=(9.4, 3.6), layout="constrained", sharey=True, squeeze=False)
    for ax, (name, one) in zip(axes[0], lines.items(), strict=True):
        places = range(len(one["noise"]))  # a step each: 0 has no logarithm
        ax.plot(places, one["auc"], label=say("the model"), lw=1.8, ms=5.5, **style(0))
        ax.plot(places, one["leak, round 50"], label=say("labels read"), lw=1.8, ms=5.5, **style(1))
        ax.axhline(alone, color="0.3", lw=1.4, ls=":", label=say("the doctor alone"))
        ax.set_xticks(places, [f"{t:g}" for t in one["noise"]])
        ax.set(xlabel=say("noise t"), title=name, ylim=(0.5, 1.02))
        finish(ax)
    axes[0][0].set_ylabel(say("AUC"))
    plt.close(figure)
    return figure
