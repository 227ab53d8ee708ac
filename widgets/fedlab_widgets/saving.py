"""Files of runs: written next to the notebook, and as links that a browser downloads."""

from __future__ import annotations

import base64
import html
import os
from pathlib import Path

MIME = {".csv": "text/csv", ".json": "application/json", ".png": "image/png"}


def in_voila() -> bool:
    """Whether this kernel serves a Voilà page, whose readers have no files next to a notebook."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


def save(stem: str, ending: str, content: bytes) -> str:
    """Offer a file, as HTML: a link that downloads it and, but for Voilà, a copy in the working directory."""
    name = f"{stem}{ending}"
    data = base64.b64encode(content).decode()
    link = f'<a download="{name}" href="data:{MIME[ending]};base64,{data}">Download {name}</a>'
    if in_voila():
        return link
    path = _unused(Path(name))
    try:
        path.write_bytes(content)
    except OSError as error:
        return f"{link} (it cannot be written next to the notebook: {html.escape(error.strerror or str(error))})."
    return f"Saved next to the notebook as <b>{html.escape(str(path))}</b>. {link}"


def _unused(path: Path) -> Path:
    """The path, or, so that no file is overwritten, the next free one with a number."""
    number, free = 2, path
    while free.exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free
