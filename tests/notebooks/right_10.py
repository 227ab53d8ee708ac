"""Answers to lesson 10's exercises that are right, though one would not expect them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fedlab.lessons import checks_10 as check
from fedlab.lessons import wrong_10


def mean_and_deviation_around_the_mean(n: Any, s: Any, q: Any) -> Any:
    """Each party's squares around everybody's mean, as a list: q - 2 m s + n m²."""
    m = sum(s) / sum(n)
    return [m, (sum(qk - 2 * m * sk + nk * m * m for nk, sk, qk in zip(n, s, q, strict=True)) / sum(n)) ** 0.5]


def area_by_ranks(scores: Any, labels: Any) -> Any:
    """Mann and Whitney's sum of ranks, ties sharing the mean of theirs."""
    ranks = np.array([(scores < one).sum() + ((scores == one).sum() + 1) / 2 for one in scores])
    bad = int(sum(labels))
    return (ranks[labels == 1].sum() - bad * (bad + 1) / 2) / (bad * (len(labels) - bad))


def personal_mean_by_walking(values: Any, w: Any, pull: Any) -> Any:
    """Downhill: one Newton step from the shared model is there already."""
    return w - (w - np.mean(values)) / (1 + pull)


def say_of_by_a_loop(losses: Any, examples: Any, q: Any) -> Any:
    raw = [n * loss**q for n, loss in zip(examples, losses, strict=True)]
    return tuple(one / sum(raw) for one in raw)


RIGHT: list[tuple[Any, Any]] = [
    (check.check_mean_and_deviation, wrong_10.scale()),
    (check.check_mean_and_deviation, mean_and_deviation_around_the_mean),
    (check.check_area, wrong_10.rank()),
    (check.check_area, area_by_ranks),
    (check.check_personal_mean, wrong_10.personal()),
    (check.check_personal_mean, personal_mean_by_walking),
    (check.check_say_of, wrong_10.voice()),
    (check.check_say_of, say_of_by_a_loop),
]
