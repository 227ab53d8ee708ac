"""A view: a part of the page. It draws what the session is, and owns the widgets that it makes."""

from __future__ import annotations

import html
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

import ipywidgets as widgets

from fedlab.text import say
from fedlab_widgets import kernel
from fedlab_widgets.session import Session

Act = Callable[[], Any]


class View:
    """follows: what has to change in the session for this view to be drawn anew."""

    follows: ClassVar[tuple[str, ...]] = ()
    quick: ClassVar[bool] = False  # drawn as soon as that is told, by whoever tells it: it takes a few milliseconds
    view: Any  # the widget that holds all others, for the page

    def __init__(self, session: Session):
        self.session = session
        self._owned: list[Any] = []  # widgets, and views inside this one
        self._drawing = False

    def draw(self) -> None:
        """Bring the widgets up to date with the session."""

    def make(self, kind: type, *values: Any, css: str = "", **traits: Any) -> Any:
        """A widget of this view, with these CSS classes."""
        widget = kind(*values, _dom_classes=tuple(css.split()), **traits)
        kernel.answer_beside_cells(widget)
        self._owned.append(widget)
        return widget

    def own(self, view: View) -> Any:
        """A view inside this one, which ends with it."""
        self._owned.append(view)
        return view

    def button(
        self, text: str, icon: str, tooltip: str, act: Act, css: str = "", soon: bool = False, look: str = ""
    ) -> Any:
        """A button. soon: it needs what was typed just before it was clicked."""
        button = self.make(widgets.Button, description=text, icon=icon, tooltip=tooltip, button_style=look, css=css)
        do = self.session.soon if soon else self.session.guard
        button.on_click(lambda _: do(act))
        return button

    def on_change(self, widget: Any, act: Callable[[Any], Any]) -> None:
        """Call `act` with the new value when the learner changes it; not when this view does."""

        def changed(change: Any) -> None:
            with self.session.lock:
                if self._drawing:
                    return
            self.session.guard(lambda: act(change["new"]))

        widget.observe(changed, "value")

    def put(self, widget: Any, **values: Any) -> None:
        """Set values of a widget as no learner's change."""
        with self.session.lock:
            self._drawing = True
            try:
                for name, value in values.items():
                    if getattr(widget, name) != value:
                        setattr(widget, name, value)
            finally:
                self._drawing = False

    def close(self) -> None:
        """Take everything off the page and forget it."""
        for one in self._owned:
            if isinstance(one, widgets.Widget):
                for part in (getattr(one, "layout", None), getattr(one, "style", None)):
                    if isinstance(part, widgets.Widget):
                        part.close()
            with suppress(Exception):  # a widget whose kernel is gone
                one.close()
        self._owned.clear()


def lesson(sentence: str) -> str:
    """A sentence that teaches, as HTML."""
    return f'<div class="fedlab-lesson">{html.escape(sentence, quote=False)}</div>'


def complaint(sentence: str, details: str = "") -> str:
    """A sentence about what is wrong, as HTML, with what lies behind it to fold out; "" if nothing is."""
    if not sentence:
        return ""
    summary = html.escape(say("details"))
    folded = f"<details><summary>{summary}</summary><pre>{html.escape(details)}</pre></details>" if details else ""
    return f'<div class="fedlab-complaint" role="alert">{html.escape(sentence, quote=False)}{folded}</div>'
