"""Checks of lesson 02, FedAvg."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import numpy as np
from pydantic import ValidationError

from fedlab.costs import Prices, steps
from fedlab.experiment import Experiment
from fedlab.federation import Round, run
from fedlab.history import History
from fedlab.lessons.exercises import NotYet, as_number, close, exercise, require
from fedlab.text import say

GOAL = 0.86  # test accuracy
MEGABYTES = 40  # both ways, over all rounds
MINUTES = 8  # until the last round is over
PRICES = Prices(down=0.04, up=0.04, step=1.0, wait=20.0)  # old phones: 40 kB/s, and a second for each local step
ASKED = Experiment(parties=20, examples=2_000)  # what a choice of settings may not change
MODEL = 796_840  # bytes of the 2NN, one way


@exercise(
    answer="local_steps",
    points=1,
    wrong={
        "all": lambda examples, batch_size, epochs: epochs * int(np.ceil(examples / int(batch_size))),
        "last batch": lambda examples, batch_size, epochs: (
            epochs if batch_size == "all" else epochs * (examples // batch_size)
        ),
        "whole number": lambda examples, batch_size, epochs: (
            epochs if batch_size == "all" else epochs * examples / batch_size
        ),
        "begins anew": lambda examples, batch_size, epochs: (
            epochs if batch_size == "all" else np.ceil(epochs * examples / batch_size)
        ),
        "twice the epochs": lambda examples, batch_size, epochs: (
            1 if batch_size == "all" else np.ceil(examples / batch_size)
        ),
        "one step each": lambda examples, batch_size, epochs: epochs * examples,
        "one step an epoch": lambda examples, batch_size, epochs: (
            examples * epochs if batch_size == "all" else epochs * np.ceil(examples / batch_size)
        ),
    },
)
def check_steps(local_steps: Callable[..., Any]) -> str:
    """local_steps(examples, batch_size, epochs): how many steps a party takes in a round; batch_size may be "all"."""
    even = as_number(local_steps(600, 10, 1))
    require(as_number(local_steps(600, 10, 2)) == 2 * even, "twice the epochs must be twice the steps.")
    require(even < 600, "the examples of a batch share one step: with B = 10 they do not take one step each.")
    require(close(even, 60), "600 examples make 60 batches of 10, but you count {yours:g} steps.", yours=even)
    try:
        whole = as_number(local_steps(600, "all", 5))
    except (TypeError, ValueError):
        raise NotYet(
            say('the batch size may also be the word "all", and your function cannot take that yet.')
        ) from None
    require(
        close(whole, 5), 'a batch size of "all" is one step an epoch, but you count {yours:g} in 5 epochs.', yours=whole
    )
    short = as_number(local_steps(25, 10, 1))
    require(
        short == int(short), "steps are counted, so there must be a whole number of them, not {yours:g}.", yours=short
    )
    require(
        short == 3,
        "25 examples in batches of 10 leave 5 over, which are a last batch: 3 steps, not {yours:g}.",
        yours=short,
    )
    anew = as_number(local_steps(25, 10, 3))
    require(
        anew == 9,
        "each epoch begins anew, with a short batch of its own: 3 epochs of 25 are not {yours:g} steps.",
        yours=anew,
    )
    return say("A party with 600 examples takes 1 step a round in FedSGD, and 300 with E = 5 and B = 10.")


def _history(accuracies: list[float], up: list[int], down: list[int]) -> History:
    rounds = [
        Round(number, accuracy, 0.0, 0.0, (), bytes_up, bytes_down, 0.0, None)
        for number, (accuracy, bytes_up, bytes_down) in enumerate(zip(accuracies, up, down, strict=True), start=1)
    ]
    return History(Experiment(rounds=len(rounds)), rounds)


def _sent(one: Round) -> int:
    return one.bytes_up + one.bytes_down


@exercise(
    answer="bytes_to",
    points=2,
    wrong={
        "both ways": lambda history, goal: _until(history, goal, lambda one: one.bytes_up),
        "both ways ": lambda history, goal: _until(history, goal, lambda one: 2 * one.bytes_up),
        "that round": lambda history, goal: sum(_sent(one) for one in history.rounds[: history.rounds_to(goal) - 1]),
        "first reaches": lambda history, goal: sum(map(_sent, history)),
        "first reaches ": lambda history, goal: sum(
            _sent(one) for one in history.rounds[: max(one.number for one in history if one.test_accuracy >= goal)]
        ),
        "that round ": lambda history, goal: sum(_sent(one) for one in history if one.test_accuracy < goal),
        "own number": lambda history, goal: history.rounds_to(goal) * _sent(history.rounds[0]),
        "never": lambda history, goal: _until(history, goal, _sent),
        "exactly": lambda history, goal: sum(
            _sent(one)
            for one in history.rounds[: next((o.number for o in history if o.test_accuracy > goal), len(history))]
        ),
    },
)
def check_bytes_to(bytes_to: Callable[..., Any]) -> str:
    """bytes_to(history, goal): the bytes sent, both ways, until the test accuracy first reaches goal; inf if never."""

    def ask(history: History, goal: float) -> float:
        value = bytes_to(history, goal)
        return float("inf") if isinstance(value, float) and value == float("inf") else as_number(value)

    plain = _history([0.5, 0.7, 0.9], [100] * 3, [100] * 3)
    first = ask(plain, 0.5)
    require(first != 0, "the first round reaches 50 % here, and that round has sent something too.")
    require(first != 600, "count only until the accuracy first reaches the goal, not the whole run.")
    require(first != 400, "an accuracy that is exactly the goal has reached it.")
    require(first == 200, "100 bytes up and 100 down make 200, both ways, but yours is {yours:g}.", yours=first)
    second = ask(plain, 0.7)
    require(second != 200, "the round that reaches the goal has sent bytes as well: count that round too.")
    require(second == 400, "after two rounds of 200 bytes it is 400, but yours is {yours:g}.", yours=second)
    dips = _history([0.5, 0.9, 0.6, 0.9], [100] * 4, [100] * 4)
    require(ask(dips, 0.9) == 400, "the accuracy may fall again later: count to the round that first reaches the goal.")
    late = _history([0.9, 0.5, 0.9], [100] * 3, [100] * 3)
    require(ask(late, 0.9) == 200, "until then, but not after it: a later round below the goal does not count.")
    lost = _history([0.5, 0.7, 0.9], [30, 20, 10], [100] * 3)
    value = ask(lost, 0.9)
    require(value != 390, "each round has its own number of bytes: parties may drop out.")
    require(
        value == 360, "30 + 20 + 10 bytes up and 300 down make 360, both ways, but yours is {yours:g}.", yours=value
    )
    never = ask(plain, 0.95)
    require(never == float("inf"), 'a run that never gets there must give float("inf"), not {yours:g}.', yours=never)
    return say("It counts both ways, up to the first round that gets there, whatever a round costs.")


def _until(history: History, goal: float, cost: Callable[[Round], int]) -> int:
    return sum(cost(one) for one in history.rounds[: history.rounds_to(goal)])


def _experiment(answer: Callable[..., Any], *given: Experiment) -> Experiment:
    """What the answer returns, if it is an experiment; a word about it if it tried to change one."""
    try:
        yours = answer(*given)
    except ValidationError as error:
        if error.errors()[0]["type"] != "frozen_instance":
            raise
        sentence = say("an Experiment cannot be changed: make another with with_, such as experiment.with_(seed=3).")
        raise NotYet(sentence) from None
    require(isinstance(yours, Experiment), "your function must return an Experiment: experiment.with_(...) makes one.")
    return cast(Experiment, yours)


def _in_place(experiment: Experiment) -> Experiment:
    experiment.local_epochs = 1  # type: ignore[misc]
    return experiment


@exercise(
    answer="as_fedsgd",
    points=1,
    wrong={
        "the algorithm FedAvg": lambda experiment: experiment.with_(algorithm="fedsgd"),
        "one step": lambda experiment: experiment,
        "one step ": lambda experiment: experiment.with_(local_epochs=1),
        "one step  ": lambda experiment: experiment.with_(batch_size="all"),
        "one step   ": lambda experiment: experiment.with_(local_epochs=1, batch_size=10),
        "not all hold the same number": lambda experiment: experiment.with_(
            local_epochs=1, batch_size=experiment.examples // experiment.parties
        ),
        "leave the others": lambda experiment: Experiment(local_epochs=1, batch_size="all"),
        "leave the others ": lambda experiment: experiment.with_(local_epochs=1, batch_size="all", learning_rate=0.5),
        "make another with with_": _in_place,
        "must return an Experiment": lambda experiment: {"local_epochs": 1, "batch_size": "all"},
    },
    limit=120,
)
def check_as_fedsgd(as_fedsgd: Callable[..., Any]) -> str:
    """as_fedsgd(experiment): the experiment, still with FedAvg, with settings that make it do what FedSGD does.

    The parties hold from 4 to 314 images.
    """
    given = Experiment(parties=4, examples=400, partition="quantity", model="softmax", rounds=2, local_epochs=3, seed=5)
    yours = _experiment(as_fedsgd, given)
    require(yours.algorithm.name == "fedavg", "it must still have the algorithm FedAvg; only its settings may change.")
    rest = {"local_epochs": 1, "batch_size": 32}
    require(yours.with_(**rest) == given.with_(**rest), "change what must change, and leave the others as they are.")
    rounds, exact = list(run(yours)), list(run(given.with_(algorithm="fedsgd")))
    reports = rounds[0].parties
    most = max(reports, key=lambda report: report.steps)
    require(
        most.steps == 1 or min(report.steps for report in reports) > 1,
        "every party must take one step a round, but not all hold the same number of images: with {images} of them "
        "it is {steps}.",
        images=most.examples,
        steps=most.steps,
    )
    require(
        most.steps == 1,
        "in FedSGD every party takes one step a round, but here one of them takes {steps}.",
        steps=most.steps,
    )
    for one, other in zip(rounds, exact, strict=True):
        assert one.state is not None
        assert other.state is not None
        require(close(one.state.weights, other.state.weights), "the shared model must be that of FedSGD, and is not.")
    return say("Both were trained for two rounds, on parties with 4 to 314 images, and all 7,850 weights agree.")


def megabytes(choice: Experiment) -> float:
    """What a choice of settings sends, both ways."""
    return choice.rounds * max(1, round(choice.participation * choice.parties)) * 2 * MODEL / 1e6


def minutes(choice: Experiment) -> float:
    """How long it takes: each party has its own line and 100 images, so all parties of a round are done at once."""
    travel = MODEL / 1e6 / PRICES.down + MODEL / 1e6 / PRICES.up
    return choice.rounds * (travel + steps(choice, 100) * PRICES.step + PRICES.wait) / 60


@lru_cache(maxsize=16)
def _accuracy(experiment: Experiment) -> float:
    return max(History(experiment, run(experiment)).column("test_accuracy"))


@exercise(
    answer="choose",
    points=2,
    wrong={
        "MB": lambda: ASKED,
        "MB ": lambda: ASKED.with_(rounds=6, participation=0.25, local_epochs=2, batch_size=10),
        "leave parties": lambda: Experiment(parties=2, examples=2_000, rounds=10, local_epochs=5, batch_size=10),
        "leave parties ": lambda: ASKED.with_(model="softmax", local_epochs=5, rounds=20),
        "leave parties  ": lambda: ASKED.with_(algorithm="central", rounds=10),
        "minutes": lambda: ASKED.with_(rounds=12, participation=0.1, batch_size=10),
        "minutes ": lambda: ASKED.with_(rounds=25, participation=0.05, batch_size=10),
        "minutes  ": lambda: ASKED.with_(rounds=5, participation=0.25, local_epochs=20, batch_size=10),
        "test images right": lambda: ASKED.with_(rounds=6, participation=0.2, batch_size=10),
        "test images right ": lambda: ASKED.with_(rounds=1, participation=1.0, local_epochs=20, batch_size=10),
        "test images right  ": lambda: ASKED.with_(rounds=4, participation=0.05, local_epochs=5, batch_size=10),
        "test images right   ": lambda: ASKED.with_(rounds=4, participation=0.3, batch_size="all"),
        "must return an Experiment": lambda: {"rounds": 4},
    },
    limit=240,
)
def check_choice(choose: Callable[..., Any]) -> str:
    """choose(): an Experiment that reaches `GOAL` within `MEGABYTES` and `MINUTES`, with this seed and with another."""
    yours = _experiment(choose)
    free = ("rounds", "participation", "local_epochs", "batch_size", "learning_rate", "seed")
    same = yours.with_(**{name: getattr(ASKED, name) for name in free}) if yours.algorithm.name == "fedavg" else None
    require(
        same == ASKED,
        "leave parties, examples, model, partition and algorithm as they are: choose rounds, C, E, B and η.",
    )
    sent, time = megabytes(yours), minutes(yours)
    require(
        sent <= MEGABYTES,
        "it sends {sent:.0f} MB, and {allowed} MB are allowed: fewer rounds, or fewer parties in each.",
        sent=sent,
        allowed=MEGABYTES,
    )
    require(
        time <= MINUTES,
        "its {rounds} rounds with {steps} steps each take {time:.1f} minutes, and {allowed} are allowed: fewer rounds, "
        "or fewer steps in each.",
        rounds=yours.rounds,
        steps=steps(yours, 100),
        time=time,
        allowed=MINUTES,
    )
    for seed in (yours.seed, yours.seed + 1):
        reached = _accuracy(yours.with_(seed=seed))
        require(
            reached >= GOAL,
            "with seed {seed} it gets {reached:.1%} of the test images right, and {goal:.0%} are wanted.",
            seed=seed,
            reached=reached,
            goal=GOAL,
        )
    return say(
        "With both seeds it gets at least {goal:.0%}, for {sent:.0f} MB and {time:.1f} minutes.",
        goal=GOAL,
        sent=sent,
        time=time,
    )
