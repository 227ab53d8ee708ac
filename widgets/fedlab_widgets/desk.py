"""A desk: the headline, buttons, tables and sentences by which a federation of real machines is watched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

import ipywidgets as widgets
import traitlets

from fedlab.text import say
from fedlab_widgets import kernel
from fedlab_widgets.lab import KEYS
from fedlab_widgets.part import Part, source
from fedlab_widgets.problems import in_one_sentence
from fedlab_widgets.threads import begin

OFTEN = 0.5  # seconds between two looks at what has happened


class DeskPage(Part):
    """state: title, complaint, buttons and blocks; see `page/classroom.js`."""

    _esm = traitlets.Unicode(source("base.js", "classroom.js")).tag(sync=True)
    _css = traitlets.Unicode(source("classroom.css")).tag(sync=True)


class Desk:
    """A subclass says what is on it (`_shown`), what its buttons do (`_acts`) and what ends with it (`_end`)."""

    def __init__(self, *below: Any):
        self._lock, self._over = threading.RLock(), threading.Event()
        self._complaint = ""
        self._page = DeskPage()
        self._page.answer(**{name: self._guarded(act) for name, act in self._acts().items()})
        css = files("fedlab_widgets").joinpath("style.css").read_text(encoding="utf-8")
        style = widgets.HTML(f'<style onload="{KEYS}">{css}</style>', _dom_classes=("fedlab-style",))
        self.view = widgets.VBox([style, self._page, *below], _dom_classes=("fedlab-lab",))
        kernel.answer_beside_cells(self._page)
        self._draw()
        kernel.enrol(self)

    def _acts(self) -> Mapping[str, Callable[..., Any]]:
        raise NotImplementedError

    def _shown(self) -> dict[str, Any]:
        raise NotImplementedError

    def _ask(self) -> None:
        """Ask other machines, before a look: that may take long."""

    def _end(self) -> None:
        """End what was started."""

    def stop(self) -> None:
        """What goes on is another machine's too: interrupting a cell does not end it."""

    def close(self) -> None:
        """End what was started, and take it off the page."""
        self._over.set()
        self._end()
        kernel.forget(self)
        for widget in (*self.view.children, self.view):
            widget.close()

    def _watch(self, name: str) -> None:
        """Look again and again, on a thread of its own, until the desk is closed."""

        def look() -> None:
            while not self._over.wait(OFTEN):
                try:
                    self._ask()
                    self._draw()
                except Exception as error:  # the next look may be better
                    self._page.state = {**self._page.state, "complaint": in_one_sentence(error)}

        begin(name, look, self._quit)

    def _quit(self) -> None:
        """Python ends: so do all children."""
        self._over.set()
        self._end()

    def _beside(self, name: str, act: Callable[[], Any]) -> None:
        """Do something that takes seconds beside the page."""
        begin(name, self._guarded(act), self._quit)

    def _guarded(self, act: Callable[..., Any]) -> Callable[..., None]:
        def guarded(**values: Any) -> None:
            try:
                self._complaint = ""
                act(**values)
            except Exception as error:
                self._complaint = in_one_sentence(error)
            self._draw()

        return guarded

    def _draw(self) -> None:
        with self._lock:
            if not self._over.is_set():
                self._page.state = {"complaint": self._complaint, **self._shown()}

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widgets; for pages without a kernel what this is."""
        return {**self.view._repr_mimebundle_(**kwargs), "text/plain": repr(self)}


def button(
    act: str, label: str, main: bool = False, off: bool = False, about: str = "", **values: Any
) -> dict[str, Any]:
    """A button of a desk. about: what it does, in words, where its label does not say it."""
    return {"act": act, "label": label, "main": main, "off": off, "about": about or label, "values": values}


def table(caption: str, head: list[str], rows: list[list[Any]]) -> dict[str, Any]:
    return {"table": {"caption": caption, "head": head, "rows": rows}}


def megabytes(count: int) -> str:
    return say("{kilobytes:,.1f} kB", kilobytes=count / 1000)
