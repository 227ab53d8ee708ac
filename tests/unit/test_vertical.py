"""Columns split between parties: the split model is the model in one piece, and only the cut is crossed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fedlab.randomness import Choice, generator
from fedlab.rounds import Diverged
from fedlab.settings import InvalidSetting
from fedlab.vertical import HOLDERS, Columns, CutRound, Table, run, table_of
from fedlab.vertical import intersection as psi
from fedlab.vertical.federation import people_of, shared_people
from fedlab.vertical.tables import fifths, scaled


@pytest.fixture(scope="module")
def table() -> Table:
    """100 people, 3 columns with one party and 2 with another; the label follows a sum of one of each, and luck."""
    rng = np.random.default_rng(14)
    left, right = rng.normal(size=(100, 3)), rng.normal(size=(100, 2))
    y = (left[:, 0] + right[:, 0] + 0.5 * rng.normal(size=100) > 0).astype(int)
    return Table({"a": left, "b": right}, y, classes=2)


def seen(table: Table) -> tuple[list[np.ndarray], np.ndarray]:
    """What each party's model trains on, and the labels, where all are shared."""
    training, _ = fifths(len(table.y), 0, 0)
    return [scaled(own, training)[training] for own in table.columns.values()], table.y[training]


def last(columns: Columns, table: Table | None = None) -> CutRound:
    return [*run(columns, table)][-1]


# The split model is the model in one piece


@pytest.mark.parametrize("rounds", [1, 10, 50])
def test_split_logistic_regression_takes_the_central_steps(table: Table, rounds: int) -> None:
    """w <- w - η Xᵀ (sigmoid(X w + b) - y) / n on all columns side by side, from w = 0, b = 0."""
    split = last(Columns(rounds=rounds), table)
    parts, y = seen(table)
    x, w, b = np.hstack(parts), np.zeros(5), 0.0
    for _ in range(rounds):
        d = (1 / (1 + np.exp(-(x @ w + b))) - y) / len(y)
        w, b = w - 0.5 * x.T @ d, b - 0.5 * d.sum()
    assert np.abs(np.concatenate([*split.bottoms.values()])[:, 0] - w).max() < 1e-6
    assert abs(float(split.top[0][0]) - b) < 1e-6


def loss_in_one_piece(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """The loss of the net in one piece: x (n, 5), 3 hidden units on the first 3 columns and 3 on the last 2, 1 logit.

    w: all its numbers, layer by layer: (3, 3), (2, 3), (3,), (3,), (1,).
    """
    first = np.zeros((5, 6))  # block-diagonal: no unit sees both parties' columns
    first[:3, :3], first[3:, 3:] = w[:9].reshape(3, 3), w[9:15].reshape(2, 3)
    z = np.maximum(x @ first, 0) @ w[15:21] + w[21]
    return float(np.mean(np.log1p(np.exp(z)) - y * z))


def numbers_of(one: CutRound) -> np.ndarray:
    return np.concatenate([part.ravel() for part in (*one.bottoms.values(), *one.top)])


def test_a_split_networks_pass_over_the_cut_is_backpropagation_through_the_whole(table: Table) -> None:
    """Its step is -η times the slope of the loss of the net in one piece, by central differences."""
    one, two = run(Columns(model="network", cut=3, rounds=2), table)
    parts, y = seen(table)
    x, w = np.hstack(parts), numbers_of(one)
    slope = [(loss_in_one_piece(w + up, x, y) - loss_in_one_piece(w - up, x, y)) / 2e-6 for up in 1e-6 * np.eye(len(w))]
    assert np.abs((numbers_of(two) - w) / -0.5 - slope).max() < 1e-6
    assert np.abs(slope).max() > 0.01
    assert one.train_loss > two.train_loss == pytest.approx(loss_in_one_piece(w, x, y), abs=1e-6)


def test_a_split_network_stays_the_joined_one_over_many_rounds(table: Table) -> None:
    """The same net as one matrix of 5 x 6 whose mixed blocks are held at 0, with ordinary backpropagation."""
    first, *_, end = run(Columns(model="network", cut=3, rounds=40), table)
    parts, y = seen(table)
    x, w = np.hstack(parts), numbers_of(first)
    inside = np.zeros((5, 6))
    inside[:3, :3] = inside[3:, 3:] = 1
    kernel = np.zeros((5, 6))
    kernel[inside > 0] = np.concatenate([w[:9], w[9:15]])
    top, b = w[15:21], w[21]
    for _ in range(39):
        h = np.maximum(x @ kernel, 0)
        d = (1 / (1 + np.exp(-(h @ top + b))) - y) / len(y)
        kernel, top, b = (
            kernel - 0.5 * inside * (x.T @ (np.outer(d, top) * (h > 0))), top - 0.5 * h.T @ d, b - 0.5 * d.sum()
        )  # fmt: skip
    joined = np.concatenate([kernel[:3, :3].ravel(), kernel[3:, 3:].ravel(), top, [b]])
    assert np.abs(numbers_of(end) - joined).max() < 1e-6


def test_ten_classes_are_softmax_regression_on_the_whole_image() -> None:
    """Both halves side by side, W <- W - η Xᵀ (softmax(X W + b) - onehot(y)) / n, from 0."""
    columns = Columns(data="mnist_left_right", people=100, rounds=5)
    end, table = last(columns), table_of("mnist_left_right", 100, 0)
    parts, y = seen(table)
    x, w, b = np.hstack(parts), np.zeros((784, 10)), np.zeros(10)
    for _ in range(5):
        p = np.exp(x @ w + b)
        d = (p / p.sum(axis=1, keepdims=True) - np.eye(10)[y]) / len(y)
        w, b = w - 0.5 * x.T @ d, b - 0.5 * d.sum(axis=0)
    assert np.abs(np.vstack([*end.bottoms.values()]) - w).max() < 1e-6


def test_steps_on_a_part_of_the_people_go_through_each_of_them_once_a_round(table: Table) -> None:
    """With B = 1 the 80 people of the training part make 80 steps; each is -η (p - y) x of one, in the drawn order."""
    end = last(Columns(rounds=1, batch_size=1), table)
    parts, y = seen(table)
    x, w, b = np.hstack(parts), np.zeros(5), 0.0
    for row in generator(0, Choice.BATCHES, 0).permutation(80):
        d = 1 / (1 + np.exp(-(x[row] @ w + b))) - y[row]
        w, b = w - 0.5 * d * x[row], b - 0.5 * d
    assert np.abs(np.concatenate([*end.bottoms.values()])[:, 0] - w).max() < 1e-6


# Who holds what, and whom they know


def test_every_column_of_the_heart_table_lies_with_one_party() -> None:
    held = [name for own in HOLDERS["heart"].values() for name in own]
    assert len(held) == len(set(held)) == 13
    table = table_of("heart", 10_000, 0)
    assert len(table.y) == 297
    assert {len(own) for own in table.columns.values()} == {297}
    assert table.y.mean() == pytest.approx(137 / 297)  # UCI's note on the 297 whole patients: 160 healthy


def test_two_halves_of_a_picture_are_the_picture() -> None:
    for data, axis in (("mnist_left_right", 2), ("mnist_upper_lower", 1)):
        table = table_of(data, 50, 0)
        shape = (50, 28, 14) if axis == 2 else (50, 14, 28)
        whole = np.concatenate([own.reshape(shape) for own in table.columns.values()], axis=axis)
        other = table_of("mnist_left_right", 50, 0)
        left, right = (own.reshape(50, 28, 14) for own in other.columns.values())
        assert np.array_equal(whole, np.concatenate([left, right], axis=2))
        assert np.array_equal(table.y, other.y)


def test_the_fifths_share_out_the_people() -> None:
    tests = [fifths(103, fold, 3)[1] for fold in range(5)]
    assert sorted(np.concatenate(tests).tolist()) == list(range(103))
    training, test = fifths(103, 2, 3)
    assert not set(training.tolist()) & set(test.tolist())
    assert len(training) + len(test) == 103


def test_only_people_whom_all_know_are_trained_on(table: Table) -> None:
    """A party with other columns for those outside of the intersection leaves every round as it is."""
    columns = Columns(overlap=0.5, rounds=5)
    training, _ = fifths(100, 0, 0)
    shared = shared_people(columns, len(training))
    assert len(shared) == 40
    outside = np.setdiff1d(np.arange(80), shared)
    # the columns' mean and deviation are a party's own matter: exchange two people outside, and they stay
    changed = table.columns["b"].copy()
    changed[training[outside[:2]]] = changed[training[outside[1::-1]]]
    other = Table({"a": table.columns["a"], "b": changed}, table.y, 2)
    assert np.abs(numbers_of(last(columns, table)) - numbers_of(last(columns, other))).max() < 1e-12
    changed = table.columns["b"].copy()
    changed[training[shared[:2]]] = changed[training[shared[1::-1]]]
    moved = Table({"a": table.columns["a"], "b": changed}, table.y, 2)
    assert np.abs(numbers_of(last(columns, table)) - numbers_of(last(columns, moved))).max() > 1e-4


def test_the_shared_people_are_those_whom_private_set_intersection_finds() -> None:
    """Each of the four knows as many people, in an order of its own, and 10 of 40 are known to all."""
    columns = Columns(people=50, overlap=0.25)
    known = people_of(columns)
    assert {len(own) for own in known.values()} == {40}
    assert len({tuple(own) for own in known.values()}) == 4
    found = known["doctor"]
    for party in ("laboratory", "cardiologist", "imaging"):
        found = psi.intersection(found, known[party])
    training, _ = fifths(50, 0, 0)
    assert set(found) == {f"person {row}" for row in training[shared_people(columns, 40)]}
    assert len(found) == 10
    # nobody knows anybody of the others but through the label holder
    assert set(known["imaging"]) & set(known["laboratory"]) == set(found)


@pytest.mark.parametrize(
    ("settings", "a_round"),
    [
        ({}, 80 * 1 * 4),  # one logit of 4 bytes about each of 80 people
        ({"model": "network", "cut": 6}, 80 * 6 * 4),
        ({"model": "network", "cut": 6, "overlap": 0.25}, 20 * 6 * 4),
        ({"batch_size": 7}, 80 * 1 * 4),  # however many steps
    ],
)
def test_what_crosses_the_cut_is_a_message_about_each_person_both_ways(
    table: Table, settings: dict[str, Any], a_round: int
) -> None:
    """Of two parties one holds the labels: its own numbers do not travel."""
    one = last(Columns(rounds=1, **settings), table)
    assert (one.bytes_up, one.bytes_down) == (a_round, a_round)


def test_who_holds_the_label_changes_whose_numbers_travel_and_not_the_model() -> None:
    """Four parties, three of which send; logistic regression is the same whoever adds up, but for rounding."""
    runs = [last(Columns(label_holder=holder, rounds=5)) for holder in HOLDERS["heart"]]
    training, _ = fifths(297, 0, 0)
    assert {one.bytes_up for one in runs} == {3 * 4 * len(training)}
    for one in runs[1:]:
        assert np.abs(numbers_of(one) - numbers_of(runs[0])).max() < 1e-6


def test_equal_settings_give_equal_rounds_and_another_seed_others() -> None:
    columns = Columns(model="network", rounds=3, noise=1.0, batch_size=50)
    one, again, other = last(columns), last(columns), last(columns.with_(seed=1))
    assert np.array_equal(numbers_of(one), numbers_of(again))
    assert not np.array_equal(numbers_of(one), numbers_of(other))


# Bad input


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"who": "doctor,nurse"}, "who is 'doctor,nurse', but it must be all, or some of doctor, laboratory"),
        ({"who": "doctor,doctor"}, "each once"),
        ({"who": "doctor", "label_holder": "imaging"}, "label_holder is 'imaging', but it must be first, or one of"),
        ({"cut": 0}, "cut is 0, but it must be a whole number from 1 to 64."),
        ({"overlap": 1.5}, "overlap is 1.5, but it must be a number from 0 to 1."),
        ({"data": "bank"}, "data is 'bank', but it must be one of heart, mnist_left_right, mnist_upper_lower."),
        ({"kut": 3}, "did you mean cut"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    settings: dict[str, Any], said: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Columns(**settings)
    assert said in str(caught.value)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("rows", "y", "said"),
    [
        (99, np.zeros(100, int), "The columns of a have the shape (99, 3), but they must have one row for each"),
        (100, np.full(100, 2), "each a whole number from 0 to 1."),
        (4, np.array([0, 1, 0, 1]), "y must hold at least five labels"),
    ],
)
def test_a_table_of_ones_own_is_checked(
    rows: int, y: np.ndarray, said: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        Table({"a": np.zeros((rows, 3))}, y, classes=2)
    assert is_one_sentence(caught.value)


def test_parties_without_common_people_are_told_so(is_one_sentence: Callable[[object], bool]) -> None:
    with pytest.raises(InvalidSetting, match="The parties have 0 people in common") as caught:
        last(Columns(overlap=0.0))
    assert is_one_sentence(caught.value)


def test_a_run_that_breaks_down_says_what_to_do(is_one_sentence: Callable[[object], bool]) -> None:
    with pytest.raises(Diverged, match="take a smaller learning rate or less noise") as caught:
        last(Columns(model="network", cut=16, learning_rate=100.0, noise=1_000.0))
    assert is_one_sentence(caught.value)
