"""What a run hands over: a `Round` at a time, with the `State` to go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fedlab.accounting import Release
from fedlab.messages import PartyReport, nbytes_of

__all__ = ["CannotTrain", "Diverged", "NobodyReported", "PartyReport", "Round", "State"]


class Diverged(ArithmeticError):
    """Training left the range of numbers: the loss or a weight is infinite or not a number."""


class CannotTrain(ValueError):
    """A model, an algorithm or a stage that cannot be trained this way; the text says why and what to do."""


class NobodyReported(CannotTrain):
    """A round in which no party answered, as may happen on a network; the shared model stays as it was before."""


@dataclass(frozen=True, eq=False, slots=True)
class State:
    """All that the next round needs: continue or fork a run from it. Its arrays are read-only."""

    number: int  # rounds done
    weights: np.ndarray  # (P,) the shared model
    server: Any = None  # what the server remembers; see `FedAvg.server_memory`
    parties: tuple[dict[str, Any], ...] = ()  # what each party remembers, by role: "algorithm", "compression", ...
    kinds: tuple[type, ...] = ()  # whose memories these are: the algorithm, then the stages
    fingerprint: int = 0  # of the data, dealt out, that the parties' memories are about
    releases: Mapping[Release, int] = field(default_factory=dict)  # in how many rounds a party was hidden in which way

    @property
    def nbytes(self) -> int:
        """What it takes to keep this state: the shared model and all that server and parties remember."""
        return nbytes_of([self.weights, self.server, self.parties])


@dataclass(frozen=True, slots=True)
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
    simulated_seconds: float = 0.0  # what the round would take on the parties' devices; see `costs.py`
    absent: int = 0  # parties that were asked to take part and whose work did not count
    engine: str = ""  # what trained: "numpy", "keras", ...
    epsilon: float | None = None  # ε after this round, at the experiment's δ; None where nothing is promised
    backdoor: float | None = (
        None  # share of what bears an attack's trigger that is called what it wants; None: no trigger
    )
    test_auc: float | None = None  # see `evaluation.auc`; None where accuracy is the data set's measure

    @property
    def score(self) -> float:
        """What the data set is measured by: AUC, or the test accuracy."""
        return self.test_accuracy if self.test_auc is None else self.test_auc
