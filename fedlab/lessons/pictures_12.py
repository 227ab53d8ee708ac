"""The picture of lesson 12: one run in five programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fedlab.lessons.pictures import finish
from fedlab.plots import style
from fedlab.text import say

ASIDE = 0.07  # rounds
ROUNDING = 1e-6  # what sums of float32 in another order come to, in a round


def five(accuracies: Mapping[str, Sequence[float]], distances: Mapping[str, Sequence[float]]) -> Figure:
    """Left, accuracies in per cent by round, side by side, since they lie on each other; the first has a line. Right,
    on a logarithmic axis, how far the farthest weight is from the kit's."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.8), layout="constrained")
    middle = (len(accuracies) - 1) / 2
    for number, (name, values) in enumerate(accuracies.items()):
        beside = [round_ + ASIDE * (number - middle) for round_ in range(1, len(values) + 1)]
        line = {} if number == 0 else {"linestyle": ""}
        left.plot(beside, values, label=name, lw=0.8, ms=6, **style(number) | line)
    left.set(ylabel=say("test accuracy, %"))
    for number, (name, values) in enumerate(distances.items(), 1):
        right.semilogy(range(1, len(values) + 1), values, label=name, lw=1.8, ms=6, **style(number))
    right.axhline(ROUNDING, color="0.3", lw=1, ls=":", label=say("a millionth"))
    right.set(ylabel=say("farthest weight from the kit's"), ylim=(1e-8, 1e-2))
    for ax in (left, right):
        ax.set(xlabel=say("round"))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        finish(ax)
    plt.close(figure)
    return figure
