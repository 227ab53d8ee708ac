"""A picture: a matplotlib figure as a sharp PNG with alt text, in a widget that does not flicker."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

import ipywidgets as widgets
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

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
        self.figure = Figure((width / DPI, height / DPI), dpi=DPI * SCALE)
        FigureCanvasAgg(self.figure)
        self.view = widgets.HTML()
        self.png = b""
        self._alt = ""

    def begin(self) -> list[Axes]:
        """Empty axes to draw on."""
        self.figure.clear()
        grid = {"height_ratios": self._heights, **self._margins}
        rows = self.figure.subplots(len(self._heights), 1, sharex=True, squeeze=False, gridspec_kw=grid)
        return [row[0] for row in rows]

    def show(self, alt: str) -> None:
        """Put what was drawn on the page."""
        file = io.BytesIO()
        self.figure.savefig(file, format="png", transparent=True)
        self.png = file.getvalue()
        self._alt = alt
        width, height = self._size
        self.view.value = (
            f'<img class="fedlab-picture" width="{width}" height="{height}" decoding="sync" alt="{html.escape(alt)}" '
            f'src="data:image/png;base64,{base64.b64encode(self.png).decode()}">'
        )

    def still(self) -> tuple[bytes, dict[str, object]]:
        """The picture on white, for pages without a kernel and a theme, and its size and alt text."""
        drawn = Image.open(io.BytesIO(self.png)).convert("RGBA")
        paper = Image.new("RGBA", drawn.size, "white")
        paper.alpha_composite(drawn)
        file = io.BytesIO()
        paper.convert("RGB").save(file, format="png", optimize=True)
        width, height = self._size
        return file.getvalue(), {"width": width, "height": height, "alt": self._alt}
