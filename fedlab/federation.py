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

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from fedlab.algorithms import Algorithm, PartyResult
from fedlab.datasets import Dataset
from fedlab.evaluation import evaluate, processors
from fedlab.experiment import Experiment
from fedlab.models import build
from fedlab.randomness import Choice, generator, participants
from fedlab.rounds import Diverged, PartyReport, Round, State
from fedlab.settings import InvalidSetting
from fedlab.skew import as_seen
from fedlab.systems import clock, reporting

if TYPE_CHECKING:
    import keras

    from fedlab.local_training import LocalTraining

__all__ = ["Diverged", "PartyReport", "Round", "State", "hold", "initialise", "run"]

BYTES_PER_WEIGHT = 4  # weights travel as float32


def run(
    experiment: Experiment,
    *,
    start: State | None = None,
    dataset: Dataset | None = None,
    model: keras.Model | None = None,
    between_chunks: Callable[[], None] = lambda: None,
    on_upload: Callable[[int, PartyResult], None] = lambda number, result: None,
    threads: int | None = None,
) -> Iterator[Round]:
    """Run an experiment, one `Round` at a time.

    start: the `state` of an earlier round, to continue or fork from; None begins anew.
    dataset: arrays of your own instead of `experiment.dataset`.
    model: a Keras classifier of your own instead of `experiment.model`; its present weights are the first shared model.
    between_chunks: called many times a round from the training threads; it may wait (pause) or raise (stop).
    on_upload: called with the round's number and each party's result before it is aggregated, in the order of the
    parties' numbers. Nothing else keeps the parties' weights: keep here what `diagnostics.py` is to look at.
    threads: parties that train at the same time; None takes one a processor. The numbers do not depend on it.
    Raises `InvalidSetting`, `CannotTrain` or `Diverged`, each with one sentence for the learner.
    """
    dataset = dataset or experiment.data()
    parties = hold(experiment, dataset)
    dataset = as_seen(experiment, dataset, parties)
    if experiment.algorithm.pools_data:
        parties = [np.concatenate(parties)]
    training = training_for(experiment, dataset, model)
    state = start or initialise(experiment, dataset, model)  # step 1
    if len(state.weights) != training.size:
        raise ValueError(f"The state has {len(state.weights):,} weights, but the model has {training.size:,}.")
    state = _with_memory(state, experiment.algorithm, tuple(map(len, parties)))
    with ThreadPoolExecutor(threads or processors()) as pool:
        while state.number < experiment.rounds:  # step 6
            result = _round(experiment, dataset, parties, training, state, between_chunks, on_upload, pool)
            assert result.state is not None
            state = result.state
            yield result


def hold(experiment: Experiment, dataset: Dataset) -> list[np.ndarray]:
    """Who holds what: for each party the positions of its examples in the data set's training part.

    Data with owners has as many examples as its owners made; `experiment.examples` is then the most that are used.
    """
    available, partition = len(dataset.train_y), experiment.partition
    if experiment.examples > available and dataset.owners is None:
        raise ValueError(f"{experiment.examples:,} examples are asked for, but {dataset.name} has {available:,}.")
    if partition.reads_owners and dataset.owners is None:
        raise InvalidSetting(
            "partition",
            f"partition is {partition.name}, but {dataset.name} does not say whose each example is: take another "
            "partition, or data with owners such as synthetic.",
        )
    draw = generator(experiment.seed, Choice.EXAMPLES)
    used = draw.choice(available, size=min(experiment.examples, available), replace=False)
    known = dataset.owners if partition.reads_owners else dataset.train_y
    assert known is not None
    held = partition.assign(known[used], experiment.parties, generator(experiment.seed, Choice.PARTITION))
    return [used[own] for own in held]


def training_for(experiment: Experiment, dataset: Dataset, model: keras.Model | None = None) -> LocalTraining:
    """Local training and evaluation, compiled once for each model; raises `CannotTrain` if the model does not fit."""
    from fedlab.local_training import trainer
    from fedlab.own_models import require_fit

    training = trainer(model or _skeleton(experiment.model, dataset.train_x.shape[1:], dataset.classes))
    require_fit(training.model, dataset.train_x.shape[1:], dataset.classes)
    return training


def initialise(experiment: Experiment, dataset: Dataset | None = None, model: keras.Model | None = None) -> State:
    """The state before round 1: a model drawn from the experiment's seed (or the given model's present weights)."""
    dataset = dataset or experiment.data()
    model = model or build(experiment.model, dataset.train_x.shape[1:], dataset.classes, experiment.seed)
    return State(0, np.concatenate([np.ravel(variable.numpy()) for variable in model.trainable_variables]))


def _round(
    experiment: Experiment,
    dataset: Dataset,
    parties: list[np.ndarray],
    training: LocalTraining,
    state: State,
    between_chunks: Callable[[], None],
    on_upload: Callable[[int, PartyResult], None],
    pool: ThreadPoolExecutor,
) -> Round:
    began = time.perf_counter()
    number = state.number + 1
    algorithm = experiment.algorithm
    chosen = participants(experiment.seed, number, len(parties), experiment.participation)
    epochs = reporting(experiment, number, chosen)
    reports: list[PartyReport] = []

    def train(party: int) -> PartyResult:  # step 2
        update = training.train(
            algorithm,
            algorithm.starting_point(state.weights, state.memory, party),
            algorithm.correction(state.memory, party),
            dataset.train_x,
            dataset.train_y,
            parties[party],
            epochs=epochs[party],
            batch_size=experiment.batch_size,
            learning_rate=experiment.learning_rate,
            momentum=experiment.momentum,
            order=generator(experiment.seed, Choice.BATCHES, number, party),
            dropout=generator(experiment.seed, Choice.DROPOUT, number, party),
            between_chunks=between_chunks,
        )
        return PartyResult(
            party,
            len(parties[party]),
            update.steps,
            update.weights,
            update.loss,
            experiment.learning_rate,
            experiment.momentum,
        )

    def uploads() -> Iterator[PartyResult]:  # step 3
        for result in _in_order(pool, train, list(epochs)):
            began_with = algorithm.starting_point(state.weights, state.memory, result.party)
            # Not np.linalg.norm: it wakes the threads of NumPy's BLAS, which then spin where parties should train.
            distance = float(np.sqrt(np.square(result.weights - began_with, dtype=np.float64).sum()))
            if not np.isfinite(distance) or not np.isfinite(result.train_loss):
                raise Diverged(
                    f"Training broke down in round {number} at party {result.party}: its loss or its weights are no "
                    "longer finite numbers. Take a smaller learning rate."
                )
            reports.append(PartyReport(result.party, result.examples, result.steps, result.train_loss, distance))
            on_upload(number, result)
            yield result

    weights, memory = _aggregate(algorithm, state, uploads())  # step 4
    accuracy, loss = evaluate(training, algorithm.judged(weights, memory), dataset, pool, between_chunks)
    if not np.isfinite(loss):
        raise Diverged(
            f"Training broke down in round {number}: the loss of the new shared model is no longer a finite number. "
            "Take a smaller learning rate."
        )
    down = BYTES_PER_WEIGHT * training.size * algorithm.vectors_down
    up = BYTES_PER_WEIGHT * training.size * algorithm.vectors_up
    return Round(
        number=number,
        test_accuracy=accuracy,
        test_loss=loss,
        train_loss=float(np.average([r.train_loss for r in reports], weights=[r.examples for r in reports])),
        parties=tuple(reports),
        bytes_up=up * len(epochs),
        bytes_down=down * len(chosen),
        seconds=time.perf_counter() - began,
        state=State(number, weights, state.algorithm, memory, state.examples),  # step 5: the next round sends them out
        simulated_seconds=clock(experiment, {party: len(parties[party]) for party in epochs}, (down, up)),
        absent=len(chosen) - len(epochs),
    )


def _with_memory(state: State, algorithm: Algorithm, examples: tuple[int, ...]) -> State:
    """The state with a memory of this algorithm about these parties: its own if it fits, else a new one."""
    if state.algorithm == algorithm.name and state.examples == examples:
        return state
    memory = algorithm.initial_memory(len(state.weights), np.array(examples))
    return State(state.number, state.weights, algorithm.name, memory, examples)


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


@lru_cache(maxsize=8)
def _skeleton(name: str, input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """The one Keras model of a name that training is compiled for; its own weights are never used."""
    return build(name, input_shape, classes, seed=0)
