"""One number: the sum that the page shows is what the run has computed, whatever the algorithm and whatever is on the
way."""

from __future__ import annotations

import re

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.prepare import prepare
from fedlab.roles import KINDS
from fedlab_widgets.brake import Brake
from fedlab_widgets.number import Number, told, weigh, written_out
from fedlab_widgets.session import Session
from fedlab_widgets.watching import Watched, watch

UNEQUAL = Experiment(parties=3, examples=200, model="softmax", rounds=2, partition="quantity", local_epochs=2, seed=3)
PLACES = (0, 300 * 10 + 4, 400 * 10 + 7, 7840, 7849)  # weights and biases of 784 pixels to 10 labels
ON_THE_WAY = {
    "attack": "sign_flip",
    "compression": "topk",
    "privacy": "dp",
    "secure_sum": "masks",
    "aggregation": "median",
}


def watched(experiment: Experiment) -> Watched:
    """The last round, run once more from the state before it."""
    brake = Brake()
    brake.release()
    before = [one.state for one in run(experiment.with_(rounds=experiment.rounds - 1))][-1]
    return watch(prepare(experiment), before, brake)


def test_fedavgs_weight_is_the_sum_of_shares_times_the_parties_weights() -> None:
    """w_{t+1} = Σ n_k/n w_k, to the rounding of float32: of each number by half a unit in its last place, and there are
    the difference w_k - w_t, the mean and the new weight."""
    one = watched(UNEQUAL)
    assert len({upload.examples for upload in one.uploads}) > 1
    everywhere = sum(upload.examples / 200 * upload.weights.astype(float) for upload in one.uploads)
    assert one.average == pytest.approx(everywhere, abs=1e-12)
    assert one.ended.state is not None
    for place in PLACES:
        weighed = weigh(one, place)
        by_hand = sum(share * value for share, value in zip(weighed.shares, weighed.values, strict=True))
        size = max(map(abs, [*weighed.values, weighed.before, 1e-30]))
        assert sum(weighed.shares) == pytest.approx(1)
        assert weighed.total == pytest.approx(by_hand, abs=1e-12)
        assert weighed.after == one.ended.state.weights[place]
        assert abs(weighed.after - by_hand) <= 4 * 2**-23 * size
        assert "the same, to the rounding" in told(one, weighed)[0]


def test_the_round_that_is_opened_is_the_round_that_was_run() -> None:
    state = list(run(UNEQUAL))[-1].state
    again = watched(UNEQUAL).ended.state
    assert state is not None
    assert again is not None
    assert np.array_equal(state.weights, again.weights)


@pytest.mark.parametrize("name", [name for name, kind in KINDS["algorithm"].items()])
def test_what_is_said_of_a_weight_is_true_for_every_algorithm(name: str) -> None:
    is_true_of(UNEQUAL.with_(algorithm=name))


@pytest.mark.parametrize("role", ON_THE_WAY)
def test_what_is_said_of_a_weight_is_true_whatever_is_on_the_way(role: str) -> None:
    is_true_of(UNEQUAL.with_(**{role: ON_THE_WAY[role]}), on_the_way=True)


def is_true_of(experiment: Experiment, on_the_way: bool = False) -> None:
    """Equality is said where, and only where, the numbers of the run are equal; every number said is one of the run."""
    one = watched(experiment)
    assert one.ended.state is not None
    for place in PLACES:
        weighed = weigh(one, place)
        before, after = float(one.began.weights[place]), float(one.ended.state.weights[place])
        said = " ".join(told(one, weighed))
        assert said
        if "Nothing is averaged" in said:
            assert experiment.algorithm.name == "alone"
            assert after == before
            continue
        total = sum(c * w for c, w in zip(weighed.shares, weighed.values, strict=True))
        size = max(map(abs, [*weighed.values, before, after, total]))
        assert ("the same, to the rounding" in said) == (abs(total - after) <= 8 * 2**-23 * size)
        assert f"{after:.5f}" in said
        if "adds what arrived" in said:
            assert before + one.mean[0][place] == pytest.approx(after, abs=8 * 2**-23 * max(size, abs(before)))
        if on_the_way and "the same" not in said:
            assert "on the way" in said


def test_fedadams_server_makes_something_else_of_the_sum() -> None:
    """Its step is as long for small means as for large ones: the sum is not the new weight."""
    one = watched(UNEQUAL.with_(algorithm="fedadam"))
    assert one.ended.state is not None
    moved = int(np.abs(one.ended.state.weights - one.began.weights).argmax())
    assert "FedAdam's server step makes" in " ".join(told(one, weigh(one, moved)))


def test_the_sum_is_written_out_as_on_a_blackboard() -> None:
    one = watched(UNEQUAL)
    weighed = weigh(one, PLACES[1])
    terms, total = written_out(weighed, 3).replace("−", "-").replace("\u00a0", " ").split(" = ")
    products = [product.split(" · ") for product in terms.split(" + ")]
    assert sum(float(a) * float(b) for a, b in products) == pytest.approx(
        float(total), abs=2e-3 * abs(weighed.total) + 1e-4
    )


def test_the_learner_chooses_a_weight_and_a_wrong_place_is_the_nearest() -> None:
    """The softmax model has 784 x 10 weights and 10 biases; pixel 391 to label 7 lies at 391 * 10 + 7."""
    session = Session(UNEQUAL)
    view = Number(session)
    one = watched(UNEQUAL)
    view.show(prepare(UNEQUAL), one)
    assert one.ended.state is not None
    moved = np.abs(one.ended.state.weights - one.began.weights)[:7840]
    assert view.view.state["index"] == [moved.argmax() // 10, moved.argmax() % 10]
    view.choose(0, [391, 7])
    assert view.view.state["rows"][0][3] == f"{one.uploads[0].weights[391 * 10 + 7]:+.5f}"
    assert (view.view.state["tall"], len(view.view.state["changes"])) == (28, 784)
    view.choose(5, [99])
    assert (view.view.state["layer"], view.view.state["index"]) == (1, [9])
    assert view.view.state["tall"] == 0
    assert re.search("3: |2: 10 biases", view.view.state["layers"][1])
    view.close()
    session.close()
