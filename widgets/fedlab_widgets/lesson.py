"""What a lesson shows beside its lab: the kit's own source, live, and pictures with words that say what is in them."""

from __future__ import annotations

import inspect
import io
from pathlib import Path
from typing import Any

from IPython.display import display
from matplotlib.figure import Figure

DPI = 100  # a figure of 6 inches is 600 page pixels wide
SCALE = 2  # image pixels for each of them


def show_source(*things: Any) -> None:
    """Show the source of functions or classes as it is in the kit now, each under the name of its file.

    Markdown, not `IPython.display.Code`: it takes the colours of the page's theme, and is readable in a saved notebook.
    """
    for thing in things:
        source = inspect.getsource(thing).rstrip()
        file = Path(inspect.getsourcefile(thing) or "")
        place = next(
            (file.relative_to(root) for root in file.parents if root.name in ("fedlab", "fedlab_widgets")), file
        )
        package = next((root.name for root in file.parents if root.name in ("fedlab", "fedlab_widgets")), "")
        title = f"{package}/{place.as_posix()}" if package else place.name
        markdown = f"`{title}`\n\n```python\n{source}\n```"
        display({"text/markdown": markdown, "text/plain": f"{title}\n\n{source}"}, raw=True)


def show(figure: Figure, alt: str) -> None:
    """Show a figure, sharp and on white, with one sentence that says what is to be seen in it."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI * SCALE, facecolor="white")
    width = round(figure.get_figwidth() * DPI)
    display(
        {"image/png": file.getvalue(), "text/plain": alt},
        metadata={"image/png": {"width": width, "alt": alt}},
        raw=True,
    )
