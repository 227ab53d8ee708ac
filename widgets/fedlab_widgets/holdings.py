"""Who holds what: the heat map of parties and labels, and a few images of one party. It needs no training."""

from __future__ import annotations

import html
from typing import Any, ClassVar

import ipywidgets as widgets
import numpy as np

from fedlab.partitions import label_counts, label_skew
from fedlab.plots import holdings, party_images, sizes
from fedlab.prepare import Prepared
from fedlab.text import say
from fedlab_widgets.picture import Picture
from fedlab_widgets.session import Session
from fedlab_widgets.view import View, lesson

IMAGES = 12


class Holdings(View):
    follows: ClassVar[tuple[str, ...]] = ("controls", "selected")

    def __init__(self, session: Session):
        super().__init__(session)
        self._map = Picture(470, 280, margins={"left": 0.085, "right": 0.985, "bottom": 0.14, "top": 0.84})
        self._images = Picture(180, 170)
        for picture in (self._map, self._images):
            picture.view = self.make(widgets.HTML, picture.paper)
        self._party = self.make(
            widgets.BoundedIntText, 0, min=0, max=session.experiment.parties - 1, description=say("party"),
            css="fedlab-number",
        )  # fmt: skip
        self.on_change(self._party, lambda party: session.select(party=party))
        self._text = self.make(widgets.HTML)
        self._caption = self.make(widgets.HTML)
        side = self.make(widgets.VBox, [self._party, self._images.view, self._text])
        pictures = self.make(widgets.HBox, [self._map.view, side], css="fedlab-holdings")
        self.view = self.make(widgets.VBox, [self._caption, pictures])
        self._drawn: tuple[Any, ...] = ()

    def draw(self) -> None:
        """Draw both pictures and put them on the page, unless nobody can hold anything: a control then says why."""
        prepared = self.session.prepared()
        if prepared is None:
            return
        last = prepared.experiment.parties - 1
        party = min(self.session.selected["party"], last)
        if self._drawn == (prepared, party):
            return
        self.put(self._party, max=last, value=party)
        counts = label_counts(prepared.parties, prepared.dataset.train_y, prepared.dataset.classes)
        if self._drawn[:1] != (prepared,):
            self._draw_map(counts)
        self._draw_party(prepared, party, np.flatnonzero(counts[party]))
        self._drawn = prepared, party

    def _draw_map(self, counts: np.ndarray) -> None:
        skew = say(
            "label skew {skew:.2f}: how far the parties' mixes of labels are from everybody's; 0 is alike, one digit a "
            "party is 0.87. Colour: share of the party's own examples; bars: how many.",
            skew=label_skew(counts),
        )
        caption = html.escape(say("Who holds what"))
        text = f'<span class="fedlab-caption">{caption}</span> <span class="fedlab-lesson">{html.escape(skew)}</span>'
        self.put(self._caption, value=text)
        ax = self._map.begin()[0]
        holdings(ax, counts)
        sizes(ax.inset_axes((0, 1.02, 1, 0.14)), counts)
        self._map.show(
            say(
                "Heat map: how many examples of each label each of {parties:,} parties holds. A party holds {held:.1f} "
                "of the {classes} labels on average, and from {least:,} to {most:,} examples.",
                parties=len(counts),
                held=(counts > 0).sum(axis=1).mean(),
                classes=counts.shape[1],
                least=counts.sum(axis=1).min(),
                most=counts.sum(axis=1).max(),
            )
        )

    def _draw_party(self, prepared: Prepared, party: int, labels: np.ndarray) -> None:
        own, seen = prepared.parties[party], prepared.seen
        self.put(self._text, value=lesson(_about(party, len(own), labels)))
        is_image = seen.train_x.ndim == 3
        self._images.view.layout.display = "" if is_image else "none"
        if is_image:
            first = own[:IMAGES]
            images = (seen.train_x[first] / seen.scale * 255).round().clip(0, 255).astype(np.uint8)
            party_images(self._images.begin()[0], images, seen.train_y[first])
            self._images.show(
                say(
                    "{count} of party {party}'s images, as it sees them: {labels}.",
                    count=len(first),
                    party=party,
                    labels=", ".join(map(str, seen.train_y[first])),
                )
            )


def _about(party: int, examples: int, labels: np.ndarray) -> str:
    """What a party holds, in a sentence."""
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
