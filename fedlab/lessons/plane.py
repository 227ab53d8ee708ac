"""Client drift in a plane: two parties whose losses are valleys that one can draw, walked by the kit's own algorithms.

    f1(a, b) = 0.5 (a - 15)² + b²,    f2(a, b) = 2 (a + 12)² + 0.7 (b + 15)²

The mean of the two is smallest where (a - 15) + 4 (a + 12) = 0 and 2 b + 1.4 (b + 15) = 0: at (-6.6, -6.1765).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fedlab.algorithms import Algorithm
from fedlab.messages import Trained

CENTRES = np.array([[15.0, 0.0], [-12.0, -15.0]])  # where f1 and f2 are smallest
CURVES = np.array([[1.0, 2.0], [4.0, 1.4]])  # their second derivatives
MINIMUM = (CURVES * CENTRES).sum(axis=0) / CURVES.sum(axis=0)  # of the mean


@dataclass(frozen=True, eq=False)
class Walk:
    """Where an algorithm went: the shared points, one a round and the first; and each party's steps in between."""

    shared: np.ndarray  # (rounds + 1, 2)
    steps: list[dict[int, np.ndarray]]  # [round][party that took part], (τ_k + 1, 2) each


def both(number: int) -> Sequence[int]:
    """Both parties take part in each round."""
    return (0, 1)


def walk(
    algorithm: Algorithm,
    rounds: int,
    steps: Sequence[int] = (10, 10),
    rate: float = 0.1,
    momentum: float = 0.0,
    who: Callable[[int], Sequence[int]] = both,
) -> Walk:
    """Walk from (0, 0); party k takes steps[k] local steps of size `rate` in a round. Both count the same.

    who: the parties that take part in round number 0, 1, ...
    """
    w = np.zeros(2, np.float32)
    shared, walked = [w], []
    server, own = algorithm.server_memory(w), [algorithm.party_memory(w), algorithm.party_memory(w)]
    for number in range(rounds):
        down, messages, paths = algorithm.send(w, server), [], {}
        for k in who(number):
            start, correction = algorithm.start(down, own[k]), algorithm.correction(down, own[k])
            path, velocity = [start.astype(np.float64)], np.zeros(2)
            for _ in range(steps[k]):
                gradient = CURVES[k] * (path[-1] - CENTRES[k])
                velocity = momentum * velocity + algorithm.local_gradient(gradient, path[-1], start, correction)
                path.append(path[-1] - rate * velocity)
            trained = Trained(path[-1].astype(np.float32), 1, steps[k], 0.0, rate, momentum)
            message, own[k] = algorithm.report(down, own[k], trained)
            messages.append(message)
            paths[k] = np.array(path)
        mean = tuple(np.mean(part, axis=0) for part in zip(*messages, strict=True))
        w, server = algorithm.step(w, mean, len(messages) / 2, server)
        shared.append(w)
        walked.append(paths)
    return Walk(np.array(shared), walked)


def distance(one: Walk) -> float:
    """How far from the minimum of the mean a walk ended."""
    return float(np.linalg.norm(one.shared[-1] - MINIMUM))
