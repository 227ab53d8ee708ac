"""What the pictures of several lessons share."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def finish(ax: Axes) -> None:
    """A legend, a faint grid, and no lines above and to the right."""
    ax.legend(fontsize="small")
    ax.grid(alpha=0.3, lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)


def images(rows: Mapping[str, np.ndarray]) -> Figure:
    """Rows of square images (n, pixels), each under its name: pixels from 0 (paper) to 1 (ink)."""
    wide = max(map(len, rows.values()))
    figure, axes = plt.subplots(
        len(rows), wide, figsize=(0.95 * wide + 0.4, 1.25 * len(rows)), layout="constrained", squeeze=False
    )
    for line, (name, pictures) in zip(axes, rows.items(), strict=True):
        for ax in line:
            ax.set_axis_off()
        for ax, one in zip(line, pictures, strict=False):
            side = round(one.size**0.5)
            ax.imshow(one.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
        line[0].set_title(name, loc="left", fontsize="small")
    plt.close(figure)
    return figure
