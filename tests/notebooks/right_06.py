"""Answers to lesson 06's exercises that are right, though one would not expect them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fedlab.experiment import Experiment
from fedlab.lessons import checks_06 as check
from fedlab.lessons import wrong_06


def top_by_lists(update: Any, memory: Any, k: int) -> Any:
    v = [one + other for one, other in zip(update, memory, strict=True)]
    order = sorted(range(len(v)), key=lambda place: abs(v[place]))
    sent = [one if place in order[-k:] else 0 for place, one in enumerate(v)]
    return sent, [one - other for one, other in zip(v, sent, strict=True)]


def quantise_by_chance(v: Any, s: int, rng: Any) -> Any:
    """The level below, and one more with the probability of what is left."""
    below = np.floor(s * v)
    return (below + rng.binomial(1, s * v - below)) / s


def quantise_by_sign(v: Any, s: int, rng: Any) -> Any:
    """Sizes first, as QSGD's paper has it."""
    return np.sign(v) * np.floor(s * np.abs(v) + rng.random(v.shape)) / s


def bytes_by_ceil(code: str, P: int, k: int, bits: int) -> Any:
    lengths = 4 * np.ceil(P / 128)
    whole = {"topk": k * (4 + 4), "randomk": k * 4, "quantize": lengths + np.ceil(bits * P / 8), "sign": 4.0}
    return whole[code] + (np.ceil(P / 8) if code == "sign" else 0)


def signs_with_a_larger_step() -> Experiment:
    return check.ASKED.with_(compression="sign", local_epochs=5, learning_rate=0.2, rounds=8)


RIGHT: list[tuple[Any, Any]] = [
    (check.check_send_top, wrong_06.top()),
    (check.check_send_top, top_by_lists),
    (check.check_quantise, quantise_by_chance),
    (check.check_quantise, quantise_by_sign),
    (check.check_bytes_of, wrong_06.bytes_of),
    (check.check_bytes_of, bytes_by_ceil),
    (check.check_choice, signs_with_a_larger_step),
]
