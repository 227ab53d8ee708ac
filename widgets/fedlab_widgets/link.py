"""The link: a short string that holds all settings, and the way back from it."""

from __future__ import annotations

import html
from typing import ClassVar

import ipywidgets as widgets

from fedlab.text import say
from fedlab_widgets.session import Session
from fedlab_widgets.view import View, complaint


class Link(View):
    follows: ClassVar[tuple[str, ...]] = ("controls",)

    def __init__(self, session: Session):
        super().__init__(session)
        self._text = self.make(widgets.HTML)
        self._paste = self.make(
            widgets.Text, placeholder=say("paste a link here and press Enter"), description=say("restore"),
            continuous_update=False, css="fedlab-paste",
        )  # fmt: skip
        self.on_change(self._paste, self._pasted)
        self._answer = self.make(widgets.HTML)
        self.view = self.make(widgets.VBox, [self._text, self._paste, self._answer])

    def draw(self) -> None:
        """Show the link of the newest settings that were right."""
        if self.session.dataset is not None or self.session.model is not None:
            text = html.escape(say("A link cannot hold data or a model of your own: share its code instead."))
        else:
            try:
                text = f'<code class="fedlab-link">{html.escape(self.session.experiment.link())}</code>'
            except ValueError as error:
                text = html.escape(str(error))
        self.put(self._text, value=text)

    def _pasted(self, link: str) -> None:
        if not link.strip():
            return
        try:
            self.session.restore(link)
            self._answer.value = html.escape(say("The controls are as in the link."))
            self.put(self._paste, value="")
        except ValueError as error:
            self._answer.value = complaint(str(error))
