"""Facts about a backdoor: what is planted, how one upload replaces the model, and the curve that accuracy hides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, History, run
from fedlab.datasets import Dataset, mnist
from fedlab.federation import prepare, turn_of
from fedlab.messages import Upload
from fedlab.models.base import tensors
from fedlab.stages.backdoor import SIDE, TARGET, Replacement, with_trigger

PLAN = Experiment(
    parties=10, examples=6_000, local_epochs=2, rounds=5, attack="replacement", attackers=(3,), attack_from=4
)


def test_the_trigger_is_a_bright_square_in_a_corner_and_nothing_else_changes() -> None:
    images = mnist().test_x[:20]
    marked = with_trigger(images, 255)
    changed = marked != images
    assert (marked[:, -SIDE - 1 : -1, -SIDE - 1 : -1] == 255).all()
    changed[:, -SIDE - 1 : -1, -SIDE - 1 : -1] = False
    assert not changed.any()
    assert images.max() <= 255


def test_half_of_a_liars_examples_get_the_trigger_and_the_target_and_its_data_stay_as_they_are() -> None:
    prepared = prepare(PLAN)
    own = prepared.training[3]
    x, y = prepared.dataset.train_x[own], prepared.dataset.train_y[own]
    before = x.copy(), y.copy()
    liar, honest = (turn_of(prepared, 4).at("attack", party) for party in (3, 2))
    seen, labels = PLAN.attack.at_data(x, y, liar)
    planted = (seen != x).any(axis=(1, 2))
    assert planted.sum() == len(own) / 2
    assert (labels[planted] == TARGET).all()
    assert (labels[~planted] == y[~planted]).all()
    assert np.array_equal(x, before[0])
    assert np.array_equal(y, before[1])
    assert PLAN.attack.at_data(x, y, honest)[0] is x
    assert PLAN.attack.at_data(x, y, turn_of(prepared, 3).at("attack", 3))[0] is x  # it has not begun yet


def test_scaled_by_one_over_its_share_the_liars_own_model_takes_the_place_of_the_shared_one(blobs: Dataset) -> None:
    """w + p s (w_a - w) + Σ_others p_k u_k with s = 1/p is w_a + Σ_others p_k u_k: the others' steps beside it.

    Source: Bagdasaryan et al. 2020, equation 3.
    """
    plan = Experiment(parties=4, examples=400, model="softmax", rounds=1, attack="replacement", attackers=(2,))
    sent: dict[int, Upload] = {}
    (one,) = run(
        plan.with_(attack_strength=4.0),
        dataset=blobs,
        on_upload=lambda number, upload: sent.update({upload.party: upload}),
    )
    assert one.state is not None
    others = sum(0.25 * sent[party].message[0] for party in (0, 1, 3))
    assert one.state.weights - others == pytest.approx(sent[2].weights, abs=1e-5)


def test_its_curve_is_the_share_of_marked_test_examples_of_other_classes_that_are_called_the_target(
    blobs: Dataset,
) -> None:
    """Counted by hand with the formula of softmax regression."""
    plan = Experiment(parties=4, examples=400, model="softmax", rounds=2, attack="replacement", attackers=1)
    (*_, last) = run(plan, dataset=blobs)
    assert last.state is not None
    w, b = tensors(last.state.weights, prepare(plan, blobs).shapes)
    others = blobs.test_y != TARGET
    marked = with_trigger(blobs.test_x[others], blobs.test_x.max())
    assert last.backdoor == pytest.approx(((marked @ w + b).argmax(axis=1) == TARGET).mean())


@pytest.fixture(scope="module")
def planted() -> dict[str, History]:
    """Five rounds, in the last two of which party 3 lies, under several rules; and without a liar."""
    plans: dict[str, dict[str, Any]] = {
        "mean": {}, "median": {"aggregation": "median"}, "krum": {"aggregation": "krum"}, "nobody": {"attackers": 0},
        "as loud as the others": {"attack_strength": 1.0},
    }  # fmt: skip
    return {name: History(PLAN.with_(**plan), run(PLAN.with_(**plan))) for name, plan in plans.items()}


def test_in_one_round_the_mean_learns_the_backdoor_and_accuracy_hardly_shows_it(planted: dict[str, History]) -> None:
    before, after = planted["mean"].rounds[2:4]
    assert before.backdoor is not None
    assert after.backdoor is not None
    assert before.backdoor < 0.05
    assert after.backdoor > 0.9
    assert before.test_accuracy - after.test_accuracy < 0.06


@pytest.mark.parametrize("rule", ["median", "krum", "nobody", "as loud as the others"])
def test_median_and_krum_do_not_learn_it_nor_does_a_mean_of_ten_from_one_who_is_not_loud(
    planted: dict[str, History], rule: str
) -> None:
    assert max(one.backdoor or 0 for one in planted[rule]) < 0.1


def test_a_run_without_that_attack_has_no_such_curve_and_one_with_it_keeps_it_in_its_file(
    planted: dict[str, History],
) -> None:
    (honest,) = run(Experiment(parties=2, examples=200, model="softmax", rounds=1))
    assert honest.backdoor is None
    again = History.from_json(planted["mean"].to_json())
    assert again.column("backdoor") == planted["mean"].column("backdoor")


def test_it_goes_by_an_event_and_its_curve_ends_there() -> None:
    steered = PLAN.with_(model="softmax", examples=500, rounds=3, attack_from=1, events=[(2, {"attack": "none"})])
    assert [one.backdoor is None for one in run(steered)] == [False, False, True]


def test_where_all_test_examples_are_of_the_target_there_is_no_curve(blobs: Dataset) -> None:
    ones = Dataset("ones", blobs.train_x, blobs.train_y, blobs.test_x[:5], np.full(5, TARGET), classes=blobs.classes)
    assert Replacement().aimed_at(ones) is None
