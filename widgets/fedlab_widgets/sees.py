"""What the server sees: one party's upload in one round, and what linear algebra reads from it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import ipywidgets as widgets
import numpy as np

from fedlab.models.base import tensors
from fedlab.prepare import Prepared, prepare
from fedlab.settings import InvalidSetting
from fedlab.stages import PartyPrivacy
from fedlab.text import say
from fedlab_widgets.looking import Looking
from fedlab_widgets.reading import Page, Reading, blind, how_many, pairs, read
from fedlab_widgets.received import Received, explained, labels_told, why_not
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.watching import Watched, watch

NOTHING: dict[str, Any] = {"choices": [], "facts": [], "unit": None, "parts": []}


@dataclass
class Seen:
    """The round that was looked at last, and what is shown of it."""

    run: Run
    prepared: Prepared  # with the settings that held in the round
    watched: Watched
    of_sum: dict[str, Any] | None  # what the page shows of the sum, where it is all that the server can read
    party: int = -1  # whose upload is shown
    update: np.ndarray | None = None  # (P,) what the server takes for its update


class Sees(Looking):
    """The tab that shows a party's upload as the server gets it."""

    def __init__(self, session: Session):
        about = say(
            "The examples never leave a party. Choose a run, a round and a party, and look at what it sends instead: "
            "the numbers, where it trains on images the picture that they make, and the examples that linear algebra "
            "reads from them. It reads most where a party has few and takes few steps: 8 a party, a batch of all, "
            "E = 1."
        )
        super().__init__(session, about)
        self._party = self.make(widgets.BoundedIntText, 0, min=0, max=0, description=say("party"), css="fedlab-number")
        self.on_change(self._party, lambda party: session.select(party=party))
        self._page = self.make(Page)
        self._page.answer(set=lambda name, at: session.guard(lambda: self._choose_unit(int(at))))
        self.view = self.make(widgets.VBox, [self.tools(self._party), self._text, self._page])
        self._seen: Seen | None = None

    def draw(self) -> None:
        """Offer the runs and parties that there are now; and another party's upload, if it was kept."""
        super().draw()
        run = self.session.selected["run"]
        last = run.experiment.parties - 1 if run else 0
        party = min(self.session.selected["party"], last)
        self.put(self._party, max=last)
        self.put(self._party, value=party)
        if self._seen and self._seen.run is run and self._seen.party not in (-1, party):
            self._tell(self._seen, party)

    def show(self, run: Run, prepared: Prepared, watched: Watched) -> None:
        seen = Seen(run, prepared, watched, None)
        if prepared.experiment.secure_sum.name != "none" and watched.uploads and watched.mean:
            seen.of_sum = _of_sum(prepared, watched, self._summed(prepared, watched))
        self._seen = seen
        asked, reported = min(self.session.selected["party"], len(prepared.parties) - 1), list(watched.counts)
        there = asked if asked in reported or not reported else min(reported)
        if there == asked or why_not(prepared, watched.ended.number, there, reported):
            return self._tell(seen, asked)
        why = why_not(prepared, watched.ended.number, asked, reported)
        self._tell(seen, there, say("{why} Here is what party {party} sent.", why=why, party=there))
        self.session.select(party=there)

    def _summed(self, prepared: Prepared, watched: Watched) -> np.ndarray:
        """The mean as the server reads it: noise of its own comes to it later, so without that."""
        held = prepared.experiment
        if isinstance(held.privacy, PartyPrivacy) and held.privacy.dp_noise and held.privacy.dp_where == "server":
            quiet = prepare(held.with_(dp_noise=0.0), prepared.dataset, prepared.model)
            return watch(quiet, watched.began, self._brake).mean[0]
        return watched.mean[0]

    def _tell(self, seen: Seen, party: int, why: str = "") -> None:
        """Show what this party has sent in the round. why: it and no other."""
        number, uploads = seen.watched.ended.number, {one.party: one for one in seen.watched.uploads}
        seen.party = party
        problem = why_not(seen.prepared, number, party, list(seen.watched.counts))
        if not problem and party not in uploads:
            problem = say("Press Look to see what party {party} has sent.", party=party)
        if problem:
            self._say(problem)
            self._page.state = NOTHING
            return
        received = Received(seen.prepared, number, uploads[party])
        told = say("Run {run}, round {number}: what the server gets from party {party}.",
                   run=seen.run.number + 1, number=number, party=party)  # fmt: skip
        self._say(why or told)
        seen.update = received.update()
        state, unit = {**NOTHING, "facts": received.facts()}, 0
        try:
            if seen.update is None:
                raise InvalidSetting("algorithm", say("It is no update of the model's size: nothing is read from it."))
            reading = read(seen.update, seen.prepared, [party])
            unit = reading.telling_unit()
            state["parts"] = [_of_upload(received, seen.update, reading), *([seen.of_sum] if seen.of_sum else [])]
            state |= self._unit(seen, unit)
        except InvalidSetting as error:
            told = labels_told(received, seen.update) if seen.update is not None else ""
            state["parts"] = [{"title": "", "pairs": None, "says": [str(error), *filter(None, [told])]}]
        self._page.state = state

    def _choose_unit(self, unit: int) -> None:
        if self._seen and self._page.state.get("unit"):
            self._page.state = {**self._page.state, **self._unit(self._seen, unit)}

    def _unit(self, seen: Seen, unit: int) -> dict[str, Any]:
        """How the weights from each pixel to a unit have changed, as far as the server can tell: 128 is not at all."""
        shape, units = seen.prepared.dataset.train_x.shape[1:], seen.prepared.shapes[0][1]
        if len(shape) != 2 or seen.update is None or seen.prepared.shapes[0][0] != prod(shape):
            return {}
        unit = min(max(0, unit), units - 1)
        change = tensors(seen.update, seen.prepared.shapes)[0][:, unit]
        most = float(np.abs(change).max()) or 1.0
        alt = say(
            "As a picture: the change of the weights from each pixel to unit {unit} of the first layer, as the server "
            "gets it; orange up, blue down.",
            unit=unit,
        )
        return {
            "unit": {
                "changes": (128 + 127 * change / most).round().astype(np.uint8).tobytes(),
                "tall": shape[0], "wide": shape[1], "alt": alt,
            },
            "choices": [{"name": "unit", "label": say("unit"), "at": unit, "last": units - 1, "beside": True}],
        }  # fmt: skip


def _of_upload(received: Received, update: np.ndarray, reading: Reading) -> dict[str, Any]:
    """What is read from one party's upload."""
    without_images = [] if received.masked else [blind(reading), labels_told(received, update)]
    says = [how_many(reading), *explained(received, reading), *without_images]
    return {
        "title": say("What linear algebra reads from it"),
        "pairs": pairs(reading, received.prepared.dataset.train_x.shape[1:]),
        "says": [one for one in [_no_images(received.prepared), *says] if one],
    }


def _of_sum(prepared: Prepared, watched: Watched, mean: np.ndarray) -> dict[str, Any] | None:
    """What is read from the parties' sum, which masks leave open."""
    parties = list(watched.counts)
    if mean.shape != (prepared.size,):
        return None
    try:
        reading = read(mean, prepared, parties)
    except InvalidSetting:
        return None
    says = [
        say(
            "The masks cancel in the sum of all {parties:,} parties, so that the server can read it: as much as from "
            "one batch of all their {called}, but not whose each of them is. (Masks round to multiples of 2⁻²⁰.)",
            parties=len(parties),
            called=reading.called,
        )
        if len(parties) > 1
        else say("Only one party reported: the sum is its message, and nothing is hidden."),
        how_many(reading),
        blind(reading),
    ]
    pictures = pairs(reading, prepared.dataset.train_x.shape[1:])
    return {"title": say("What it reads from the sum"), "pairs": pictures, "says": says}


def _no_images(prepared: Prepared) -> str:
    if prepared.dataset.train_x.ndim == 3:
        return ""
    return say("These examples are no images, so they are compared column by column and not shown.")
