"""Checks of lesson 11, across industries."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from fedlab.lessons import wrong_11
from fedlab.lessons.exercises import as_array, as_list, as_number, close, exercise, require
from fedlab.text import say

SMALL = 2_027  # a safe prime, 2 · 1,013 + 1: too small to hide anything, large enough to try


@exercise(
    answer="in_both",
    points=2,
    wrong={
        "your own secret": wrong_11.finish(theirs=lambda received, a, p: received),
        "your own secret ": wrong_11.finish(own=wrong_11.blinded),
        "modulo p": wrong_11.finish(theirs=lambda received, a, p: [one**a for one in received]),
        "modulo p ": wrong_11.finish(theirs=lambda received, a, p: [one * a % p for one in received]),
        "in an order of its own": wrong_11.by_place,
        "not the numbers": wrong_11.finish(answer=lambda name, number: number),
        "both know": lambda ours, returned, received, a, p: list(ours),
        "both know ": lambda ours, returned, received, a, p: [],
    },
)
def check_in_both(in_both: Callable[..., Any]) -> str:
    """in_both(ours, returned, received, a, p): our names that the other party has too.

    Names are numbers of the group here, drawn anew: returned is H^(ab) in our order, received H^b in another.
    """
    rng = random.Random(11)
    for ours_only, both, theirs_only in ((3, 4, 2), (0, 3, 3), (4, 0, 5)):
        squares = sorted({one * one % SMALL for one in range(2, 1_000)} - {1})
        drawn = rng.sample(squares, ours_only + both + theirs_only)
        mine = drawn[: ours_only + both]
        rng.shuffle(mine)
        a, b = 2 * rng.randrange(10, 60) + 1, 2 * rng.randrange(60, 200) + 1
        names = {one: f"0171{one:04d}" for one in drawn}
        received = sorted(pow(one, b, SMALL) for one in drawn[ours_only:])
        returned = [pow(pow(one, a, SMALL), b, SMALL) for one in mine]
        found = as_list(in_both([names[one] for one in mine], returned, received, a, SMALL))
        require(all(isinstance(one, str) for one in found), "give the names, and not the numbers that they became.")
        shared = {names[one] for one in mine if one in drawn[ours_only:]}
        require(
            set(found) == shared and len(found) == len(shared),
            "{shared} of your {mine} names are names that both know, and yours are {found}. What came back has been "
            "raised to both secrets. What the other sent lacks one: raise it to your own secret, modulo p. The other "
            "sent in an order of its own.",
            shared=len(shared), mine=len(mine), found=len(found),
        )  # fmt: skip
    return say("It finds whom both know, all of them and nobody else, whatever the secrets and the order.")


@exercise(
    answer="own_step",
    points=2,
    wrong={
        "uphill": wrong_11.step(sign=1),
        "divided by": wrong_11.step(lambda x, back: x.T @ back / len(x)),
        "each column": wrong_11.step(lambda x, back: np.full((x.shape[1], 1), float((x.T @ back).mean()))),
        "each column ": wrong_11.step(lambda x, back: np.ones((x.shape[1], 1)) * back.sum()),
        "the rate": lambda w, x, back, rate: w - x.T @ back,
        "the new weights": lambda w, x, back, rate: -rate * x.T @ back,
        "from where they are": lambda w, x, back, rate: w,
        "as many weights": lambda w, x, back, rate: w.T - rate * x * back,
    },
)
def check_own_step(own_step: Callable[..., Any]) -> str:
    """own_step(w, x, back, rate): (d, 1) a party's weights after its step.

    Held against the central model: its loss is differentiated by trying, and two parties' steps must be its step.
    """
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(12, 5)), rng.integers(0, 2, (12, 1)).astype(float)
        w, rate = 0.3 * rng.normal(size=(5, 1)), 0.4
        p = 1 / (1 + np.exp(-x @ w))
        back = (p - y) / len(y)

        def loss(w: np.ndarray, x: np.ndarray = x, y: np.ndarray = y) -> float:
            return float((np.logaddexp(0, x @ w) - y * (x @ w)).mean())

        slope = np.array([[(loss(w + e[:, None]) - loss(w - e[:, None])) / 2e-5] for e in 1e-5 * np.eye(5)])
        for own in (slice(0, 3), slice(3, 5)):
            central = w[own] - rate * slope[own]
            raw = own_step(w[own], x[:, own], back, rate)
            require(np.shape(raw) == central.shape, "give as many weights as the party has columns: a column of them, "
                    "{wanted}, and not {shape}.", wanted=central.shape, shape=np.shape(raw))  # fmt: skip
            given = as_array(raw, central.shape)
            moved, wanted = given - w[own], central - w[own]
            require(np.abs(moved).max() > 0, "the weights must move from where they are.")
            require(not close(moved, -wanted), "your step goes uphill: the loss grows.")
            require(not np.allclose(moved * len(y), wanted, rtol=1e-4),
                    "what came back is divided by the number of people already.")  # fmt: skip
            require(
                not np.allclose(moved * rate, wanted, rtol=1e-4),
                "the rate is missing: a step is the rate times the slope.",
            )
            require(not np.allclose(given, wanted, rtol=1e-4), "give the new weights, and not only how they change.")
            require(
                np.allclose(moved, wanted, rtol=1e-4, atol=1e-7),
                "it is not the step of the model in one place: each column has a slope of its own, its "
                "numbers times what came back about the same people, summed over them.",
            )
    return say("Two parties' steps are the step of one model on all columns, though neither saw the other's.")


@exercise(
    answer="labels_read",
    points=1,
    wrong={
        "the other way": lambda back: (back > 0).astype(int),
        "above and below": lambda back: np.ones(len(back), int),
        "above and below ": lambda back: (back < np.median(back)).astype(int),
        "above and below  ": lambda back: (np.abs(back) > np.abs(back).mean()).astype(int),
        "above and below   ": lambda back: (back < -0.01).astype(int),
        "0 or 1": lambda back: np.sign(back),
    },
)
def check_labels_read(labels_read: Callable[..., Any]) -> str:
    """labels_read(back): (n,) the labels, 0 or 1, from back = (p - y) / n, one number about each person."""
    for seed, people in enumerate((8, 50, 400)):
        rng = np.random.default_rng(seed)
        y = (rng.random(people) < 0.2).astype(int)
        y[:2] = 0, 1
        p = rng.uniform(0.02, 0.98, people)
        found = as_array(labels_read((p - y) / people), (people,))
        require(set(found.tolist()) <= {0, 1}, "each label must be 0 or 1: yours has {one:g}.",
                one=next(one for one in [*found.tolist(), -1.0] if one not in (0, 1)))  # fmt: skip
        wrong = int((found != y).sum())
        require(wrong < people, "all labels are the other way round: p - 1 is below nothing, and p - 0 above.")
        require(wrong == 0, "{wrong} of {people} labels are wrong. p lies between 0 and 1: is p - y above and below "
                "nothing for y = 0 and y = 1?", wrong=wrong, people=people)  # fmt: skip
    return say("Every label, of rare ones too, and without knowing anybody.")


def game(rng: np.random.Generator, parties: tuple[str, ...], idle: str) -> dict[frozenset[str], float]:
    """What each set of parties is worth, drawn; `idle` adds nothing to any."""
    value: dict[frozenset[str], float] = {}
    for size in range(len(parties) + 1):
        for some in map(frozenset, combinations(parties, size)):
            value[some] = value[some - {idle}] if idle in some else float(rng.uniform(0.5, 1))
    return value


@exercise(
    answer="earns",
    points=2,
    wrong={
        "add up": wrong_11.alone,
        "add up ": wrong_11.last,
        "add up  ": wrong_11.by_sets,
        "adds nothing": wrong_11.equal_parts,
        "adds nothing ": wrong_11.in_orders(before=False),
        "add up   ": wrong_11.in_orders(mean=max),
        "add up    ": wrong_11.in_orders(mean=sum),
        "add up     ": wrong_11.in_orders(mean=wrong_11.root),
    },
)
def check_earns(earns: Callable[..., Any]) -> str:
    """earns(party, parties, value): its Shapley value.

    Held against the four properties that only the Shapley value has: who adds nothing gets nothing, equals get the
    same, the shares add up, and two games together pay what each pays.
    """
    rng = np.random.default_rng(4)
    for parties in (("bank", "shop", "idle"), ("doctor", "idle", "imaging", "cardiologist")):
        first, second = game(rng, parties, "idle"), game(rng, parties, "idle")
        paid = {one: as_number(earns(one, list(parties), first)) for one in parties}
        require(close(paid["idle"], 0), "a party that adds nothing to any set must get 0, and yours gets {paid:.3g}: "
                "count only what is more with it than before it came.", paid=paid["idle"])  # fmt: skip
        whole = first[frozenset(parties)] - first[frozenset()]
        require(close(sum(paid.values()), whole), "the shares must add up to what all are worth less what nobody is, "
                "{whole:.3f}, and yours are {total:.3f}: take the mean over all orders in which they may come.",
                whole=whole, total=sum(paid.values()))  # fmt: skip
        both = {some: first[some] + second[some] for some in first}
        for one in parties:
            sum_of_two = paid[one] + as_number(earns(one, list(parties), second))
            require(close(as_number(earns(one, list(parties), both)), sum_of_two),
                    "if two tasks are paid as one, each party must get the sum of its shares in both.")  # fmt: skip
        even = {some: float(len(some - {"idle"}) >= 2) for some in first}
        equal = [as_number(earns(one, list(parties), even)) for one in parties if one != "idle"]
        require(close(equal, [equal[0]] * len(equal)), "parties that add the same to every set must get the same.")
    return say("Nothing for nothing, the same for equals, and the shares add up: only the Shapley value does all that.")
