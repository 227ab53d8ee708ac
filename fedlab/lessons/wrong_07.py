"""Known wrong answers to the exercises of lesson 07; without arguments these are right ones to differ from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def divide(
    spoken: Callable[[np.ndarray], np.ndarray] = lambda bias: np.abs(bias) > 1e-9,
    quotient: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda kernel, bias: kernel / bias,
    turned: bool = True,
) -> Callable[..., np.ndarray]:
    """Images out of an update, in which something is otherwise."""

    def images_in(kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
        units = spoken(bias)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = quotient(kernel[:, units], bias[units])
        return found.T if turned else found

    return images_in


def hide(
    own: int = 1,
    adds: Callable[[int, int], bool] = lambda party, other: party < other,
    wrap: Callable[[Any], np.ndarray] = lambda y: y.astype(np.uint32),
    takes_away: int = 1,
) -> Callable[..., np.ndarray]:
    """A masked message, in which something is otherwise."""

    def masked(x: np.ndarray, party: int, agreed: dict[int, np.ndarray], own_mask: np.ndarray) -> np.ndarray:
        y = x.astype(np.int64) + own * own_mask.astype(np.int64)
        for other, mask in agreed.items():
            y = y + (mask.astype(np.int64) if adds(party, other) else -takes_away * mask.astype(np.int64))
        return wrap(y)

    return masked


def forgets_the_last(x: np.ndarray, party: int, agreed: dict[int, np.ndarray], own_mask: np.ndarray) -> np.ndarray:
    """Leaves out the mask that it shares with the party of the highest number."""
    rest = {other: mask for other, mask in agreed.items() if other != max(agreed)}
    return hide()(x, party, rest, own_mask)


def mean(
    clip: Callable[[np.ndarray, float], np.ndarray] = lambda u, S: u * min(1, S / np.linalg.norm(u)),
    deviation: Callable[[float, float, int, float], float] = lambda S, sigma, came, expected: S * sigma,
    divisor: Callable[[int, float], float] = lambda came, expected: expected,
    noise: Callable[[Any, int], Any] = lambda rng, size: rng.standard_normal(size),
    noise_after: bool = False,
) -> Callable[..., np.ndarray]:
    """A private mean, in which something is otherwise."""

    def private_mean(updates: np.ndarray, S: float, sigma: float, expected: float, rng: Any) -> np.ndarray:
        total = np.sum([clip(update, S) for update in updates], axis=0)
        drawn = deviation(S, sigma, len(updates), expected) * noise(rng, total.size)
        by = divisor(len(updates), expected)
        return total / by + drawn if noise_after else (total + drawn) / by

    return private_mean
