"""Checks of lesson 12, the tools: the faults of its gallery, mended."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from fedlab.experiment import Experiment
from fedlab.lessons import faults, wrong_12
from fedlab.lessons.exercises import as_array, as_list, as_number, as_truth, close, exercise, require
from fedlab.text import say


@exercise(
    answer="direction",
    points=2,
    wrong={
        "pushes": faults.pushed,
        "twice as far": faults.unsquared,
        "its batch": faults.divided,
        "the mean slope": wrong_12.step(slope=lambda total, size: total),
        "does not pull": wrong_12.step(pull=lambda w, w_t, mu: 0),
        "half of it": wrong_12.step(pull=lambda w, w_t, mu: mu / 2 * (w - w_t)),
        "pushes ": wrong_12.step(pull=lambda w, w_t, mu: mu * np.abs(w - w_t)),
        "by the same number": wrong_12.step(pull=lambda w, w_t, mu: mu / 2 * np.linalg.norm(w - w_t)),
        "nothing to pull": wrong_12.step(pull=lambda w, w_t, mu: mu * w),
        "twice the μ": wrong_12.step(pull=lambda w, w_t, mu: mu**2 * (w - w_t)),
    },
)
def check_direction(direction: Callable[..., Any]) -> str:
    """direction(total, size, w, w_t, mu): (P,) where a local step of FedProx goes.

    Held against the loss of a batch of examples a_i, mean of ||w - a_i||²/2, plus μ/2 ||w - w_t||², differentiated by
    trying.
    """
    for seed, size in enumerate((4, 1, 25)):
        rng = np.random.default_rng(seed)
        examples, w, w_t = rng.normal(size=(size, 6)), rng.normal(size=6), rng.normal(size=6)
        total, mu = (w - examples).sum(axis=0), float(rng.uniform(0.3, 0.9))

        def step(w: np.ndarray, mu: float, total: np.ndarray = total, size: int = size, w_t: np.ndarray = w_t) -> Any:
            return as_array(direction(total, size, w, w_t, mu), w.shape)

        plain = step(w, 0.0)
        require(close(plain * size, total), "with μ = 0 it must be FedAvg's: the mean slope of the batch's examples.")
        require(close(step(w_t, mu), plain), "at the shared model itself there is nothing to pull, whatever μ is.")
        pull = step(w, mu) - plain
        require(np.abs(pull).max() > 1e-9, "it does not pull: with μ and without, the direction is the same.")
        require(np.ptp(pull) > 1e-9, "it pulls every weight by the same number, and each has a distance of its "
                "own: w - w_t is an array.")  # fmt: skip
        require(np.all(pull * (w - w_t) > 0), "it pushes away from the shared model: a step goes against the "
                "direction, so the direction must lead away from w_t in each weight.")  # fmt: skip
        require(close(step(w_t + 2 * (w - w_t), mu) - plain, 2 * pull), "twice as far away it must pull twice as hard: "
                "the loss has the square of the distance.")  # fmt: skip
        require(close(step(w, 2 * mu) - plain, 2 * pull), "with twice the μ it must pull twice as hard.")
        more = step(w, mu, total=3 * total, size=3 * size) - plain
        require(close(more, pull), "a party must be pulled alike whatever its batch: only the slopes of the examples "
                "are divided by their number.")  # fmt: skip

        def loss(w: np.ndarray, examples: np.ndarray = examples, w_t: np.ndarray = w_t, mu: float = mu) -> float:
            return float(np.square(w - examples).sum(axis=1).mean() / 2 + mu / 2 * np.square(w - w_t).sum())

        slope = np.array([(loss(w + e) - loss(w - e)) / 2e-4 for e in 1e-4 * np.eye(6)])
        require(not close(plain + 2 * pull, slope), "it pulls with half of it: the slope of μ/2 times a square is μ "
                "times what is squared.")  # fmt: skip
        require(
            np.allclose(step(w, mu), slope, atol=1e-5), "it is not the slope of the mean loss and μ/2 ||w - w_t||²."
        )
    return say("It pulls back, twice as hard from twice as far, and alike whatever the batch.")


SHAPES: list[list[tuple[int, ...]]] = [[(2, 3), (3,)], [(3,)], [(4, 2), (2,), (2, 3), (3,)]]


@exercise(
    answer="proximal_loss",
    points=1,
    wrong={
        "four times": wrong_12.term(tensor=np.linalg.norm),
        "four times ": wrong_12.term(tensor=lambda apart: np.abs(apart).sum()),
        "four times  ": wrong_12.term(tensor=np.sum),
        "half": lambda weights, sent, mu: wrong_12.term()(weights, sent, 2 * mu),
        "in one piece": wrong_12.term(tensor=lambda apart: np.square(apart).mean()),
        "in one piece ": lambda weights, sent, mu: wrong_12.term()(weights[:1], sent[:1], mu),
        "in one piece  ": wrong_12.term(tensor=lambda apart: np.sum(apart) ** 2),
        "the same model": wrong_12.term(apart=lambda w, w_t: w),
        "the same model ": wrong_12.term(apart=lambda w, w_t: w + w_t),
        "twice the μ": lambda weights, sent, mu: mu * wrong_12.term()(weights, sent, mu),
    },
)
def check_proximal_loss(proximal_loss: Callable[..., Any]) -> str:
    """proximal_loss(weights, sent, mu): μ/2 ||w - w_t||² for a model that comes as a list of arrays."""
    for seed, shapes in enumerate(SHAPES):
        rng = np.random.default_rng(seed)
        sent = [rng.normal(size=shape) for shape in shapes]
        away = [rng.normal(size=shape) for shape in shapes]
        mu = float(rng.uniform(0.2, 0.8))

        def term(times: float, mu: float = mu, sent: list[Any] = sent, away: list[Any] = away) -> float:
            weights = [w_t + times * one for w_t, one in zip(sent, away, strict=True)]
            return as_number(proximal_loss(weights, sent, mu))

        require(close(term(0), 0), "if it is the same model as was sent, the term must be 0, and yours is {value:.3g}.",
                value=term(0))  # fmt: skip
        once = term(1)
        require(close(term(2), 4 * once) and once > 0, "twice as far away the term must be four times as large, and "
                "yours is {times:.3g} times as large: the norm is squared.", times=term(2) / (once or 1))  # fmt: skip
        one_piece = np.concatenate([np.ravel(w_t + one) for w_t, one in zip(sent, away, strict=True)])
        flat = as_number(proximal_loss([one_piece], [np.concatenate([w_t.ravel() for w_t in sent])], mu))
        require(close(flat, once), "the same numbers in one piece must give the same: {flat:.3g} is not {once:.3g}. "
                "Add up the squares of all weights of all arrays.", flat=flat, once=once)  # fmt: skip
        require(close(term(1, mu=2 * mu), 2 * once), "with twice the μ it must be twice as large.")
        squares = sum(float((one * one).sum()) for one in away)
        require(close(once, mu * squares / 2), "it should be μ/2 times {squares:.3g} here, {wanted:.3g}, and yours is "
                "{once:.3g}: mind the half.", squares=squares, wanted=mu * squares / 2, once=once)  # fmt: skip
    return say("Squared, over all weights, and none of it depends on how they are cut into arrays.")


@exercise(
    answer="mean_model",
    points=2,
    wrong={
        "equal models": faults.summed,
        "as its examples": faults.unweighted,
        "equal models ": wrong_12.mean(share=lambda size, sizes: size),
        "equal models  ": wrong_12.mean(share=lambda size, sizes: size / sum(sizes) / len(sizes)),
        "as its examples ": wrong_12.mean(share=lambda size, sizes: size**2 / sum(one**2 for one in sizes)),
        "as its examples  ": lambda models, sizes: models[int(np.argmax(sizes))],
        "as its examples   ": lambda models, sizes: np.median(np.stack(models), axis=0),
        "as its examples    ": lambda models, sizes: wrong_12.mean()(models, sizes[::-1]),
    },
)
def check_mean_model(mean_model: Callable[..., Any]) -> str:
    """mean_model(models, sizes): (P,) the mean of the parties' models, each counted by its examples.

    Held against what the mean of all examples would be: a party that is cut in two must change nothing.
    """
    for seed, sizes in enumerate(([30, 10], [100, 700, 200], [5, 5, 60, 30])):
        rng = np.random.default_rng(seed)
        models = [rng.normal(size=7) for _ in sizes]
        same = as_array(mean_model([models[0] for _ in sizes], sizes), (7,))
        require(close(same, models[0]), "the mean of equal models must be that model, and yours is {times:.3g} times "
                "as large.", times=float(np.linalg.norm(same) / np.linalg.norm(models[0])))  # fmt: skip
        for k, size in enumerate(sizes):
            alone = [float(one == k) for one in range(len(sizes))]
            counted = as_array(mean_model([np.full(7, one) for one in alone], sizes), (7,))
            require(close(counted, size / sum(sizes)), "each party must count as its examples do: {size} of {all} are "
                    "{wanted:.2f}, and with you it counts {counted:.2f}.", size=size, all=sum(sizes),
                    wanted=size / sum(sizes), counted=float(counted[0]))  # fmt: skip
        whole = as_array(mean_model(models, sizes), (7,))
        cut = as_array(mean_model([models[0], *models], [sizes[0] // 2, sizes[0] - sizes[0] // 2, *sizes[1:]]), (7,))
        require(close(whole, cut), "a party that is cut in two must change nothing: only examples count.")
        require(close(mean_model(models[::-1], sizes[::-1]), whole), "the order of the parties must not matter.")
    return say("Equal models give that model, and each party counts as its examples do.")


@exercise(
    answer="local_models",
    points=2,
    wrong={
        "in another order": faults.one_model_for_all,
        "the party before": wrong_12.trained(each=False, sends=lambda number: number == 0),
        "from the shared model": wrong_12.trained(sends=lambda number: False),
        "has not trained": wrong_12.trained(fits=False),
        "one model for each party": lambda make, shared, parties: wrong_12.trained()(make, shared, parties[:1]),
        "one model for each party ": lambda make, shared, parties: [],
        "must be numbers": wrong_12.trained(gives=lambda model: model),
    },
)
def check_local_models(local_models: Callable[..., Any]) -> str:
    """local_models(make, shared, parties): what each party's model is after its local training.

    `make` makes the lesson's model, with momentum, on a few drawn examples. Idle is a party that has no step to take.
    """
    rng = np.random.default_rng(12)
    shared = rng.normal(size=8)
    make = partial(faults.Model, len(shared), Experiment(momentum=0.9, learning_rate=0.2))
    batches = [np.arange(4), np.arange(4, 8)]
    one, other, idle = (
        faults.Party(rng.normal(size=(8, 3)), rng.integers(0, 2, 8), own) for own in (batches, batches, [])
    )

    def together(*parties: faults.Party) -> list[np.ndarray]:
        given = as_list(local_models(make, shared, list(parties)))
        require(len(given) == len(parties), "give one model for each party: {parties} have trained, and you give "
                "{models}.", parties=len(parties), models=len(given))  # fmt: skip
        return [as_array(model, shared.shape) for model in given]

    first, second, third = together(one, other, idle)
    require(not close(first, shared) and not close(second, shared), "a party has not trained: call fit.")
    other_first, one_second = together(other, one)
    if not close(third, shared):
        require(not close(third, second), "a party without a step to take must come back with the shared model, and "
                "yours has what the party before it has learned: begin each from the shared model.")  # fmt: skip
        require(False, "a party without a step to take must come back with the shared model: begin each from the "
                "shared model, with set_weights.")  # fmt: skip
    off = max(float(np.abs(first - one_second).max()), float(np.abs(second - other_first).max()))
    require(off < 1e-9, "the parties in another order give other models, off by {off:.2g}: something of one party is "
            "still in the model when the next one trains.", off=off)  # fmt: skip
    require(close(together(one)[0], first), "a party alone must get the same model as among others.")
    return say("In any order, and alone or together, a party's model is the same: nothing leaks from one to the next.")


@exercise(
    answer="is_right",
    points=2,
    wrong={
        "lets through the sum": lambda average: True,
        "turns down": lambda average: False,
        "lets through the plain mean": wrong_12.one_example([[1.0, 2.0], [1.0, 2.0]], [100, 300], [1.0, 2.0]),
        "lets through the plain mean ": wrong_12.one_example([[0.0], [1.0]], [200, 200], [0.5]),
        "lets through the median": wrong_12.one_example([[0.0], [1.0], [5.0]], [400, 100, 100], [1.0]),
        "turns down ": wrong_12.one_example([[0.1], [0.2], [0.4]], [3, 5, 7], [4.1 / 15], exactly=True),
        "turns down  ": wrong_12.one_example([[0.0], [1.0]], [100, 300], [0.5]),
        "lets through the largest": wrong_12.one_example([[1.0], [0.0], [0.0], [5.0]], [400, 200, 200, 100], [1.0]),
    },
)
def check_is_right(is_right: Callable[..., Any]) -> str:
    """is_right(average): a test of one's own. It gets a function and says whether that is an average by examples."""
    for kind, right in wrong_12.RIGHT_AVERAGES.items():
        said = as_truth(is_right(right))
        require(said, "it turns down an average that is right, {kind}. If you compare floats, leave room for rounding: "
                "np.allclose does.", kind=say(kind))  # fmt: skip
    for kind, wrong in wrong_12.WRONG_AVERAGES.items():
        require(not as_truth(is_right(wrong)), "it lets through {kind}.", kind=say(kind))
    return say("It is green on {right} averages that are right, and red on {wrong} that are not.",
               right=len(wrong_12.RIGHT_AVERAGES), wrong=len(wrong_12.WRONG_AVERAGES))  # fmt: skip
