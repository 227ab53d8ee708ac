"""What ε promises, seen on one number: two bell curves that an attacker must tell apart.

A party moves the sum by at most the clip, here 1, and the server's noise has the standard deviation σ. So the sum that
is released is drawn around 0 without this party, and around 1 with it. Whoever says "it took part" where the sum is
above a threshold is right, or wrong, as often as the curves say; no other rule is better (Neyman and Pearson).
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

BELL = NormalDist()


def delta_of(epsilon: float, sigma: float) -> float:
    """δ(ε) = Φ(1/2σ - εσ) - e^ε Φ(-1/2σ - εσ), of one release at q = 1.

    Source: Balle and Wang 2018, *Improving the Gaussian Mechanism for Differential Privacy* (arXiv 1805.06530), theorem
    8.
    """
    half, shift = 1 / (2 * sigma), epsilon * sigma
    return BELL.cdf(half - shift) - math.exp(epsilon) * BELL.cdf(-half - shift)


def epsilon_of(delta: float, sigma: float) -> float:
    """The ε with that δ, to a billionth: δ falls as ε grows, so we halve the interval."""
    low, high = 0.0, 1.0
    while delta_of(high, sigma) > delta:
        high *= 2
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(middle, sigma) > delta else (low, middle)
    return high


def rates(sigma: float, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) how often "it took part" is said of a party that did, TPR, and of one that did not, FPR."""
    took_part, did_not = NormalDist(1, sigma), NormalDist(0, sigma)
    return (
        np.array([1 - took_part.cdf(t) for t in thresholds]),
        np.array([1 - did_not.cdf(t) for t in thresholds]),
    )
