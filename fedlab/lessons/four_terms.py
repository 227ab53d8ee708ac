"""Four ways in which public code adds FedProx's proximal term to a party's loss. One of them is right.

The code is written anew, the ideas are as found. Each returns a number to add to the loss: w (P,) are the party's
weights now, w_t (P,) those of the shared model that the round began with.
"""

from __future__ import annotations

import numpy as np


def term_a(w: np.ndarray, w_t: np.ndarray, mu: float, batch_size: int) -> float:
    away = w - w_t
    return mu / 2 * float(np.linalg.norm(away, 2))


def term_b(w: np.ndarray, w_t: np.ndarray, mu: float, batch_size: int) -> float:
    return mu * float(np.sum((w - w_t) ** 2))


def term_c(w: np.ndarray, w_t: np.ndarray, mu: float, batch_size: int) -> float:
    away = w_t - w
    return 0.5 * mu * float(away @ away)


def term_d(w: np.ndarray, w_t: np.ndarray, mu: float, batch_size: int) -> float:
    penalty = mu / 2 * float(np.linalg.norm(w - w_t)) ** 2
    return penalty / batch_size
