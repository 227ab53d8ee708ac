"""What linear algebra reads from an update, beside the images that it was made of: for the page, and in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import traitlets

from fedlab import attacks_on_privacy as attack
from fedlab.prepare import Prepared
from fedlab.text import say
from fedlab_widgets.part import Part, source

MOST = 16  # images that are shown
TOGETHER = 2_000  # images that are compared at once, so that they fit into memory


class Page(Part):
    _esm = traitlets.Unicode(source("base.js", "images.js", "sees.js")).tag(sync=True)
    _css = traitlets.Unicode(source("holdings.css", "number.css", "sees.css")).tag(sync=True)


@dataclass(frozen=True)
class Reading:
    """What was found in one update, and how near it comes."""

    units: np.ndarray  # (m,) of the first layer, that moved
    found: np.ndarray  # (m, n) what each of them gives: examples of n numbers, and mixtures of them
    images: np.ndarray  # (B, n) the examples that the update was made of, from 0 to 1
    labels: np.ndarray  # (B,)
    errors: np.ndarray  # (B,) RMS distance of the nearest candidate
    called: str = "images"  # what they are, in the reader's language

    @cached_property
    def blind(self) -> np.ndarray:
        """(B,) whether an attacker without the images would get it, and know that."""
        return errors_of(attack.agreed(self.found), self.images) < attack.SAME

    @property
    def same(self) -> np.ndarray:
        """(B,) which of the images are among the found."""
        return self.errors < attack.SAME

    def shown(self) -> np.ndarray:
        """The positions of the images to show: all, or those that are read best."""
        return np.sort(np.argsort(self.errors, kind="stable")[:MOST])

    def telling_unit(self) -> int:
        """The unit that gives the clearest image: a server finds it by looking at them all."""
        if not len(self.found):
            return 0
        some = self.images[self.shown()]
        return int(self.units[attack.errors(some, self.found).argmin()])


def read(update: np.ndarray, prepared: Prepared, parties: Sequence[int]) -> Reading:
    """Attack (P,) an update that these parties' examples have made. `InvalidSetting` if the model does not begin with
    a dense layer."""
    images, labels = prepared.seen_by(parties)
    shapes, images = prepared.shapes, images.reshape(len(images), -1)
    found, units = attack.candidates(update, shapes), attack.units_that_moved(update, shapes)
    called = say("images") if prepared.dataset.train_x.ndim == 3 else prepared.dataset.examples_called
    return Reading(units, found, images, labels, errors_of(found, images), called)


def errors_of(found: np.ndarray, images: np.ndarray) -> np.ndarray:
    """(B,) `attack.errors`, of some images at a time."""
    parts = [images[first : first + TOGETHER] for first in range(0, len(images), TOGETHER)]
    return np.concatenate([attack.errors(found, part) for part in parts])


def pairs(reading: Reading, shape: Sequence[int]) -> dict[str, Any] | None:
    """What the page draws: own images above, what is nearest to them of the found below. None if they are no images.

    shape: of one example.
    """
    if len(shape) != 2:
        return None
    places = reading.shown()
    images, labels, same = reading.images[places], reading.labels[places], reading.same[places]
    below = attack.nearest(reading.found, images) if len(reading.found) else np.zeros((0, images.shape[1]))
    told = [
        say("a {label}, recovered", label=label) if there else say("a {label}, not recovered", label=label)
        for label, there in zip(labels.tolist(), same.tolist(), strict=True)
    ]
    return {
        "own": as_grey(images),
        "found": as_grey(below),
        "tall": shape[0],
        "wide": shape[1],
        "labels": [str(label) for label in labels.tolist()],
        "same": same.tolist(),
        "alt": say("Images, and below each what comes nearest to it of what was read: {told}.", told="; ".join(told)),
        "words": {"own": say("its own"), "found": say("read")},
    }  # fmt: skip


def as_grey(images: np.ndarray) -> bytes:
    """Numbers from 0 to 1 as bytes from 0 to 255; what lies outside is cut."""
    return (255 * np.clip(images, 0, 1)).round().astype(np.uint8).tobytes()


def how_many(reading: Reading) -> str:
    """The share recovered, in a sentence or two."""
    same, all_of_them = int(reading.same.sum()), len(reading.same)
    if all_of_them == 1:
        if reading.called != say("images"):
            return say("Its one example is recovered.") if same else say("Its one example is not recovered.")
        return say("Its one image is recovered.") if same else say("Its one image is not recovered.")
    told = say(
        "Recovered: {same:,} of {all:,} {called}, {share:.3g} %.", same=same, all=all_of_them, called=reading.called,
        share=100 * same / all_of_them,
    )  # fmt: skip
    more = all_of_them > MOST and reading.called == say("images")
    return f"{told} {say('Shown are the {some} that come nearest.', some=MOST)}" if more else told


def blind(reading: Reading) -> str:
    """What an attacker gets who has no example to compare with."""
    return say(
        "An attacker who has none of them to compare with keeps what two units agree on, and so gets {blind:,} of "
        "them.",
        blind=int(reading.blind.sum()),
    )
