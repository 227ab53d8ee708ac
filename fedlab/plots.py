"""Pictures: histories and counts onto matplotlib Axes. Pure functions; they keep nothing and show nothing.

    figure, ax = plt.subplots()
    convergence(ax, [fedavg, fedprox])

Colours are Okabe and Ito's, and no two curves differ by colour alone: line and marker differ too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fedlab.differences import differences
from fedlab.history import History

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
MOST_MARKERS = 12  # on one curve
MOST_PARTIES = 200  # columns of the heat map that can still be told apart

# what a run can be drawn against: the axis label, and its value at each round
X_AXES: dict[str, tuple[str, Callable[[History], np.ndarray]]] = {
    "rounds": ("round", lambda history: np.array(history.column("number"))),
    "bytes": (
        "megabytes sent, both ways",
        lambda history: np.cumsum([one.bytes_up + one.bytes_down for one in history]) / 1e6,
    ),
    "simulated_seconds": (
        "simulated seconds, on the parties' devices",
        lambda history: np.cumsum(history.column("simulated_seconds")),
    ),
}
Y_AXES = {"test_accuracy": "test accuracy", "test_loss": "test loss (nats)", "train_loss": "training loss (nats)"}


def style(number: int) -> dict[str, Any]:
    """Colour, line and marker of curve `number`; the first 28 all look different."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": LINES[number % len(LINES)],
        "marker": MARKERS[number % len(MARKERS)],
    }


def convergence(
    ax: Axes,
    histories: Sequence[History],
    x: str = "rounds",
    y: str = "test_accuracy",
    labels: Sequence[str] | None = None,
    styles: Sequence[int] | None = None,
) -> None:
    """Draw one curve a history.

    x: a key of `X_AXES`. y: a key of `Y_AXES`. labels: what differs between the experiments unless given.
    styles: the number of each curve's `style`, its position unless given.
    """
    labels = differences([history.experiment for history in histories]) if labels is None else labels
    styles = range(len(histories)) if styles is None else styles
    x_label, x_of = X_AXES[x]
    for history, label, number in zip(histories, labels, styles, strict=True):
        every = max(1, len(history) // MOST_MARKERS)
        ax.plot(x_of(history), history.column(y), label=label, markevery=every, markersize=4.5, lw=1.7, **style(number))
    ax.set(xlabel=x_label, ylabel=Y_AXES[y])
    if y == "test_accuracy":
        ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
    if x == "rounds":
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        ax.set_xlim(0, 1.04 * max([2, *(history.rounds[-1].number for history in histories if len(history))]))
    ax.grid(alpha=0.3, lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    if histories:
        ax.legend(
            loc="lower right" if y == "test_accuracy" else "upper right",
            ncols=-(-len(histories) // 5),
            fontsize="small",
            framealpha=0.7,
        )


def holdings(ax: Axes, counts: np.ndarray) -> None:
    """Who holds what, as a heat map: one column a party, one row a class.

    counts: (parties, classes) examples, from `fedlab.partitions.label_counts`. With few parties each cell tells its
    number; of very many parties the first are shown, and the axis says so.
    """
    parties, classes = counts.shape
    shown = counts[:MOST_PARTIES].T
    image = ax.imshow(np.ma.masked_equal(shown, 0), cmap="Blues", vmin=0, aspect="auto", interpolation="nearest")
    first = f"the first {MOST_PARTIES} of {parties:,}" if parties > MOST_PARTIES else f"{parties:,}"
    ax.set(xlabel=f"party ({first})", ylabel="label", yticks=range(classes))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=min(20, parties), steps=[1, 2, 5, 10]))
    ax.tick_params(length=0, labelsize="small")
    ax.spines[:].set_visible(False)
    if parties <= 20:
        for (row, column), count in np.ndenumerate(shown):
            colour = "white" if count > 0.6 * shown.max() else "black"
            text = f"{count:,}" if count else "·"
            ax.text(column, row, text, ha="center", va="center", color=colour, fontsize=7 if parties > 12 else 8)
    else:
        bar = ax.figure.colorbar(image, ax=ax, fraction=0.025, pad=0.01)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize="x-small", length=0)
        bar.ax.set_title("images", fontsize="x-small")


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
