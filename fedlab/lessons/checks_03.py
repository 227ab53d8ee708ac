"""Checks of lesson 03, data that differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fedlab.lessons.exercises import NotYet, as_array, as_number, close, exercise, require
from fedlab.text import say


def _rng() -> np.random.Generator:
    return np.random.default_rng(3)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum(axis=1, keepdims=True)


@exercise(
    answer="my_skew",
    points=2,
    wrong={
        "must be 0": lambda counts: _shares(counts).max(axis=1).mean(),
        "must be 0 ": lambda counts: (np.abs(counts - counts.mean(axis=0)).sum(axis=1) / counts.sum()).mean(),
        "of all examples together": lambda counts: (
            np.abs(_shares(counts) - _shares(counts).mean(axis=0)).sum(axis=1).mean() / 2
        ),
        "its half": lambda counts: np.abs(_shares(counts) - counts.sum(axis=0) / counts.sum()).sum(axis=1).mean(),
        "shape": lambda counts: np.abs(_shares(counts) - counts.sum(axis=0) / counts.sum()).sum(axis=1) / 2,
        "in any direction": lambda counts: (_shares(counts) - counts.sum(axis=0) / counts.sum()).sum(axis=1).mean() / 2,
        "mean over the parties": lambda counts: (
            np.abs(_shares(counts) - counts.sum(axis=0) / counts.sum()).sum(axis=1).max() / 2
        ),
        "mean over the parties ": lambda counts: np.abs(_shares(counts) - counts.sum(axis=0) / counts.sum()).sum() / 2,
    },
)
def check_skew(skew: Callable[..., Any]) -> str:
    """skew(counts): mean over the parties of half Σ_labels |q_k - p|; counts: (K, classes)."""
    same = np.outer([1, 3, 10], [2, 5, 3])
    alike = as_number(skew(same), "the skew")
    require(
        close(alike, 0),
        "where all hold the same proportions, few or many, it must be 0, but yours is {yours:.4f}.",
        yours=alike,
    )
    ten = as_number(skew(10 * np.eye(10, dtype=int)), "the skew")
    require(
        not close(ten, 0),
        "a share that is too high and one that is too low must not cancel: differences count in any direction.",
    )
    require(
        not close(ten, 9),
        "take the mean over the parties, not their sum: more parties do not make more skew.",
    )
    require(
        not close(ten, 1.8),
        "every example that is too many in one label is missing in another and is counted twice: take its half.",
    )
    require(
        close(ten, 0.9), "ten parties with one digit each must have the skew 0.9, but yours is {yours:.4f}.", yours=ten
    )
    for counts in ([[10, 0, 0], [10, 10, 10], [4, 6, 10]], [[6, 2], [1, 3]], [[0, 9, 1], [5, 5, 0], [2, 2, 4]]):
        table = np.array(counts)
        q, p = _shares(table), table.sum(axis=0) / table.sum()
        overlap = np.minimum(q, p).sum(axis=1)  # half the distance is what two distributions do not share
        yours = as_number(skew(table), "the skew")
        require(
            not close(yours, (1 - overlap).max()),
            "it must be the mean over the parties, not the most skewed party's number.",
        )
        require(
            close(yours, (1 - overlap).mean()),
            "p must be the shares of all examples together, q_k each party's own; for counts = {counts} the skew is "
            "{right:.4f}, but yours is {yours:.4f}.",
            counts=counts,
            right=(1 - overlap).mean(),
            yours=yours,
        )
    return say(
        "It is 0 for parties with the same mix, whatever they hold, and 0.9 for ten parties with one digit each."
    )


def _one_label(labels: np.ndarray, parties: int) -> list[np.ndarray]:
    present = np.unique(labels)
    groups = np.array_split(np.arange(parties), len(present))
    return [
        part
        for label, owners in zip(present, groups, strict=True)
        for part in np.array_split(np.flatnonzero(labels == label), len(owners))
    ]


@exercise(
    answer="one_digit",
    points=2,
    wrong={
        "more than one digit": lambda labels, parties: np.array_split(np.arange(len(labels)), parties),
        "more than one digit ": lambda labels, parties: np.array_split(np.argsort(labels), parties),
        "one list for each party": lambda labels, parties: [np.flatnonzero(labels == digit) for digit in range(10)],
        "holds nothing": lambda labels, parties: [np.flatnonzero(labels == party) for party in range(parties)],
        "more than once": lambda labels, parties: [np.flatnonzero(labels == party % 10) for party in range(parties)],
        "nobody holds": lambda labels, parties: [own[:5] for own in _one_label(labels, parties)],
        "positions": lambda labels, parties: [labels[own] for own in _one_label(labels, parties)],
        "positions ": lambda labels, parties: [np.zeros(1) for _ in range(parties)],
        "a dict": lambda labels, parties: dict(enumerate(_one_label(labels, parties))),
        "gets a dict": lambda labels, parties: [{"positions": own} for own in _one_label(labels, parties)],
    },
)
def check_one_digit(assign: Callable[..., Any]) -> str:
    """assign(labels, parties): for each party the positions of its examples; every party knows a single digit."""
    rng = _rng()
    for parties, examples in ((10, 200), (20, 200), (23, 300), (50, 1_000)):
        labels = np.concatenate([np.repeat(np.arange(10), 8), rng.choice(10, examples - 80, p=np.arange(1, 11) / 55)])
        labels = rng.permutation(labels)
        dealt = assign(labels, parties)
        require(not isinstance(dealt, dict), "your function must return a list, party 0 first, but it returns a dict.")
        held: list[np.ndarray] = []
        try:
            for own in dealt:
                require(
                    not isinstance(own, dict),
                    "party {party} gets a dict: give it a flat list of its positions alone.",
                    party=len(held),
                )
                held.append(np.asarray(list(own)))
        except TypeError:
            raise NotYet(
                say("your function must return a list: for each party the positions of its examples.")
            ) from None
        require(
            len(held) == parties,
            "for {parties} parties there must be one list for each party, but there are {lists} lists.",
            parties=parties,
            lists=len(held),
        )
        for party, own in enumerate(held):
            require(own.ndim == 1, "party {party} must get a flat list of positions.", party=party)
            require(len(own), "of {parties} parties, party {party} holds nothing.", parties=parties, party=party)
            require(
                np.issubdtype(own.dtype, np.integer) and own.min() >= 0 and own.max() < examples,
                "party {party} must get positions, whole numbers from 0 to {last}.",
                party=party,
                last=examples - 1,
            )
        every = np.concatenate(held)
        twice = len(every) - len(np.unique(every))
        if twice and all(set(own.tolist()) <= set(range(10)) for own in held):
            raise NotYet(say("you return digits, it seems: return the positions of the examples in labels instead."))
        known = [len(np.unique(labels[own])) for own in held]
        require(
            max(known) == 1,
            "of {parties} parties, party {party} knows more than one digit: it knows {digits}.",
            parties=parties,
            party=int(np.argmax(known)),
            digits=max(known),
        )
        require(
            not twice, "with {parties} parties, {twice} examples are held more than once.", parties=parties, twice=twice
        )
        missing = examples - len(every)
        require(
            not missing,
            "with {parties} parties there are {missing} of {examples} examples that nobody holds.",
            parties=parties,
            missing=missing,
            examples=examples,
        )
    return say(
        "Every example is held once, nobody is empty, and everybody knows a single digit: 10, 20, 23 and 50 parties."
    )


@exercise(
    answer="worst_tenth",
    points=1,
    wrong={
        "a tenth": lambda accuracies: min(accuracies),
        "mean of them": lambda accuracies: np.quantile(accuracies, 0.1),
        "mean of them ": lambda accuracies: sorted(accuracies)[max(1, len(accuracies) // 10) - 1],
        "worst": lambda accuracies: np.mean(sorted(accuracies)[-max(1, len(accuracies) // 10) :]),
        "worst ": lambda accuracies: np.mean(accuracies),
        "at least one": lambda accuracies: np.mean(sorted(accuracies)[: max(0, len(accuracies) // 10)] or [0.0]),
        "round down": lambda accuracies: np.mean(sorted(accuracies)[: max(1, round(len(accuracies) / 10))]),
        "round down ": lambda accuracies: np.mean(sorted(accuracies)[: -(-len(accuracies) // 10)]),
        "order": lambda accuracies: np.mean(list(accuracies)[: max(1, len(accuracies) // 10)]),
    },
)
def check_worst_tenth(worst_tenth: Callable[..., Any]) -> str:
    """worst_tenth(accuracies): the mean accuracy of the worst-served tenth of the parties, at least of one party."""
    what = "the accuracy of the worst tenth"
    falling = np.linspace(0.95, 0.0, 20)
    yours = as_number(worst_tenth(falling), what)
    turned = as_number(worst_tenth(falling[::-1].copy()), what)
    require(close(yours, turned), "the order of the parties must not matter.")
    require(
        yours < 0.4, "it must be about those who are served worst: for 0 % to 95 % you say {yours:.0%}.", yours=yours
    )
    require(not close(yours, 0), "a tenth of 20 parties are two, not one.")
    require(
        close(yours, 0.025),
        "the two worst of 20 have 0 % and 5 %: take the mean of them, not {yours:.1%}.",
        yours=yours,
    )
    for count in (1, 3, 10):
        alone = as_number(worst_tenth(np.linspace(0.5, 0.9, count)), what)
        require(
            close(alone, 0.5),
            "a tenth is at least one: with K = {parties} it is the worst, 50 %, not {yours:.0%}.",
            parties=count,
            yours=alone,
        )
    for count in (11, 17, 25):
        yours = as_number(worst_tenth(np.linspace(0.1, 0.9, count)), what)
        right = np.linspace(0.1, 0.9, count)[: count // 10].mean()
        require(
            close(yours, right),
            "round down: a tenth of {parties} parties is {tenth}. With accuracies from 10 % to 90 % in equal steps it "
            "is {right:.2%}, and you say {yours:.2%}.",
            parties=count,
            tenth=count // 10,
            right=right,
            yours=yours,
        )
    for count in (30, 100):
        drawn = _rng().uniform(size=count)
        bar = np.partition(drawn, count // 10)[count // 10]
        yours = as_number(worst_tenth(drawn), what)
        require(
            close(yours, drawn[drawn < bar].mean()),
            "of {parties} random parties, the worst {tenth} have a mean of {right:.4f}, and you say {yours:.4f}.",
            parties=count,
            tenth=count // 10,
            right=drawn[drawn < bar].mean(),
            yours=yours,
        )
    return say("Nobody who is served well can hide them: only the worst tenth counts.")


@exercise(
    answer="recall",
    points=1,
    wrong={
        "rows": lambda confusion: np.diag(confusion) / confusion.sum(axis=0),
        "share": lambda confusion: np.diag(confusion),
        "own": lambda confusion: np.diag(confusion) / confusion.sum(),
        "shape": lambda confusion: np.trace(confusion) / confusion.sum(),
        "right": lambda confusion: 1 - np.diag(confusion) / confusion.sum(axis=1),
        "shape ": lambda confusion: confusion / confusion.sum(axis=1, keepdims=True),
    },
)
def check_recall(recall: Callable[..., Any]) -> str:
    """recall(confusion): (classes,) the share of each digit's images that is recognised; rows are the true digits."""
    perfect = as_array(recall(np.diag([5, 50, 500])), (3,), "the recall")
    require(not close(perfect, 0), "an image is recognised where it is right: the diagonal of the matrix.")
    require(perfect.max() <= 1, "it is a share, from 0 to 1, not a number of images.")
    require(close(perfect, 1), "where all are right, the recall is 1: divide by the digit's own images, not by all.")
    confusion = np.array([[8, 2, 0], [30, 60, 10], [0, 1, 3]])
    yours = as_array(recall(confusion), (3,), "the recall")
    require(
        not close(yours, np.diag(confusion) / confusion.sum(axis=0)),
        "the rows are the true digits: of all that is in a row, how much is right? You took the columns.",
    )
    for digit, row in enumerate(confusion):
        images = np.repeat(np.arange(3), row)  # what each image of this digit was taken for
        require(
            close(yours[digit], (images == digit).mean()),
            "of {images} images of the digit {digit}, {right} are right, and you say {yours:.3f}.",
            images=len(images),
            digit=digit,
            right=row[digit],
            yours=yours[digit],
        )
    return say("Each digit counts by its own images, however rare it is.")
