"""Checks of lesson 05, algorithms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fedlab.algorithms import FedAvg
from fedlab.lessons.exercises import as_array, as_number, close, exercise, require
from fedlab.messages import Message, PartyReport, Trained, Upload
from fedlab.settings import setting
from fedlab.stages import Mean
from fedlab.text import say


def _settles(weight: Callable[[np.ndarray], np.ndarray]) -> Callable[..., float]:
    """The mean of the centres, each weighted by what `weight` makes of q = (1 - rate · curve)^steps."""

    def settles_at(curves: Any, centres: Any, rate: float, steps: int) -> float:
        w = weight((1 - rate * np.asarray(curves)) ** steps)
        return float(w @ centres / w.sum())

    return settles_at


@exercise(
    wrong={
        "stay there": lambda curves, centres, rate, steps: float(np.dot(curves, centres) / np.sum(curves)),
        "stay there ": lambda curves, centres, rate, steps: float(np.mean(centres)),
        "stay there  ": _settles(lambda q: q),
        "moves by": _settles(lambda q: 1 + q),
        "one party": lambda curves, centres, rate, steps: 0.0,
    }
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


def _nova(average: Callable[..., Any], stride: Callable[..., Any]) -> Callable[..., Any]:
    """w_t minus stride(p, τ) times what `average` makes of p, τ and the distances walked."""

    def nova(shared: Any, weights: Any, sizes: Any, steps: Any) -> Any:
        p, tau = np.asarray(sizes) / np.sum(sizes), np.asarray(steps, float)
        return shared - stride(p, tau) * average(p, tau, shared - np.asarray(weights))

    return nova


@exercise(
    wrong={
        "steps more": _nova(lambda p, tau, walked: p @ walked, lambda p, tau: 1.0),
        "one party ": _nova(lambda p, tau, walked: p @ (walked / tau[:, None]), lambda p, tau: 1.0),
        "one party  ": _nova(lambda p, tau, walked: p @ (walked * tau[:, None]), lambda p, tau: p @ tau),
        "how many examples": _nova(
            lambda p, tau, walked: (walked / tau[:, None]).mean(axis=0), lambda p, tau: tau.mean()
        ),
        "one party": _nova(lambda p, tau, walked: -p @ (walked / tau[:, None]), lambda p, tau: p @ tau),
        "how far": _nova(lambda p, tau, walked: p @ (walked / tau[:, None]), lambda p, tau: tau.mean()),
        "shape": lambda shared, weights, sizes, steps: 0.0,
    }
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


class _Clipped(FedAvg):
    """The known wrong answers differ from the right one in what a party makes of its update before it sends it."""

    reach: float = setting(1.0, "How long a party's update may be.", low=0.01, high=100.0)

    def report(self, down: Message, own: Any, trained: Trained) -> Any:
        update = trained.weights - down[0]
        return (self.sent(update, float(np.linalg.norm(update)), trained),), own

    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return update * min(1.0, self.reach / length)


class _NeverClips(_Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return update


class _AlwaysReaches(_Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return update * self.reach / length


class _DropsTheLong(_Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return update * float(length <= self.reach)


class _DividesByTheLength(_Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return update / max(1.0, length)


class _ClipsEachWeight(_Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return np.clip(update, -self.reach, self.reach)


class _WeighsToo(_Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return trained.examples * super().sent(update, length, trained)


class _SendsTheModel(_Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return super().sent(trained.weights, float(np.linalg.norm(trained.weights)), trained)


class _ClipsTheMean(_NeverClips):
    def step(self, w: np.ndarray, mean: Message, share: float, server: Any) -> tuple[np.ndarray, Any]:
        return w + min(1.0, self.reach / float(np.linalg.norm(mean[0]))) * mean[0], server


class _CountsHeads(_Clipped):
    """Undoes the weights n_k that it expects, so that each party counts the same."""

    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return super().sent(update, length, trained) / trained.examples


class _ForgetsTheMemory(_Clipped):
    def report(self, down: Message, own: Any, trained: Trained) -> Any:
        return super().report(down, own, trained)[0]


class _ForgetsTheTuple(_Clipped):
    def report(self, down: Message, own: Any, trained: Trained) -> Any:
        (update,), own = super().report(down, own, trained)
        return update, own


@exercise(
    wrong={
        "2 at most": _NeverClips,
        "hardly move": _AlwaysReaches,
        "not its model": _SendsTheModel,
        "thrown away": _DropsTheLong,
        "2 at most, not by 1": _DividesByTheLength,
        "direction": _ClipsEachWeight,
        "before they are averaged": _ClipsTheMean,
        "however many examples": _WeighsToo,
        "however many examples ": _CountsHeads,
        "a pair": _ForgetsTheMemory,
        "a tuple": _ForgetsTheTuple,
    }
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
            message = _message(algorithm.report(down, algorithm.party_memory(w), trained))
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
    return say("Short updates count in full, long ones only as far as the reach, and a large reach gives FedAvg.")


def _message(reported: Any) -> Message:
    """The message that a learner's `report` gives, checked."""
    require(reported is not None, "your report returns nothing: does it end with return?")
    require(
        isinstance(reported, tuple) and len(reported) == 2,
        "report must return a pair: what the party sends, and what it remembers, own.",
    )
    require(isinstance(reported[0], tuple), "what a party sends must be a tuple, even of one array: (update,).")
    return tuple(as_array(part, (4,), "what a party sends") for part in reported[0])


def _along(one: np.ndarray, way: np.ndarray) -> bool:
    """Whether one points the way of the other."""
    return float(one @ way) > (1 - 1e-6) * float(np.linalg.norm(one) * np.linalg.norm(way)) > 0
