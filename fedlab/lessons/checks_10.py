"""Checks of lesson 10, four fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fedlab.lessons import wrong_10
from fedlab.lessons.exercises import NotYet, as_array, as_number, close, exercise, require
from fedlab.text import say


@exercise(
    answer="mean_and_deviation",
    points=2,
    wrong={
        "not each party": wrong_10.scale(mean=lambda n, s, q: (s / n).mean()),
        "all rows together": wrong_10.scale(mean=lambda n, s, q: s.sum() / len(n)),
        "square root": wrong_10.scale(deviation=lambda n, s, q, mean: q.sum() / n.sum() - mean**2),
        "between the parties": wrong_10.scale(
            deviation=lambda n, s, q, mean: (n * np.sqrt(q / n - (s / n) ** 2)).sum() / n.sum()
        ),
        "the mean squared": wrong_10.scale(deviation=lambda n, s, q, mean: np.sqrt(q.sum() / n.sum())),
        "two numbers": lambda n, s, q: s.sum() / n.sum(),
    },
)
def check_mean_and_deviation(mean_and_deviation: Callable[..., Any]) -> str:
    """mean_and_deviation(n, s, q): of all rows, from the parties' counts, sums and sums of squares, (parties,) each."""
    rng = np.random.default_rng(10)

    def asked(rows: list[np.ndarray]) -> tuple[Any, Any]:
        n, s, q = (np.array([f(own) for own in rows]) for f in (len, np.sum, lambda own: np.sum(own**2)))
        answer = mean_and_deviation(n.astype(float), s.astype(float), q.astype(float))
        if answer is None:
            raise NotYet(say("your function returns nothing: does it end with return?"))
        require(np.shape(answer) == (2,), "return two numbers, the mean and the standard deviation.")
        return answer[0], answer[1]

    for sizes, shift in (((3, 30), 4.0), ((5, 5, 5), 2.0), ((40, 2, 9), -3.0)):
        rows = [rng.normal(shift * k, 1 + k, size) for k, size in enumerate(sizes)]
        everything = np.concatenate(rows)
        first, second = asked(rows)
        mean = as_number(first)
        by_party = float(np.mean([own.mean() for own in rows]))
        if not close(mean, everything.mean()):
            require(
                not close(mean, by_party),
                "parties of {sizes} rows: each row counts once in the mean, and not each party.",
                sizes=", ".join(map(str, sizes)),
            )
            raise NotYet(
                say(
                    "parties of {sizes} rows: your mean is {yours:.4g}, and that of all rows together {all:.4g}.",
                    sizes=", ".join(map(str, sizes)), yours=mean, all=everything.mean(),
                )
            )  # fmt: skip
        deviation = as_number(second, "your deviation")
        if close(deviation, everything.std()):
            continue
        require(not close(deviation, everything.var()), "that is the variance: take the square root of it.")
        within = sum(len(own) * own.std() for own in rows) / len(everything)
        require(
            not close(deviation, within),
            "you have averaged the spreads within the parties: what lies between the parties is lost.",
        )
        raise NotYet(
            say(
                "parties of {sizes} rows: your deviation is {yours:.4g}, and that of all rows {all:.4g}. The mean of "
                "the squares, minus the mean squared, is the variance.",
                sizes=", ".join(map(str, sizes)), yours=deviation, all=everything.std(),
            )
        )  # fmt: skip
    return say("It is the mean and the deviation of all rows, though nobody saw them together.")


@exercise(
    answer="area",
    points=2,
    wrong={
        "above": wrong_10.rank(pair=lambda bad, good: (bad < good) + (bad == good) / 2),
        "tie": wrong_10.rank(pair=lambda bad, good: float(bad > good)),
        "tie ": wrong_10.rank(pair=lambda bad, good: float(bad >= good)),
        "share of the pairs": wrong_10.rank(share=lambda wins, bad, good: wins),
        "share of the pairs ": wrong_10.rank(share=lambda wins, bad, good: wins / (bad + good)),
        "in another unit": lambda scores, labels: ((scores > 0.5) == labels).mean(),
        "all bad loans": wrong_10.rank(pair=lambda bad, good: float(np.clip(0.5 + bad - good, 0, 1))),
    },
)
def check_area(area: Callable[..., Any]) -> str:
    """area(scores, labels): of all pairs of a 1 and a 0, the share in which the 1 scores higher; a tie is half."""

    def asked(scores: Any, labels: Any) -> float:
        return as_number(area(np.array(scores, float), np.array(labels)))

    best, worst = ([0.9, 0.7, 0.4, 0.1, 0.0], [1, 1, 0, 0, 0]), ([0.1, 0.2, 0.7, 0.8, 0.9], [1, 1, 0, 0, 0])
    top = asked(*best)
    require(
        not close(top, 6.0) and not close(top, 6 / 5),
        "two bad and three good loans make 6 pairs: give the share of the pairs, from 0 to 1, and not {yours:.3g}.",
        yours=top,
    )
    for unit in (1, 1_000, 0.001):
        yours = asked(unit * np.array([3.0, 1.0, 2.0]), [1, 1, 0])
        other = asked(unit * np.array([1.0, 3.0, 2.0]) - unit, [1, 1, 0])
        require(
            close(yours, 0.5) and close(other, 0.5),
            "scores 3 and 1 for bad loans and 2 for a good one: one pair of two is right, also in another unit. You "
            "give {yours:.3g} and {other:.3g}: only the order of the scores may count.",
            yours=yours, other=other,
        )  # fmt: skip
    require(
        close(top, 1) and close(asked(*worst), 0),
        "where all bad loans score above all good ones it must be 1, and the other way round 0; yours is {yours:.3g}.",
        yours=top,
    )
    yours = asked([2, 2, 2], [1, 0, 0])
    require(close(yours, 0.5), "all scores are equal: each pair is a tie, which counts half; yours is {yours:.3g}.",
            yours=yours)  # fmt: skip
    yours = asked([5, 3, 3, 1], [1, 1, 0, 0])
    require(close(yours, 7 / 8), "scores 5 and 3 of the bad, 3 and 1 of the good: 3.5 pairs of 4, not {yours:.3g}.",
            yours=yours)  # fmt: skip
    return say("The order alone counts, a tie half, and one good loan among many bad ones does not mislead it.")


@exercise(
    answer="personal_mean",
    points=2,
    wrong={
        "alone": wrong_10.personal(lambda own, w, pull: (w + pull * own) / (1 + pull)),
        "alone ": wrong_10.personal(lambda own, w, pull: w),
        "shared": wrong_10.personal(lambda own, w, pull: own),
        "very large": wrong_10.personal(lambda own, w, pull: (own + w) / 2 if pull else own),
        "slope": wrong_10.personal(lambda own, w, pull: (1 - min(pull, 1)) * own + min(pull, 1) * w),
        "slope ": wrong_10.personal(lambda own, w, pull: (own + pull**2 * w) / (1 + pull**2)),
    },
)
def check_personal_mean(personal_mean: Callable[..., Any]) -> str:
    """personal_mean(values, w, pull): the v with the least mean of ½ (v - x)² plus λ/2 (v - w)²."""
    rng = np.random.default_rng(3)
    for size in (1, 4, 9):
        values, w = rng.normal(2, 3, size), float(rng.normal())

        def asked(pull: float, values: np.ndarray = values, w: float = w) -> float:
            return as_number(personal_mean(values, w, pull))

        require(close(asked(0.0), values.mean()),
                "with λ = 0 nothing pulls: it must be the party's own mean, as if it were alone.")  # fmt: skip
        far = asked(1e9)
        require(abs(far - w) < 1e-3, "with a very large λ all must keep the shared w, {w:.3g}; yours is {far:.3g}.",
                w=w, far=far)  # fmt: skip
        for pull in (0.2, 0.5, 1.0, 4.0):
            v = asked(pull)
            slope = float(np.mean(v - values) + pull * (v - w))
            require(
                abs(slope) < 1e-6,
                "λ = {pull:g}: at your v the slope of what is to be least is {slope:.3g}, and not 0.",
                pull=pull, slope=slope,
            )  # fmt: skip
    return say("Nothing is lower than your v for any λ: from one's own mean to the shared one.")


@exercise(
    answer="say_of",
    points=1,
    wrong={
        "q = 0": wrong_10.voice(share=lambda losses, examples, q: losses**q),
        "add up to 1": wrong_10.voice(norm=False),
        "the other way": wrong_10.voice(share=lambda losses, examples, q: examples * losses**-q),
        "the power of q": wrong_10.voice(share=lambda losses, examples, q: examples * (1 + q * losses)),
        "the power of q ": wrong_10.voice(share=lambda losses, examples, q: examples * np.exp(q * losses)),
        "the power of q  ": wrong_10.voice(share=lambda losses, examples, q: examples * losses ** (q + (q > 0))),
    },
)
def check_say_of(say_of: Callable[..., Any]) -> str:
    """say_of(losses, examples, q): each party's share of the sum of n_k F_k^q."""
    losses, examples = np.array([0.5, 1.0, 2.0]), np.array([300.0, 100.0, 100.0])

    def asked(q: float, losses: np.ndarray = losses) -> np.ndarray:
        return as_array(say_of(losses, examples, q), (3,))

    for q in (0, 1, 2):
        require(close(asked(q).sum(), 1), "q = {q}: the shares must add up to 1; yours make {sum:.4g}.",
                q=q, sum=asked(q).sum())  # fmt: skip
    require(close(asked(0), examples / 500), "with q = 0 it is FedAvg: each counts by its examples, .6, .2, .2.")
    require(
        close(asked(3, np.ones(3)), examples / 500), "all losses equal: whatever q is, each counts by its examples."
    )
    for q in (1, 2, 3):
        shares = asked(q)
        require(shares[2] > shares[1], "q = {q}: party 2 loses most and must count more, and not the other way.", q=q)
        ratio = shares[2] / shares[1]
        require(
            close(ratio, 2**q),
            "q = {q}: party 2 loses twice what party 1 does, so it must count 2 to the power of q = {right} times as "
            "much; with yours {ratio:.3g} times.",
            q=q, right=2**q, ratio=ratio,
        )  # fmt: skip
    return say("With q = 0 by examples; the larger q is, the more the worst served decides.")
