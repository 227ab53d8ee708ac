"""Pictures: histories and counts onto matplotlib Axes. Pure functions; they keep nothing and show nothing.

figure, ax = plt.subplots()
convergence(ax, [fedavg, fedprox])
"""

from fedlab.plots.curves import COLOURS, LINES, MARKERS, X_AXES, Y_AXES, convergence, style
from fedlab.plots.holdings import holdings, party_images

__all__ = [
    "COLOURS",
    "LINES",
    "MARKERS",
    "X_AXES",
    "Y_AXES",
    "convergence",
    "holdings",
    "party_images",
    "style",
]
