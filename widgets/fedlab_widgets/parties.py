"""The parties below the plot: who holds what, or the federation at work, in one place; beside it one party's card."""

from __future__ import annotations

import html
from typing import ClassVar

import ipywidgets as widgets

from fedlab.text import say
from fedlab_widgets.card import Card
from fedlab_widgets.federation import Federation
from fedlab_widgets.holdings import Holdings
from fedlab_widgets.session import Session
from fedlab_widgets.view import View


class Parties(View):
    """The two pictures and the switch between them; the painter draws what is `inside`."""

    follows: ClassVar[tuple[str, ...]] = ()

    def __init__(self, session: Session):
        super().__init__(session)
        self.holdings, self.federation = self.own(Holdings(session)), self.own(Federation(session))
        self._card = self.own(Card(session))
        self.inside: list[View] = [self.holdings, self.federation, self._card]
        self._pictures = {say("who holds what"): self.holdings, say("the federation"): self.federation}
        self._switch = self.make(widgets.ToggleButtons, options=list(self._pictures))
        self.on_change(self._switch, self._show)
        title = f'<span class="fedlab-caption">{html.escape(say("Parties"))}</span>'
        above = self.make(widgets.HBox, [self.make(widgets.HTML, title), self._switch], css="fedlab-above")
        places = [picture.view for picture in self._pictures.values()]
        shown = self.make(widgets.HBox, [*places, self._card.view], css="fedlab-together")
        self.view = self.make(widgets.VBox, [above, shown])
        self._show(self._switch.value)

    def _show(self, name: str) -> None:
        for title, picture in self._pictures.items():
            picture.view.layout.display = "" if title == name else "none"
        self.federation.in_sight = self._pictures[name] is self.federation
        self.federation.draw()
