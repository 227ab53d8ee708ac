"""The six steps of federated learning, as a generator of rounds.

    1 initialise    the server draws the first shared model
    2 local         the parties that take part in this round get it and train on their own data
    3 upload        they send back what has changed
    4 aggregate     the server puts that together
    5 send back     the new shared model goes out with the next round
    6 repeat        until the last round

The objective is min_w Σ n_k/n F_k(w), F_k being party k's mean loss over its n_k examples.

    for round in run(Experiment(parties=3, examples=3000, local_epochs=5, rounds=10)):
        print(round.number, round.test_accuracy)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from fedlab.accounting import Release, epsilon
from fedlab.algorithms import Algorithm
from fedlab.asynchrony import answered
from fedlab.costs import clock
from fedlab.datasets import Dataset
from fedlab.engines import Engine, engine_for
from fedlab.evaluation import judge, judge_auc
from fedlab.events import legs
from fedlab.experiment import Experiment
from fedlab.memories import first_state, kept, remembered
from fedlab.messages import Message, Upload, size_of
from fedlab.party import CannotTrain, remedy
from fedlab.plan import Plan, agreed, arrived, jobs, plan_of, rehearsal, turn_of
from fedlab.prepare import Prepared, hold, prepare
from fedlab.rounds import Diverged, NobodyReported, PartyReport, Round, State
from fedlab.stages import Mean, SecureSum, Turn
from fedlab.text import say

if TYPE_CHECKING:
    import keras

__all__ = ["Diverged", "PartyReport", "Round", "State", "first_state", "hold", "in_pieces", "prepare", "run", "turn_of"]


class Abandoned(Exception):
    """Nobody waits for this training any more."""


def run(
    experiment: Experiment,
    *,
    start: State | None = None,
    dataset: Dataset | None = None,
    model: keras.Model | None = None,
    engine: str | Callable[[Prepared], Engine] | None = None,
    between_chunks: Callable[[], None] = lambda: None,
    on_upload: Callable[[int, Upload], None] = lambda number, upload: None,
    on_mean: Callable[[int, Message], None] = lambda number, mean: None,
    threads: int | None = None,
) -> Iterator[Round]:
    """Run an experiment, one `Round` at a time.

    start: the `state` of an earlier round, to continue or fork from; None begins anew.
    dataset: arrays of your own instead of `experiment.dataset`.
    model: a Keras classifier of your own instead of `experiment.model`; its present weights are the first shared model.
    engine: what trains: "numpy" (dense models) or "keras" (any model), here; "flower", each party at a node of Flower's
    simulation; or what makes an engine of the prepared experiment. None takes the first of these that can.
    between_chunks: called many times a round from the training threads; it may wait (pause) or raise (stop).
    on_upload: called with the round's number and each party's `Upload` before it is aggregated, in the order of the
    parties' numbers. Nothing else keeps the parties' weights: keep here what `diagnostics.py` is to look at. Of parties
    that are apart, as with "flower", neither weights nor memories come: `weights` is not a number, `own` is empty.
    on_mean: called with the round's number and the one message that the algorithm's server step gets.
    threads: parties that train at the same time; None takes one a processor. The numbers do not depend on it: equal
    experiments give equal rounds, to the last bit, on one machine. (A CNN on Keras keeps that promise if nothing has
    started TensorFlow before the kit does, which gives each operation one thread.)
    Raises `InvalidSetting`, `CannotTrain` or `Diverged`, each with one sentence for the learner.
    """
    if engine == "flower":
        from fedlab.engines.flower_simulation import simulated  # starts Ray, which few need

        yield from simulated(
            experiment, start=start, dataset=dataset, model=model, between_chunks=between_chunks,
            on_upload=on_upload, on_mean=on_mean, threads=threads,
        )  # fmt: skip
        return
    left, state = threading.Event(), start

    def check() -> None:
        if left.is_set():  # an error or an interrupt has ended this run: its threads must not train on
            raise Abandoned
        between_chunks()

    for leg, last in legs(experiment, start.number if start else 0):
        prepared = prepare(leg, dataset, model)
        trains = engine(prepared) if callable(engine) else engine_for(prepared, engine)
        state = remembered(state or first_state(prepared), prepared)  # step 1
        with trains.open(threads, check):
            try:
                while state.number < last:  # step 6
                    began, plan = time.perf_counter(), plan_of(prepared, state)
                    plan = agreed(plan, list(trains.work(jobs(prepared, state, rehearsal(plan)))))
                    with closing(trains.work(jobs(prepared, state, plan))) as uploads:  # steps 2 and 3, at the parties
                        result = finished(prepared, state, plan, uploads, trains, on_upload, began, on_mean)
                    assert result.state is not None
                    state = result.state
                    yield result
            except BaseException:
                left.set()
                raise


def in_pieces(
    experiment: Experiment,
    *,
    start: State | None = None,
    dataset: Dataset | None = None,
    model: keras.Model | None = None,
    on_upload: Callable[[int, Upload], None] = lambda number, upload: None,
) -> Iterator[Round | None]:
    """`run` for a place without threads: it works on the caller's, and gives it back with None after each 10 to 50 ms.

    The rounds are `run`'s, to the last bit; they hold the uploads of all their parties until the last has reported.
    """
    state = start
    for leg, last in legs(experiment, start.number if start else 0):
        prepared = prepare(leg, dataset, model)
        trains = engine_for(prepared)
        state = remembered(state or first_state(prepared), prepared)
        with trains.open(1):
            while state.number < last:
                began, plan = time.perf_counter(), plan_of(prepared, state)
                shown, uploads = list[Upload](), list[Upload]()
                for job in jobs(prepared, state, rehearsal(plan)):
                    shown.append((yield from trains.pieces(job)))
                    yield None
                plan = agreed(plan, shown)
                for job in jobs(prepared, state, plan):
                    uploads.append((yield from trains.pieces(job)))
                    yield None
                result = finished(prepared, state, plan, iter(uploads), trains, on_upload, began)
                assert result.state is not None
                state = result.state
                yield result


def finished(
    prepared: Prepared,
    state: State,
    plan: Plan,
    uploads: Iterator[Upload],
    engine: Engine,
    on_upload: Callable[[int, Upload], None],
    began: float,
    on_mean: Callable[[int, Message], None] = lambda number, mean: None,
) -> Round:
    """Everything that happens in a round at the server, from the first upload on.

    A party of the plan whose upload never comes is a dropout; `NobodyReported` if none comes at all.
    """
    experiment, algorithm, number = prepared.experiment, prepared.experiment.algorithm, state.number + 1
    stages, turn, epochs, down = plan
    owns = list(state.parties) if engine.hands_back_memories else [dict[str, Any]() for _ in state.parties]
    reports, bytes_up = list[PartyReport](), 0

    def seen(uploads: Iterator[Upload]) -> Iterator[Upload]:
        nonlocal bytes_up
        for upload in uploads:
            owns[upload.party] = kept(upload.own)
            reports.append(upload.report)
            bytes_up += size_of(upload.message)
            on_upload(number, upload)
            yield arrived(upload, stages, turn)
        if plan.epochs and not reports:
            raise NobodyReported(say("In round {number} no party has reported.", number=number))

    mean = _combined(experiment, stages["secure_sum"], seen(uploads), turn)  # step 4
    epochs = {report.party: epochs[report.party] for report in reports}
    for role in reversed(stages):
        mean = stages[role].at_server(mean, list(epochs), turn.at(role))
    on_mean(number, mean)
    share = sum(report.examples for report in reports) / sum(map(len, prepared.training))
    weights, server = _stepped(algorithm, state, mean, share)
    models = algorithm.judged(weights, [own.get("algorithm") for own in owns])
    accuracy, loss = judge(engine, models, prepared.dataset)
    aimed = stages["attack"].aimed_at(prepared.dataset)
    if not np.isfinite(loss):
        raise Diverged(
            say(
                "Training broke down in round {number}: the loss of the new shared model is no longer a finite number. "
                "{remedy}",
                number=number,
                remedy=remedy(algorithm),
            )
        )
    beside_up, beside_down = stages["secure_sum"].bytes_beside(turn.at("secure_sum"), len(epochs))
    bytes_up += beside_up
    bytes_down = size_of(down) * len(turn.chosen) + beside_down
    if algorithm.in_one_place:  # its messages do not travel
        bytes_up = bytes_down = 0
    each_way = bytes_down // max(1, len(turn.chosen)), bytes_up // max(1, len(epochs))
    release = stages["privacy"].release(experiment.participation)
    releases = {**state.releases, release: state.releases.get(release, 0) + 1}
    examples = {party: len(prepared.training[party]) for party in epochs}
    result = Round(
        number=number,
        test_accuracy=accuracy,
        test_loss=loss,
        train_loss=sum(r.examples * r.train_loss for r in reports) / max(1, sum(r.examples for r in reports)),
        parties=tuple(reports),
        bytes_up=bytes_up,
        bytes_down=bytes_down,
        seconds=time.perf_counter() - began,
        state=State(number, weights, server, tuple(owns), state.kinds, state.fingerprint, releases),
        simulated_seconds=clock(experiment, examples, each_way),
        absent=len(turn.chosen) - len(epochs),
        engine=engine.name,
        epsilon=_spent(releases, stages["privacy"].delta),
        backdoor=judge(engine, models, aimed)[0] if aimed else None,
        test_auc=judge_auc(engine, models, prepared.dataset),
    )
    return answered(prepared, state, result) if algorithm.asynchronous else result


def _spent(releases: Mapping[Release, int], delta: float | None) -> float | None:
    """ε at δ after these releases; None where nothing is promised, now or in an earlier round."""
    if delta is None:
        return None
    spent = epsilon(releases, delta)
    return spent if np.isfinite(spent) else None


def _combined(experiment: Experiment, secure_sum: SecureSum, uploads: Iterator[Upload], turn: Turn) -> Message:
    """The aggregation rule's one message, checked: the rule may be a learner's own."""
    rule = Mean() if experiment.algorithm.in_one_place else experiment.aggregation
    mean = secure_sum.combine(uploads, rule, turn.at("secure_sum"))
    for _ in uploads:
        pass  # parties that the rule did not look at have worked too
    if not isinstance(mean, tuple) or not all(isinstance(part, np.ndarray) for part in mean):
        raise CannotTrain(
            say(
                "combine of {aggregation} must return one message, a tuple of arrays shaped like those that it got.",
                aggregation=type(experiment.aggregation).__name__,
            )
        )
    return mean


def _stepped(algorithm: Algorithm, state: State, mean: Message, share: float) -> tuple[np.ndarray, Any]:
    """The algorithm's new shared model and server memory, checked: the algorithm may be a learner's own."""
    outcome = algorithm.step(state.weights, mean, share, state.server)
    if not isinstance(outcome, tuple) or len(outcome) != 2 or np.shape(outcome[0]) != state.weights.shape:
        raise CannotTrain(
            say(
                "step of {algorithm} must return a pair: one number for each of the model's {size:,} weights, and what "
                "the server remembers.",
                algorithm=type(algorithm).__name__,
                size=len(state.weights),
            )
        )
    weights = np.asarray(outcome[0], np.float32)
    return kept(weights), kept(outcome[1])
