"""Answers to lesson 11's exercises that are right, though one would not expect them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

from fedlab.lessons import checks_11 as check
from fedlab.lessons import wrong_11
from fedlab.vertical.worth import shapley


def in_both_by_taking_our_secret_away(ours: Any, returned: Any, received: Any, a: int, p: int) -> Any:
    """H^(ab) to the power of 1/a is H^b: the other way round. Squares have the order (p - 1) / 2."""
    inverse = pow(a, -1, (p - 1) // 2)
    return [name for name, one in zip(ours, returned, strict=True) if pow(one, inverse, p) in received][::-1]


def own_step_person_by_person(w: Any, x: Any, back: Any, rate: float) -> Any:
    new = w.astype(float).copy()
    for row, one in zip(x, back, strict=True):
        new -= rate * row[:, None] * one
    return new.tolist()


def labels_read_by_adding(back: Any) -> Any:
    """(p - y) n is above 0 for y = 0; truth values do as well as 0 and 1."""
    return [not one > 0 for one in back]


def earns_by_weights(party: str, parties: Sequence[str], value: Any) -> Any:
    """By sets, each weighed by how many orders have it before the party."""
    others, count = [one for one in parties if one != party], len(parties)
    total = 0.0
    for size in range(count):
        for some in map(frozenset, combinations(others, size)):
            total += factorial(size) * factorial(count - size - 1) * (value[some | {party}] - value[some])
    return np.array(total / factorial(count))


def earns_by_the_kit(party: str, parties: Sequence[str], value: Any) -> Any:
    return shapley(parties, value)[party]


RIGHT: list[tuple[Any, Any]] = [
    (check.check_in_both, wrong_11.finish()),
    (check.check_in_both, in_both_by_taking_our_secret_away),
    (check.check_own_step, wrong_11.step()),
    (check.check_own_step, own_step_person_by_person),
    (check.check_labels_read, labels_read_by_adding),
    (check.check_earns, wrong_11.in_orders()),
    (check.check_earns, earns_by_weights),
    (check.check_earns, earns_by_the_kit),
]
