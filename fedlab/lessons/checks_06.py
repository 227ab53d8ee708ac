"""Checks of lesson 06, what talking costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons import wrong_06
from fedlab.lessons.exercises import as_array, as_number, close, exercise, require
from fedlab.lessons.one_update import place
from fedlab.lessons.progress import as_far_as_it_goes
from fedlab.stages import Quantize, RandomK, Sign, TopK
from fedlab.text import say

ASKED = Experiment(parties=10, examples=2_000, uplink=100)
GOAL, SECONDS = 0.89, 16
FREE = (
    "rounds", "local_epochs", "batch_size", "learning_rate", "seed", "compression", "topk_share", "randomk_share",
    "quantize_bits", "error_feedback",
)  # fmt: skip


@exercise(
    answer="send_top",
    points=2,
    wrong={
        "a pair": wrong_06.sends_only,
        "nothing may be lost": wrong_06.top(wish=lambda update, memory: update),
        "nothing may be lost ": wrong_06.top(keep=lambda v, sent, memory: np.zeros_like(v)),
        "nothing may be lost  ": wrong_06.top(keep=lambda v, sent, memory: v),
        "nothing may be lost   ": wrong_06.top(keep=lambda v, sent, memory: memory + v - sent),
        "nothing may be lost    ": wrong_06.top(keep=lambda v, sent, memory: sent),
        "up or down": wrong_06.top(rank=lambda v: v),
        "the smallest": wrong_06.top(rank=lambda v: -np.abs(v)),
        "what is remembered must count": wrong_06.ranks_the_update,
        "2 numbers": wrong_06.top(more=1),
        "2 numbers ": wrong_06.top(more=-1),
        "as it is": wrong_06.top(send=np.sign),
        "all of it": wrong_06.top(send=lambda v: v / 2),
    },
)
def check_send_top(send_top: Callable[..., Any]) -> str:
    """send_top(update, memory, k): what is sent, with zeros for the rest, and the new memory; arrays of one shape."""
    update, nothing = np.array([0.5, -3.0, 1.0, 0.25, 2.0, -0.1]), np.zeros(6)

    def parts(update: np.ndarray, memory: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        made = send_top(update, memory, k)
        require(made is not None, "your function returns nothing: does it end with return?")
        require(isinstance(made, tuple | list) and len(made) == 2, "return a pair: what is sent, and the new memory.")
        sent, kept = (
            as_array(one, update.shape, what) for one, what in zip(made, ("what is sent", "the memory"), strict=True)
        )
        return sent, kept

    sent, kept = parts(update, nothing, 2)
    count = int(np.count_nonzero(sent))
    require(count == 2, "with k = 2 it must send 2 numbers and zeros for the rest, but it sends {count}.", count=count)
    chosen = set(np.flatnonzero(sent))
    require(3 not in chosen and 5 not in chosen, "of 0.5, −3, 1, 0.25, 2, −0.1 it sends one of the smallest.")
    require(chosen == {1, 4}, "−3 is a large change too: what counts is the size, whether it is up or down.")
    require(not close(sent, np.sign(sent)), "a number must be sent as it is, not only its sign.")
    require(close(sent[[1, 4]], [-3.0, 2.0]), "a number that is sent must be sent in full, all of it: −3 and 2 here.")
    rng = np.random.default_rng(4)
    memory = np.array([0.0, 0.0, 0.0, 4.0, 0.0, 0.0])
    waiting, _ = parts(update, memory, 1)
    balanced = True
    for k in (1, 2, 5):
        news, old = rng.normal(size=9), rng.normal(size=9)
        sent, kept = parts(news, old, k)
        balanced = balanced and close(sent + kept, news + old)
    require(
        balanced,
        "nothing may be lost: what is sent and what is remembered afterwards must be the update and what was "
        "remembered before.",
    )
    require(
        int(np.flatnonzero(waiting)[0]) == 3,
        "what is remembered must count when the largest are chosen: 4 were waiting at a place, and it was not sent.",
    )
    total, sums, held = np.zeros(9), np.zeros(9), np.zeros(9)
    for _ in range(20):
        news = rng.normal(size=9)
        sent, held = parts(news, held, 2)
        total, sums = total + news, sums + sent
    require(close(sums + held, total), "after 20 rounds nothing may be lost: all sent + remembered = all updates.")
    return say("After 20 rounds all that was sent and what is remembered are all updates, to the last number.")


@exercise(
    answer="quantise",
    points=2,
    wrong={
        "right on average": lambda v, s, rng: np.round(s * v) / s,
        "right on average ": lambda v, s, rng: np.floor(s * v) / s,
        "right on average  ": lambda v, s, rng: np.ceil(s * v) / s,
        "right on average   ": wrong_06.quantise(lambda rest, rng: rng.random(rest.shape) < 0.5),
        "right on average    ": wrong_06.quantise(lambda rest, rng: rng.random(rest.shape) > rest),
        "a lot of its own": lambda v, s, rng: np.floor(s * v + rng.random()) / s,
        "from −1 to 1 in steps of": lambda v, s, rng: np.floor(s * v + rng.random(v.shape)),
        "from −1 to 1 in steps of ": lambda v, s, rng: v + (rng.random(v.shape) - 0.5) / s,
        "from −1 to 1 in steps of  ": lambda v, s, rng: np.floor(s * v + 2 * rng.random(v.shape) - 0.5) / s,
        "nearest": wrong_06.only_the_ends,
        "stay": lambda v, s, rng: np.sign(v) * (rng.random(v.shape) < np.abs(v)),
        "stay ": lambda v, s, rng: np.floor(s * np.abs(v) + rng.random(v.shape)) / s,
        "same draws": lambda v, s, rng: np.floor(s * v + np.random.default_rng(0).random(v.shape)) / s,
    },
)
def check_quantise(quantise: Callable[..., Any]) -> str:
    """quantise(v, s, rng): numbers from −1 to 1, each rounded up or down to a multiple of 1/s, right on average."""
    rng = np.random.default_rng(6)

    def rounded(v: np.ndarray, s: int) -> np.ndarray:
        return as_array(quantise(v, s, rng), v.shape)

    v = np.array([0.0, 0.1, 0.37, 0.5, -0.1, -0.62, 0.9, -1.0, 1.0])
    for s in (1, 3, 7):
        found = rounded(v, s)
        require(
            close(s * found, np.round(s * found)) and np.abs(found).max() <= 1 + 1e-9,
            "with s = {s} a number must become one of the levels from −1 to 1 in steps of 1/{s}, but yours has "
            "{value:.3g}.",
            s=s,
            value=float(found[np.argmax(np.abs(s * found - np.round(s * found)) + (np.abs(found) > 1))]),
        )
    levels = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    require(close(rounded(levels, 2), levels), "numbers that are on a level must stay there.")
    many = np.full(4_000, 0.3)
    spread = rounded(many, 2)
    again = rounded(many, 2)
    draws = np.array([rounded(v, 3) for _ in range(1_000)])
    mean = draws.mean(axis=0)
    # each draw is off by at most 1/3, so a mean of 1,000 by 0.0053 in the standard error, and seldom by 0.03
    wrong = int(np.argmax(np.abs(mean - v)))
    require(
        np.abs(draws - v).max() < 1 / 3 + 1e-9,
        "a number must become one of its two nearest levels, not one that is further away.",
    )
    require(
        not (np.ptp(spread) == 0 and np.ptp(draws[:, 2]) > 0),
        "each number needs a lot of its own: of 4,000 times 0.3 all were rounded the same way.",
    )
    require(
        np.ptp(spread) == 0 or not close(spread, again),
        "the same draws came twice: take them from rng, which goes on from call to call.",
    )
    require(
        abs(mean[wrong] - v[wrong]) < 0.03,
        "it must be right on average: {value:.2g} became {mean:.2g}, mean of 1,000 times.",
        value=float(v[wrong]),
        mean=float(mean[wrong]),
    )
    return say("Each number becomes one of its two nearest levels, and the mean of 1,000 is right for all of them.")


@exercise(
    answer="bytes_of",
    points=1,
    wrong={
        "places": lambda code, P, k, bits: 4 * k if code == "topk" else wrong_06.bytes_of(code, P, k, bits),
        "places ": lambda code, P, k, bits: 8 * k if code == "randomk" else wrong_06.bytes_of(code, P, k, bits),
        "whole bytes": lambda code, P, k, bits: 4 + P / 8 if code == "sign" else wrong_06.bytes_of(code, P, k, bits),
        "whole bytes ": lambda code, P, k, bits: 4 + P // 8 if code == "sign" else wrong_06.bytes_of(code, P, k, bits),
        "size for all": lambda code, P, k, bits: -(-P // 8) if code == "sign" else wrong_06.bytes_of(code, P, k, bits),
        "bits": lambda code, P, k, bits: (
            P * bits + 4 * -(-P // 128) if code == "quantize" else wrong_06.bytes_of(code, P, k, bits)
        ),
        "bucket": lambda code, P, k, bits: (
            -(-P * bits // 8) if code == "quantize" else wrong_06.bytes_of(code, P, k, bits)
        ),
        "bucket ": lambda code, P, k, bits: (
            -(-P * bits // 8) + 4 * (P // 128) if code == "quantize" else wrong_06.bytes_of(code, P, k, bits)
        ),
        "bucket  ": lambda code, P, k, bits: (
            -(-P * bits // 8) + 4 if code == "quantize" else wrong_06.bytes_of(code, P, k, bits)
        ),
    },
)
def check_bytes_of(bytes_of: Callable[..., Any]) -> str:
    """bytes_of(code, P, k, bits): how many bytes a party sends for P weights. Held against what an encoder makes."""
    hints = {
        "topk": say("each number needs 4 bytes, and its place 4 more: nobody else knows the places"),
        "randomk": say("each number needs 4 bytes, and the places nothing: both sides draw them"),
        "sign": say("a bit a weight, in whole bytes, and 4 bytes for the size for all of them"),
        "quantize": say(
            "so many bits a weight, 8 to a byte, and 4 bytes for each bucket of 128, also a short last one"
        ),
    }
    for P in (1_280, 1_000, 199_210):
        v = np.random.default_rng(P).normal(size=P).astype(np.float32)
        for k, bits in ((P // 100, 2), (P // 10, 4), (P // 20, 5)):
            kinds = {
                "topk": TopK(topk_share=k / P),
                "randomk": RandomK(randomk_share=k / P),
                "quantize": Quantize(quantize_bits=bits),
                "sign": Sign(),
            }
            for code, kind in kinds.items():
                yours, made = as_number(bytes_of(code, P, k, bits)), kind.encode(v, place(P)).nbytes
                require(
                    close(yours, made),
                    "{code} with P = {P:,}, k = {k:,} and {bits} bits: an encoder makes {made:,} bytes of it, and you "
                    "say {yours:,.6g}: {hint}.",
                    code=code, P=P, k=k, bits=bits, made=made, yours=yours, hint=hints[code],
                )  # fmt: skip
    return say("It is what the kit's encoders make of real arrays, for four codes and three models.")


@lru_cache(maxsize=32)
def _history(experiment: Experiment) -> History:
    return as_far_as_it_goes(experiment)


def clock_of(choice: Experiment) -> float:
    """Simulated seconds of all its rounds, each as long as the first: all parties hold equally many images."""
    return choice.rounds * sum(one.simulated_seconds for one in _history(choice.with_(rounds=1)))


@exercise(
    answer="choose_code",
    points=2,
    wrong={
        "seconds": lambda: ASKED.with_(rounds=5, local_epochs=5),
        "seconds ": lambda: ASKED.with_(rounds=20, compression="quantize", quantize_bits=2, error_feedback=False),
        "test images right": lambda: ASKED.with_(rounds=1, local_epochs=5),
        "test images right ": lambda: ASKED.with_(rounds=9, local_epochs=5, compression="topk", topk_share=0.001),
        "test images right  ": lambda: ASKED.with_(rounds=7, local_epochs=5, compression="quantize", quantize_bits=2),
        "test images right   ": lambda: ASKED.with_(rounds=7, local_epochs=5, compression="topk", error_feedback=False),
        "leave": lambda: ASKED.with_(uplink=1_000, local_epochs=5, rounds=6),
        "leave ": lambda: ASKED.with_(parties=2, rounds=5),
        "leave  ": lambda: ASKED.with_(bandwidth=100.0, rounds=5),
        "leave   ": lambda: ASKED.with_(algorithm="scaffold", rounds=2),
        "must return an Experiment": lambda: {"rounds": 4},
    },
    limit=240,
)
def check_choice(choose_code: Callable[..., Any]) -> str:
    """choose_code(): an Experiment that reaches `GOAL` within `SECONDS` of the simulated clock, with two seeds."""
    yours = choose_code()
    require(yours is not None, "your function returns nothing: does it end with return?")
    require(isinstance(yours, Experiment), "your function must return an Experiment, such as base.with_(rounds=5).")
    free = {name: value for name, value in ASKED.to_dict().items() if name in FREE}
    same = {name: value for name, value in yours.to_dict().items() if name not in FREE}
    moved = next(
        (name for name, value in ASKED.to_dict().items() if name not in free and same.get(name) != value), None
    )
    require(
        moved is None,
        "leave {name} as it is: rounds, E, B, η and the compression with its settings are yours to choose.",
        name=moved,
    )
    first = _history(yours.with_(rounds=1))
    require(len(first) == 1, "training breaks down in its first round: take a smaller learning rate.")
    seconds = clock_of(yours)
    require(
        seconds <= SECONDS,
        "{rounds} rounds of {each:.1f} s are {all:.1f} seconds, and {allowed} are allowed: fewer rounds, or shorter "
        "ones.",
        rounds=yours.rounds, each=seconds / yours.rounds, all=seconds, allowed=SECONDS,
    )  # fmt: skip
    for seed in (yours.seed, yours.seed + 1):
        reached = max((one.test_accuracy for one in _history(yours.with_(seed=seed))), default=0.0)
        require(
            reached >= GOAL,
            "with seed {seed} it gets {reached:.1%} of the test images right, and {goal:.0%} are wanted.",
            seed=seed, reached=reached, goal=GOAL,
        )  # fmt: skip
    return say(
        "With both seeds it gets at least {goal:.0%} in {all:.1f} simulated seconds: {rounds} rounds of "
        "{kilobytes:,.0f} kB up from each party.",
        goal=GOAL, all=seconds, rounds=yours.rounds, kilobytes=first.rounds[0].bytes_up / 1e4,
    )  # fmt: skip
