"""What the cut gives away: labels from gradients; and what the parties' columns are worth."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from fedlab.vertical import HOLDERS, Columns, leaks, run
from fedlab.vertical.worth import alone, coalitions, in_one_place, score, shapley, values

PARTIES = tuple(HOLDERS["heart"])


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    """Of the pairs (3, 1), (3, 2), (2, 1), (2, 2) three are right and one is a tie: 3.5 of 4."""
    assert leaks.auc(np.array([3, 2, 1, 2]), np.array([1, 1, 0, 0])) == 3.5 / 4
    rng = np.random.default_rng(0)
    scores, y = rng.integers(0, 9, 200), rng.integers(0, 2, 200)
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[y == 1] for b in scores[y == 0]]
    assert leaks.auc(scores, y) == pytest.approx(np.mean(pairs))
    assert np.isnan(leaks.auc(scores, np.ones(200)))


def test_noise_has_t_times_the_power_of_the_largest_gradient() -> None:
    """Its power: E ||noise||² = t max ||g||², here 3 · 5²; the mean of 20,000 has a standard error below 1 %."""
    gradients = np.zeros((20_000, 4))
    gradients[0] = [3, 0, 4, 0]
    added = leaks.noisy(gradients, 3.0, np.random.default_rng(0)) - gradients
    assert (added**2).sum(axis=1).mean() == pytest.approx(75, rel=0.03)


@pytest.mark.parametrize("model", ["logistic", "network"])
def test_without_noise_the_gradients_of_one_logit_give_every_label_away(model: str) -> None:
    """They are (p - y) v with 0 < p < 1: the sign of their part along v is the label."""
    assert all(one.leak == 1 for one in run(Columns(model=model, rounds=5)))


def test_of_ten_classes_a_logits_gradient_gives_every_label_away() -> None:
    """p - onehot(y) is below 0 at the label alone."""
    (one,) = run(Columns(data="mnist_upper_lower", people=300, rounds=1))
    assert one.leak == 1


def test_those_of_whom_the_model_is_wrong_stand_out_by_length() -> None:
    """A rare label, and a model that says "no" to all: |p - y| is large for those with it."""
    d = np.where(np.arange(50) < 3, -0.9, 0.1)[:, None] * np.array([[1.0, 2.0]])
    assert leaks.by_norm(d, (np.arange(50) < 3).astype(int)) == 1


def test_what_was_read_stays_read() -> None:
    leaked = [one.leak for one in run(Columns(data="mnist_left_right", people=300, model="network", rounds=20))]
    assert leaked == sorted(leaked)
    assert leaked[-1] > 0.9  # chance is 0.1


def test_noise_hides_labels_in_one_round_and_less_so_in_many() -> None:
    """The direction stays and noise averages out: with t = 5 a hundred rounds give away more than the first did."""
    settings = {"noise": 5.0, "model": "network", "rounds": 100}
    leaked = np.array([[one.leak for one in run(Columns(**settings, seed=seed))] for seed in range(5)])
    assert 0.5 < leaked[:, 0].mean() < 0.9 < leaked[:, -1].mean()


def test_whom_the_attacker_knows_does_not_count() -> None:
    y = np.array([0, 1, 0, 1, 0, 1])
    gradients = np.array([[1.0], [-1.0], [-1.0], [1.0], [-1.0], [1.0]])  # right of the two known, wrong of all others
    assert leaks.by_direction(gradients, y, np.array([0, 1])) == 0
    known = leaks.acquaintances(np.array([0] * 50 + [1] * 2), np.random.default_rng(0))
    assert [int((known < 50).sum()), int((known >= 50).sum())] == [5, 1]


# What columns are worth


def test_auc_on_cleveland_is_what_others_have_measured() -> None:
    """Logistic regression, five folds, within two points: doctor .841, laboratory .531, cardiologist .816, imaging
    .855, all .909; the laboratory adds nothing to the doctor (.841 to .840)."""
    measured = {who: np.mean([score(Columns(who=who, seed=s)) for s in range(5)]) for who in (
        *PARTIES, "doctor,laboratory", "all")}  # fmt: skip
    published = [0.841, 0.531, 0.816, 0.855, 0.840, 0.909]
    for (who, ours), theirs in zip(measured.items(), published, strict=True):
        assert ours == pytest.approx(theirs, abs=0.02), who


def test_logistic_regression_on_split_columns_scores_as_in_one_place() -> None:
    columns = Columns()
    assert score(columns) == pytest.approx(in_one_place(columns), abs=1e-3)
    assert score(columns) > score(alone(columns, "doctor")) + 0.03


def test_alone_a_party_uses_all_its_people_and_sends_nothing() -> None:
    columns = alone(Columns(overlap=0.2, noise=3.0, label_holder="imaging"), "doctor")
    assert (columns.parties, columns.overlap, columns.noise) == (("doctor",), 1.0, 0.0)
    (one,) = run(columns.with_(rounds=1))
    assert (one.bytes_up, one.bytes_down) == (0, 0)
    assert np.isnan(one.leak)


def test_shapley_is_the_mean_over_all_orders_of_arrival() -> None:
    rng = np.random.default_rng(1)
    sets = [frozenset(), *(frozenset(some) for some in coalitions("abcd"))]
    value = {some: float(rng.normal()) for some in sets}
    orders = list(permutations("abcd"))
    for party, share in shapley("abcd", value).items():
        adds = [
            value[frozenset(order[: order.index(party) + 1])] - value[frozenset(order[: order.index(party)])]
            for order in orders
        ]
        assert share == pytest.approx(np.mean(adds))
    assert sum(shapley("abcd", value).values()) == pytest.approx(value[frozenset("abcd")] - value[frozenset()])


def test_every_set_of_parties_has_a_value_and_nobody_chance() -> None:
    columns = Columns(who="doctor,imaging,laboratory", label_holder="imaging", rounds=3)
    found = values(columns)
    assert len(found) == 8
    assert found[frozenset()] == 0.5
    assert found[frozenset({"doctor", "imaging"})] == score(Columns(who="doctor,imaging", rounds=3))
    shares = shapley(columns.parties, found)
    assert sum(shares.values()) == pytest.approx(score(columns.with_(label_holder="first")) - 0.5)


def test_who_adds_nothing_to_anybody_is_worth_nothing_and_twins_are_worth_the_same() -> None:
    value = {frozenset(some): float(len(set(some) & {"a", "b"})) for some in [(), *coalitions("abc")]}
    assert shapley("abc", value) == pytest.approx({"a": 1, "b": 1, "c": 0})
