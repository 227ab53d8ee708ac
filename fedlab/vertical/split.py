"""A model in pieces: each party has a bottom, the label holder has the top, and only the cut between them is crossed.

    forward    h_k = x_k W_k          at party k;  in a network max(x_k W_k, 0)
               z = Σ_k h_k + b        at the label holder: logistic regression, whose logits add up
               z = Σ_k h_k V_k + b    in a network
    backward   d = (p - y) / B        how the loss changes with z; p = softmax(z), or the sigmoid of a single z
               d_k = d V_kᵀ           crosses the cut to party k (d itself in logistic regression)
               ∇W_k = x_kᵀ d_k        at party k; in a network only where h_k > 0

That is the backpropagation of the model in one piece: a chain rule does not ask in which house a layer stands.
Source of the split network: Vepakomma, Gupta, Swedish and Raskar 2018 (arXiv 1812.00564).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Messages = list[np.ndarray]


class Bottom:
    """Party k's part of the model. columns: how many it holds. width: how many numbers it sends about a person."""

    def __init__(self, columns: int, width: int, relu: bool, rng: np.random.Generator):
        limit = np.sqrt(6 / (columns + width))
        self.relu = relu
        self.w = rng.uniform(-limit, limit, (columns, width)) if relu else np.zeros((columns, width))

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(B, width) what it sends about people with these columns x (B, d_k)."""
        h = x @ self.w
        return np.maximum(h, 0) if self.relu else h

    def backward(self, x: np.ndarray, d: np.ndarray, rate: float) -> None:
        """One step with what came back about the same people. d: (B, width)."""
        if self.relu:
            d = np.where(x @ self.w > 0, d, 0)
        self.w = self.w - rate * x.T @ d


class Top:
    """The label holder's part. logits: 1 for a question of yes or no, else one a class."""

    def __init__(self, widths: Sequence[int], logits: int, relu: bool, rng: np.random.Generator):
        limit = np.sqrt(6 / (sum(widths) + logits))
        drawn = [rng.uniform(-limit, limit, (width, logits)) for width in widths]
        self.v = drawn if relu else None  # None: logits only add up
        self.b = np.zeros(logits)

    def forward(self, h: Messages) -> np.ndarray:
        """(B, logits) from the (B, width) of each party."""
        if self.v is None:
            return np.sum(h, axis=0) + self.b
        return np.sum([one @ v for one, v in zip(h, self.v, strict=True)], axis=0) + self.b

    def backward(self, h: Messages, d: np.ndarray, rate: float) -> Messages:
        """What goes back to each party, (B, width), of the model as it is; then one step."""
        self.b = self.b - rate * d.sum(axis=0)
        if self.v is None:
            return [d] * len(h)
        back = [d @ v.T for v in self.v]
        self.v = [v - rate * one.T @ d for one, v in zip(h, self.v, strict=True)]
        return back


def slope_of_loss(z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """d = (p - y) / B, (B, logits), and the mean cross-entropy in nats. y: (B,) whole numbers."""
    if z.shape[1] == 1:
        p = (1 + np.tanh(z / 2)) / 2  # the sigmoid, without overflow
        return (p - y[:, None]) / len(y), float((np.logaddexp(0, z[:, 0]) - y * z[:, 0]).mean())
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    own = np.arange(len(y)), y
    loss = -np.log(np.maximum(p[own], 1e-300)).mean()
    p[own] -= 1
    return p / len(y), float(loss)
