"""Checks of lesson 05, algorithms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fedlab.algorithms import FedAvg
from fedlab.experiment import Experiment
from fedlab.lessons import wrong_05
from fedlab.lessons.exercises import as_array, as_number, close, exercise, require
from fedlab.messages import Message, PartyReport, Trained, Upload
from fedlab.stages import Mean
from fedlab.text import say


@exercise(
    answer="settles_at",
    points=2,
    wrong={
        "stay there": lambda curves, centres, rate, steps: float(np.dot(curves, centres) / np.sum(curves)),
        "stay there ": lambda curves, centres, rate, steps: float(np.mean(centres)),
        "stay there  ": wrong_05.settles(lambda q: q),
        "moves by": wrong_05.settles(lambda q: 1 + q),
        "one party": lambda curves, centres, rate, steps: 0.0,
    },
)
def check_settles(settles_at: Callable[..., Any]) -> str:
    """settles_at(curves, centres, rate, steps): the point that FedAvg's round leaves where it is, in one dimension."""
    alone = as_number(settles_at(np.array([2.0]), np.array([3.0]), 0.1, 5))
    require(
        close(alone, 3.0), "one party alone settles at its own centre, here 3, but yours is {yours:.4g}.", yours=alone
    )
    for curves, centres in (
        ([1.0, 4.0], [15.0, -12.0]),
        ([2.0, 1.4], [0.0, -15.0]),
        ([0.5, 3.0, 1.0], [1.0, 2.0, -9.0]),
    ):
        lam, c = np.array(curves), np.array(centres)
        for steps in (1, 2, 10, 200):
            point = as_number(settles_at(lam, c, 0.1, steps))
            ends = np.full(len(c), point)
            for _ in range(steps):
                ends = ends - 0.1 * lam * (ends - c)
            moved = abs(float(ends.mean()) - point)
            require(
                moved < 1e-6,
                "a round must stay there, but with {steps} local steps from your {point:.4g} the average of where the "
                "parties end moves by {moved:.2g}.",
                steps=steps,
                point=point,
                moved=moved,
            )
    return say(
        "A whole round of FedAvg leads back there. One step settles at the minimum; many, near the mean of the centres."
    )


@exercise(
    answer="fair_race",
    points=2,
    wrong={
        "the rate that is best for it": wrong_05.race(learning_rate=lambda base, rates: rates["FedAvg"]),
        "twice as many bytes": wrong_05.race(rounds=lambda base, rates: base.rounds),
        "twice as many bytes ": wrong_05.race(rounds=lambda base, rates: 2 * base.rounds),
        "do not pay for": wrong_05.race(rounds=lambda base, rates: -(-base.rounds // 2)),
        "whole": wrong_05.race(rounds=lambda base, rates: base.rounds / 2),
        "the same seed": wrong_05.race(seed=lambda base, rates: base.seed + 1),
        "the same partition": wrong_05.race(partition=lambda base, rates: "iid"),
        "algorithm": wrong_05.race(algorithm=lambda base, rates: "fedavg"),
        "cannot be changed": wrong_05.changes_base,
        "FedAvg, SCAFFOLD": lambda base, rates: [base, base],
        "must be an experiment": lambda base, rates: {"FedAvg": 0.2, "SCAFFOLD": 0.1},
    },
)
def check_fair_race(fair_race: Callable[..., Any]) -> str:
    """fair_race(base, rates): FedAvg and SCAFFOLD, each with its rate, over rounds that cost the same megabytes."""
    for base, rates in (
        (Experiment(rounds=10, seed=3, partition="dirichlet", alpha=0.2), {"FedAvg": 0.3, "SCAFFOLD": 0.05}),
        (Experiment(rounds=7, seed=5, parties=4, local_epochs=2), {"FedAvg": 0.02, "SCAFFOLD": 0.4}),
    ):
        entered = _entered(fair_race, base, rates)
        for name, algorithm in (("FedAvg", "fedavg"), ("SCAFFOLD", "scaffold")):
            one = entered[name]
            require(one.algorithm.name == algorithm, "the algorithm of {name} must be {it}.", name=name, it=algorithm)
            require(
                one.learning_rate == rates[name],
                "{name} must have the rate that is best for it, not another's.",
                name=name,
            )
            given, its = base.to_dict(), one.to_dict()
            same = [field for field in given if field not in ("algorithm", "learning_rate", "rounds")]
            other = next((field for field in same if its.get(field) != given[field]), None)
            require(other is None, "{name} must have the same {setting} as base.", name=name, setting=other)
        rounds = entered["SCAFFOLD"].rounds
        require(entered["FedAvg"].rounds == base.rounds, "FedAvg must have the rounds of base.")
        require(
            rounds < base.rounds or base.rounds == 1,
            "a round of SCAFFOLD costs twice as many bytes as one of FedAvg: it must have fewer rounds.",
        )
        require(
            2 * rounds <= base.rounds,
            "{rounds} rounds of SCAFFOLD cost more bytes than {base} of FedAvg do: they do not pay for the last one.",
            rounds=rounds,
            base=base.rounds,
        )
        require(
            2 * rounds > base.rounds - 2, "FedAvg's bytes pay for more rounds of SCAFFOLD than {rounds}.", rounds=rounds
        )
    return say("The same parties, the same first model, a rate for each, and nobody sends more than the other.")


def _entered(fair_race: Callable[..., Any], base: Experiment, rates: dict[str, float]) -> dict[str, Experiment]:
    try:
        entered = fair_race(base, rates)
    except ValueError as error:
        require("frozen" not in str(error), "an experiment cannot be changed: base.with_(…) makes another one.")
        require("rounds" not in str(error), "the number of rounds must be a whole number: use //.")
        raise
    require(
        isinstance(entered, dict) and set(entered) == {"FedAvg", "SCAFFOLD"},
        "return a dictionary with the two names FedAvg, SCAFFOLD.",
    )
    for name, one in entered.items():
        require(
            isinstance(one, Experiment),
            "what you enter as {name} must be an experiment, as base.with_(…) is.",
            name=name,
        )
    return entered


@exercise(
    answer="nova",
    points=2,
    wrong={
        "steps more": wrong_05.nova(lambda p, tau, walked: p @ walked, lambda p, tau: 1.0),
        "one party ": wrong_05.nova(lambda p, tau, walked: p @ (walked / tau[:, None]), lambda p, tau: 1.0),
        "one party  ": wrong_05.nova(lambda p, tau, walked: p @ (walked * tau[:, None]), lambda p, tau: p @ tau),
        "how many examples": wrong_05.nova(
            lambda p, tau, walked: (walked / tau[:, None]).mean(axis=0), lambda p, tau: tau.mean()
        ),
        "one party": wrong_05.nova(lambda p, tau, walked: -p @ (walked / tau[:, None]), lambda p, tau: p @ tau),
        "how far": wrong_05.nova(lambda p, tau, walked: p @ (walked / tau[:, None]), lambda p, tau: tau.mean()),
        "shape": lambda shared, weights, sizes, steps: 0.0,
    },
)
def check_nova(nova: Callable[..., Any]) -> str:
    """nova(shared, weights, sizes, steps): FedNova's new shared model, (P,), from the parties' weights, (K, P)."""
    rng = np.random.default_rng(2)
    shared, ways, sizes = rng.normal(size=4), rng.normal(size=(3, 4)), np.array([100, 300, 600])

    def new(weights: np.ndarray, sizes: np.ndarray, steps: list[int]) -> np.ndarray:
        return as_array(nova(shared, weights, sizes, np.array(steps)), (4,))

    one = new(shared + ways[:1], sizes[:1], [7])
    require(
        close(one, shared + ways[0]), "with one party the new model must be that party's, however many steps it took."
    )
    equal = new(shared + ways, np.array([200, 200, 200]), [5, 5, 5])
    require(
        close(equal, shared + ways.mean(axis=0)),
        "when all take the same number of steps it must be FedAvg: the weighted mean of the parties' weights.",
    )
    average = new(shared + ways, sizes, [5, 5, 5])
    require(not close(average, equal), "it must matter how many examples a party has.")
    require(close(average, shared + sizes @ ways / 1000), "with the same number of steps for all it must be FedAvg.")
    steps = np.array([1, 4, 20])
    moved = new(shared + steps[:, None] * ways, sizes, [1, 4, 20]) - shared
    along = sizes @ ways / 1000
    cosine = float(moved @ along / (np.linalg.norm(moved) * np.linalg.norm(along) + 1e-300))
    require(
        cosine > 1 - 1e-6,
        "a party that steps more often counts more: divide what each one has walked by its number of steps.",
    )
    require(
        close(moved, (sizes @ steps / 1000) * along),
        "the direction is right, but not how far it goes: as many steps as the parties took on average, each party "
        "weighted by its examples.",
    )
    return say("Who steps more often no longer counts more, and with equal steps it is FedAvg.")


@exercise(
    answer="Clipped",
    points=4,
    wrong={
        "2 at most": wrong_05.NeverClips,
        "hardly move": wrong_05.AlwaysReaches,
        "not its model": wrong_05.SendsTheModel,
        "thrown away": wrong_05.DropsTheLong,
        "2 at most, not by 1": wrong_05.DividesByTheLength,
        "direction": wrong_05.ClipsEachWeight,
        "before they are averaged": wrong_05.ClipsTheMean,
        "however many examples": wrong_05.WeighsToo,
        "however many examples ": wrong_05.CountsHeads,
        "a pair": wrong_05.ForgetsTheMemory,
        "a tuple": wrong_05.ForgetsTheTuple,
        "in place": wrong_05.WritesIntoTheModel,
        "own, as it is": wrong_05.RemembersNothing,
        "has the shape ()": wrong_05.SendsTheLength,
        "has not moved": wrong_05.DividesByZero,
    },
)
def check_clipped(kind: Callable[..., Any]) -> str:
    """Clipped(reach): FedAvg whose parties shorten an update that is longer than `reach` before they send it."""
    w = np.array([1.0, -2.0, 0.0, 3.0], np.float32)
    w.setflags(write=False)

    def moved(reach: float, *updates: tuple[list[float], int]) -> np.ndarray:
        """How far the shared model goes in a round with these updates w_k - w_t and numbers of examples n_k."""
        algorithm = kind(reach=reach)
        require(isinstance(algorithm, FedAvg), "what you hand in must be a class that is made from FedAvg.")
        server = algorithm.server_memory(w)
        down, uploads = algorithm.send(w, server), []
        for party, (update, examples) in enumerate(updates):
            trained = Trained(w + np.array(update, np.float32), examples, 5, 0.1, 0.1)
            trained.weights.setflags(write=False)
            message = _reported(algorithm, down, trained)
            report = PartyReport(party, examples, 5, 0.1, 0.0)
            uploads.append(Upload(party, examples, message, {}, trained.weights, report))
        outcome = algorithm.step(w, Mean().combine(uploads), 1.0, server)
        require(
            isinstance(outcome, tuple) and len(outcome) == 2,
            "step must return a pair, the new model and what the server remembers: leave it as FedAvg has it.",
        )
        return as_array(outcome[0], (4,), "the new model") - w

    long, short = [3.0, 0.0, 4.0, 0.0], [0.0, 0.9, 0.0, -1.2]  # of length 5 and 1.5
    require(
        np.allclose(moved(9.0, (long, 100)), moved(9.0, (long, 300)), atol=1e-4),
        "the mean weighs by examples: a party sends the same update, however many examples it has.",
    )
    barely = moved(2.0, ([0.0, 0.001, 0.0, 0.0], 100))
    require(not _along(barely, w), "a party must send how it has moved, w_k - w_t, and not its model.")
    require(np.allclose(barely, 0, atol=0.01), "if the parties hardly move, the shared model must hardly move either.")
    one = moved(2.0, (long, 100))
    length = float(np.linalg.norm(one))
    require(length > 0, "a long update must be shortened, not thrown away.")
    require(_along(one, np.array(long)), "a long update must keep its direction.")
    require(
        abs(length - 2) < 1e-4,
        "with a reach of 2 an update of length 5 moves the model by 2 at most, not by {yours:.3g}.",
        yours=length,
    )
    require(
        np.allclose(moved(2.0, (short, 100)), short, atol=1e-5),
        "an update that is shorter than the reach must stay as it is.",
    )
    require(
        np.allclose(moved(9.0, (long, 100), (short, 300)), np.dot([0.25, 0.75], [long, short]), atol=1e-5),
        "with a reach of 9 nothing is clipped here, so it must be FedAvg.",
    )
    require(
        np.allclose(moved(2.0, (long, 100), (short, 300)), np.dot([0.25 * 0.4, 0.75], [long, short]), atol=1e-5),
        "updates must be clipped one by one, each at its party, before they are averaged.",
    )
    require(
        np.allclose(moved(2.0, ([0.0, 0.0, 0.0, 0.0], 100)), 0),
        "a party that has not moved must send an update of zeros.",
    )
    return say("Short updates count in full, long ones only as far as the reach, and a large reach gives FedAvg.")


def _reported(algorithm: FedAvg, down: Message, trained: Trained) -> Message:
    """The message that a learner's `report` gives, checked."""
    own = algorithm.party_memory(down[0]) or object()  # something to remember, though FedAvg has nothing
    rests = not (trained.weights - down[0]).any()
    try:
        with np.errstate(all="ignore"):
            reported = algorithm.report(down, own, trained)
    except ZeroDivisionError:
        reported = (np.array([np.nan]),), own
    except ValueError as error:
        require("read-only" not in str(error), "trained.weights and down[0] must not be changed in place, as -= does.")
        raise
    require(reported is not None, "your report returns nothing: does it end with return?")
    require(
        isinstance(reported, tuple) and len(reported) == 2,
        "report must return a pair: what the party sends, and what it remembers, own.",
    )
    message, memory = reported
    require(isinstance(message, tuple), "what a party sends must be a tuple, even of one array: (update,).")
    require(len(message) == 1, "a party sends one array here, its update, but yours sends {parts}.", parts=len(message))
    require(memory is own, "the second part of what report returns must be own, as it is.")
    require(
        not rests or np.isfinite(np.asarray(message[0], float)).all(),
        "a party that has not moved has an update of length 0: do not divide by it.",
    )
    return (as_array(message[0], (4,), "what a party sends"),)


def _along(one: np.ndarray, way: np.ndarray) -> bool:
    """Whether one points the way of the other."""
    return float(one @ way) > (1 - 1e-6) * float(np.linalg.norm(one) * np.linalg.norm(way)) > 0
