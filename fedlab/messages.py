"""What travels between the server and the parties, and what each side makes of it.

    server  -- down: send(w, server's memory) ------------------------->  party
            <- up:   report(...), after attack, clip, compression, mask --

A `Message` is a tuple of arrays; what it costs to send is the bytes of those arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

Message = tuple[np.ndarray, ...]


def size_of(message: Message) -> int:
    """Bytes that a message takes on its way."""
    return sum(array.nbytes for array in message)


def flat(message: Message) -> np.ndarray:
    """All numbers of a message, one array behind the other."""
    return np.concatenate([part.ravel() for part in message] or [np.zeros(0, np.float32)])


def shaped(numbers: np.ndarray, like: Message) -> Message:
    """A message with these numbers, as `flat` gives them, in arrays shaped like those of another."""
    ends = np.cumsum([part.size for part in like], dtype=int)
    return tuple(numbers[end - part.size : end].reshape(part.shape) for end, part in zip(ends, like, strict=True))


def nbytes_of(memory: Any) -> int:
    """Bytes that it takes to keep the arrays in a memory, each array once."""
    return sum(array.nbytes for array in {id(array): array for array in arrays_in(memory)}.values())


def arrays_in(memory: Any) -> Iterator[np.ndarray]:
    """All arrays in a memory: an array, or tuples, lists, dictionaries and dataclasses of them."""
    if isinstance(memory, np.ndarray):
        yield memory
    elif isinstance(memory, dict):
        yield from arrays_in(list(memory.values()))
    elif isinstance(memory, (tuple, list)):
        for part in memory:
            yield from arrays_in(part)
    elif is_dataclass(memory):
        yield from arrays_in([getattr(memory, field.name) for field in fields(memory)])


@dataclass(frozen=True, eq=False, slots=True)
class Trained:
    """What one party's local training came to."""

    weights: np.ndarray  # (P,) float32: w_k, all of the model's weights in one flat vector
    examples: int  # n_k
    steps: int  # local steps taken, τ_k
    train_loss: float  # mean loss over the examples of its local steps, as it saw them
    learning_rate: float  # η
    momentum: float = 0.0  # ρ, of the local steps

    @property
    def effective_steps(self) -> float:
        """||a_k||_1: how many steps without momentum move as far as these τ_k with it; τ_k when ρ = 0.

        Source: Wang, Liu, Liang, Joshi and Poor 2020 (arXiv 2007.07481), section 4.
        """
        rho, tau = self.momentum, self.steps
        return (tau - rho * (1 - rho**tau) / (1 - rho)) / (1 - rho)


@dataclass(frozen=True, slots=True)
class PartyReport:
    """What one party did in a round, for the learner to see; no part of the algorithm."""

    party: int  # its number, from 0
    examples: int  # n_k
    steps: int  # local steps
    train_loss: float  # mean loss over the examples of its local steps, as it saw them
    distance: float  # ||w_k - w_t||, how far it went from the model that its local training began with


@dataclass(frozen=True, eq=False, slots=True)
class Upload:
    """What comes of a party's work in a round."""

    party: int  # its number, from 0
    examples: int  # n_k
    message: Message  # what travels: the server gets this, its number and n_k
    own: dict[str, Any]  # what it remembers until its next round; stays with it
    weights: np.ndarray  # (P,) w_k; stays with it
    report: PartyReport
