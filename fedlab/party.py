"""What a party does in a round, wherever it runs: train on its own data, report, and let the report pass the stages.

A `Job` is all that it needs, a plain value that can be sent to another process or machine. Its draws have coordinates
(seed, choice, round, party), so the same job gives the same upload anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from fedlab.algorithms import Algorithm
from fedlab.messages import Message, PartyReport, Trained, Upload
from fedlab.randomness import Choice, generator, local_batches
from fedlab.roles import is_ours
from fedlab.rounds import CannotTrain, Diverged
from fedlab.stages import Stage, Turn
from fedlab.text import say


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """One party's part of one round."""

    party: int  # its number, from 0
    turn: Turn  # the round: its number, who takes part, and where its draws come from
    algorithm: Algorithm
    stages: dict[str, Stage]  # what its message passes on its way up, by role, in order
    down: Message  # what the server has sent
    own: dict[str, Any]  # what the party remembers, by role
    x: np.ndarray  # (n_k, ...) its examples, as it sees them
    y: np.ndarray  # (n_k,) their labels
    scale: float  # the model sees x / scale
    epochs: int
    batch_size: int | str  # or "all"
    learning_rate: float
    momentum: float

    @property
    def start(self) -> np.ndarray:
        """(P,) float32: the model that local training begins with."""
        return self._vector("start", self.algorithm.start(self.down, self.own.get("algorithm")))

    @property
    def correction(self) -> np.ndarray | None:
        """(P,) float32: the constant in each local step, or None."""
        constant = self.algorithm.correction(self.down, self.own.get("algorithm"))
        return None if constant is None else self._vector("correction", constant)

    def _vector(self, method: str, found: Any) -> np.ndarray:
        """What a method of the algorithm gave, as one float32 number for each weight: it may be a learner's own."""
        require_shape(self.algorithm, method, np.shape(found), (self.turn.size,))
        return np.asarray(found, np.float32)

    @property
    def width(self) -> int:
        """B: how many examples a batch holds at most."""
        return len(self.y) if self.batch_size == "all" else int(self.batch_size)

    @property
    def steps(self) -> int:
        """τ_k: E ⌈n_k / B⌉ local steps."""
        return self.epochs * -(-len(self.y) // self.width)

    def batches(self) -> Iterator[np.ndarray]:
        """Positions of the examples of each local step, drawn as they are needed."""
        order = generator(self.turn.seed, Choice.BATCHES, self.turn.number, self.party)
        return chain.from_iterable(local_batches(order, len(self.y), self.width, epochs=1) for _ in range(self.epochs))


def _beside(
    job: Job, algorithm: Algorithm, train: Callable[[Job], Generator[None, None, Trained]]
) -> Generator[None, None, Any]:
    """What a party remembers after it has trained, in the same batches, a model that it keeps."""
    beside = replace(job, algorithm=algorithm)
    trained = yield from train(beside)
    return algorithm.report(beside.down, beside.own.get("algorithm"), trained)[1]


def require_shape(algorithm: Algorithm, method: str, shape: object, wanted: tuple[int, ...]) -> None:
    """Raise `CannotTrain` unless what a method of the algorithm returned has the wanted shape."""
    if shape != wanted:
        raise CannotTrain(
            say(
                "{method} of {algorithm} returned the shape {shape} for weights of shape {wanted}: it must return one "
                "number for each weight.",
                method=method,
                algorithm=type(algorithm).__name__,
                shape=shape,
                wanted=wanted,
            )
        )


def work(job: Job, train: Callable[[Job], Generator[None, None, Trained]]) -> Generator[None, None, Upload]:
    """Steps 2 and 3 of the six: local training, and what is sent of it. train: an engine's local training.

    It yields where the training does, and ends with the upload.
    """
    places = {role: job.turn.at(role, job.party) for role in job.stages}
    for role, stage in job.stages.items():
        x, y = stage.at_data(job.x, job.y, places[role])
        job = replace(job, x=x, y=y)
    trained = yield from train(job)
    if (own_training := job.algorithm.own_training()) is not None:
        job = replace(job, own=job.own | {"algorithm": (yield from _beside(job, own_training, train))})
    trained.weights.setflags(write=False)  # w_k is also told to the learner: an own `report` must not write into it
    own = dict(job.own)
    message, memory = _reported(job, trained)
    if memory is not None:
        own["algorithm"] = memory
    for role, stage in job.stages.items():
        message, memory = stage.at_party(message, own.get(role), places[role])
        if memory is not None:
            own[role] = memory
    # Not np.linalg.norm: it wakes the threads of NumPy's BLAS, which then spin where parties should train.
    distance = float(np.sqrt(np.square(trained.weights - job.start, dtype=np.float64).sum()))
    if not np.isfinite(distance) or not np.isfinite(trained.train_loss):
        raise Diverged(
            say(
                "Training broke down in round {number} at party {party}: its loss or its weights are no longer finite "
                "numbers. {remedy}",
                number=job.turn.number,
                party=job.party,
                remedy=remedy(job.algorithm),
            )
        )
    report = PartyReport(job.party, len(job.y), trained.steps, trained.train_loss, distance)
    return Upload(job.party, len(job.y), message, own, trained.weights, report)


def remedy(algorithm: Algorithm) -> str:
    """What to do when numbers are no longer finite: an algorithm of the learner's own may have made them so."""
    if is_ours("algorithm", type(algorithm)):
        return say("Take a smaller learning rate.")
    return say(
        "Take a smaller learning rate, or look in {algorithm} for a division by zero.",
        algorithm=type(algorithm).__name__,
    )


def _reported(job: Job, trained: Trained) -> tuple[Message, Any]:
    """What the algorithm's `report` gives, checked: the algorithm may be a learner's own. Floats travel as float32."""
    outcome = job.algorithm.report(job.down, job.own.get("algorithm"), trained)
    pair = isinstance(outcome, tuple) and len(outcome) == 2 and isinstance(outcome[0], tuple)
    arrays = [np.asarray(part) for part in outcome[0]] if pair else []
    if not pair or any(not np.issubdtype(array.dtype, np.number) for array in arrays):
        raise CannotTrain(
            say(
                "report of {algorithm} must return a pair: the message, a tuple of arrays such as "
                "(trained.weights - down[0],), and what the party remembers.",
                algorithm=type(job.algorithm).__name__,
            )
        )
    return tuple(a.astype(np.float32, copy=False) if a.dtype.kind == "f" else a for a in arrays), outcome[1]
