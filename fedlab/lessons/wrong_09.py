"""Known wrong answers to the exercises of lesson 09; without arguments these are right ones to differ from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def place(
    middle: Callable[[np.ndarray], tuple[float, float]] | None = None,
    corner: Callable[[float], int] = lambda centre: round(14 - centre),
    size: int = 28,
) -> Callable[[np.ndarray], np.ndarray]:
    """A digit put into its picture, in which something is otherwise."""

    def placed(digit: np.ndarray) -> np.ndarray:
        row, column = (middle or centre_of_mass)(digit)
        picture = np.zeros((size, size))
        top, left = (int(np.clip(corner(centre), 0, size - 20)) for centre in (row, column))
        picture[top : top + 20, left : left + 20] = digit
        return picture

    return placed


def centre_of_mass(digit: np.ndarray) -> tuple[float, float]:
    rows, columns = np.mgrid[:20, :20]
    return float((digit * rows).sum() / digit.sum()), float((digit * columns).sum() / digit.sum())


def middle_of_the_box(digit: np.ndarray) -> tuple[float, float]:
    """The middle between the first and the last ink, however much ink lies where."""
    rows, columns = np.nonzero(digit)
    return (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2


def middle_of_the_inked(digit: np.ndarray) -> tuple[float, float]:
    """Every pixel with ink counts the same, a grey one as much as a black one."""
    return centre_of_mass((digit > 0).astype(float))


def mirrored(digit: np.ndarray) -> tuple[float, float]:
    row, column = centre_of_mass(digit)
    return column, row


def of_those_who_came(examples: Mapping[int, int], reports: Mapping[int, Any]) -> float:
    return sum(examples[party] for party in reports)


def average(
    divide: Callable[[Mapping[int, int], Mapping[int, Any]], float] = of_those_who_came,
    weight: Callable[[int], float] = lambda examples: examples,
    missing: Callable[[np.ndarray], Any] = lambda w: w,
) -> Callable[..., Any]:
    """The mean of those who came, in which something is otherwise."""

    def new_model(w: np.ndarray, examples: Mapping[int, int], reports: Mapping[int, np.ndarray]) -> Any:
        if not reports:
            return missing(w)
        total = sum(weight(examples[party]) * report for party, report in reports.items())
        return w + total / divide(examples, reports)

    return new_model


def remember(choose: Callable[[int, list[int]], int]) -> Callable[..., Any]:
    """The memory that a party answers from, chosen among the rounds that it has kept one of."""

    def memory_for(number: int, kept: Mapping[int, Any]) -> Any:
        return kept[choose(number, list(kept))]

    return memory_for


def genuine(
    fingerprint: Callable[[bytes], str] = lambda certificate: hashlib.sha256(certificate).hexdigest(),
    same: Callable[[str, str], bool] = lambda seen, told: seen == told,
    tidy: Callable[[str], str] = lambda told: told.replace(":", "").lower(),
) -> Callable[..., Any]:
    """Whether a server is the one that was meant, in which something is otherwise."""

    def is_genuine(certificate: bytes, told: str) -> bool:
        return same(fingerprint(certificate), tidy(told))

    return is_genuine
