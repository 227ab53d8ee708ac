"""Who holds what: a heat map of parties and labels, and a few of a party's images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fedlab.text import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PARTIES = 200  # columns of the heat map that can still be told apart


def holdings(ax: Axes, counts: np.ndarray) -> None:
    """Who holds what, as a heat map: one column a party, one row a class.

    counts: (parties, classes) examples, from `fedlab.partitions.label_counts`. The colour is the share of the party's
    own examples that have the label, so that a large party does not make the others pale; its square root, so that
    small shares can be seen. With few parties each cell tells its number of examples; of very many parties the first
    are shown, and the axis says so.
    """
    from matplotlib.colors import PowerNorm
    from matplotlib.ticker import MaxNLocator

    parties, classes = counts.shape
    shown = counts[:MOST_PARTIES].T
    shares = np.ma.masked_equal(shown / np.maximum(shown.sum(axis=0), 1), 0)
    image = ax.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, 1), aspect="auto", interpolation="nearest")
    if parties > MOST_PARTIES:
        below = say("party (the first {shown} of {parties:,})", shown=MOST_PARTIES, parties=parties)
    else:
        below = say("party ({parties:,})", parties=parties)
    ax.set(xlabel=below, ylabel=say("label"), yticks=range(classes))
    ticks = min(20, parties) if parties <= 100 else 10
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=ticks, steps=[1, 2, 5, 10]))
    ax.tick_params(length=0, labelsize="small")
    ax.spines[:].set_visible(False)
    if parties <= 20:
        for (row, column), count in np.ndenumerate(shown):
            colour = "white" if shares.filled(0)[row, column] > 0.4 else "black"
            text = f"{count:,}" if count else "·"
            ax.text(column, row, text, ha="center", va="center", color=colour, fontsize=7 if parties > 12 else 8)
    else:
        bar = ax.figure.colorbar(image, ax=ax, fraction=0.1, aspect=28, pad=0.01, ticks=[0, 0.1, 0.25, 0.5, 1])
        bar.ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize="x-small", length=0)
        bar.ax.set_title(say("share"), fontsize="x-small", loc="left")


def party_images(ax: Axes, images: np.ndarray, labels: np.ndarray, columns: int = 4) -> None:
    """A few images in rows of `columns`, each with its label below. images: (n, height, width) uint8."""
    _, height, width = images.shape
    rows = -(-len(images) // columns)
    canvas = np.zeros((rows * (height + 10), columns * (width + 2)), np.uint8)
    for position, (image, label) in enumerate(zip(images, labels, strict=True)):
        top, left = position // columns * (height + 10), position % columns * (width + 2)
        canvas[top : top + height, left : left + width] = image
        ax.text(left + width / 2, top + height + 3, str(label), ha="center", va="center", fontsize=8)
    ax.imshow(canvas, cmap="gray_r", interpolation="nearest")
    ax.axis("off")
