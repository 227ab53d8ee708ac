"""What a run hands over: a `Round` at a time, with the `State` to go on from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np


class Diverged(ArithmeticError):
    """Training left the range of numbers: the loss or a weight is infinite or not a number."""


@dataclass(frozen=True, eq=False)
class State:
    """All that the next round needs: continue or fork a run from it."""

    number: int  # rounds done
    weights: np.ndarray  # (P,) the shared model
    algorithm: str = ""  # whose memory this is; "" before the first round: there is none
    memory: Any = None  # what the algorithm remembers; see `FedAvg.initial_memory`
    examples: tuple[int, ...] = ()  # n_k of the parties that the memory is about

    @property
    def nbytes(self) -> int:
        """What it takes to keep this state: the shared model and the arrays in the algorithm's memory, once each."""
        return self.weights.nbytes + sum(array.nbytes for array in {id(a): a for a in _arrays(self.memory)}.values())


def _arrays(memory: Any) -> Iterator[np.ndarray]:
    """All arrays in an algorithm's memory: an array, or tuples, lists, dictionaries and dataclasses of them."""
    if isinstance(memory, np.ndarray):
        yield memory
    elif isinstance(memory, dict):
        yield from _arrays(list(memory.values()))
    elif isinstance(memory, (tuple, list)):
        for part in memory:
            yield from _arrays(part)
    elif is_dataclass(memory):
        yield from _arrays([getattr(memory, field.name) for field in fields(memory)])


@dataclass(frozen=True)
class PartyReport:
    """What one party did in a round."""

    party: int  # its number, from 0
    examples: int  # n_k
    steps: int  # local steps
    train_loss: float  # mean loss over the examples of its local steps, as it saw them
    distance: float  # ||w_k - w_t||, how far it went from the model that its local training began with


@dataclass(frozen=True)
class Round:
    """What happened in one round; rounds count from 1."""

    number: int
    test_accuracy: float  # share of the test examples that the new shared model gets right
    test_loss: float  # its mean cross-entropy on them, in nats
    train_loss: float  # mean of the parties' training losses, weighted by examples
    parties: tuple[PartyReport, ...]  # those whose work counted
    bytes_up: int  # sent by the parties to the server in this round
    bytes_down: int  # sent by the server to the parties
    seconds: float  # wall clock, evaluation included
    state: State | None  # None when the round was read from a file
    simulated_seconds: float = 0.0  # what the round would take on the parties' devices; see `systems.py`
    absent: int = 0  # parties that were asked to take part and whose work did not count
