"""Checks of lesson 07, what the server can see."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons import wrong_07
from fedlab.lessons.exercises import as_array, close, exercise, require
from fedlab.lessons.progress import as_far_as_it_goes
from fedlab.text import say

ASKED = Experiment(
    parties=100, examples=6_000, participation=0.1, local_epochs=5, rounds=20,
    privacy="dp", dp_clip=1.0, dp_noise=1.0, dp_delta=1e-3,
)  # fmt: skip
EPSILON, GOAL, MEGABYTES = 2, 0.72, 300
FREE = ("rounds", "participation", "local_epochs", "batch_size", "learning_rate", "seed", "dp_clip", "dp_noise")


@exercise(
    answer="images_in",
    points=2,
    wrong={
        "silent": wrong_07.divide(spoken=lambda bias: np.ones(len(bias), bool)),
        "down": wrong_07.divide(spoken=lambda bias: bias > 1e-9),
        "a row for each": wrong_07.divide(turned=False),
        "not the image": wrong_07.divide(quotient=lambda kernel, bias: kernel),
        "not the image ": wrong_07.divide(quotient=lambda kernel, bias: kernel * bias),
        "not the image  ": wrong_07.divide(quotient=lambda kernel, bias: bias / kernel),
        "not the image   ": wrong_07.divide(quotient=lambda kernel, bias: -kernel / bias),
        "not the image    ": wrong_07.divide(quotient=lambda kernel, bias: kernel / np.abs(kernel).max(axis=0)),
        "not the image     ": wrong_07.divide(quotient=lambda kernel, bias: kernel / bias.sum()),
    },
)
def check_images_in(images_in: Callable[..., Any]) -> str:
    """images_in(kernel, bias): (m, n) ΔW_i / Δb_i of the m units that moved. kernel: (n, units), bias: (units,).

    Judged on a layer in which the units 0 and 3 were on for one image each, unit 1 for both, and unit 2 for none.
    """
    rng = np.random.default_rng(7)
    one, other = rng.random(6), rng.random(6)
    slopes = np.array([[0.5, 0.2, 0.0, 0.0], [0.0, 0.3, 0.0, -0.25]])  # of each image at each unit
    kernel, bias = np.stack([one, other]).T @ slopes, slopes.sum(axis=0)
    given = images_in(kernel, bias)
    require(given is not None, "your function returns nothing: does it end with return?")
    with np.errstate(invalid="ignore"):
        shape = np.shape(given)
        whole = np.asarray(given, float) if len(shape) == 2 else np.zeros((0, 0))
    require(
        shape != (6, 4) and shape != (6, 3) and (len(shape) < 2 or shape[1] == 6),
        "give a row for each unit that moved, and a column for each of the 6 pixels: yours has the shape {shape}.",
        shape=shape,
    )
    require(
        np.isfinite(whole).all() and shape[0] != 4,
        "a silent unit, whose bias did not move, says nothing: leave it out, or you divide by 0.",
    )
    require(
        shape[0] == 3,
        "three of the four units moved, one of them down: a unit that moved down says as much. Yours gives {rows}.",
        rows=shape[0],
    )
    found = as_array(given, (3, 6))
    require(
        close(found[0], one) and close(found[2], other),
        "unit 0 was on for one image alone, so its row must be that image; yours is not the image: its first pixel is "
        "{yours:.3g} and not {pixel:.3g}.",
        yours=found[0, 0], pixel=one[0],
    )  # fmt: skip
    require(close(found[1], 0.4 * one + 0.6 * other), "a unit that was on for two images gives a mixture of the two.")
    return say("Two units give an image each, the third a mixture of both, and the silent one nothing.")


@exercise(
    answer="masked",
    points=2,
    wrong={
        "own": wrong_07.hide(own=0),
        "own ": wrong_07.hide(own=-1),
        "cancel": wrong_07.hide(adds=lambda party, other: True),
        "cancel ": wrong_07.hide(takes_away=0),
        "cancel  ": wrong_07.forgets_the_last,
        "the lower": wrong_07.hide(adds=lambda party, other: party > other),
        "from 0 to": wrong_07.hide(wrap=lambda y: y),
        "cancel   ": wrong_07.hide(wrap=lambda y: y % 2**31),
    },
)
def check_masked(masked: Callable[..., Any]) -> str:
    """masked(x, party, agreed, own): what travels, uint32. agreed: {other: the mask that both have agreed on}."""
    rng = np.random.default_rng(11)

    def drawn() -> np.ndarray:
        return rng.integers(0, 2**32, 5, dtype=np.uint32)

    parties = (0, 1, 2, 5)
    numbers, own = {k: drawn() for k in parties}, {k: drawn() for k in parties}
    pairs = {frozenset((j, k)): drawn() for j in parties for k in parties if j < k}
    sent = {}
    for k in parties:
        agreed = {j: pairs[frozenset((j, k))] for j in parties if j != k}
        given = as_array(masked(numbers[k], k, agreed, own[k]), (5,))
        require(
            (given >= 0).all() and (given < 2**32).all() and (given == np.round(given)).all(),
            "what travels are whole numbers from 0 to 2³² − 1, but yours has {number:.6g}: keep to uint32, in which "
            "sums begin again at 0.",
            number=float(given[np.argmax(np.abs(given - 2**31))]),
        )
        sent[k] = given.astype(np.uint64)
    modulo = np.uint64(2**32)

    def total(of: dict[int, np.ndarray]) -> np.ndarray:
        return np.sum([of[k].astype(np.uint64) for k in parties], axis=0) % modulo

    bare = total(numbers)
    require(
        not np.array_equal(total(sent), bare),
        "where is the mask of its own? The sum of all messages is already the open sum.",
    )
    require(
        np.array_equal((total(sent) + modulo * np.uint64(4) - total(own)) % modulo, bare),
        "once the own masks, each added once, are taken from the sum, all others must cancel: of two parties one adds "
        "the mask they share, and the other takes it away. Yours leave something.",
    )
    first = numbers[0].astype(np.uint64) + own[0]
    for j in (1, 2, 5):
        first = first + pairs[frozenset((0, j))]
    require(
        np.array_equal(sent[0], first % modulo),
        "the others go by the rule that the lower number adds: with another rule your message does not fit theirs.",
    )
    return say("Without the own masks the sum of four messages is the sum of the numbers, to the last bit.")


@exercise(
    answer="private_mean",
    points=2,
    wrong={
        "longer than": wrong_07.mean(clip=lambda u, S: u),
        "shorter than": wrong_07.mean(clip=lambda u, S: u * S / np.linalg.norm(u)),
        "its direction": wrong_07.mean(clip=lambda u, S: np.clip(u, -S / 2, S / 2)),
        "who came": wrong_07.mean(divisor=lambda came, expected: came),
        "spread": wrong_07.mean(deviation=lambda S, sigma, came, expected: sigma),
        "spread ": wrong_07.mean(noise_after=True),
        "spread  ": wrong_07.mean(deviation=lambda S, sigma, came, expected: S * sigma * expected),
        "spread   ": wrong_07.mean(deviation=lambda S, sigma, came, expected: S * sigma * came**0.5),
        "spread    ": wrong_07.mean(deviation=lambda S, sigma, came, expected: S * sigma**2),
        "no noise": wrong_07.mean(deviation=lambda S, sigma, came, expected: 0),
        "each weight": wrong_07.mean(noise=lambda rng, size: rng.standard_normal()),
        "around 0": wrong_07.mean(noise=lambda rng, size: rng.random(size)),
    },
)
def check_private_mean(private_mean: Callable[..., Any]) -> str:
    """private_mean(updates, S, sigma, expected, rng): (P,) (Σ_k u_k min(1, S/||u_k||) + σ S N(0, 1)) / expected.

    The noise is judged by 20,000 weights: their standard deviation is known to 0.5 %, so 4 % are eight of those.
    """
    rng = np.random.default_rng(5)

    def asked(updates: np.ndarray, S: float, sigma: float, expected: float) -> np.ndarray:
        return as_array(private_mean(updates, S, sigma, expected, rng), updates.shape[1:])

    long = np.array([[3.0, 4.0, 0.0, 0.0]])
    (came,) = (asked(long, 1.0, 0.0, 1.0),)
    length = float(np.linalg.norm(came))
    require(length < 1 + 1e-6, "an update of length 5 with S = 1 must not stay longer than 1: yours has {length:.3g}.",
            length=length)  # fmt: skip
    require(close(came, long[0] / 5), "clipping shortens an update and keeps its direction: all weights by one factor.")
    short = np.array([[0.3, 0.0, -0.4, 0.0]])
    came = asked(short, 1.0, 0.0, 1.0)
    require(close(came, short[0]), "an update that is shorter than S must stay as it is.")
    both = np.concatenate([long, short])
    require(
        close(asked(both, 1.0, 0.0, 4.0), (long[0] / 5 + short[0]) / 4),
        "divide by the expected number, not by who came: how many came tells something about a party.",
    )
    many = np.zeros((6, 20_000))
    many[:, 0] = 1.0
    noise = asked(many, 0.5, 2.0, 4.0)[1:]
    spread, mean = float(noise.std()), float(noise.mean())
    require(spread > 0 or np.ptp(noise) > 0 or mean != 0, "with σ = 2 there is no noise in your mean.")
    require(np.unique(noise).size > 1_000, "draw for each weight anew: yours have all the same noise.")
    require(abs(mean) < 0.03 * max(spread, 0.25), "the noise must be around 0, not around {mean:.3g}.", mean=mean)
    require(
        abs(spread - 0.25) < 0.01,
        "the spread of the noise is wrong: σ S on the sum, so σ S / expected on the mean. With S = 0.5, σ = 2 and 4 "
        "expected that is 0.25, and yours is {spread:.3g}.",
        spread=spread,
    )
    return say("Long updates are clipped, short ones are left, and the noise on the mean has the deviation σ S / m.")


@lru_cache(maxsize=32)
def _history(experiment: Experiment) -> History:
    return as_far_as_it_goes(experiment)


@exercise(
    answer="choose_noise",
    points=2,
    wrong={
        "ε": lambda: ASKED.with_(dp_noise=0.5, dp_clip=0.3),
        "ε ": lambda: ASKED.with_(dp_noise=0.0),
        "ε  ": lambda: ASKED.with_(participation=1.0, rounds=10, dp_noise=2.0),
        "test images right": lambda: ASKED.with_(dp_noise=1.1),
        "test images right ": lambda: ASKED.with_(dp_noise=1.1, dp_clip=0.3),
        "test images right  ": lambda: ASKED.with_(participation=0.3, rounds=10, dp_noise=1.7, dp_clip=1.0),
        "megabytes": lambda: ASKED.with_(participation=1.0, rounds=10, dp_noise=4.6, dp_clip=0.3),
        "leave": lambda: ASKED.with_(dp_delta=0.1),
        "leave ": lambda: ASKED.with_(parties=1_000, examples=60_000),
        "leave  ": lambda: ASKED.with_(privacy="none"),
        "leave   ": lambda: ASKED.with_(model="softmax"),
        "must return an Experiment": lambda: {"dp_noise": 4},
    },
    limit=240,
)
def check_choose_noise(choose_noise: Callable[..., Any]) -> str:
    """choose_noise(): an Experiment with ε ≤ `EPSILON` that reaches `GOAL` within `MEGABYTES` up, with two seeds."""
    yours = choose_noise()
    require(yours is not None, "your function returns nothing: does it end with return?")
    require(isinstance(yours, Experiment), "your function must return an Experiment, such as base.with_(dp_noise=2).")
    mine, given = ({k: v for k, v in one.to_dict().items() if k not in FREE} for one in (ASKED, yours))
    moved = next((name for name in mine if given.get(name) != mine[name]), None)
    require(
        moved is None,
        "leave {name} as it is: rounds, C, E, B, η, the clip and the noise are yours to choose.",
        name=moved,
    )
    first = _history(yours)
    require(len(first) == yours.rounds, "training breaks down: take a smaller clip or a smaller learning rate.")
    spent = first.rounds[-1].epsilon
    require(
        spent is not None and spent <= EPSILON,
        "ε must be at most {allowed}, and after {rounds} rounds yours is {spent}: more noise, fewer rounds, or fewer "
        "parties a round.",
        allowed=EPSILON, rounds=yours.rounds, spent=say("without bound") if spent is None else f"{spent:.2f}",
    )  # fmt: skip
    megabytes = sum(one.bytes_up for one in first) / 1e6
    require(
        megabytes <= MEGABYTES,
        "all parties together send {megabytes:,.0f} megabytes up, and {allowed} are allowed: fewer rounds, or fewer "
        "parties a round.",
        megabytes=megabytes, allowed=MEGABYTES,
    )  # fmt: skip
    reached = []
    for seed in (yours.seed, yours.seed + 1):
        history = _history(yours.with_(seed=seed))
        reached.append(history.rounds[-1].test_accuracy if len(history) == yours.rounds else 0.0)
        require(
            reached[-1] >= GOAL,
            "with seed {seed} it ends with {reached:.1%} of the test images right, and {goal:.0%} are wanted.",
            seed=seed, reached=reached[-1], goal=GOAL,
        )  # fmt: skip
    return say(
        "ε is {spent:.2f}, and with two seeds it ends at {one:.1%} and {other:.1%}, for {megabytes:,.0f} megabytes up.",
        spent=spent, one=reached[0], other=reached[1], megabytes=megabytes,
    )  # fmt: skip
