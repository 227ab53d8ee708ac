"""Known wrong answers to the exercises of lesson 11; without arguments these are right ones to differ from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, permutations
from math import sqrt
from statistics import fmean
from typing import Any

import numpy as np

Value = Mapping[frozenset[str], float]


def blinded(received: Sequence[int], a: int, p: int) -> list[int]:
    """What the other party sent, raised to our secret."""
    return [pow(one, a, p) for one in received]


def finish(
    theirs: Callable[[Sequence[int], int, int], Sequence[int]] = blinded,
    own: Callable[[Sequence[int], int, int], Sequence[int]] = lambda returned, a, p: returned,
    answer: Callable[[str, int], Any] = lambda name, number: name,
) -> Callable[..., list[Any]]:
    """The last step of private set intersection, in which something is otherwise."""

    def in_both(ours: Sequence[str], returned: Sequence[int], received: Sequence[int], a: int, p: int) -> list[Any]:
        known = {*theirs(received, a, p)}
        pairs = zip(ours, own(returned, a, p), strict=True)
        return [answer(name, number) for name, number in pairs if number in known]

    return in_both


def by_place(ours: Sequence[str], returned: Sequence[int], received: Sequence[int], a: int, p: int) -> list[str]:
    """As if the other party had sent its names in our order."""
    twice = blinded(received, a, p)
    return [name for name, one, other in zip(ours, returned, twice, strict=False) if one == other]


def step(
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda x, back: x.T @ back, sign: int = -1
) -> Callable[..., np.ndarray]:
    """A party's step, in which something is otherwise."""

    def own_step(w: np.ndarray, x: np.ndarray, back: np.ndarray, rate: float) -> np.ndarray:
        return w + sign * rate * slope(x, back)

    return own_step


def alone(party: str, parties: Sequence[str], value: Value) -> float:
    """What it reaches with nobody."""
    return value[frozenset([party])] - value[frozenset()]


def last(party: str, parties: Sequence[str], value: Value) -> float:
    """What all lose without it."""
    return value[frozenset(parties)] - value[frozenset(parties) - {party}]


def by_sets(party: str, parties: Sequence[str], value: Value) -> float:
    """Every set of others counts as much as every other."""
    others = [one for one in parties if one != party]
    sets = [frozenset(some) for size in range(len(parties)) for some in combinations(others, size)]
    return fmean(value[some | {party}] - value[some] for some in sets)


def in_orders(mean: Callable[[Sequence[float]], float] = fmean, before: bool = True) -> Callable[..., float]:
    """Over all orders of arrival, in which something is otherwise."""

    def earns(party: str, parties: Sequence[str], value: Value) -> float:
        sets = [frozenset(order[: order.index(party)]) for order in permutations(parties)]
        return mean([value[some | {party}] - (value[some] if before else 0) for some in sets])

    return earns


def equal_parts(party: str, parties: Sequence[str], value: Value) -> float:
    """The same for everybody."""
    return (value[frozenset(parties)] - value[frozenset()]) / len(parties)


def root(numbers: Sequence[float]) -> float:
    """A mean of squares, to be the wrong mean."""
    return sqrt(fmean(one**2 for one in numbers))
