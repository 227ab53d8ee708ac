"""Three requests to a party that lesson 12 lets the learner judge: small programs that would run on its images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fedlab.datasets import mnist


def mean_image(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What do your images look like on average?"""
    return images.mean(axis=0)


def trained(images: np.ndarray, labels: np.ndarray, w: Any = 0.0, rate: float = 0.1) -> np.ndarray:
    """Softmax regression: five steps on all images. What has become of the weights, (pixels, 10)?"""
    w = np.zeros((images.shape[1], 10)) + w
    for _ in range(5):
        w = w - rate * images.T @ (chances(images @ w) - np.eye(10)[labels]) / len(images)
    return np.asarray(w)


def one_step(images: np.ndarray, labels: np.ndarray, w: Any = 0.0, rate: float = 0.1) -> np.ndarray:
    """Softmax regression: is it fast enough at your place? One step on one image will do. (pixels, 10) again."""
    images, labels = images[:1], labels[:1]
    w = np.zeros((images.shape[1], 10)) + w
    return np.asarray(w - rate * images.T @ (chances(images @ w) - np.eye(10)[labels]))


REQUESTS: dict[str, Callable[..., np.ndarray]] = {one.__name__: one for one in (mean_image, trained, one_step)}


def chances(logits: np.ndarray) -> np.ndarray:
    """Softmax, a row for each image."""
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exp / exp.sum(axis=1, keepdims=True))


def of_a_party(images: int = 1_000) -> tuple[np.ndarray, np.ndarray]:
    """x (n, 784) from 0 to 1, y (n,): what one party holds."""
    data = mnist()
    return data.train_x[:images].reshape(images, -1) / 255, data.train_y[:images].astype(int)


def most_alike(answer: np.ndarray, images: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The correlation of what leaves with the image that it is most like; that image; and what is like it, (784,).

    Of (784, 10) each column is compared. A column may be an image times any number, so the sign does not count.
    """
    columns = answer.reshape(images.shape[1], -1).T

    def centred(rows: np.ndarray) -> np.ndarray:
        rows = rows - rows.mean(axis=1, keepdims=True)
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))

    alike = centred(columns) @ centred(images).T
    column, image = np.unravel_index(np.abs(alike).argmax(), alike.shape)
    found = columns[column] * np.sign(alike[column, image])
    return float(abs(alike[column, image])), images[image], (found - found.min()) / np.ptp(found)


def answers() -> dict[str, tuple[float, np.ndarray, np.ndarray]]:
    """What each request would let out, run on a party's images: see `most_alike`."""
    images, labels = of_a_party()
    return {name: most_alike(request(images, labels), images) for name, request in REQUESTS.items()}


def pairs(found: dict[str, tuple[float, np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """Rows for `fedlab.lessons.pictures.images`: what leaves, and the party's image that is most like it."""
    return {name: np.stack([leaves, image]) for name, (_, image, leaves) in found.items()}
