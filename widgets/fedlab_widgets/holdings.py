"""Who holds what: the heat map of parties and labels. It needs no training, and follows a slider under the finger."""

from __future__ import annotations

import html
from typing import Any, ClassVar

import ipywidgets as widgets
import numpy as np
import traitlets

from fedlab.partitions import label_counts, label_skew
from fedlab.prepare import Prepared
from fedlab.text import say
from fedlab_widgets.part import Part, source
from fedlab_widgets.session import Session
from fedlab_widgets.view import View


class Map(Part):
    _esm = traitlets.Unicode(source("base.js", "holdings.js")).tag(sync=True)
    _css = traitlets.Unicode(source("holdings.css")).tag(sync=True)


class Holdings(View):
    follows: ClassVar[tuple[str, ...]] = ("controls", "selected")

    def __init__(self, session: Session):
        super().__init__(session)
        self._caption = self.make(widgets.HTML)
        self._map = self.make(Map)
        self._map.answer(select=lambda party: session.guard(lambda: session.select(party=int(party))))
        self.view = self.make(widgets.VBox, [self._caption, self._map])
        self._drawn: tuple[Any, int] = None, 0

    def draw(self) -> None:
        """Tell the page who holds what now, unless nobody can hold anything: a control then says why."""
        prepared = self.session.prepared()
        if prepared is None:
            return
        party = min(self.session.selected["party"], len(prepared.parties) - 1)
        if self._drawn == (prepared, party):
            return
        if self._drawn[0] is prepared:
            self._map.state = {**self._map.state, "party": party}
        else:
            counts = label_counts(prepared.parties, prepared.dataset.train_y, prepared.dataset.classes)
            self.put(self._caption, value=_caption(counts, digits=not prepared.dataset.class_names))
            self._map.state = {**_described(counts, prepared), "party": party}
        self._drawn = prepared, party


def as_bytes(counts: np.ndarray) -> bytes:
    """Whole numbers as the page reads them: `whole` in base.js."""
    return counts.astype("<u4").tobytes()


def _described(counts: np.ndarray, prepared: Prepared) -> dict[str, Any]:
    """What the page draws and says of (parties, classes) counts."""
    called = prepared.dataset.examples_called
    parties, classes = counts.shape
    each = counts.sum(axis=1)
    return {
        "counts": as_bytes(counts),
        "parties": parties,
        "classes": classes,
        "names": prepared.names if prepared.owners else [],
        "labels": prepared.dataset.label_names,
        "alt": say(
            "Heat map: how many {called} of each label each of {parties:,} parties holds. A party holds {held:.1f} "
            "of the {classes} labels on average, and from {least:,} to {most:,} {called}.", called=called,
            parties=parties, held=(counts > 0).sum(axis=1).mean(), classes=classes, least=each.min(), most=each.max(),
        ),
        "read": say("Party {party}, label {label}: {count} of its {all} {called} ({share} %)."),
        "called": called,
        "hint": say("Point at the map, or use the arrow keys; a click or Enter opens that party."),
        "words": {
            "party": say("party ({parties:,})", parties=parties), "label": say("label"),
            "examples": say("{called} of each party", called=called),
        },
    }  # fmt: skip


def _caption(counts: np.ndarray, digits: bool) -> str:
    """What it is called, and the skew as one number, as HTML. digits: whether labels are those of MNIST."""
    value = label_skew(counts)
    skew = (
        say(
            "label skew {skew:.2f}: how far a party's mix of labels is from everybody's (one digit a party: 0.87). "
            "Colour: share of the party's own examples.",
            skew=value,
        )
        if digits
        else say(
            "label skew {skew:.2f}: how far a party's mix of labels is from everybody's (0: all alike). "
            "Colour: share of what the party holds.",
            skew=value,
        )
    )
    return f'<span class="fedlab-lesson">{html.escape(skew)}</span>'
