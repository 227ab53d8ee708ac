"""What lesson 04 draws: how sure a model is of its answers, and what each idea does in short and in long runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from fedlab.engines import engine_for
from fedlab.evaluation import logits_of
from fedlab.history import History
from fedlab.lessons.published import RESULTS
from fedlab.lessons.race import BLUE, ORANGE, difference, differences
from fedlab.prepare import prepare
from fedlab.text import say

FEDAVG, KEEPS, PULLS = "FedAvg", "FedProx, μ = 0", "FedProx, μ = 1"


def probabilities(history: History) -> tuple[np.ndarray, np.ndarray]:
    """(n, classes) what the last model gives to each class of each test example, and (n,) the right classes."""
    dataset = history.experiment.data()
    state = history.rounds[-1].state
    assert state is not None  # that of the last round is always kept
    with engine_for(prepare(history.experiment, dataset)).open() as engine:
        (logits,) = logits_of(engine, [(state.weights, dataset.test_x)], dataset.scale)
    odds = np.exp(logits.astype(float) - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True), dataset.test_y


def certainty(histories: Mapping[str, History]) -> Figure:
    """A panel a model: how many test examples it is how sure of, those that it gets right below the others."""
    figure, axes = plt.subplots(1, len(histories), figsize=(9, 3.4), sharey=True, layout="constrained", squeeze=False)
    for ax, (name, history) in zip(axes[0], histories.items(), strict=True):
        p, labels = probabilities(history)
        sure, right = p.max(axis=1), p.argmax(axis=1) == labels
        groups = {"right": (sure[right], BLUE, ""), "wrong": (sure[~right], ORANGE, "///")}
        values, colours, hatches = zip(*groups.values(), strict=True)
        names = [say("right"), say("wrong")]
        ax.hist(
            values,
            bins=np.linspace(0, 1, 11),
            stacked=True,
            color=colours,
            hatch=hatches,
            edgecolor="white",
            label=names,
        )
        ax.set(xlabel=say("how sure it is of its answer"), xlim=(0, 1), title=name)
        ax.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
        ax.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel(say("test examples"))
    axes[0][0].legend(title=say("its answer is"), loc="upper left", fontsize="small")
    plt.close(figure)
    return figure


def published(data: str, measure: str) -> dict[str, list[float]]:
    """What the paper's experiment gave with 90 % stragglers when the kit ran it: for each method a number a seed.

    data: "synthetic(1,1)" or "synthetic IID". measure: "loss" or "spread".
    """
    content = json.loads((RESULTS / "published_fedprox_full.json").read_text(encoding="utf-8"))
    rows = {row["cell"]: row[f"{measure}, seeds 0, 1, 2"] for row in content["results"]["rows"]}
    cells = {name: f"{data}, 90% stragglers, {name.replace(', μ = ', ' μ=')}" for name in (FEDAVG, KEEPS, PULLS)}
    return {name: [float(number) for number in rows[cell].split(", ")] for name, cell in cells.items()}


def ideas(measured: Mapping[str, Mapping[str, Sequence[float]]], what: str) -> Figure:
    """What each of FedProx's two ideas changes: a row an idea, for each of these tables of a number a method and seed.

    what: the measure.
    """
    found, names = [], []
    for label, runs in measured.items():
        found += [difference(runs, KEEPS, FEDAVG, float), difference(runs, PULLS, KEEPS, float)]
        names += [say("{label}: keeping the work", label=label), say("{label}: the pull", label=label)]
    return differences(found, what, names)
