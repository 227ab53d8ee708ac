"""The picture of lesson 10: for whom it was worth it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from fedlab.plots.behind import for_whom
from fedlab.text import say


def worth(names: Sequence[str], ways: Mapping[str, np.ndarray], measure: str) -> Figure:
    """Each owner's row: alone, shared, personal and in one place. ways: (K,) by name, 0 to 1."""
    figure, ax = plt.subplots(figsize=(7.6, 1.2 + 0.36 * len(names)), layout="constrained")
    for_whom(ax, names, {name: 100 * values for name, values in ways.items()}, say("{measure}, %", measure=measure))
    ax.legend(fontsize="small", frameon=False, ncols=len(ways), loc="lower center", bbox_to_anchor=(0.5, 1))
    plt.close(figure)
    return figure
