"""Methods against each other with several seeds: the same parties, the same first model, the same rounds for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from fedlab import plots
from fedlab.experiment import Experiment
from fedlab.federation import run
from fedlab.history import History
from fedlab.text import say

SEEDS = (0, 1, 2)

Race = dict[str, list[History]]  # for each method one history a seed


def race(experiments: Mapping[str, Experiment], seeds: Sequence[int] = SEEDS) -> Race:
    """Train each experiment with each seed."""
    return {
        name: [History(one, run(one)) for one in (experiment.with_(seed=seed) for seed in seeds)]
        for name, experiment in experiments.items()
    }


def late_loss(history: History) -> float:
    """The mean test loss of the second half of a run: single rounds jump too much to compare them."""
    return float(np.mean(history.column("test_loss")[len(history) // 2 :]))


def ahead(runs: Race, a: str, b: str, points: float) -> int:
    """In how many seeds method a ends more than so many points of test accuracy above method b."""
    pairs = zip(runs[a], runs[b], strict=True)
    return sum(100 * (one.rounds[-1].test_accuracy - other.rounds[-1].test_accuracy) > points for one, other in pairs)


def lower(runs: Race, a: str, b: str, share: float) -> int:
    """In how many seeds the late loss of method a is below `share` times that of method b."""
    return sum(late_loss(one) < share * late_loss(other) for one, other in zip(runs[a], runs[b], strict=True))


def panels(runs: Race, y: str = "test_accuracy") -> Figure:
    """One panel for each seed, one curve for each method; y as in `plots.convergence`."""
    by_seed = list(zip(*runs.values(), strict=True))
    figure, axes = plt.subplots(1, len(by_seed), figsize=(9, 3), sharey=True, layout="constrained", squeeze=False)
    for histories, ax in zip(by_seed, axes[0], strict=True):
        plots.convergence(ax, histories, y=y, labels=list(runs))
        ax.set_title(say("seed {seed}", seed=histories[0].experiment.seed), fontsize="medium")
        ax.label_outer()
        ax.get_legend().remove()
    lines, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside lower center", ncols=len(runs), fontsize="small")
    plt.close(figure)
    return figure
