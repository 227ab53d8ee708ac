"""Checks of lesson 04, FedProx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fedlab.lessons.exercises import as_array, as_number, as_truth, close, exercise, require
from fedlab.text import say

Term = Callable[..., float]  # term(w, w_t, mu, batch_size)


def _slope(f: Callable[[np.ndarray], float], w: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """The known wrong answers below need one that is right."""
    return np.array([(f(w + move) - f(w - move)) / (2 * h) for move in h * np.eye(len(w))])


def _interval(ours: np.ndarray, theirs: np.ndarray, t: float, ddof: int = 1, power: float = 0.5) -> tuple[float, float]:
    d = ours - theirs
    half = t * d.std(ddof=ddof) / len(d) ** power
    return d.mean() - half, d.mean() + half


def _unpaired(ours: np.ndarray, theirs: np.ndarray, t: float) -> tuple[float, float]:
    half = t * np.sqrt((ours.var(ddof=1) + theirs.var(ddof=1)) / len(ours))
    return float(ours.mean() - theirs.mean() - half), float(ours.mean() - theirs.mean() + half)


@exercise(
    answer="interval",
    points=2,
    wrong={
        "lower end comes first": lambda ours, theirs, t: _interval(ours, theirs, t)[::-1],
        "minus theirs": lambda ours, theirs, t: _interval(theirs, ours, t),
        "t s/√n": lambda ours, theirs, t: _interval(ours, theirs, 1.96),
        "the same luck": _unpaired,
        "root of n": lambda ours, theirs, t: _interval(ours, theirs, t, power=0),
        "root of n ": lambda ours, theirs, t: _interval(ours, theirs, t, power=1),
        "n - 1": lambda ours, theirs, t: _interval(ours, theirs, t, ddof=0),
        "(2,)": lambda ours, theirs, t: (ours - theirs).mean(),
    },
)
def check_interval(interval: Callable[..., Any]) -> str:
    """interval(ours, theirs, t): the two ends of the paired interval of ours minus theirs.

    The differences are 4, 2, 4, 2 ...: their mean is 3, their s √(8/7), half the interval t √(8/7) / √8 = 2/√7.
    """
    luck, d, n = np.array([5.0, -3, 1, 0, 7, -7, 2, -5]), np.array([4.0, 2] * 4), 8

    def ends(luck: np.ndarray) -> np.ndarray:
        return as_array(interval(d + luck, luck, 2.0), (2,))

    low, high = ends(np.zeros(n))
    require(low <= high, "the lower end comes first: {low:.3g} is not below {high:.3g}.", low=low, high=high)
    middle, half = (low + high) / 2, (high - low) / 2
    require(
        close(middle, 3),
        "in the middle of the interval must be the mean of ours minus theirs: here 3, but yours is {middle:.3g}.",
        middle=middle,
    )
    require(
        close(ends(luck), (low, high)),
        "give both the same luck in each seed, and nothing may change: take the differences first, then their s.",
    )
    require(
        not close(half, 2 * np.sqrt(n / (n - 1))) and not close(half, 2 / np.sqrt(n * (n - 1))),
        "s must be divided by the root of n, here √8.",
    )
    require(not close(half, 2 / np.sqrt(n)), "your s divides by n, but that of a sample divides by n - 1.")
    require(close(half, 2 / np.sqrt(n - 1)), "half the interval must be t s/√n, but yours is {half:.3g}.", half=half)
    return say("What luck does to both drops out, and what is left decides how sure you may be.")


@exercise(
    answer="slope",
    points=2,
    wrong={
        "one number for each weight": lambda f, w: sum(_slope(f, w)),
        "one number for each weight ": lambda f, w: (f(w + 1e-5) - f(w - 1e-5)) / 2e-5,
        "uphill": lambda f, w: -_slope(f, w),
        "how far apart": lambda f, w: 2 * _slope(f, w),
        "how far apart ": lambda f, w: 1e-5 * _slope(f, w),
        "both sides": lambda f, w: np.array([(f(w + move) - f(w)) / 1e-6 for move in 1e-6 * np.eye(len(w))]),
        "small step": lambda f, w: _slope(f, w, h=0.5),
        "where w is": lambda f, w: _slope(f, np.zeros(len(w))),
    },
)
def check_slope(slope: Callable[..., Any]) -> str:
    """slope(f, w): the gradient of f at w, (P,), by central differences."""
    pushes, w = np.array([3.0, -1.0, 0.5]), np.array([0.2, 1.0, -2.0])
    plane = as_array(slope(lambda v: float(pushes @ v), w), (3,), "one number for each weight")
    require(
        not np.allclose(plane, -pushes, rtol=1e-3),
        "your slope points downhill: it must be positive where f goes uphill.",
    )
    require(
        np.allclose(plane, pushes, rtol=1e-3),
        "for f(w) = 3 w[0] - w[1] + 0.5 w[2] the slope is 3, -1, 0.5 everywhere, but yours is {yours}: "
        "divide by how far apart the two points are.",
        yours=np.round(plane, 6),
    )
    valley = as_array(slope(lambda v: 1e6 * float(v @ v), np.zeros(2)), (2,))
    require(close(valley, 0), "on the floor of a steep valley the slope is 0: look on both sides, equally far.")
    square = as_array(slope(lambda v: float(v @ v), w), (3,))
    require(np.allclose(square, 2 * w, rtol=1e-3), "the slope must be taken at the place where w is.")
    wave = as_array(slope(lambda v: float(np.sin(3 * v).sum()), w), (3,))
    require(np.allclose(wave, 3 * np.cos(3 * w), atol=1e-3), "f may be curved: take a small step, such as 0.00001.")
    return say("It finds the slope of any function that it can call, and knows no formula.")


RIGHT: dict[str, Term] = {
    "the right term": lambda w, w_t, mu, batch_size: mu / 2 * float(((w - w_t) ** 2).sum()),
    "the right term, written as a product": lambda w, w_t, mu, batch_size: mu * float((w - w_t) @ (w - w_t)) / 2,
    "the right term plus a constant, which has no slope": lambda w, w_t, mu, batch_size: (
        mu / 2 * float(((w - w_t) ** 2).sum()) + 7.0
    ),
}
WRONG: dict[str, Term] = {
    "has no slope at all": lambda w, w_t, mu, batch_size: 0.0,
    "forgets to square the norm": lambda w, w_t, mu, batch_size: mu / 2 * float(np.linalg.norm(w - w_t)),
    "forgets the half": lambda w, w_t, mu, batch_size: mu * float(((w - w_t) ** 2).sum()),
    "is divided by the batch size": lambda w, w_t, mu, batch_size: mu / 2 * float(((w - w_t) ** 2).sum()) / batch_size,
    "pulls to zero instead of to w_t": lambda w, w_t, mu, batch_size: mu / 2 * float((w**2).sum()),
    "pushes away from w_t": lambda w, w_t, mu, batch_size: -mu / 2 * float(((w - w_t) ** 2).sum()),
    "squares μ": lambda w, w_t, mu, batch_size: mu**2 / 2 * float(((w - w_t) ** 2).sum()),
    "sees only the first weight": lambda w, w_t, mu, batch_size: mu / 2 * float((w[0] - w_t[0]) ** 2),
}


def _tests_with(
    w: tuple[float, ...] = (1.0, 2.0, -3.0),
    w_t: tuple[float, ...] = (0.5, -1.0, 4.0),
    mu: float = 0.3,
    batch_size: int = 20,
) -> Callable[[Term], bool]:
    """A test of a term at one place: with the defaults a good one."""

    def is_proximal(term: Term) -> bool:
        start = np.array(w_t)
        found = _slope(lambda v: term(v, start, mu, batch_size), np.array(w))
        return bool(np.allclose(found, mu * (np.array(w) - start), atol=1e-4))

    return is_proximal


def _compares_lengths(term: Term) -> bool:
    w, w_t = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    return bool(np.isclose(np.linalg.norm(_slope(lambda v: term(v, w_t, 0.3, 20), w)), 0.3 * np.linalg.norm(w - w_t)))


def _compares_values(term: Term) -> bool:
    w, w_t = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    return bool(np.isclose(term(w, w_t, 0.3, 20), 0.15 * ((w - w_t) ** 2).sum()))


@exercise(
    answer="is_proximal",
    points=3,
    wrong={
        "the right term": lambda term: False,
        "no slope": lambda term: True,
        "no slope ": _tests_with(w=(0.5, -1.0, 4.0)),
        "batch size": _tests_with(batch_size=1),
        "squares μ": _tests_with(mu=1.0),
        "pulls to zero": _tests_with(w_t=(0.0, 0.0, 0.0)),
        "only the first weight": _tests_with(w=(2.0,), w_t=(0.5,)),
        "pushes away": _compares_lengths,
        "constant": _compares_values,
    },
)
def check_test(is_proximal: Callable[..., Any]) -> str:
    """is_proximal(term): whether the slope of term(w, w_t, mu, batch_size) in w is μ (w - w_t)."""
    for what, term in RIGHT.items():
        require(as_truth(is_proximal(term)), "your test rejects {term}.", term=say(what))
    for what, term in WRONG.items():
        require(not as_truth(is_proximal(term)), "your test lets a term pass that {fault}.", fault=say(what))
    return say(
        "It lets {right} ways to write the right term pass, and stops {wrong} wrong ones.",
        right=len(RIGHT),
        wrong=len(WRONG),
    )


@exercise(
    answer="right_term",
    points=1,
    wrong={
        "the same length": WRONG["forgets to square the norm"],
        "2 times": WRONG["forgets the half"],
        "batch": WRONG["is divided by the batch size"],
        "at w_t": WRONG["pulls to zero instead of to w_t"],
        "away from": WRONG["pushes away from w_t"],
        "0 times": WRONG["has no slope at all"],
        "0.7 times": WRONG["squares μ"],
        "every weight": WRONG["sees only the first weight"],
    },
)
def check_term(term: Term) -> str:
    """The one term of the four whose slope is μ (w - w_t)."""
    mu, w_t, way = 0.7, np.array([1.0, -2.0, 0.5]), np.array([2.0, 1.0, -2.0])

    def slope(distance: float, batch_size: int = 20) -> np.ndarray:
        return _slope(lambda v: as_number(term(v, w_t, mu, batch_size)), w_t + distance * way)

    near, far = slope(1), slope(3)
    require(
        np.allclose(_slope(lambda v: as_number(term(v, w_t, mu, 20)), w_t), 0, atol=1e-3),
        "there must be no pull at w_t.",
    )
    require(
        np.allclose(near, 0) or not np.allclose(near, far, rtol=1e-3),
        "this pull has the same length near w_t and far from it; that of a rubber band grows.",
    )
    require(
        np.allclose(near, slope(1, batch_size=40), rtol=1e-3),
        "this pull gets weaker as the batch gets larger, but the formula knows no batch.",
    )
    require(near @ way >= 0, "this term pushes away from w_t.")
    require(np.allclose(near, 0) or (np.abs(near) > 1e-6).all(), "every weight must be pulled.")
    strength = float(near @ way / (mu * way @ way))
    require(abs(strength - 1) < 1e-3, "this pull is {times:.2g} times as strong as μ (w - w_t).", times=strength)
    return say("Its slope is μ (w − w_t): squared, with the half, for every weight, whatever the batch.")


def _local(pull: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """A local training whose direction is the gradient plus pull(w, w_t, mu, rate)."""

    def local_training(gradient: Any, w_t: np.ndarray, mu: float, rate: float, steps: int) -> np.ndarray:
        w = w_t
        for _ in range(steps):
            w = w - rate * (gradient(w) + pull(w, w_t, mu, rate))
        return w

    return local_training


def _moves_w_t(gradient: Any, w_t: np.ndarray, mu: float, rate: float, steps: int) -> np.ndarray:
    w = w_t
    for _ in range(steps):
        w -= rate * (gradient(w) + mu * (w - w_t))
    return w


def _one_step_only(gradient: Any, w_t: np.ndarray, mu: float, rate: float, steps: int) -> np.ndarray:
    return w_t - rate * gradient(w_t)


def _same_gradient(gradient: Any, w_t: np.ndarray, mu: float, rate: float, steps: int) -> np.ndarray:
    w = w_t
    for _ in range(steps):
        w = w - rate * (gradient(w_t) + mu * (w - w_t))
    return w


@exercise(
    answer="local_training",
    points=2,
    wrong={
        "never felt": _local(lambda w, w_t, mu, rate: mu * (w - w)),
        "changes w_t itself": _moves_w_t,
        "first step": _local(lambda w, w_t, mu, rate: mu * w),
        "pushes": _local(lambda w, w_t, mu, rate: -mu * (w - w_t)),
        "settle": _local(lambda w, w_t, mu, rate: mu * (w - w_t) / rate),
        "settle ": _local(lambda w, w_t, mu, rate: 2 * mu * (w - w_t)),
        "plain SGD": _one_step_only,
        "plain SGD ": _same_gradient,
    },
)
def check_local(local_training: Callable[..., Any]) -> str:
    """local_training(gradient, w_t, mu, rate, steps): where a party's local training with FedProx ends, (P,)."""
    w_t, centre, curve, rate = np.array([4.0, -2.0]), np.array([0.0, 1.0]), 2.0, 0.1

    def ends(mu: float, steps: int) -> np.ndarray:
        return as_array(local_training(lambda w: curve * (w - centre), w_t, mu, rate, steps), (2,))

    first = w_t - rate * curve * (w_t - centre)
    require(close(ends(0.0, 1), first), "one step with μ = 0 must be one step down the gradient.")
    require(
        close(ends(3.0, 1), first), "in the first step w is still w_t, so there is nothing to pull: μ must not matter."
    )
    plain = centre + (1 - rate * curve) ** 10 * (w_t - centre)
    require(close(ends(0.0, 10), plain), "ten steps with μ = 0 must be plain SGD, each from where the last one ended.")
    with_pull = ends(1.0, 10)
    require(
        not close(with_pull, plain),
        "your pull is never felt: measure it from w_t, where the round began, not from where the step begins.",
    )
    require(
        np.linalg.norm(with_pull - w_t) < np.linalg.norm(plain - w_t),
        "your pull pushes the party further from w_t than without it.",
    )
    rest = (curve * centre + 3.0 * w_t) / (curve + 3.0)
    require(
        np.allclose(ends(3.0, 400), rest, atol=1e-3),
        "after many steps it must settle where gradient and pull cancel, gradient(w) + μ (w - w_t) = 0.",
    )
    return say("Each step is pulled towards the model that the round began with.")
