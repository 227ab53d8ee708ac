"""What parties earn: the axioms of Shapley's value, a game with a known answer, and a round with a liar in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fedlab import Experiment, run
from fedlab.contributions import earned, leave_one_out, shapley, value_of_round
from fedlab.diagnostics import untrained
from fedlab.federation import first_state, prepare
from fedlab.messages import Upload
from fedlab.plots.behind import earnings

HEART = Experiment(dataset="heart", partition="natural", model="softmax", rounds=1)


def test_gloves() -> None:
    """One left glove (0) and two right ones (1, 2): a pair is worth 1, and 0 has the scarce one: 2/3, 1/6, 1/6.

    0 adds 1 unless it comes first (4 of 6 orders); 1 adds 1 only in the order 0, 1, 2. Left out, only 0 is missed.
    """

    def value(there: tuple[int, ...]) -> float:
        return float(0 in there and len(there) > 1)

    assert shapley(3, value) == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert leave_one_out(3, value).tolist() == [1, 0, 0]


def test_drawn_orders_come_near_and_add_up_to_the_bit_of_rounding() -> None:
    """Twelve parties of which k alone is worth k and two together nothing more: φ_k = k, in any order."""
    assert shapley(12, lambda there: float(sum(there)), orders=5) == pytest.approx(range(12))
    drawn = shapley(12, lambda there: float(len(there) ** 2), orders=400)
    assert drawn.sum() == pytest.approx(144)
    assert drawn == pytest.approx([12] * 12, abs=1.5)  # alike in truth; an order gives from 1 to 23, so sd 6.9 / √400


@pytest.fixture(scope="module")
def uploads() -> list[Upload]:
    kept: list[Upload] = []
    list(run(HEART, on_upload=lambda number, upload: kept.append(upload)))
    return kept


def test_earnings_add_up_to_what_the_round_brought(uploads: list[Upload]) -> None:
    """Σ φ_k = v(all) - v({}): the untrained model's test loss less that of FedAvg's next shared model."""
    (one,) = run(HEART)
    values, _ = earned(HEART, first_state(prepare(HEART)).weights, uploads)
    assert values.sum() == pytest.approx(untrained(HEART)[1] - one.test_loss, abs=1e-4)


def test_who_sends_the_model_back_earns_nothing_copies_earn_alike_and_poison_costs(uploads: list[Upload]) -> None:
    began = first_state(prepare(HEART)).weights
    honest, _ = earned(HEART, began, uploads)
    rider = [*uploads[:3], replace(uploads[3], message=(np.zeros_like(began),))]
    copies = [*uploads[:3], replace(uploads[0], party=3)]
    poison = [replace(uploads[0], message=(-3 * uploads[0].message[0],)), *uploads[1:]]
    assert earned(HEART, began, rider)[0][3] == pytest.approx(0, abs=1e-9)
    assert earned(HEART, began, rider)[1][3] == pytest.approx(0, abs=1e-9)
    same = earned(HEART, began, copies)[0]
    assert same[0] == pytest.approx(same[3], abs=1e-6)
    assert earned(HEART, began, poison)[0][0] < 0 < honest[0]


def test_a_liar_of_a_real_run_is_the_one_who_costs() -> None:
    """It trains as the others do, and sends the reverse, three times as long: what was sent is what counts."""
    lies = HEART.with_(attack="sign_flip", attackers=1, attack_strength=3.0)
    kept: list[Upload] = []
    list(run(lies, on_upload=lambda number, upload: kept.append(upload)))
    began = first_state(prepare(lies)).weights
    against = [float(upload.message[0] @ (upload.weights - began)) < 0 for upload in kept]
    assert sum(against) == 1
    values, _ = earned(lies, began, kept)
    assert values.argmin() == against.index(True)
    assert values.min() < 0


def test_a_round_without_anybody_is_worth_the_model_that_it_began_with() -> None:
    value = value_of_round(np.zeros(2), [np.ones(2), -np.ones(2)], [3, 1], lambda w: float(w.sum()))
    assert [value(()), value((0,)), value((0, 1))] == [0, 1.5, 1]  # 2 · 3/4; and 2 · (3/4 - 1/4)


def test_the_picture_has_two_bars_for_each_party() -> None:
    ax = Figure().subplots()
    earnings(ax, ["a", "b", "c"], np.array([0.1, -0.2, 0]), np.array([0.0, 0.1, 0.2]))
    widths = [bar.get_width() for bar in ax.patches if isinstance(bar, Rectangle)]
    assert widths == [0.1, -0.2, 0, 0, 0.1, 0.2]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
