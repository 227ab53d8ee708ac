"""Differences in what parties see, on top of who holds what: noise, rotation and wrong labels.

They go with every partition, because they change a party's own copies of its examples and nothing else: who holds which
example stays as it was dealt out, and the test examples stay clean. The heat map of labels shows them as they were
before labels went wrong.

    feature noise   party k of K adds N(0, (σ k/(K - 1))²) to every feature: party 0 sees clearly, the last one worst
    rotation        party k sees its images turned by φ k/(K - 1) degrees, counter-clockwise
    label noise     at a share of the parties, a share of the labels is wrong: each such label is another one, by chance

Source: feature noise as in Li, Diao, Chen and He 2022 (NIID-Bench, arXiv 2102.02079), section 4.2, there with the
variance growing with k.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fedlab.datasets import Dataset
from fedlab.randomness import Choice, generator
from fedlab.settings import InvalidSetting
from fedlab.text import say

if TYPE_CHECKING:
    from fedlab.experiment import Experiment


def require_seeable(experiment: Experiment, dataset: Dataset) -> None:
    """Raise `InvalidSetting` unless such examples can be seen as the experiment wants."""
    if experiment.rotation and dataset.train_x.ndim != 3:
        raise InvalidSetting(
            "rotation",
            say("Only images can be rotated, and {dataset} has none: set rotation to 0.", dataset=dataset.name),
        )


def as_seen(experiment: Experiment, dataset: Dataset, parties: list[np.ndarray]) -> Dataset:
    """The data set with every party's examples as that party sees them; the same object if all see them as they are.

    parties: from `hold`. Noise is in units of the features; an image's pixels count from 0 (black) to 1 (white).
    """
    require_seeable(experiment, dataset)
    x, y = dataset.train_x, dataset.train_y
    if experiment.rotation:
        x = x.copy()
        for party, own in enumerate(parties):
            x[own] = rotated(x[own], experiment.rotation * _place(party, len(parties)))
    if experiment.feature_noise:
        x = x.copy()
        for party, own in enumerate(parties):
            rng = generator(experiment.seed, Choice.NOISE, party)
            x[own] = noisy(x[own], experiment.feature_noise * _place(party, len(parties)), rng)
    if experiment.label_noise:
        y = y.copy()
        for party in noisy_parties(experiment):
            rng = generator(experiment.seed, Choice.LABEL_NOISE, party)
            wrong = rng.permutation(parties[party])[: round(experiment.label_noise * len(parties[party]))]
            y[wrong] = (y[wrong] + rng.integers(1, dataset.classes, len(wrong))) % dataset.classes
    return dataset if x is dataset.train_x and y is dataset.train_y else replace(dataset, train_x=x, train_y=y)


def noisy_parties(experiment: Experiment) -> list[int]:
    """The parties with wrong labels, throughout the run."""
    order = generator(experiment.seed, Choice.NOISY_PARTIES).permutation(experiment.parties)
    return sorted(map(int, order[: round(experiment.noisy_parties * experiment.parties)]))


def noisy(x: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """x plus N(0, σ²), in x's own type; pixels stay within black and white."""
    noise = sigma * rng.standard_normal(x.shape, np.float32)
    if x.dtype == np.uint8:
        return (x + 255 * noise).round().clip(0, 255).astype(np.uint8)
    return x + noise.astype(x.dtype)


def rotated(images: np.ndarray, degrees: float) -> np.ndarray:
    """The images (n, height, width) turned counter-clockwise about their middle, black where nothing was.

    Each new pixel is mixed from the four old ones around the place it comes from (bilinear interpolation).
    """
    height, width = images.shape[1:]
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    # one black pixel all round, so that a place outside the image is black too
    from_y = (cos * y + sin * x + (height - 1) / 2 + 1).clip(0, height + 1 - 1e-9)
    from_x = (cos * x - sin * y + (width - 1) / 2 + 1).clip(0, width + 1 - 1e-9)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    top, left = from_y.astype(int), from_x.astype(int)
    down, right = (from_y - top).astype(np.float32), (from_x - left).astype(np.float32)
    mixed = (
        padded[:, top, left] * (1 - down) * (1 - right)
        + padded[:, top, left + 1] * (1 - down) * right
        + padded[:, top + 1, left] * down * (1 - right)
        + padded[:, top + 1, left + 1] * down * right
    )
    return (mixed.round() if images.dtype == np.uint8 else mixed).astype(images.dtype)


def _place(party: int, parties: int) -> float:
    """k/(K - 1): 0 for the first party, 1 for the last."""
    return party / max(1, parties - 1)
