"""Digits of one's own, made as MNIST's were: fitted into a box of 20 x 20, greyed, centred in 28 x 28 by their mass.

Source: LeCun, Bottou, Bengio and Haffner 1998, section III.A: digits are scaled into a box of 20 x 20 in their
proportions, which makes their edges grey, and put into 28 x 28 with their centre of mass in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fedlab.datasets import Dataset
from fedlab.experiment import Experiment
from fedlab.prepare import prepare
from fedlab.text import say

BOX, SIDE = 20, 28  # pixels
PEN = 2.4  # pixels of the box: about as thick as in MNIST
FINE = 8  # so many times finer it is drawn: each pixel is the mean of 64 points

Strokes = Sequence[Sequence[Sequence[float]]]  # for each stroke its points, x to the right and y down, in any unit


def digit(strokes: Strokes) -> np.ndarray:
    """(28, 28) uint8: what was drawn, 0 paper and 255 ink. `ValueError` if nothing was."""
    return centred(in_box(strokes))


def in_box(strokes: Strokes) -> np.ndarray:
    """(20, 20) uint8: the strokes as large as the box allows, in their proportions, in its middle."""
    from PIL import Image, ImageDraw

    drawn = [np.asarray(stroke, float).reshape(-1, 2) for stroke in strokes if len(stroke)]
    if not drawn or not all(np.isfinite(stroke).all() for stroke in drawn):
        raise ValueError(say("Nothing is drawn yet: draw a digit first."))
    points = np.concatenate(drawn)
    low, high = points.min(axis=0), points.max(axis=0)
    room = (BOX - PEN) * FINE
    scale = room / max((high - low).max(), 1e-9)
    if (high - low).max() < 1e-6:
        scale = 0.0  # a dot
    middle, half = (low + high) / 2, BOX * FINE / 2
    paper = Image.new("L", (BOX * FINE, BOX * FINE))
    pen = ImageDraw.Draw(paper)
    radius = PEN * FINE / 2
    for stroke in drawn:
        line = [tuple(point) for point in (stroke - middle) * scale + half]
        if len(line) > 1:
            pen.line(line, fill=255, width=round(2 * radius), joint="curve")
        for x, y in line:  # round ends
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    fine = np.asarray(paper, float).reshape(BOX, FINE, BOX, FINE)
    return fine.mean(axis=(1, 3)).round().astype(np.uint8)


def centred(box: np.ndarray) -> np.ndarray:
    """(28, 28): the (20, 20) box moved by whole pixels, so that its centre of mass is in pixel (14, 14), from 0 on.

    So are all of MNIST's own, to half a pixel.
    """
    steps, mass = np.arange(BOX), float(box.sum())
    corners = [box.sum(axis=1 - axis) @ steps / mass for axis in (0, 1)]
    top, left = (int(np.clip(round(SIDE / 2 - centre), 0, SIDE - BOX)) for centre in corners)
    picture = np.zeros((SIDE, SIDE), box.dtype)
    picture[top : top + BOX, left : left + BOX] = box
    return picture


def with_own(experiment: Experiment, x: np.ndarray, y: np.ndarray) -> tuple[Experiment, Dataset]:
    """The experiment with one party more, the last, which holds these digits; and the data that it takes.

    x: (n, 28, 28) uint8. y: (n,) their labels. The others keep what the experiment has dealt to them: to run it,
    `run(experiment, dataset=data)` or `Lab(experiment, dataset=data)`.
    """
    if len(x) == 0:
        raise ValueError(say("You have kept no digit yet: draw one, choose its label, and keep it."))
    prepared = prepare(experiment)
    seen, held = prepared.seen, [*prepared.parties]
    if seen.train_x.shape[1:] != (SIDE, SIDE) or seen.train_x.dtype != np.uint8:
        raise ValueError(say("Digits of your own go with data that are images of 28 × 28, such as mnist."))
    owners = np.repeat(np.arange(len(held) + 1), [*map(len, held), len(x)])
    whole = np.concatenate(held)
    data = Dataset(
        seen.name, np.concatenate([seen.train_x[whole], x]), np.concatenate([seen.train_y[whole], y]),
        seen.test_x, seen.test_y, owners, seen.classes, seen.scale,
    )  # fmt: skip
    return experiment.with_(parties=len(held) + 1, examples=len(owners), partition="natural"), data
