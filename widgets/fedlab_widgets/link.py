"""The link: a short string that holds all settings, and the way back from it."""

from __future__ import annotations

import html
from typing import ClassVar

import ipywidgets as widgets

from fedlab import Experiment
from fedlab.text import say
from fedlab_widgets.session import Session
from fedlab_widgets.view import View, complaint


class Link(View):
    follows: ClassVar[tuple[str, ...]] = ("controls", "selected", "runs")

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
        """Show the link of the newest settings that were right and, if it is another one, that of the selected run."""
        lines, run = [_of(self.session.experiment)], self.session.selected["run"]
        if run and not run.origin and not run.is_of(self.session.experiment):
            lines += [html.escape(say("Run {number}:", number=run.number + 1)), _of(run.experiment)]
        if self.session.dataset is not None or self.session.model is not None:
            lines = [html.escape(say("A link cannot hold data or a model of your own: share its code instead."))]
        self.put(self._text, value="".join(f"<p>{line}</p>" for line in lines))

    def _pasted(self, link: str) -> None:
        if not link.strip():
            return
        try:
            self.session.restore(link)
            self._answer.value = html.escape(say("The controls are as in the link."))
            self.put(self._paste, value="")
        except ValueError as error:
            self._answer.value = complaint(str(error))


def _of(experiment: Experiment) -> str:
    """An experiment's link as HTML, or the sentence that says why it has none."""
    try:
        return f'<code class="fedlab-link">{html.escape(experiment.link())}</code>'
    except ValueError as error:
        return html.escape(str(error))
