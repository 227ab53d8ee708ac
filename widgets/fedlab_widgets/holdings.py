"""Who holds what: the heat map of parties and labels, and a few images of one party. It needs no training."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets
import numpy as np

from fedlab import Experiment
from fedlab.federation import hold
from fedlab.partitions import label_counts, label_skew
from fedlab.plots import holdings, party_images
from fedlab.skew import as_seen
from fedlab_widgets.picture import Picture

IMAGES = 12
CAPTION = '<span class="fedlab-caption">Who holds what</span>'
SKEW = "label skew {:.2f} (mean Jensen-Shannon distance to everybody's mix: 0 is alike, one digit a party is 0.87)"


class Holdings:
    """paint: ask for the pictures to be drawn anew. complain: called with the error if nobody can hold anything."""

    def __init__(self, experiment: Experiment, paint: Callable[[], None], complain: Callable[[ValueError], None]):
        self._experiment = experiment
        self._complain = complain
        self._map = Picture(470, 250, margins={"left": 0.075, "right": 0.985, "bottom": 0.15, "top": 0.94})
        self._images = Picture(180, 170)
        self._party = widgets.BoundedIntText(0, min=0, max=experiment.parties - 1, description="party")
        self._party.add_class("fedlab-number")
        self._party.observe(lambda change: paint(), "value")
        self._text = widgets.HTML()
        side = widgets.VBox([self._party, self._images.view, self._text])
        pictures = widgets.HBox([self._map.view, side])
        pictures.add_class("fedlab-holdings")
        self._caption = widgets.HTML(CAPTION)
        self.view = widgets.VBox([self._caption, pictures])

    def follow(self, experiment: Experiment) -> None:
        """Show this experiment from the next drawing on."""
        self._experiment = experiment
        self._party.max = experiment.parties - 1

    def draw(self) -> None:
        """Draw both pictures and put them on the page."""
        experiment, party = self._experiment, min(self._party.value, self._experiment.parties - 1)
        try:
            data = experiment.data()
            parties = hold(experiment, data)
            only = [own if number == party else own[:0] for number, own in enumerate(parties)]
            seen = as_seen(experiment, data, only)
        except ValueError as error:
            self._complain(error)
            return
        counts = label_counts(parties, data.train_y, data.classes)
        skew = SKEW.format(label_skew(counts))
        self._caption.value = f'{CAPTION} <span class="fedlab-lesson">{skew}</span>'
        holdings(self._map.begin()[0], counts)
        self._map.show(
            f"Heat map: how many examples of each label each of {len(parties):,} parties holds. "
            f"A party holds {(counts > 0).sum(axis=1).mean():.1f} of the {data.classes} labels on average."
        )
        own = parties[party]
        self._text.value = f'<div class="fedlab-lesson">{_about(party, len(own), np.flatnonzero(counts[party]))}</div>'
        self._images.view.layout.display = "" if data.train_x.ndim == 3 else "none"
        if data.train_x.ndim == 3:
            first = own[:IMAGES]
            labels = seen.train_y[first]
            party_images(self._images.begin()[0], seen.train_x[first], labels)
            self._images.show(
                f"{len(first)} of party {party}'s images, as it sees them: {', '.join(map(str, labels))}."
            )


def _about(party: int, examples: int, labels: np.ndarray) -> str:
    """What a party holds, in a sentence."""
    noun = "example" if examples == 1 else "examples"
    held = f"labels {', '.join(map(str, labels))}" if len(labels) > 1 else f"label {labels[0]} only"
    return f"Party {party} holds {examples:,} {noun} of the {held}."
