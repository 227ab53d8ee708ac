"""Checks of lesson 09, a real network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from fedlab.lessons import wrong_09
from fedlab.lessons.exercises import NotYet, as_array, as_truth, close, exercise, require
from fedlab.text import say


def scribble(rng: np.random.Generator) -> np.ndarray:
    """(20, 20) a digit of black, grey and a heavy side, so that its box and its mass have different middles."""
    digit = np.zeros((20, 20))
    digit[rng.integers(0, 4) : 17, 6:9] = rng.uniform(0.6, 1)
    digit[2:5, 6 : rng.integers(14, 20)] = rng.uniform(0.1, 0.5)
    return digit


def centre(picture: np.ndarray) -> np.ndarray:
    """(2,) row and column of the centre of mass; pixels are counted from 0."""
    steps = np.arange(len(picture))
    return np.array([picture.sum(axis=1) @ steps, picture.sum(axis=0) @ steps]) / picture.sum()


@exercise(
    answer="placed",
    points=2,
    wrong={
        "centre of mass": wrong_09.place(middle=wrong_09.middle_of_the_box),
        "centre of mass ": wrong_09.place(middle=lambda digit: (10, 10)),
        "counts as much": wrong_09.place(middle=wrong_09.middle_of_the_inked),
        "centre of mass  ": wrong_09.place(middle=wrong_09.mirrored),
        "(28, 28)": wrong_09.place(size=20),
        "centre of mass   ": wrong_09.place(corner=lambda centre: round(10 - centre)),
        "moved, not changed": lambda digit: np.pad(np.ones((20, 20)), 4),
    },
)
def check_placed(placed: Callable[..., Any]) -> str:
    """placed(digit): the (20, 20) digit in a (28, 28) picture, its centre of mass within half a pixel of (14, 14)."""
    rng = np.random.default_rng(9)
    for _ in range(6):
        digit = scribble(rng)
        yours = as_array(placed(digit.copy()), (28, 28), "your picture")
        require(
            np.array_equal(np.sort(yours[yours > 0]), np.sort(digit[digit > 0])),
            "the digit is to be moved, not changed: the picture must have the same greys as the digit, each as often.",
        )
        inked = centre((yours > 0).astype(float))
        off = np.abs(centre(yours) - 14)
        blind = np.abs(inked - 14).max() <= 0.5 < off.max()
        require(
            not blind,
            "you have centred the shape: a light grey pixel counts as much there as a black one. In the centre of mass "
            "each pixel counts by its grey.",
        )
        require(
            off.max() <= 0.5 + 1e-9,
            "the centre of mass is {rows:.1f} rows and {columns:.1f} columns from pixel (14, 14): half a pixel is "
            "as near as whole pixels allow.",
            rows=off[0],
            columns=off[1],
        )
    return say("Six digits: moved only, and each one's centre of mass is within half a pixel of (14, 14).")


@exercise(
    answer="new_model",
    points=2,
    wrong={
        "divide by the examples of those who reported": wrong_09.average(
            divide=lambda examples, reports: sum(examples.values())
        ),
        "count its examples": wrong_09.average(divide=lambda examples, reports: len(reports), weight=lambda n: 1),
        "stays as it was": wrong_09.average(missing=lambda w: w * 0),
        "stays as it was ": wrong_09.average(missing=lambda w: w * np.nan),
        "added to the model": lambda w, examples, reports: wrong_09.average()(w, examples, reports) - w,
    },
)
def check_new_model(new_model: Callable[..., Any]) -> str:
    """new_model(w, examples, reports): w + Σ n_k Δ_k / Σ n_k over those who reported; w if nobody did."""
    w = np.array([1.0, -2.0, 0.5])
    examples = {0: 100, 1: 300, 2: 600, 3: 1_000}
    updates = {0: [1.0, 0, 0], 1: [0, 2.0, 0], 2: [0, 0, 3.0], 3: [1.0, 1.0, 1.0]}

    def asked(*came: int) -> np.ndarray:
        reports = {party: np.array(updates[party]) for party in came}
        return as_array(new_model(w.copy(), dict(examples), reports), w.shape)

    one = asked(3)
    require(
        not close(one, np.ones(3)),
        "what the parties send is what has changed: the mean must be added to the model w.",
    )
    require(
        close(one, w + 1),
        "if only one party reports, the new model is w plus its update: divide by the examples of those who reported.",
    )
    two = asked(0, 1)
    require(
        not close(two, w + np.array([0.5, 1.0, 0])),
        "a party of 300 images must count three times as much as one of 100: count its examples.",
    )
    require(
        close(two, w + np.array([0.25, 1.5, 0])),
        "parties 0 and 1 reported, with 100 and 300 images: the shares are 1/4 and 3/4, so divide by the examples of "
        "those who reported.",
    )
    require(close(asked(0, 1, 2, 3), w + np.array([0.55, 0.8, 1.4])), "with all four parties the mean is off.")
    stays = "if nobody reports, the model stays as it was."
    try:
        require(close(asked(), w), stays)
    except (NotYet, ArithmeticError, LookupError, TypeError, ValueError):
        raise NotYet(say(stays)) from None
    return say("All came, two came, one came, nobody came.")


@exercise(
    answer="memory_for",
    points=1,
    wrong={
        "has already worked": wrong_09.remember(lambda number, kept: max(kept)),
        "newest of those": wrong_09.remember(lambda number, kept: min(kept)),
        "was away": wrong_09.remember(lambda number, kept: number - 1),
        "has already worked ": wrong_09.remember(lambda number, kept: max(one for one in kept if one <= number)),
    },
)
def check_memory_for(memory_for: Callable[..., Any]) -> str:
    """memory_for(number, kept): of the memories by the round that they were kept after, the newest from before."""

    def asked(number: int, *rounds: int) -> Any:
        kept = {one: f"after round {one}" for one in rounds}
        try:
            return memory_for(number, dict(kept))
        except KeyError:
            require(
                False,
                "round {number} is asked for and the memories are from after the rounds {rounds}: the party was away "
                "in between, so there need not be one of the round before.",
                number=number, rounds=", ".join(map(str, rounds)),
            )  # fmt: skip

    require(
        asked(5, 3, 4) == "after round 4",
        "for round 5, with memories of after rounds 3 and 4, take the newest of those from before: that after round 4.",
    )
    again = (
        "the server has died and asks for round {number} again, in which the party has already worked: its memory of "
        "after round {number} knows too much. Answer from the newest of those before."
    )
    require(asked(4, 3, 4) == "after round 3", again, number=4)
    require(asked(7, 6, 7) == "after round 6", again, number=7)
    require(asked(9, 3, 4) == "after round 4", "the party was away for some rounds: its newest memory still counts.")
    require(asked(2, 0) == "after round 0", "for round 2 with nothing but the memory that it began with: take that.")
    return say("A usual round, a round that is asked for again, and a party that was away.")


@exercise(
    answer="is_genuine",
    points=2,
    wrong={
        "another server's": wrong_09.genuine(same=lambda seen, told: True),
        "another server's ": wrong_09.genuine(same=lambda seen, told: seen[:4] == told[:4]),
        "capital letters": wrong_09.genuine(tidy=lambda told: told.replace(":", "")),
        "colons": wrong_09.genuine(tidy=lambda told: told.lower()),
        "SHA-256": wrong_09.genuine(fingerprint=lambda one: hashlib.md5(one).hexdigest()),
        "SHA-256 ": wrong_09.genuine(same=lambda seen, told: False),
        "empty": wrong_09.genuine(same=lambda seen, told: seen.startswith(told)),
    },
)
def check_is_genuine(is_genuine: Callable[..., Any]) -> str:
    """is_genuine(certificate, told): whether the SHA-256 of the certificate is the fingerprint that was told."""
    certificate = b"the teacher's certificate"
    right = hashlib.sha256(certificate).hexdigest()
    other = next(
        candidate
        for number in range(10**6)
        if hashlib.sha256(candidate := f"a stranger's certificate {number}".encode()).hexdigest()[:4] == right[:4]
    )

    def asked(seen: bytes, told: str) -> bool:
        return as_truth(is_genuine(seen, told))

    require(asked(certificate, right), "you refuse the teacher's own server: hash the certificate with SHA-256.")
    require(asked(certificate, right.upper()), "a fingerprint in capital letters is the same fingerprint.")
    pairs = ":".join(right[at : at + 2] for at in range(0, 64, 2))
    require(asked(certificate, pairs), "a fingerprint is often written with colons between its bytes: leave them out.")
    require(
        not asked(other, right),
        "you take another server's certificate for the teacher's: all 64 digits must be the same, not the first few.",
    )
    require(not asked(certificate, ""), "an empty fingerprint must not let everybody in.")
    return say(
        "The teacher's server in three spellings, a stranger whose first four digits are the same, and no fingerprint."
    )
