"""Known wrong answers to the exercises of lesson 08; without arguments these are right ones to differ from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def most(
    median: Callable[[int], int] = lambda parties: (parties - 1) // 2,
    trimmed: Callable[[int, int], int] = lambda parties, cut: cut,
    mean: int = 0,
) -> Callable[..., int]:
    """How many liars a rule stands, in which something is otherwise."""

    def most_liars(rule: str, parties: int, cut: int) -> int:
        return {"mean": mean, "median": median(parties), "trimmed": trimmed(parties, cut)}[rule]

    return most_liars


def trim(
    order: Callable[[np.ndarray], np.ndarray] = lambda values: np.sort(values, axis=0),
    keep: Callable[[np.ndarray, int], np.ndarray] = lambda rows, cut: rows[cut : len(rows) - cut],
    middle: Callable[[np.ndarray], np.ndarray] = lambda kept: kept.mean(axis=0),
) -> Callable[..., np.ndarray]:
    """A trimmed mean, in which something is otherwise."""

    def trimmed(values: np.ndarray, cut: int) -> np.ndarray:
        return middle(keep(order(values), cut))

    return trimmed


def by_length(values: np.ndarray) -> np.ndarray:
    """Whole parties in the order of their length, and not each weight's numbers by themselves."""
    return values[np.argsort(np.linalg.norm(values, axis=1))]


def suspects(
    compare: Callable[[np.ndarray, float], np.ndarray] = lambda lengths, usual: lengths < usual / 10,
    usual: Callable[[np.ndarray], float] = lambda lengths: float(np.median(lengths)),
    length: Callable[[np.ndarray], np.ndarray] = lambda updates: np.linalg.norm(updates, axis=1),
) -> Callable[..., list[int]]:
    """The free riders, by their lengths, in which something is otherwise."""

    def free_riders(updates: np.ndarray) -> list[int]:
        lengths = length(updates)
        return [int(k) for k in np.flatnonzero(compare(lengths, usual(lengths)))]

    return free_riders
