"""Answers to lesson 08's exercises that are right, though one would not expect them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fedlab.lessons import checks_08 as check
from fedlab.lessons import wrong_08


def most_liars_in_words(rule: str, parties: int, cut: int) -> Any:
    """Less than half, by rounding; the mean none."""
    if rule == "mean":
        return 0.0
    return np.ceil(parties / 2) - 1 if rule == "median" else float(cut)


def trimmed_by_lists(values: Any, cut: int) -> Any:
    columns = [sorted(column) for column in zip(*values, strict=True)]
    return [sum(column[cut : len(column) - cut]) / (len(column) - 2 * cut) for column in columns]


def factor_by_share(examples: Any, liar: int) -> Any:
    return 1 / (examples[liar] / np.sum(examples))


def free_riders_by_the_middle_of_all_numbers(updates: Any) -> Any:
    """By the size of a usual number of an update, and as a set of numpy's integers."""
    sizes = np.median(np.abs(updates), axis=1)
    return set(np.flatnonzero(sizes < np.median(sizes) / 20))


RIGHT: list[tuple[Any, Any]] = [
    (check.check_most_liars, wrong_08.most()),
    (check.check_most_liars, most_liars_in_words),
    (check.check_trimmed, wrong_08.trim()),
    (check.check_trimmed, trimmed_by_lists),
    (check.check_factor, factor_by_share),
    (check.check_free_riders, wrong_08.suspects()),
    (check.check_free_riders, free_riders_by_the_middle_of_all_numbers),
]
