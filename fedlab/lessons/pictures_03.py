"""The pictures of lesson 03. Each takes what a cell has computed and draws; nothing here trains."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fedlab import plots, skew
from fedlab.datasets import Dataset
from fedlab.diagnostics import principal_plane
from fedlab.experiment import Experiment
from fedlab.lessons.published import RESULTS
from fedlab.lessons.two_parties import TwoParties
from fedlab.partitions import label_skew
from fedlab.text import say


def measured() -> dict[str, Any]:
    """What `python -m benchmarks.lesson_03` has found."""
    found: dict[str, Any] = json.loads((RESULTS / "lesson_03.json").read_text(encoding="utf-8"))["results"]
    return found


def heat_maps(counts: Mapping[str, np.ndarray]) -> Figure:
    """Who holds what, for several ways to deal out the same images, each with its skew."""
    figure = Figure((8.4, 3.2 * -(-len(counts) // 2)), layout="constrained")
    axes = figure.subplots(-(-len(counts) // 2), 2)
    for ax, (name, table) in zip(axes.flat, counts.items(), strict=True):
        plots.holdings(ax, table)
        ax.set_title(say("{name}: skew {skew:.2f}", name=name, skew=label_skew(table)), fontsize="medium")
    return figure


def as_three_parties_see_it(data: Dataset, experiments: Mapping[str, Experiment]) -> Figure:
    """The same two images as the first, the middle and the last of ten parties see them."""
    images, labels = data.train_x[:2], data.train_y[:2]
    figure = Figure((7.4, 1.7), layout="constrained")
    for ax, (name, experiment) in zip(figure.subplots(1, len(experiments)), experiments.items(), strict=True):
        shown = []
        for party in (0, 5, 9):
            share = party / 9
            noised = skew.noisy(images, experiment.feature_noise * share, np.random.default_rng(0))
            shown.append(skew.rotated(noised, experiment.rotation * share))
        plots.party_images(ax, np.concatenate(shown), np.tile(labels, 3), columns=6)
        ax.set_title(say("{name}\nparties 0, 5 and 9, two images each", name=name), fontsize="small")
    return figure


def mean_end(runs: Mapping[str, Sequence[Sequence[float]]], place: str) -> float:
    """The mean of the seeds' last accuracies; place: "federated" or "central"."""
    return float(np.mean([rounds[-1] for rounds in runs[place]]))


def kinds(found: Mapping[str, Mapping[str, Sequence[Sequence[float]]]]) -> Figure:
    """For each kind of difference the last accuracy of every seed, federated and with all data in one place."""
    figure = Figure((8.2, 4.6), layout="constrained")
    ax = figure.subplots()
    places = (("central", "s", plots.COLOURS[1], say("all data in one place")),
              ("federated", "o", plots.COLOURS[0], say("federated")))  # fmt: skip
    for row, name in enumerate(found):
        ends = {place: [rounds[-1] for rounds in found[name][place]] for place, *_ in places}
        ax.plot([np.mean(end) for end in ends.values()], [row, row], color="0.6", lw=3, zorder=0)
        for place, marker, colour, label in places:
            heights = row + 0.16 * (np.arange(len(ends[place])) - 1)
            ax.plot(ends[place], heights, marker, color=colour, ms=6, label=label if row == 0 else "")
    ax.set(yticks=range(len(found)), yticklabels=list(found), xlim=(60, 100))
    ax.set(xlabel=say("test accuracy after 10 rounds, %; one marker a seed"))
    ax.invert_yaxis()
    ax.grid(alpha=0.3, axis="x")
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize="small")
    return figure


def shared_paths(walks: Mapping[str, tuple[Sequence[np.ndarray], Sequence[np.ndarray]]]) -> Figure:
    """The shared model's path, and where the parties went in each round, in the plane that shows most of it.

    walks: for each name the shared models (rounds + 1, P) and for each round the parties' models (K, P).
    """
    figure = Figure((8.2, 4.4), layout="constrained")
    axes = figure.subplots(1, len(walks))
    for ax, (name, (shared, sent)) in zip(axes, walks.items(), strict=True):
        flat, variance = principal_plane(np.concatenate([np.stack(shared), *sent]))
        path, parties = flat[: len(shared)], flat[len(shared) :].reshape(len(sent), -1, 2)
        for number, ends in enumerate(parties):
            colour, marker = plots.COLOURS[number], plots.MARKERS[number]
            for end in ends:
                ax.plot(*np.stack([path[number], end]).T, color=colour, lw=0.7, alpha=0.7)
            ax.plot(*ends.T, marker, color=colour, ms=4, label=say("parties, round {round}", round=number + 1))
        ax.plot(*path.T, "k-", lw=2, marker="X", ms=7, label=say("shared model"))
        ax.annotate(say("start"), path[0], xytext=(4, 8), textcoords="offset points", fontsize="small")
        middle, half = (flat.max(axis=0) + flat.min(axis=0)) / 2, np.array([-2.4, 2.4])
        ax.set(xlim=middle[0] + half, ylim=middle[1] + half, aspect="equal")  # both panels in one scale
        ax.set(xlabel=say("component {number}", number=1), ylabel=say("component {number}", number=2))
        told = say("{name} ({share:.0%} of the spread)", name=name, share=variance.sum())
        ax.set_title(told, fontsize="medium")
    axes[0].legend(fontsize="x-small", loc="lower left")
    return figure


def map_of(ax: Axes, two: TwoParties, epochs: int, step: int, again: bool = False) -> None:
    """The paths of two parties up to a local step, their average, and what averages after every step would do.

    again: the axes hold this map already, and only the paths are drawn.
    """
    land = two.landscape(epochs)
    if not again:
        levels = np.geomspace(land.loss.min(), land.loss.max(), 14)
        filled = ax.contourf(land.x, land.y, land.loss, levels=levels, cmap="Greys", alpha=0.55, vmax=1.6 * levels[-1])
        ax.contour(land.x, land.y, land.loss, levels=levels, colors="0.55", linewidths=0.5)
        bar = ax.figure.colorbar(filled, ax=ax, fraction=0.045, pad=0.02, format="%.1f")
        bar.ax.set_title(say("loss"), fontsize="small")
        bar.ax.tick_params(labelsize="small")
        bar.outline.set_visible(False)
        ax.set(xlim=land.x[[0, -1]], ylim=land.y[[0, -1]], aspect="equal")
        ax.set(xlabel=say("from party 0's end to party 1's"), ylabel=say("away from where they began"))
        ax.spines[["top", "right"]].set_visible(False)
    party_0, party_1, together = (path[: step + 1] for path in land.paths)
    for k, path in enumerate((party_0, party_1)):
        look: dict[str, Any] = {"color": plots.COLOURS[k], "ls": plots.LINES[k]}
        label = say("party {party}: {digits}", party=k, digits=", ".join(map(str, two.digits[k])))
        ax.plot(*path.T, lw=1.2, **look)
        ax.plot(*path[-1], marker=plots.MARKERS[k], ms=8, label=label, **look)
    ends = np.stack([party_0[-1], party_1[-1]])
    ax.plot(*ends.T, color="black", lw=0.8, ls=":")
    look = {"color": plots.COLOURS[2], "ls": plots.LINES[2]}
    ax.plot(*together.T, lw=1.4, **look)
    ax.plot(*together[-1], marker=plots.MARKERS[2], ms=7, label=say("average after every step"), **look)
    ax.plot(*ends.mean(axis=0), "kX", ms=10, label=say("average of the two"))
    ax.plot(*together[0], "o", color="black", mfc="white", ms=8, label=say("w_t, where both begin"))
    ax.legend(fontsize="small", loc="upper left", framealpha=0.7)


def shares_right(served: Mapping[str, np.ndarray], average: float, counts: np.ndarray) -> Figure:
    """Above, how much of its own each party has right under two shared models; below, who holds what.

    average: the test accuracy of the last of them.
    """
    figure = Figure((7.2, 5.6), layout="constrained")
    axes = figure.subplots(2, 1, height_ratios=[1, 1.4])
    parties = np.arange(len(counts))
    for place, (name, accuracies) in enumerate(served.items()):
        colour, hatch = plots.COLOURS[(5, 1)[place]], ("", "//")[place]
        axes[0].bar(
            parties + 0.4 * place - 0.2, 100 * accuracies, 0.4, color=colour, hatch=hatch, ec="white", label=name
        )
    axes[0].axhline(100 * average, color="black", ls="--", lw=1.2, label=say("test accuracy, {name}", name=name))
    axes[0].set(ylabel=say("own images right, %"), xticks=parties, ylim=(0, 100), xlim=(-0.6, len(counts) - 0.4))
    axes[0].legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    axes[0].spines[["top", "right"]].set_visible(False)
    plots.holdings(axes[1], counts)
    return figure
