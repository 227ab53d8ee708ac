"""Checks of lesson 02, FedAvg."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from fedlab.experiment import Experiment
from fedlab.federation import Round, run
from fedlab.history import History
from fedlab.lessons.exercises import NotYet, as_number, close, exercise, require
from fedlab.text import say

BUDGET = 50  # megabytes, both ways
ASKED = Experiment(parties=20, examples=2_000)  # what a choice of settings may not change
GOAL = 0.80  # test accuracy
PATIENCE = 100  # local epochs of each party that takes part, over all rounds


@exercise(
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
    }
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
    }
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


@exercise(
    wrong={
        "the algorithm FedAvg": lambda experiment: experiment.with_(algorithm="fedsgd"),
        "one step": lambda experiment: experiment,
        "one step ": lambda experiment: experiment.with_(local_epochs=1),
        "one step  ": lambda experiment: experiment.with_(batch_size="all"),
        "one step   ": lambda experiment: experiment.with_(local_epochs=1, batch_size=10),
        "leave the others": lambda experiment: Experiment(local_epochs=1, batch_size="all"),
        "leave the others ": lambda experiment: experiment.with_(local_epochs=1, batch_size="all", learning_rate=0.5),
    },
    limit=120,
)
def check_as_fedsgd(as_fedsgd: Callable[..., Any]) -> str:
    """as_fedsgd(experiment): the experiment, still with FedAvg, with settings that make it do what FedSGD does."""
    given = Experiment(
        parties=4, examples=400, partition="dirichlet", alpha=1.0, model="softmax", rounds=2, local_epochs=3, seed=5
    )
    yours = as_fedsgd(given)
    require(isinstance(yours, Experiment), "your function must return an Experiment: experiment.with_(...) makes one.")
    require(yours.algorithm.name == "fedavg", "it must still have the algorithm FedAvg; only its settings may change.")
    rest = {"local_epochs": 1, "batch_size": 32}
    require(yours.with_(**rest) == given.with_(**rest), "change what must change, and leave the others as they are.")
    rounds, exact = list(run(yours)), list(run(given.with_(algorithm="fedsgd")))
    steps = max(report.steps for one in rounds for report in one.parties)
    require(
        steps == 1, "in FedSGD every party takes one step a round, but here one of them takes {steps}.", steps=steps
    )
    for one, other in zip(rounds, exact, strict=True):
        assert one.state is not None
        assert other.state is not None
        require(close(one.state.weights, other.state.weights), "the shared model must be that of FedSGD, and is not.")
    return say("Both were trained for two rounds on four skewed parties, and all 7,850 weights agree.")


@lru_cache(maxsize=16)
def _accuracy(experiment: Experiment) -> float:
    return max(History(experiment, run(experiment)).column("test_accuracy"))


@exercise(
    wrong={
        "MB": lambda: ASKED,
        "MB ": lambda: ASKED.with_(rounds=50, participation=0.05, local_epochs=2),
        "leave parties": lambda: Experiment(parties=2, examples=2_000, rounds=10, local_epochs=5, batch_size=10),
        "leave parties ": lambda: ASKED.with_(model="softmax", local_epochs=5, rounds=20),
        "leave parties  ": lambda: ASKED.with_(algorithm="central", rounds=10),
        "patience": lambda: ASKED.with_(rounds=3, participation=0.5, local_epochs=100, batch_size=10),
        "test images right": lambda: ASKED.with_(rounds=3, participation=0.5, batch_size="all"),
    },
    limit=240,
)
def check_choice(choose: Callable[..., Any]) -> str:
    """choose(): an Experiment that gets `GOAL` right within `BUDGET` megabytes, with this seed and with another."""
    yours = choose()
    require(isinstance(yours, Experiment), "your function must return an Experiment.")
    free = ("rounds", "participation", "local_epochs", "batch_size", "learning_rate", "seed")
    same = yours.with_(**{name: getattr(ASKED, name) for name in free}) if yours.algorithm.name == "fedavg" else None
    require(
        same == ASKED,
        "leave parties, examples, model, partition and algorithm as they are: choose rounds, C, E, B and η.",
    )
    sent = yours.rounds * max(1, round(yours.participation * yours.parties)) * 2 * 796_840 / 1e6
    require(
        sent <= BUDGET,
        "it sends {sent:.0f} MB, and {budget} MB are allowed: fewer rounds, or fewer parties in each.",
        sent=sent,
        budget=BUDGET,
    )
    epochs = yours.rounds * yours.local_epochs
    require(
        epochs <= PATIENCE,
        "rounds times local epochs is {epochs}: the parties' patience ends at {patience}.",
        epochs=epochs,
        patience=PATIENCE,
    )
    for seed in (yours.seed, yours.seed + 1):
        reached = _accuracy(yours.with_(seed=seed))
        require(
            reached >= GOAL,
            "with seed {seed} it gets {reached:.0%} of the test images right, and {goal:.0%} are wanted.",
            seed=seed,
            reached=reached,
            goal=GOAL,
        )
    return say(
        "It was run with two seeds, and both times it got at least {goal:.0%} for at most {budget} MB.",
        goal=GOAL,
        budget=BUDGET,
    )
