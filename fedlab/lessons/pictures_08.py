"""The pictures of lesson 08: one liar's pull, how many liars a rule stands, and the digits that a rule forgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from fedlab.lessons.pictures import finish
from fedlab.plots import style
from fedlab.text import say


def pull(honest: Sequence[float], rules: Mapping[str, Callable[[np.ndarray], float]], far: float = 20) -> Figure:
    """What becomes of one weight, against what the one liar sends; grey: between the honest parties' numbers."""
    figure, ax = plt.subplots(figsize=(7.6, 3.8), layout="constrained")
    sent = np.linspace(-far, far, 161)
    ax.axhspan(min(honest), max(honest), color="0.88", label=say("among the honest"))
    for number, (name, rule) in enumerate(rules.items()):
        results = [rule(np.append(honest, one)) for one in sent]
        ax.plot(sent, results, label=name, lw=1.8, ms=5, markevery=20, **style(number))
    ax.set(xlabel=say("what the liar sends for this weight"), ylabel=say("what the server makes of all ten"))
    finish(ax)
    plt.close(figure)
    return figure


def breakdown(lines: Mapping[str, Sequence[float]]) -> Figure:
    """Test accuracy by the number of liars among ten."""
    figure, ax = plt.subplots(figsize=(7.6, 4), layout="constrained")
    for number, (name, values) in enumerate(lines.items()):
        ax.plot(range(len(values)), values, label=name, lw=1.7, ms=5.5, **style(number))
    ax.set(xlabel=say("liars among ten parties"), ylabel=say("test accuracy, %"), ylim=(0, 100))
    ax.set_xticks(range(len(next(iter(lines.values())))))
    finish(ax)
    plt.close(figure)
    return figure


def digits(recalls: Mapping[str, np.ndarray]) -> Figure:
    """How many of each digit are recognised, a row for each rule."""
    figure, ax = plt.subplots(figsize=(7.6, 0.42 * len(recalls) + 1), layout="constrained")
    table = np.stack(list(recalls.values()))
    ax.imshow(table, cmap="Blues", vmin=0, vmax=100, aspect="auto")
    for (row, column), share in np.ndenumerate(table):
        ax.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=8,
                color="white" if share > 60 else "black")  # fmt: skip
    ax.set(xlabel=say("digit"), xticks=range(table.shape[1]))
    ax.set_yticks(range(len(recalls)), list(recalls))
    ax.tick_params(length=0)
    plt.close(figure)
    return figure
