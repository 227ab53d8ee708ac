"""One party's card: what it holds, its first images as it sees them, and what can be done with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import traitlets

from fedlab import Experiment
from fedlab.datasets import Dataset
from fedlab.prepare import Prepared
from fedlab.skew import as_seen
from fedlab.text import say
from fedlab_widgets.part import Part, source
from fedlab_widgets.session import Session
from fedlab_widgets.steering import away, change_party, holds_next, liars, moved, turned
from fedlab_widgets.view import View

IMAGES = 12
ACTS = {"turn": turned, "move": moved}  # what the buttons do


class Shown(Part):
    _esm = traitlets.Unicode(source("base.js", "images.js", "card.js")).tag(sync=True)
    _css = traitlets.Unicode(source("card.css")).tag(sync=True)


class Card(View):
    follows: ClassVar[tuple[str, ...]] = ("controls", "selected", "runs")

    def __init__(self, session: Session):
        super().__init__(session)
        self.view = self.make(Shown)
        self.view.answer(
            select=lambda party: session.guard(lambda: self._select(party)),
            act=lambda name: session.soon(lambda: change_party(session, ACTS[name], self._party())),
        )
        self._drawn: tuple[Any, ...] = ()

    def _select(self, party: float) -> None:
        """A number was typed: the nearest party that there is."""
        prepared = self.session.prepared()
        if prepared is not None:
            self.session.select(party=min(max(0, round(party)), len(prepared.parties) - 1))

    def draw(self) -> None:
        prepared = self.session.prepared()
        if prepared is None:
            return
        party, acts = self._party(), _acts(holds_next(self.session), self._party())
        if self._drawn != (prepared, party, acts):
            self.view.state = {**_card(prepared, party), "acts": acts}
            self._drawn = prepared, party, acts

    def _party(self) -> int:
        """The party that is open."""
        return int(min(self.session.selected["party"], self.session.experiment.parties - 1))


def _acts(holds: Experiment, party: int) -> list[dict[str, str]]:
    """The buttons below: what a party may do from the next round on."""
    if holds.algorithm.in_one_place:
        return []
    bad, gone = party in liars(holds), party in away(holds)
    texts = {
        "turn": (say("Turns good") if bad else say("Turns bad"),
                 say("from the next round on it is honest again") if bad
                 else say("from the next round on it lies, as the control attack says, or the other way")),
        "move": (say("Comes back") if gone else say("Leaves"),
                 say("from the next round on it is there again") if gone
                 else say("from the next round on nobody asks it")),
    }  # fmt: skip
    return [{"name": name, "text": text, "about": about} for name, (text, about) in texts.items()]


def _card(prepared: Prepared, party: int) -> dict[str, Any]:
    """What the page shows of a party."""
    own, y = prepared.parties[party], prepared.dataset.train_y
    state = {
        "party": party, "last": len(prepared.parties) - 1, "party_word": say("party"),
        "about": _about(prepared, party, len(own), np.unique(y[own])),
        "images": b"", "tall": 0, "wide": 0, "labels": [], "alt": "",
    }  # fmt: skip
    if prepared.dataset.train_x.ndim != 3:
        return state
    seen = _seen_by(prepared, party)
    images = (seen.train_x[:IMAGES] / seen.scale * 255).round().clip(0, 255).astype(np.uint8)
    labels = seen.train_y[:IMAGES].tolist()
    alt = say(
        "{count} of party {party}'s images, as it sees them: {labels}.",
        count=len(labels), party=party, labels=", ".join(map(str, labels)),
    )  # fmt: skip
    tall, wide = images.shape[1:]
    return {**state, "images": images.tobytes(), "tall": tall, "wide": wide, "labels": labels, "alt": alt}


def _seen_by(prepared: Prepared, party: int) -> Dataset:
    """A party's examples as it sees them; `prepared.seen` would turn everybody's images while a slider is dragged."""
    data, own = prepared.dataset, prepared.parties[party]
    alone = replace(data, train_x=data.train_x[own], train_y=data.train_y[own], owners=None)
    nobody = np.arange(0)
    its = [np.arange(len(own)) if one == party else nobody for one in range(len(prepared.parties))]
    return as_seen(prepared.experiment, alone, its)


def _about(prepared: Prepared, party: int, examples: int, labels: np.ndarray) -> str:
    """What a party holds, in a sentence."""
    if prepared.dataset.class_names:
        return say(
            "Party {party} holds {examples:,} {called}: {labels}.",
            party=prepared.names[party], examples=examples, called=prepared.dataset.examples_called,
            labels=", ".join(prepared.dataset.label_names[label] for label in labels),
        )  # fmt: skip
    if examples == 1:
        return say("Party {party} holds one example of the label {label}.", party=party, label=labels[0])
    if len(labels) == 1:
        return say(
            "Party {party} holds {examples:,} examples of the label {label} only.",
            party=party, examples=examples, label=labels[0],
        )  # fmt: skip
    return say(
        "Party {party} holds {examples:,} examples of the labels {labels}.",
        party=party, examples=examples, labels=", ".join(map(str, labels)),
    )  # fmt: skip
