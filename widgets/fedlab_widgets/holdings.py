"""Who holds what: the heat map of parties and digits, and a few images of one party. It needs no training."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets
import numpy as np

from fedlab import Experiment
from fedlab.datasets import mnist
from fedlab.federation import hold
from fedlab.partitions import label_counts
from fedlab.plots import holdings, party_images
from fedlab_widgets.picture import Picture

IMAGES = 12


class Holdings:
    """paint: ask for the pictures to be drawn anew."""

    def __init__(self, experiment: Experiment, paint: Callable[[], None]):
        self._experiment = experiment
        self._map = Picture(430, 250, margins={"left": 0.085, "right": 0.985, "bottom": 0.165, "top": 0.93})
        self._images = Picture(180, 120)
        self._party = widgets.BoundedIntText(0, min=0, max=experiment.parties - 1, description="party")
        self._party.add_class("fedlab-number")
        self._party.observe(lambda change: paint(), "value")
        self._text = widgets.HTML()
        side = widgets.VBox([self._party, self._images.view, self._text])
        pictures = widgets.HBox([self._map.view, side])
        pictures.add_class("fedlab-holdings")
        self.view = widgets.VBox([widgets.HTML('<div class="fedlab-caption">Who holds which digits</div>'), pictures])

    def follow(self, experiment: Experiment) -> None:
        """Show this experiment from the next drawing on."""
        self._experiment = experiment
        self._party.max = experiment.parties - 1

    def draw(self) -> None:
        """Draw both pictures and put them on the page."""
        experiment, data = self._experiment, mnist()
        parties = hold(experiment, data)
        counts = label_counts(parties, data.train_y, data.classes)
        holdings(self._map.begin()[0], counts)
        labels = (counts > 0).sum(axis=1)
        self._map.show(
            f"Heat map: how many images of each digit each of {len(parties):,} parties holds. "
            f"A party holds {labels.mean():.1f} of the {data.classes} digits on average."
        )
        party = min(self._party.value, len(parties) - 1)
        own = parties[party]
        first = own[:IMAGES]
        party_images(self._images.begin()[0], data.train_x[first], data.train_y[first])
        held = ", ".join(str(digit) for digit in np.flatnonzero(counts[party]))
        self._images.show(
            f"{len(first)} of the images that party {party} holds: {', '.join(map(str, data.train_y[first]))}."
        )
        self._text.value = (
            f'<div class="fedlab-lesson">Party {party} holds {len(own):,} images of the digits {held}.</div>'
        )
