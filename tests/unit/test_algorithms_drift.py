"""Client drift on two quadratics, where everything can be worked out by hand.

f1 = 0.5 (a - 15)² + b² and f2 = 2 (a + 12)² + 0.7 (b + 15)². The gradient of their mean is zero where
(a - 15) + 4 (a + 12) = 0 and 2 b + 1.4 (b + 15) = 0, that is at a = -33/5 = -6.6 and b = -21/3.4 = -6.1765.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from fedlab.algorithms import ALGORITHMS, FedAvg, FedProx
from fedlab.algorithms.feddyn import FedDyn
from fedlab.lessons.plane import CENTRES, CURVES, walk
from fedlab.lessons.plane import MINIMUM as DRAWN
from fedlab.messages import Trained

MINIMUM = np.array([-33 / 5, -21 / 3.4])
RATE = 0.1


def settle(
    algorithm: FedAvg, rounds: int, steps: Sequence[int] = (10, 10), momentum: float = 0.0, rate: float = RATE
) -> np.ndarray:
    """Where the algorithm leads from (0, 0), walked as in lesson 05."""
    return walk(algorithm, rounds, steps, rate, momentum).shared[-1]


def fedavg_settles_at(steps: Sequence[int]) -> np.ndarray:
    """τ steps of SGD on a quadratic take w to c + q (w - c), q = (1 - η curve)^τ; the mean of both must be w again."""
    q = (1 - RATE * CURVES) ** np.array(steps)[:, None]
    return ((1 - q) * CENTRES).sum(axis=0) / (1 - q).sum(axis=0)


def test_the_lesson_draws_the_star_where_the_gradients_cancel() -> None:
    assert pytest.approx(MINIMUM) == DRAWN


def test_fedavg_with_one_local_step_settles_at_the_minimum() -> None:
    assert settle(ALGORITHMS["fedavg"](), 300, (1, 1)) == pytest.approx(MINIMUM, abs=1e-3)


def test_fedavg_with_several_local_steps_settles_elsewhere() -> None:
    found = settle(ALGORITHMS["fedavg"](), 300)
    assert found == pytest.approx(fedavg_settles_at((10, 10)), abs=1e-3)
    assert np.linalg.norm(found - MINIMUM) > 3


@pytest.mark.parametrize("name", ["scaffold", "feddyn"])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_scaffold_and_feddyn_settle_at_the_minimum(name: str, momentum: float) -> None:
    assert settle(ALGORITHMS[name](), 1000, momentum=momentum) == pytest.approx(MINIMUM, abs=1e-2)


def test_scaffold_settles_at_the_minimum_although_one_party_steps_more_often() -> None:
    assert settle(ALGORITHMS["scaffold"](), 500, (3, 20)) == pytest.approx(MINIMUM, abs=1e-2)


def test_fedavg_leans_towards_the_party_that_steps_more_and_fednova_does_not() -> None:
    """Small steps follow the gradient, so τ_k of them weigh party k by τ_k: FedAvg minimises f1 + 4 f2 if f2 steps four
    times. (a - 15) + 16 (a + 12) = 0 gives a = -177/17, and 2 b + 5.6 (b + 15) = 0 gives b = -84/7.6.
    """
    fedavg, fednova = (settle(ALGORITHMS[name](), 2000, (1, 4), rate=0.003) for name in ("fedavg", "fednova"))
    assert fedavg == pytest.approx([-177 / 17, -84 / 7.6], abs=0.15)
    assert fednova == pytest.approx(MINIMUM, abs=0.15)


def test_fednova_with_equal_steps_is_fedavg() -> None:
    fedavg, fednova = (settle(ALGORITHMS[name](), 20) for name in ("fedavg", "fednova"))
    assert fednova == pytest.approx(fedavg, abs=1e-6 * float(np.abs(fedavg).max()))


def test_fedprox_settles_nearer_to_the_minimum_than_fedavg_and_with_mu_zero_where_fedavg_does() -> None:
    fedavg = settle(ALGORITHMS["fedavg"](), 300)
    assert settle(FedProx(mu=0.0), 300) == pytest.approx(fedavg, abs=1e-6)
    held = settle(FedProx(mu=2.0), 2000)
    assert np.linalg.norm(held - MINIMUM) < np.linalg.norm(fedavg - MINIMUM)


def test_momentum_makes_tau_steps_count_as_the_sum_of_their_weights() -> None:
    """A gradient that enters at step i is carried on to steps i + 1 .. τ, so it counts 1 + ρ + .. + ρ^(τ - i) times."""
    rho, tau = 0.9, 7
    by_hand = sum(rho**j for i in range(1, tau + 1) for j in range(tau - i + 1))
    trained = Trained(np.zeros(2), 1, tau, 0.0, RATE, rho)
    assert trained.effective_steps == pytest.approx(by_hand, rel=1e-12)
    assert Trained(np.zeros(2), 1, tau, 0.0, RATE).effective_steps == tau


def test_drift_is_nothing_with_one_local_step_and_grows_with_each_further_number_of_steps() -> None:
    """300 gradients for each party in all, as lesson 05 shows it."""
    away = [np.linalg.norm(settle(FedAvg(), 300 // e, (e, e)) - MINIMUM) for e in (1, 2, 5, 10, 20, 50)]
    assert away[0] == pytest.approx(0, abs=1e-4)
    assert all(np.diff(away) > 0.5)


def test_fedavg_forgets_a_party_that_has_left_and_scaffold_and_feddyn_do_not() -> None:
    """Alone, party 0 leads FedAvg to its own minimum, (15, 0). SCAFFOLD's party 0 rests where c = 0, that is where its
    slope is minus what party 1 had last; at the minimum of the mean these two cancel.
    """

    def who(number: int) -> Sequence[int]:
        return (0, 1) if number < 30 else (0,)

    ends = {
        name: walk(kind, 200, who=who).shared[-1]
        for name, kind in {
            "fedavg": FedAvg(),
            "scaffold": ALGORITHMS["scaffold"](),
            "feddyn": FedDyn(feddyn_alpha=1.0),
        }.items()
    }
    assert ends["fedavg"] == pytest.approx(CENTRES[0], abs=1e-3)
    assert ends["scaffold"] == pytest.approx(MINIMUM, abs=1e-2)
    assert ends["feddyn"] == pytest.approx(MINIMUM, abs=1e-2)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("fedavgm", {}),
        ("fedadagrad", {"server_learning_rate": 1.0}),
        ("fedadam", {"server_learning_rate": 0.1}),
        ("fedyogi", {"server_learning_rate": 0.1}),
    ],
)
def test_a_server_optimiser_settles_where_fedavg_does_if_all_take_part(name: str, settings: dict[str, float]) -> None:
    """Where the mean update is zero, there is nothing to step along."""
    assert settle(ALGORITHMS[name](**settings), 3000) == pytest.approx(fedavg_settles_at((10, 10)), abs=2e-2)
