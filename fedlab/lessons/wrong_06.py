"""Known wrong answers to the exercises of lesson 06; `top()` and `bytes_of` are right ones to differ from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def top(
    wish: Callable[[Any, Any], np.ndarray] = lambda update, memory: update + memory,
    rank: Callable[[np.ndarray], np.ndarray] = np.abs,
    send: Callable[[np.ndarray], np.ndarray] = lambda v: v,
    keep: Callable[[Any, Any, Any], np.ndarray] = lambda v, sent, memory: v - sent,
    more: int = 0,
) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Top-k with a memory, in which something is otherwise."""

    def send_top(update: np.ndarray, memory: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        v = wish(update, memory)
        places = np.argsort(rank(v))[::-1][: k + more]
        sent = np.zeros_like(v)
        sent[places] = send(v[places])
        return sent, keep(v, sent, memory)

    return send_top


def sends_only(update: np.ndarray, memory: np.ndarray, k: int) -> np.ndarray:
    return top()(update, memory, k)[0]


def ranks_the_update(update: np.ndarray, memory: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Sends what is remembered too, but only at the places where the update itself is large."""
    v, places = update + memory, np.argsort(np.abs(update))[::-1][:k]
    sent = np.zeros_like(v)
    sent[places] = v[places]
    return sent, v - sent


def bytes_of(code: str, P: int, k: int, bits: int) -> int:
    return {
        "topk": 8 * k,
        "randomk": 4 * k,
        "quantize": -(-P * bits // 8) + 4 * -(-P // 128),
        "sign": 4 + -(-P // 8),
    }[code]


def quantise(up: Callable[[np.ndarray, Any], np.ndarray]) -> Callable[..., np.ndarray]:
    """Rounds a number up where `up` says so, given what it is above its level; numbers on a level stay."""

    def rounded(v: np.ndarray, s: int, rng: Any) -> np.ndarray:
        rest = s * v % 1
        return (np.floor(s * v) + np.where(rest > 0, up(rest, rng), 0)) / s

    return rounded


def only_the_ends(v: np.ndarray, s: int, rng: Any) -> np.ndarray:
    """Right on average, but numbers between two levels go all the way to -1 or 1."""
    ends = np.where(rng.random(v.shape) < (1 + v) / 2, 1.0, -1.0)
    return np.where(s * v % 1 == 0, v, ends)
