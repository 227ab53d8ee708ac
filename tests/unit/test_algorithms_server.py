"""What the server does with the parties' weights, against Flower's strategies on the same arrays."""

from __future__ import annotations

import os

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"

from typing import Any

import numpy as np
import pytest
from flwr.common import Code, FitRes, Status, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server import strategy as flower

from fedlab.algorithms import ALGORITHMS, FedAvg, PartyResult
from fedlab.algorithms.fedavgm import FedAvgM

SIZE = 50
EXAMPLES = (10, 30, 60)


def uploads(seed: int) -> list[PartyResult]:
    """What three parties send back in a round."""
    rng = np.random.default_rng(seed)
    return [PartyResult(k, n, 5, rng.normal(size=SIZE).astype(np.float32), 0.0, 0.1) for k, n in enumerate(EXAMPLES)]


def ours(algorithm: FedAvg, rounds: int) -> list[np.ndarray]:
    """The shared model after each round."""
    shared, memory = np.zeros(SIZE, np.float32), algorithm.initial_memory(SIZE, np.array(EXAMPLES))
    models = []
    for number in range(1, rounds + 1):
        shared, memory = algorithm.aggregate(shared, iter(uploads(number)), memory)
        models.append(shared)
    return models


def flowers(strategy: Any, rounds: int, before: Any = lambda number: None) -> list[np.ndarray]:
    """The same with one of Flower's strategies; `before(number)` is called before each round."""
    models = []
    for number in range(1, rounds + 1):
        before(number)
        answers = [
            (None, FitRes(Status(Code.OK, ""), ndarrays_to_parameters([one.weights]), one.examples, {}))
            for one in uploads(number)
        ]
        parameters, _ = strategy.aggregate_fit(number, answers, [])
        models.append(parameters_to_ndarrays(parameters)[0])
    return models


def zero() -> Any:
    return ndarrays_to_parameters([np.zeros(SIZE, np.float32)])


def test_fedavg_averages_as_flower_does() -> None:
    assert np.allclose(ours(ALGORITHMS["fedavg"](), 3), flowers(flower.FedAvg(), 3), atol=1e-6)


@pytest.mark.parametrize(("momentum", "rate"), [(0.9, 1.0), (0.5, 0.3), (0.0, 0.5)])
def test_fedavgm_steps_as_flower_does(momentum: float, rate: float) -> None:
    strategy = flower.FedAvgM(initial_parameters=zero(), server_momentum=momentum, server_learning_rate=rate)
    found = ours(FedAvgM(server_momentum=momentum, server_learning_rate=rate), 5)
    assert np.allclose(found, flowers(strategy, 5), atol=1e-6)


@pytest.mark.parametrize("name", ["FedAdagrad", "FedAdam", "FedYogi"])
def test_adaptive_servers_step_as_flowers_do(name: str) -> None:
    """Flower's v begins at 0 and ours, as in the paper, at τ²: Flower's is set to that here.

    Flower's FedAdam alone corrects its step for the moments' start, which algorithm 2 of the paper does not do: the
    test divides its η by that factor.
    """
    rate, tau, beta_1, beta_2 = 0.02, 1e-3, 0.9, 0.99
    more = {} if name == "FedAdagrad" else {"beta_1": beta_1, "beta_2": beta_2}
    strategy = getattr(flower, name)(initial_parameters=zero(), eta=rate, tau=tau, **more)
    strategy.v_t = [np.full(SIZE, tau**2, np.float32)]

    def take_the_correction_back(number: int) -> None:
        if name == "FedAdam":
            strategy.eta = rate * (1 - beta_1 ** (number + 1)) / np.sqrt(1 - beta_2 ** (number + 1))

    kind: Any = ALGORITHMS[name.lower()]
    algorithm = kind(server_learning_rate=rate, tau=tau, **more)
    assert np.allclose(ours(algorithm, 5), flowers(strategy, 5, take_the_correction_back), atol=1e-6)


def test_fedavgm_without_momentum_is_fedavg() -> None:
    """With β = 0 and η_s = 1, that is FedOpt with SGD(1.0) at the server."""
    plain = FedAvgM(server_momentum=0.0, server_learning_rate=1.0)
    assert np.allclose(ours(plain, 5), ours(ALGORITHMS["fedavg"](), 5), rtol=0, atol=1e-6)


def test_scaffold_and_fednova_average_as_fedavg_in_a_first_round_of_equal_steps() -> None:
    (fedavg,) = ours(ALGORITHMS["fedavg"](), 1)
    for name in ("scaffold", "fednova"):
        assert np.allclose(ours(ALGORITHMS[name](), 1)[0], fedavg, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_algorithm_leaves_the_memory_it_was_given_as_it_was(name: str) -> None:
    """So a run can be forked from any round, and the same round twice gives the same."""
    algorithm = ALGORITHMS[name]()
    start = np.zeros(SIZE, np.float32)
    _, memory = algorithm.aggregate(start, iter(uploads(1)), algorithm.initial_memory(SIZE, np.array(EXAMPLES)))
    once = algorithm.aggregate(start, iter(uploads(2)), memory)
    twice = algorithm.aggregate(start, iter(uploads(2)), memory)
    assert np.array_equal(once[0], twice[0])
    again = algorithm.aggregate(once[0], iter(uploads(3)), once[1])[0]
    assert np.array_equal(again, algorithm.aggregate(twice[0], iter(uploads(3)), twice[1])[0])
