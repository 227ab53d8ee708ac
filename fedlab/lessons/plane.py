"""Client drift in a plane: two parties whose losses are valleys that one can draw, walked by the kit's own algorithms.

    f1(a, b) = 0.5 (a - 15)² + b²,    f2(a, b) = 2 (a + 12)² + 0.7 (b + 15)²

The mean of the two is smallest where (a - 15) + 4 (a + 12) = 0 and 2 b + 1.4 (b + 15) = 0: at (-6.6, -6.1765).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from fedlab.algorithms import Algorithm
from fedlab.messages import Trained
from fedlab.plots import style
from fedlab.text import say

CENTRES = np.array([[15.0, 0.0], [-12.0, -15.0]])  # where f1 and f2 are smallest
CURVES = np.array([[1.0, 2.0], [4.0, 1.4]])  # their second derivatives
MINIMUM = (CURVES * CENTRES).sum(axis=0) / CURVES.sum(axis=0)  # of the mean


@dataclass(frozen=True, eq=False)
class Walk:
    """Where an algorithm went: the shared points, one a round and the first; and each party's steps in between."""

    shared: np.ndarray  # (rounds + 1, 2)
    steps: list[list[np.ndarray]]  # [round][party], (τ_k + 1, 2) each


def walk(
    algorithm: Algorithm, rounds: int, steps: Sequence[int] = (10, 10), rate: float = 0.1, momentum: float = 0.0
) -> Walk:
    """Walk from (0, 0); party k takes steps[k] local steps of size `rate` in each round. Both count the same."""
    w = np.zeros(2, np.float32)
    shared, walked = [w], []
    server, own = algorithm.server_memory(w), [algorithm.party_memory(w), algorithm.party_memory(w)]
    for _ in range(rounds):
        down, messages, paths = algorithm.send(w, server), [], []
        for k in (0, 1):
            start, correction = algorithm.start(down, own[k]), algorithm.correction(down, own[k])
            path, velocity = [start.astype(np.float64)], np.zeros(2)
            for _ in range(steps[k]):
                gradient = CURVES[k] * (path[-1] - CENTRES[k])
                velocity = momentum * velocity + algorithm.local_gradient(gradient, path[-1], start, correction)
                path.append(path[-1] - rate * velocity)
            trained = Trained(path[-1].astype(np.float32), 1, steps[k], 0.0, rate, momentum)
            message, own[k] = algorithm.report(down, own[k], trained)
            messages.append(message)
            paths.append(np.array(path))
        mean = tuple((a + b) / 2 for a, b in zip(*messages, strict=True))
        w, server = algorithm.step(w, mean, 1.0, server)
        shared.append(w)
        walked.append(paths)
    return Walk(np.array(shared), walked)


def distance(one: Walk) -> float:
    """How far from the minimum of the mean a walk ended."""
    return float(np.linalg.norm(one.shared[-1] - MINIMUM))


def draw(ax: Axes, one: Walk, title: str, rounds_with_steps: Sequence[int] = (0,)) -> None:
    """Draw a walk over the mean's valley, with the parties' own steps in some of the rounds (counted from 0)."""
    a, b = np.meshgrid(np.linspace(-16, 19, 120), np.linspace(-19, 6, 120))
    place = np.stack([a, b], axis=-1)
    height = sum((CURVES[k] / 2 * (place - CENTRES[k]) ** 2).sum(axis=-1) for k in (0, 1)) / 2
    ax.contour(a, b, height, levels=np.geomspace(np.min(height) + 4, np.max(height), 12), colors="0.85", linewidths=0.8)
    for k in (0, 1):
        look = style(k + 1)
        ax.plot(*CENTRES[k], marker=look["marker"], color=look["color"], ms=8, ls="")
        ax.annotate(
            say("party {party}'s\nminimum", party=k),
            CENTRES[k],
            (0, 8 - 32 * k),
            textcoords="offset points",
            ha="center",
            fontsize="x-small",
        )
        for number in rounds_with_steps:
            ax.plot(*one.steps[number][k].T, color=look["color"], ls=look["linestyle"], lw=1.1, marker=".", ms=3)
    ax.plot(*one.shared.T, **style(0), lw=1.6, ms=3.5, label=say("shared model, one point a round"))
    ax.plot(*MINIMUM, "k*", ms=12, ls="", label=say("minimum of the mean"))
    ax.set(title=title, xlabel="a", ylabel="b", xlim=(-16, 19), ylim=(-19, 6))
    ax.spines[["top", "right"]].set_visible(False)
