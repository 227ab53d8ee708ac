"""Shamir's secret sharing: n shares of a number, any t of which give it back, while t - 1 tell nothing.

The secret is the value at 0 of a polynomial of degree t - 1 over the integers modulo a prime, whose other coefficients
are drawn; share x is its value at x. Through t points goes one such polynomial. Through t - 1 points and any secret at
all goes one too, so t - 1 shares fit every secret equally well. Source: Shamir 1979, *How to Share a Secret*.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

PRIME = 2**521 - 1  # a Mersenne prime, large enough for secrets of 64 bytes
BYTES = 66  # of one share


def shares_of(
    secret: int, threshold: int, among: list[int], rng: np.random.Generator, prime: int = PRIME
) -> dict[int, int]:
    """For each number x of `among`, all different and above 0, its share of the secret, 0 ≤ secret < prime."""
    drawn = [int.from_bytes(rng.bytes(BYTES + 8), "little") % prime for _ in range(threshold - 1)]
    return {x: _value(x, [secret, *drawn], prime) for x in among}


def secret_of(shares: Mapping[int, int], prime: int = PRIME) -> int:
    """The value at 0 of the polynomial through these shares: the secret, if there are at least t of them.

    Lagrange: Σ_x share_x Π_{y ≠ x} y / (y - x).
    """
    total = 0
    for x, share in shares.items():
        above = below = 1
        for y in shares:
            if y != x:
                above, below = above * y % prime, below * (y - x) % prime
        total += share * above * pow(below, -1, prime)
    return total % prime


def _value(x: int, coefficients: list[int], prime: int) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * x + coefficient) % prime
    return value
