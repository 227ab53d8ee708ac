"""The six steps of federated learning, as a generator of rounds.

    1 initialise    the server draws the first shared model
    2 local         the parties that take part in this round get it and train on their own data
    3 upload        they send their weights back
    4 aggregate     the server puts them together
    5 send back     the new shared model goes out with the next round
    6 repeat        until the last round

The objective is min_w Σ n_k/n F_k(w), F_k being party k's mean loss over its n_k examples.

    for round in run(Experiment(parties=3, examples=3000, local_epochs=5, rounds=10)):
        print(round.number, round.test_accuracy)
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from fedlab.algorithms import Algorithm, PartyResult
from fedlab.datasets import Dataset, mnist
from fedlab.experiment import Experiment
from fedlab.models import build
from fedlab.randomness import Choice, generator, participants

if TYPE_CHECKING:
    import keras

    from fedlab.local_training import LocalTraining

BYTES_PER_WEIGHT = 4  # weights travel as float32


class Diverged(ArithmeticError):
    """Training left the range of numbers: the loss or a weight is infinite or not a number."""


@dataclass(frozen=True, eq=False)
class State:
    """All that the next round needs: continue or fork a run from it."""

    number: int  # rounds done
    weights: np.ndarray  # (P,) the shared model
    algorithm: str  # whose memory this is
    memory: Any  # what the algorithm's server remembers; see `FedAvg.initial_memory`


@dataclass(frozen=True)
class PartyReport:
    """What one party did in a round."""

    party: int  # its number, from 0
    examples: int  # n_k
    steps: int  # local steps
    train_loss: float  # mean loss over the examples of its local steps, as it saw them
    distance: float  # ||w_k - w_t||, how far it went from the model the round began with


@dataclass(frozen=True)
class Round:
    """What happened in one round; rounds count from 1."""

    number: int
    test_accuracy: float  # share of the test examples that the new shared model gets right
    test_loss: float  # its mean cross-entropy on them, in nats
    train_loss: float  # mean of the parties' training losses, weighted by examples
    parties: tuple[PartyReport, ...]
    bytes_up: int  # sent by the parties to the server in this round
    bytes_down: int  # sent by the server to the parties
    seconds: float  # wall clock, evaluation included
    state: State | None  # None when the round was read from a file


def run(
    experiment: Experiment,
    *,
    start: State | None = None,
    dataset: Dataset | None = None,
    model: keras.Model | None = None,
    between_chunks: Callable[[], None] = lambda: None,
    threads: int | None = None,
) -> Iterator[Round]:
    """Run an experiment, one `Round` at a time.

    start: the `state` of an earlier round, to continue or fork from; None begins anew.
    dataset: MNIST unless given. model: a Keras classifier of your own instead of `experiment.model`; its present
    weights are the first shared model.
    between_chunks: called many times a round from the training threads; it may wait (pause) or raise (stop).
    threads: parties that train at the same time; None takes one a processor. The numbers do not depend on it.
    Raises `InvalidSetting`, `CannotTrain` or `Diverged`, each with one sentence for the learner.
    """
    from fedlab.local_training import trainer
    from fedlab.own_models import require_fit

    dataset = dataset or mnist()
    parties = hold(experiment, dataset)
    training = trainer(model or _skeleton(experiment.model, dataset.train_x.shape[1:], dataset.classes))
    require_fit(training.model, dataset.train_x.shape[1:], dataset.classes)
    state = start or initialise(experiment, dataset, model)  # step 1
    if len(state.weights) != training.size:
        raise ValueError(f"The state has {len(state.weights):,} weights, but the model has {training.size:,}.")
    if state.algorithm != experiment.algorithm.name:
        state = State(
            state.number, state.weights, experiment.algorithm.name, experiment.algorithm.initial_memory(training.size)
        )
    with ThreadPoolExecutor(threads or processors()) as pool:
        while state.number < experiment.rounds:  # step 6
            result = _round(experiment, dataset, parties, training, state, between_chunks, pool)
            assert result.state is not None
            state = result.state
            yield result


def hold(experiment: Experiment, dataset: Dataset) -> list[np.ndarray]:
    """Who holds what: for each party the positions of its examples in the data set's training part."""
    available = len(dataset.train_y)
    if experiment.examples > available:
        raise ValueError(f"{experiment.examples:,} examples are asked for, but {dataset.name} has {available:,}.")
    draw = generator(experiment.seed, Choice.EXAMPLES)
    used = draw.choice(available, size=experiment.examples, replace=False)
    rng = generator(experiment.seed, Choice.PARTITION)
    return [used[own] for own in experiment.partition.assign(dataset.train_y[used], experiment.parties, rng)]


def initialise(experiment: Experiment, dataset: Dataset | None = None, model: keras.Model | None = None) -> State:
    """The state before round 1: a model drawn from the experiment's seed (or the given model's present weights)."""

    dataset = dataset or mnist()
    model = model or build(experiment.model, dataset.train_x.shape[1:], dataset.classes, experiment.seed)
    weights = np.concatenate([np.ravel(variable.numpy()) for variable in model.trainable_variables])
    return State(0, weights, experiment.algorithm.name, experiment.algorithm.initial_memory(len(weights)))


def _round(
    experiment: Experiment,
    dataset: Dataset,
    parties: list[np.ndarray],
    training: LocalTraining,
    state: State,
    between_chunks: Callable[[], None],
    pool: ThreadPoolExecutor,
) -> Round:
    began = time.perf_counter()
    number = state.number + 1
    algorithm = experiment.algorithm
    chosen = participants(experiment.seed, number, experiment.parties, experiment.participation)
    reports: list[PartyReport] = []

    def train(party: int) -> PartyResult:  # step 2
        update = training.train(
            algorithm,
            state.weights,
            algorithm.correction(state.memory, party),
            dataset.train_x,
            dataset.train_y,
            parties[party],
            epochs=experiment.local_epochs,
            batch_size=experiment.batch_size,
            learning_rate=experiment.learning_rate,
            order=generator(experiment.seed, Choice.BATCHES, number, party),
            dropout=generator(experiment.seed, Choice.DROPOUT, number, party),
            between_chunks=between_chunks,
        )
        return PartyResult(
            party, len(parties[party]), update.steps, update.weights, update.loss, experiment.learning_rate
        )

    def uploads() -> Iterator[PartyResult]:  # step 3
        for result in _in_order(pool, train, [int(party) for party in chosen]):
            distance = float(np.linalg.norm(result.weights - state.weights.astype(np.float64)))
            if not np.isfinite(distance) or not np.isfinite(result.train_loss):
                raise Diverged(
                    f"Training broke down in round {number} at party {result.party}: its loss or its weights are no longer "
                    "finite numbers. Take a smaller learning rate."
                )
            reports.append(PartyReport(result.party, result.examples, result.steps, result.train_loss, distance))
            yield result

    weights, memory = _aggregate(algorithm, state, uploads())  # step 4
    accuracy, loss = _evaluate(training, weights, dataset, pool)
    if not np.isfinite(loss):
        raise Diverged(
            f"Training broke down in round {number}: the loss of the new shared model is no longer a finite number. "
            "Take a smaller learning rate."
        )
    message = BYTES_PER_WEIGHT * training.size * len(chosen)
    return Round(
        number=number,
        test_accuracy=accuracy,
        test_loss=loss,
        train_loss=float(np.average([r.train_loss for r in reports], weights=[r.examples for r in reports])),
        parties=tuple(reports),
        bytes_up=message * algorithm.vectors_up,
        bytes_down=message * algorithm.vectors_down,
        seconds=time.perf_counter() - began,
        state=State(number, weights, algorithm.name, memory),  # step 5: the next round sends these weights out
    )


def _aggregate(algorithm: Algorithm, state: State, results: Iterator[PartyResult]) -> tuple[np.ndarray, Any]:
    """The algorithm's new shared model and memory, checked: the algorithm may be a learner's own."""
    from fedlab.own_models import CannotTrain

    outcome = algorithm.aggregate(state.weights, results, state.memory)
    if not isinstance(outcome, tuple) or len(outcome) != 2 or np.shape(outcome[0]) != state.weights.shape:
        raise CannotTrain(
            f"aggregate of {type(algorithm).__name__} must return a pair: one number for each of the model's "
            f"{len(state.weights):,} weights, and its memory."
        )
    for _ in results:
        pass  # parties that the algorithm did not look at have worked too
    return np.asarray(outcome[0], np.float32), outcome[1]


def _evaluate(
    training: LocalTraining, weights: np.ndarray, dataset: Dataset, pool: ThreadPoolExecutor
) -> tuple[float, float]:
    """Accuracy and mean cross-entropy on the test examples."""
    parts = np.array_split(np.arange(len(dataset.test_y)), processors())
    logits = np.concatenate(list(pool.map(lambda part: training.logits_of(weights, dataset.test_x[part]), parts)))
    logits = logits.astype(np.float64)
    highest = logits.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # infinite logits: the caller says so in words
        log_sum = highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1))
    losses = log_sum - logits[np.arange(len(logits)), dataset.test_y]
    return float((logits.argmax(axis=1) == dataset.test_y).mean()), float(losses.mean())


def _in_order(pool: ThreadPoolExecutor, work: Callable[[int], PartyResult], items: list[int]) -> Iterator[PartyResult]:
    """Work on the items in parallel and yield the results in the items' order, holding only a few at a time."""
    waiting: deque[Future[PartyResult]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * processors():
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=8)
def _skeleton(name: str, input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """The one Keras model of a name that training is compiled for; its own weights are never used."""
    return build(name, input_shape, classes, seed=0)
