"""Uniform numbers, bit for bit as TensorFlow's stateless generator draws them, so that first models need no TensorFlow.

Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", Philox-4x32-10; how a seed
becomes its key and counter is TensorFlow's choice.
"""

from __future__ import annotations

import numpy as np

ROUNDS = 10
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = 0x9E3779B9, 0xBB67AE85  # what the two halves of the key grow by in each round
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def philox(counters: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """(n, 4) random 32-bit numbers from (n, 4) 32-bit counters, both as uint64."""
    a, b, c, d = counters.T
    for turn in range(ROUNDS):
        key_a, key_b = (np.uint64((half + turn * step) & 0xFFFFFFFF) for half, step in zip(key, WEYL, strict=True))
        left, right = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
        a, b, c, d = (right >> HALF) ^ b ^ key_a, right & LOW, (left >> HALF) ^ d ^ key_b, left & LOW
    return np.stack([a, b, c, d], axis=1)


def uniform(seed: int, count: int, low: float, high: float) -> np.ndarray:
    """(count,) float32 from low (included) to high."""
    start = np.array([[seed % (2**31 - 2), 0, 0, 0]], np.uint64)
    ((key_a, key_b, c, d),) = philox(start, (0x3EC8F720, 0x02461E29)).tolist()
    blocks = -(-count // 4)
    counters = np.zeros((blocks, 4), np.uint64)
    counters[:, 0] = np.arange(blocks)
    counters[:, 2:] = c, d
    bits = philox(counters, (key_a, key_b)).ravel()[:count].astype(np.uint32)
    mantissa = bits & np.uint32(0x7FFFFF)
    fractions = (mantissa | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)  # from 1 to 2, less 1
    return fractions * (np.float32(high) - np.float32(low)) + np.float32(low)
