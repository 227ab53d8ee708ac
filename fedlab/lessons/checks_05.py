"""Checks of lesson 05, algorithms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from fedlab.algorithms import FedAvg, PartyResult
from fedlab.algorithms.fedavg import weighted_mean
from fedlab.lessons.exercises import as_array, as_number, close, exercise, require
from fedlab.settings import setting


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
    require(close(alone, 3.0), f"one party alone settles at its own centre, here 3, but yours is {alone:.4g}.")
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
                f"a round must stay there, but with {steps} local steps from your {point:.4g} the average of where the "
                f"parties end moves by {moved:.2g}.",
            )
    return (
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
    return "Who steps more often no longer counts more, and with equal steps it is FedAvg."


class _Clipped(FedAvg):
    """The known wrong answers differ from the right one in `share`."""

    reach: float = setting(1.0, "How far a party may move the shared model.", low=0.01, high=100.0)

    def share(self, length: float) -> float:
        raise NotImplementedError

    def aggregate(self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: Any) -> Any:
        total, examples = np.zeros(len(global_weights)), 0
        for result in results:
            update = result.weights - global_weights
            total += result.examples * self.share(float(np.linalg.norm(update))) * update
            examples += result.examples
        return global_weights + total / examples, memory


class _NeverClips(_Clipped):
    def share(self, length: float) -> float:
        return 1.0


class _AlwaysReaches(_Clipped):
    def share(self, length: float) -> float:
        return self.reach / length


class _DropsTheLong(_Clipped):
    def share(self, length: float) -> float:
        return 1.0 if length <= self.reach else 0.0


class _DividesByTheLength(_Clipped):
    def share(self, length: float) -> float:
        return min(1.0, 1 / length)


class _ClipsEachWeight(_Clipped):
    def aggregate(self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: Any) -> Any:
        total, examples = np.zeros(len(global_weights)), 0
        for result in results:
            total += result.examples * np.clip(result.weights - global_weights, -self.reach, self.reach)
            examples += result.examples
        return global_weights + total / examples, memory


class _ClipsTheMean(_Clipped):
    def aggregate(self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: Any) -> Any:
        update = weighted_mean(results) - global_weights
        return global_weights + min(1.0, self.reach / float(np.linalg.norm(update))) * update, memory


class _CountsHeads(_Clipped):
    def aggregate(self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: Any) -> Any:
        updates = [result.weights - global_weights for result in results]
        clipped = [min(1.0, self.reach / float(np.linalg.norm(update))) * update for update in updates]
        return global_weights + np.mean(clipped, axis=0), memory


class _ForgetsTheModel(_Clipped):
    def aggregate(self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: Any) -> Any:
        return super().aggregate(global_weights, results, memory)[0] - global_weights, memory

    def share(self, length: float) -> float:
        return min(1.0, self.reach / length)


@exercise(
    wrong={
        "2 at most": _NeverClips,
        "hardly move": _AlwaysReaches,
        "hardly move ": _ForgetsTheModel,
        "thrown away": _DropsTheLong,
        "2 at most, not by 1": _DividesByTheLength,
        "direction": _ClipsEachWeight,
        "before they are averaged": _ClipsTheMean,
        "how many examples": _CountsHeads,
    }
)
def check_clipped(kind: Callable[..., Any]) -> str:
    """Clipped(reach): FedAvg in which each party's update is shortened to length `reach` if it is longer."""
    shared = np.array([1.0, -2.0, 0.0, 3.0], np.float32)

    def moved(reach: float, *updates: tuple[list[float], int]) -> np.ndarray:
        """How the shared model moves when parties with these updates and numbers of examples report."""
        algorithm = kind(reach=reach)
        require(isinstance(algorithm, FedAvg), "what you hand in must be a class that is made from FedAvg.")
        results = (
            PartyResult(party, examples, 5, shared + np.array(update, np.float32), 0.1, 0.1)
            for party, (update, examples) in enumerate(updates)
        )
        outcome = algorithm.aggregate(shared.copy(), results, None)
        require(outcome is not None, "your aggregate returns nothing: does it end with return?")
        require(
            isinstance(outcome, tuple) and len(outcome) == 2,
            "aggregate must return a pair: the new model, and the memory.",
        )
        return as_array(outcome[0], (4,), "the new model") - shared

    long, short = [3.0, 0.0, 4.0, 0.0], [0.0, 0.9, 0.0, -1.2]  # of length 5 and 1.5
    require(
        np.allclose(moved(2.0, ([0.0, 0.001, 0.0, 0.0], 100)), 0, atol=0.01),
        "if the parties hardly move, the shared model must hardly move either.",
    )
    one = moved(2.0, (long, 100))
    length = float(np.linalg.norm(one))
    require(length > 0, "a long update must be shortened, not thrown away.")
    require(float(one @ long) / (5 * length) > 1 - 1e-6, "a long update must keep its direction.")
    require(
        abs(length - 2) < 1e-4, f"with a reach of 2 an update of length 5 moves it by 2 at most, not by {length:.3g}."
    )
    require(
        np.allclose(moved(2.0, (short, 100)), short, atol=1e-5),
        "an update that is shorter than the reach must stay as it is.",
    )
    require(
        not np.allclose(moved(9.0, (long, 100), (short, 300)), (np.array(long) + short) / 2, atol=1e-5),
        "it must matter how many examples a party has, as it does in FedAvg.",
    )
    require(
        np.allclose(moved(9.0, (long, 100), (short, 300)), np.dot([0.25, 0.75], [long, short]), atol=1e-5),
        "with a reach of 9 nothing is clipped here, so it must be FedAvg.",
    )
    require(
        np.allclose(moved(2.0, (long, 100), (short, 300)), np.dot([0.25 * 0.4, 0.75], [long, short]), atol=1e-5),
        "updates must be clipped one by one, before they are averaged.",
    )
    return "Short updates count in full, long ones only as far as the reach, and a large reach gives FedAvg."
