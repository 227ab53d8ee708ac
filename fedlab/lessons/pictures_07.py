"""The pictures of lesson 07: what is read from uploads, masks seen as images, two bell curves, and what ε costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from fedlab.attacks_on_privacy import most_advantage
from fedlab.lessons.pictures import finish
from fedlab.lessons.published_07 import Dot, Size
from fedlab.lessons.two_bells import delta_of, rates
from fedlab.plots import style
from fedlab.text import say


def changes(named: Mapping[str, np.ndarray]) -> Figure:
    """Changes of the weights to one unit side by side: orange up, blue down, each on a scale of its own."""
    figure, axes = plt.subplots(1, len(named), figsize=(2.05 * len(named), 2.6), layout="constrained", squeeze=False)
    for ax, (name, one) in zip(axes[0], named.items(), strict=True):
        most = float(np.abs(one).max()) or 1.0
        ax.imshow(one, cmap="PuOr_r", vmin=-most, vmax=most)
        ax.set_title(name, fontsize="small")
        ax.set_xticks([])
        ax.set_yticks([])
    plt.close(figure)
    return figure


def bells(sigma: float, epsilons: Sequence[float]) -> Figure:
    """Left: the released number without a party and with it. Right: what an attacker reaches, what each ε allows."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    at = np.linspace(-4 * sigma, 1 + 4 * sigma, 400)
    for number, (name, mean) in enumerate({say("without the party"): 0, say("with it"): 1}.items()):
        height = np.exp(-((at - mean) ** 2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))
        left.plot(at, height, label=name, lw=1.9, markevery=40, **style(number))
    left.set(xlabel=say("what is released, in units of the clip S"), ylabel=say("how often"), ylim=(0, None))
    left.set_title(say("noise σ = {sigma:g}", sigma=sigma), fontsize="medium")
    found, blamed = rates(sigma, at)
    right.plot(blamed, found, label=say("the best attacker"), lw=1.9, markevery=40, **style(0))
    share = np.linspace(0, 1, 401)
    for number, epsilon in enumerate(epsilons, 1):
        delta = delta_of(epsilon, sigma)
        allowed = np.minimum(np.exp(epsilon) * share + delta, 1 - np.exp(-epsilon) * (1 - delta - share))
        name = say("allowed: ε = {epsilon:g}, δ = {delta:.2g}", epsilon=epsilon, delta=delta)
        right.plot(share, np.minimum(1, allowed), label=name, lw=1.9, markevery=80, **style(number))
    right.plot([0, 1], [0, 1], color="0.5", lw=0.9, ls=":", label=say("tossing a coin"))
    right.set(
        xlabel=say("FPR: who was not there, and is named"), ylabel=say("TPR: who was there, and is named"),
        xlim=(0, 1), ylim=(0, 1.02),
    )  # fmt: skip
    right.set_title(say("was the party there?"), fontsize="medium")
    for ax in (left, right):
        finish(ax)
    plt.close(figure)
    return figure


def sizes(lines: Mapping[int, Sequence[Size]], without: float) -> Figure:
    """Test accuracy against ε, a line for each number of parties; dotted: without noise and clip."""
    figure, ax = plt.subplots(figsize=(7.6, 3.9), layout="constrained")
    for number, (parties, points) in enumerate(lines.items()):
        name = say("{parties:,} parties", parties=parties)
        values = [one.mean for one in points]
        spread = [[abs(end(one.accuracies) - one.mean) for one in points] for end in (min, max)]
        ax.errorbar(
            [one.epsilon or 0 for one in points], values, spread, label=name, lw=1.7, ms=6, capsize=3, **style(number)
        )
    ax.axhline(without, color="0.4", lw=1, ls=":", label=say("FedAvg"))
    ax.set(xscale="log", xlabel=say("ε: to the left is more private"), ylabel=say("test accuracy, %"))
    ax.set_xticks([1, 2, 3, 5, 10, 20, 50], labels=["1", "2", "3", "5", "10", "20", "50"])
    ax.minorticks_off()
    finish(ax)
    plt.close(figure)
    return figure


def members(dots: Sequence[Dot], delta: float) -> Figure:
    """How much better than a coin an attacker tells members from others, under the line that ε draws."""
    figure, ax = plt.subplots(figsize=(7.6, 3.9), layout="constrained")
    epsilons = np.geomspace(0.4, 3_000, 200)
    line = [100 * most_advantage(epsilon, delta) for epsilon in epsilons]
    ax.plot(epsilons, line, color="0.3", lw=1.6, label=say("no attack gets above this"))
    for number, model in enumerate(dict.fromkeys(one.model for one in dots)):
        own = [one for one in dots if one.model == model]
        look = {"color": style(number)["color"], "marker": style(number)["marker"], "ls": ""}
        private = [one for one in own if one.epsilon]
        ax.plot(
            [one.epsilon or 0 for one in private], [one.advantage for one in private], label=say(model), ms=5, **look
        )
        open_ = [one.advantage for one in own if one.epsilon is None]
        ax.plot([3_000] * len(open_), open_, mfc="none", ms=6, label=say("{model}, no noise", model=say(model)), **look)
    ax.set(
        xscale="log", ylim=(0, 105), xlabel=say("ε, δ = {delta:g}; at the right end: no noise", delta=delta),
        ylabel=say("advantage, TPR − FPR, %"),
    )  # fmt: skip
    finish(ax)
    plt.close(figure)
    return figure
