"""Steps that send only signs, in one dimension and in the plane: where they lead without a memory, and with one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SLOPES = (4.0, -1.0, -1.0, -1.0)  # by turns: their mean is 1/4, the mean of their signs -1/2
TILT = 0.3  # how much the valley |a - b| falls along its floor


def walk(
    slope: Callable[[np.ndarray, int], np.ndarray], start: np.ndarray, steps: int, rate: float, memory: bool
) -> np.ndarray:
    """Each step goes by `rate` in every direction, up or down as the sign says. (steps + 1, d): all points.

    memory: whether what a step got wrong is added to the next one's wish.
    """
    w, e = np.array(start, float), np.zeros(len(start))
    path = [w.copy()]
    for t in range(steps):
        v = -rate * slope(w, t) + e
        sent = rate * np.sign(v)
        e = v - sent if memory else e
        w = w + sent
        path.append(w.copy())
    return np.array(path)


def by_turns(w: np.ndarray, t: int) -> np.ndarray:
    """A slope that is large in one of four steps: downhill is to the left, more often it seems to the right."""
    return np.array([SLOPES[t % len(SLOPES)]])


def valley(w: np.ndarray, t: int) -> np.ndarray:
    """The slope of |a - b| + TILT |a + b|, whose minimum is at (0, 0)."""
    a, b = w
    across, along = np.sign(a - b) or 1.0, np.sign(a + b)
    return np.array([across + TILT * along, -across + TILT * along])
