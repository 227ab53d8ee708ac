"""The pictures of lesson 01."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from fedlab import plots
from fedlab.history import History


def who_holds_what(counts: np.ndarray) -> Figure:
    """How many images of each digit each party holds. counts: (parties, classes)."""
    figure = Figure((6, 3.4), layout="constrained")
    plots.holdings(figure.subplots(), counts)
    return figure


def yardsticks(runs: Mapping[str, History]) -> Figure:
    """The test accuracy of several ways to train, round by round."""
    figure = Figure((6.6, 3.4), layout="constrained")
    plots.convergence(figure.subplots(), list(runs.values()), labels=list(runs))
    return figure
