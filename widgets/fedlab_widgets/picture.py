"""A picture: a matplotlib figure as a sharp PNG with alt text, in a widget that does not flicker.

matplotlib takes half a second to import: that happens with the first picture that is drawn, beside the page.
"""

from __future__ import annotations

import base64
import html
import io
import zlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

SCALE = 2  # image pixels for each pixel of the page: sharp on screens with a high resolution
DPI = 80  # page pixels for each inch of the figure: its 10 point letters are then 11 pixels high


class Picture:
    """width, height: in pixels of the page. heights: of the axes one below the other, as a ratio."""

    def __init__(
        self, width: int, height: int, heights: Sequence[float] = (1.0,), margins: dict[str, float] | None = None
    ):
        self._size = width, height
        self._heights = heights
        self._margins = margins or {"left": 0, "right": 1, "bottom": 0, "top": 1}
        self.view: Any = None  # the HTML widget that shows it
        self.png = b""
        self._alt = ""

    @property
    def paper(self) -> str:
        """What keeps the picture's place on the page until it is drawn, as HTML."""
        width, height = self._size
        return f'<div style="aspect-ratio: {width} / {height}"></div>'

    @cached_property
    def figure(self) -> Figure:
        """What is drawn on."""
        from matplotlib.figure import Figure

        width, height = self._size
        return Figure((width / DPI, height / DPI), dpi=DPI * SCALE)

    @cached_property
    def _canvas(self) -> FigureCanvasAgg:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        return FigureCanvasAgg(self.figure)

    def begin(self) -> list[Axes]:
        """New axes to draw on."""
        self.figure.clear()
        grid = {"height_ratios": self._heights, **self._margins}
        rows = self.figure.subplots(len(self._heights), 1, sharex=True, squeeze=False, gridspec_kw=grid)
        return [row[0] for row in rows]

    def begin_again(self) -> list[Axes]:
        """The same axes without their curves: ticks and labels, which take half of the time, are kept."""
        for ax in self.figure.axes:
            for artist in (*ax.lines, *ax.texts):
                artist.remove()
            ax.relim()
        return self.figure.axes

    def show(self, alt: str) -> None:
        """Put what was drawn on the page, in 256 colours: that takes a third of the time, and no eye sees it."""
        from PIL import Image

        self.figure.patch.set_alpha(0)
        for ax in self.figure.axes:
            ax.patch.set_alpha(0)
        self._canvas.draw()
        drawn = Image.fromarray(np.asarray(self._canvas.buffer_rgba()))
        file = io.BytesIO()
        drawn.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            file, "png", compress_level=2, compress_type=zlib.Z_RLE
        )
        self.png = file.getvalue()
        self._alt = alt
        width, height = self._size
        self.view.value = (
            f'<img class="fedlab-picture" width="{width}" height="{height}" decoding="sync" alt="{html.escape(alt)}" '
            f'src="data:image/png;base64,{base64.b64encode(self.png).decode()}">'
        )

    def still(self) -> tuple[bytes, dict[str, object]]:
        """The picture on white, for pages without a kernel and a theme, and its size and alt text."""
        from PIL import Image

        drawn = Image.open(io.BytesIO(self.png)).convert("RGBA")
        paper = Image.new("RGBA", drawn.size, "white")
        paper.alpha_composite(drawn)
        file = io.BytesIO()
        paper.convert("RGB").save(file, format="png")
        width, height = self._size
        return file.getvalue(), {"width": width, "height": height, "alt": self._alt}
