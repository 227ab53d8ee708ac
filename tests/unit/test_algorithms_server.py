"""What the server does with the parties' weights, against Flower's strategies on the same arrays."""

from __future__ import annotations

import os

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"

from typing import Any

import numpy as np
import pytest
from flwr.common import Code, FitRes, Status, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server import strategy as flower

from fedlab.algorithms import ALGORITHMS, FedAvg
from fedlab.algorithms.fedavgm import FedAvgM
from fedlab.messages import PartyReport, Trained, Upload, arrays_in
from fedlab.stages import Mean

SIZE = 50
EXAMPLES = (10, 30, 60)
STEPS = 5


def trained(seed: int) -> list[Trained]:
    """What the local training of three parties comes to in a round."""
    rng = np.random.default_rng(seed)
    return [Trained(rng.normal(size=SIZE).astype(np.float32), n, STEPS, 0.0, 0.1) for n in EXAMPLES]


class Server:
    """One algorithm's two halves, called by hand, with the kit's mean between them; local training is given."""

    def __init__(self, algorithm: FedAvg):
        self.algorithm, self.w = algorithm, np.zeros(SIZE, np.float32)
        self.memory = algorithm.server_memory(self.w)
        self.owns = [algorithm.party_memory(self.w) for _ in EXAMPLES]

    def round(self, seed: int) -> np.ndarray:
        """The shared model after a round in which all parties take part."""
        self.w, self.memory, self.owns = self.after(seed)
        return self.w

    def after(self, seed: int) -> tuple[np.ndarray, Any, list[Any]]:
        """The shared model and all memories after such a round, which is not taken."""
        down, uploads = self.algorithm.send(self.w, self.memory), []
        for k, one in enumerate(trained(seed)):
            message, own = self.algorithm.report(down, self.owns[k], one)
            report = PartyReport(k, one.examples, one.steps, one.train_loss, 0.0)
            uploads.append(Upload(k, one.examples, message, {"algorithm": own}, one.weights, report))
        w, memory = self.algorithm.step(self.w, Mean().combine(uploads), 1.0, self.memory)
        return w, memory, [upload.own["algorithm"] for upload in uploads]


def ours(algorithm: FedAvg, rounds: int) -> list[np.ndarray]:
    """The shared model after each round."""
    server = Server(algorithm)
    return [server.round(number) for number in range(1, rounds + 1)]


def flowers(strategy: Any, rounds: int, before: Any = lambda number: None) -> list[np.ndarray]:
    """The same with one of Flower's strategies; `before(number)` is called before each round."""
    models = []
    for number in range(1, rounds + 1):
        before(number)
        answers = [
            (None, FitRes(Status(Code.OK, ""), ndarrays_to_parameters([one.weights]), one.examples, {}))
            for one in trained(number)
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
    server = Server(ALGORITHMS[name]())
    server.round(1)
    before = [array.copy() for array in arrays_in([server.w, server.memory, server.owns])]
    once, twice = server.after(2), server.after(2)
    for one, other in zip(arrays_in(once), arrays_in(twice), strict=True):
        assert np.array_equal(one, other)
    for was, now in zip(before, arrays_in([server.w, server.memory, server.owns]), strict=True):
        assert np.array_equal(was, now)


def test_a_party_with_three_times_the_examples_counts_three_times() -> None:
    """(1·0 + 3·4) / 4 = 3, and (1·8 + 3·0) / 4 = 2."""
    mean = Mean().combine([upload(0, 1, [0.0, 8.0]), upload(1, 3, [4.0, 0.0])])
    assert [part.tolist() for part in mean] == [[3.0, 2.0]]
    assert mean[0].dtype == np.float32


def test_the_mean_of_many_parties_does_not_lose_small_differences() -> None:
    """10,000 parties that send 1 + 2^-20 have exactly that as their mean: a sum in float32 would lose the 2^-20."""
    sent = np.float32(1 + 2**-20)
    assert Mean().combine(upload(k, 6, [sent]) for k in range(10_000))[0] == sent


def upload(party: int, examples: int, message: list[Any]) -> Upload:
    array = np.array(message, np.float32)
    return Upload(party, examples, (array,), {}, array, PartyReport(party, examples, 1, 0.0, 0.0))
