"""Checks of lesson 08, when a party lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fedlab.lessons import wrong_08
from fedlab.lessons.exercises import as_array, as_list, as_number, close, exercise, require
from fedlab.text import say

FAR = 1e6  # what a liar sends, where the honest send numbers around 1


def worst_case(rule: str, parties: int, liars: int, cut: int) -> float:
    """How far a rule's result is from the honest numbers, 0 to 2, when so many liars agree on one far away."""
    values = np.sort(np.concatenate([np.linspace(0, 2, parties - liars), np.full(liars, FAR)]))
    result = {
        "mean": values.mean(),
        "median": np.median(values),
        "trimmed": values[cut : parties - cut].mean(),
    }[rule]
    return float(max(0, result - 2))


@exercise(
    answer="most_liars",
    points=2,
    wrong={
        "one liar is enough": wrong_08.most(mean=1),
        "the middle": wrong_08.most(median=lambda parties: parties // 2),
        "the middle ": wrong_08.most(median=lambda parties: parties // 2 - 1),
        "the middle  ": wrong_08.most(median=lambda parties: parties - 1),
        "cut away": wrong_08.most(trimmed=lambda parties, cut: 2 * cut),
        "cut away ": wrong_08.most(trimmed=lambda parties, cut: cut - 1),
        "cut away  ": wrong_08.most(trimmed=lambda parties, cut: (parties - 1) // 2),
        "cut away   ": wrong_08.most(trimmed=lambda parties, cut: 0),
    },
)
def check_most_liars(most_liars: Callable[..., Any]) -> str:
    """most_liars(rule, parties, cut): the most liars that cannot take "mean", "median", "trimmed" out of all bounds.

    Held against the rules themselves: with so many liars the result stays among the honest, with one more it does not.
    """
    hints = {
        "mean": say("a mean follows whoever is far enough away, so one liar is enough"),
        "median": say("the middle is a liar's, or half of it, once they are half or more"),
        "trimmed": say("on each side so many are cut away, and all liars may be on one side"),
    }
    for parties, cut in ((10, 2), (11, 3), (7, 1), (20, 4)):
        for rule, hint in hints.items():
            yours = as_number(most_liars(rule, parties, cut))
            stands = [liars for liars in range(parties) if worst_case(rule, parties, liars, cut) < 1]
            require(
                close(yours, max(stands)),
                "{rule} with {parties} parties and cut = {cut}: {yours:g} is not the most that it stands: {hint}.",
                rule=rule, parties=parties, cut=cut, yours=yours, hint=hint,
            )  # fmt: skip
    return say("It holds for four sizes: with so many liars each rule stands, with one more it does not.")


@exercise(
    answer="trimmed",
    points=2,
    wrong={
        "on both sides": wrong_08.trim(keep=lambda rows, cut: rows[: len(rows) - cut]),
        "on both sides ": wrong_08.trim(keep=lambda rows, cut: rows[cut:]),
        "on both sides  ": wrong_08.trim(keep=lambda rows, cut: rows),
        "each weight": wrong_08.trim(order=wrong_08.by_length),
        "in the order": wrong_08.trim(order=lambda values: values),
        "mean of what is left": wrong_08.trim(middle=lambda kept: np.median(kept, axis=0)),
        "mean of what is left ": wrong_08.trim(middle=lambda kept: kept.sum(axis=0)),
        "one number for each weight": wrong_08.trim(middle=lambda kept: kept.mean()),
    },
)
def check_trimmed(trimmed: Callable[..., Any]) -> str:
    """trimmed(values, cut): of each column of (parties, weights) the mean without the `cut` smallest and largest."""
    rng = np.random.default_rng(8)
    values = rng.normal(size=(9, 5))

    def asked(values: np.ndarray, cut: int) -> np.ndarray:
        given = trimmed(values, cut)
        require(given is not None, "your function returns nothing: does it end with return?")
        require(np.shape(given) == (values.shape[1],), "give one number for each weight: yours has the shape {shape}.",
                shape=np.shape(given))  # fmt: skip
        return as_array(given, (values.shape[1],))

    line = np.array([[1.0], [2.0], [4.0], [7.0], [100.0]])
    require(close(asked(np.tile([[3.0]], (5, 2)), 1), [3.0, 3.0]),
            "if all parties send 3, the mean of what is left is 3; yours is {value:.3g}.",
            value=asked(np.tile([[3.0]], (5, 2)), 1)[0])  # fmt: skip
    for sign in (1, -1):
        require(
            abs(asked(sign * line, 1)[0]) < 8,
            "the cut must be on both sides: of {line} with cut = 1 yours gives {value:.4g}, and a far number is in it.",
            line=", ".join(f"{sign * x[0]:g}" for x in line), value=asked(sign * line, 1)[0],
        )  # fmt: skip
    shuffled = line[[4, 0, 2, 1, 3]]
    require(
        close(asked(shuffled, 1), asked(line, 1)),
        "it must not matter in the order of which parties they come: sort each weight's numbers first.",
    )
    require(close(asked(line, 1)[0], 13 / 3),
            "of 1, 2, 4, 7, 100 with cut = 1 the mean of what is left, 2, 4 and 7, is 4.33, and yours is {value:.4g}.",
            value=asked(line, 1)[0])  # fmt: skip
    columns = np.concatenate([asked(values[:, [i]], 2) for i in range(5)])
    require(
        close(asked(values, 2), columns),
        "each weight must be cut by itself: what is far away in one weight may be usual in another.",
    )
    require(close(asked(values, 0), values.mean(axis=0)), "with cut = 0 it must be the mean.")
    return say("Each weight is cut by itself, on both sides, whatever the order; with cut = 0 it is the mean.")


@exercise(
    answer="factor",
    points=1,
    wrong={
        "thinned out": lambda examples, liar: len(examples),
        "thinned out ": lambda examples, liar: examples[liar] / sum(examples),
        "thinned out  ": lambda examples, liar: sum(examples),
        "thinned out   ": lambda examples, liar: (sum(examples) - examples[liar]) / examples[liar],
        "thinned out    ": lambda examples, liar: sum(examples) / max(examples),
        "thinned out     ": lambda examples, liar: 10,
    },
)
def check_factor(factor: Callable[..., Any]) -> str:
    """factor(examples, liar): the s with which a liar's update, weighed by its share of the examples, counts whole."""
    for examples, liar in (([600] * 10, 3), ([100, 300, 50, 550], 2), ([20, 30], 1), ([7], 0)):
        s = as_number(factor(np.array(examples), liar))
        update = np.array([1.0, -2.0])
        arrives = s * update * examples[liar] / sum(examples)
        require(
            close(arrives, update),
            "{examples} examples, liar {liar}: the mean is moved by {part:.3g} of its update instead of all of it, so "
            "it is thinned out, or too loud. What share of the mean is the liar's?",
            examples=", ".join(map(str, examples)), liar=liar, part=arrives[0],
        )  # fmt: skip
    return say("Weighed by its share of the examples, its update arrives whole, whoever the others are.")


@exercise(
    answer="free_riders",
    points=2,
    wrong={
        "bring nothing": lambda updates: [],
        "works like the others": lambda updates: list(range(len(updates))),
        "bring nothing ": wrong_08.suspects(compare=lambda lengths, usual: lengths == 0),
        "works like the others ": wrong_08.suspects(compare=lambda lengths, usual: lengths < usual),
        "works like the others  ": wrong_08.suspects(compare=lambda lengths, usual: lengths > usual),
        "another unit": wrong_08.suspects(compare=lambda lengths, usual: lengths < 0.1),
        "loud": wrong_08.suspects(usual=lambda lengths: float(np.mean(lengths))),
        "up and down": wrong_08.suspects(length=lambda updates: np.abs(updates.sum(axis=1))),
    },
)
def check_free_riders(free_riders: Callable[..., Any]) -> str:
    """free_riders(updates): the numbers of the parties whose update is hardly there, beside what is usual."""

    def asked(updates: np.ndarray) -> set[int]:
        found = free_riders(updates)
        require(found is not None, "your function returns nothing: does it end with return?")
        return {int(as_number(one)) for one in as_list(sorted(found) if isinstance(found, set) else found)}

    for seed in range(4):
        rng = np.random.default_rng(seed)
        sizes = rng.uniform(0.5, 2, (8, 1))
        alike = np.ones((8, 300)) * sizes
        require(not asked(alike), "nobody rides for free here: every party works like the others, more or less.")
        alike[1, ::2] *= -1
        require(not asked(alike), "changes go up and down: that they add up to 0 does not mean that there are none.")
        updates = rng.normal(size=(8, 300)) * sizes
        updates[2] = 0
        updates[5] = 1e-3 * rng.normal(size=300)
        found = asked(updates)
        require({2, 5} <= found, "party 2 sends zeros and party 5 a thousandth of the others: both bring nothing.")
        blamed = min(found - {2, 5}, default=0)
        require(found == {2, 5}, "you blame party {party}, which works like the others.", party=blamed)
        for unit in (1e-4, 1e4):
            require(
                asked(unit * updates) == {2, 5},
                "in another unit, all updates {unit:g} times as long, it must name the same parties.",
                unit=unit,
            )
        updates[0] *= 1_000
        require(asked(updates) == {2, 5}, "party 0 is loud now, and the others are as they were: name 2 and 5 only.")
    return say("It names those who bring nothing, in any unit, and beside a party that is a thousand times as loud.")
