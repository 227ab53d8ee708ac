"""What algorithms remember between rounds is part of a run; and the two yardsticks, which bracket the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, Round, run
from fedlab.algorithms import ALGORITHMS
from fedlab.datasets import Dataset
from fedlab.federation import hold

SETUP: dict[str, Any] = {"parties": 5, "examples": 500, "model": "softmax", "partition": "dirichlet", "alpha": 0.3}


def experiment(**settings: Any) -> Experiment:
    fixed = ALGORITHMS[settings.get("algorithm", "fedavg")].fixes
    return Experiment(**{name: value for name, value in {**SETUP, **settings}.items() if name not in fixed})


def weights(one: Round) -> np.ndarray:
    assert one.state is not None
    return one.state.weights


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_run_continued_or_forked_goes_on_as_if_it_had_not_stopped(blobs: Dataset, name: str, momentum: float) -> None:
    """To the last bit, memory included; and the fork leaves the state that it came from as it was."""
    plan = experiment(algorithm=name, rounds=5, participation=0.6, momentum=momentum, learning_rate=0.01)
    whole = list(run(plan, dataset=blobs))
    first = list(run(plan, dataset=blobs))[:2]
    for _ in range(2):
        rest = list(run(plan, dataset=blobs, start=first[-1].state))
        assert [one.number for one in rest] == [3, 4, 5]
        for ours, theirs in zip(rest, whole[2:], strict=True):
            assert np.array_equal(weights(ours), weights(theirs))
            assert ours.test_loss == theirs.test_loss


def test_all_data_in_one_place_is_one_party_with_all_of_it(blobs: Dataset) -> None:
    """With B = ∞ the order of the examples plays no part."""
    central = list(run(experiment(algorithm="central", rounds=3, batch_size="all"), dataset=blobs))
    single = list(run(experiment(parties=1, rounds=3, batch_size="all"), dataset=blobs))
    assert weights(central[-1]) == pytest.approx(weights(single[-1]), abs=1e-6)
    assert [report.examples for report in central[0].parties] == [500]
    assert central[0].bytes_up == central[0].bytes_down == 0


def test_a_party_alone_goes_on_from_its_own_model_and_sends_nothing(blobs: Dataset) -> None:
    """Round 1 begins with the shared model, as FedAvg's; with one party FedAvg averages nothing either."""
    models: list[np.ndarray] = []
    for name in ("alone", "fedavg"):
        plan = experiment(algorithm=name, rounds=1)
        (one,) = run(plan, dataset=blobs, on_upload=lambda number, upload: models.append(upload.weights))
        assert (one.bytes_up == 0) == (name == "alone")
    assert np.array_equal(models[:5], models[5:])
    single = experiment(parties=1, rounds=3)
    *_, fedavg = run(single, dataset=blobs)
    *_, alone = run(single.with_(algorithm="alone"), dataset=blobs)
    assert alone.test_accuracy == fedavg.test_accuracy


def test_the_accuracy_of_parties_alone_is_that_of_each_on_its_part_of_the_test(blobs: Dataset) -> None:
    """Party k answers the test examples k, k + K, k + 2 K ...; softmax regression by hand."""
    *_, last = run(experiment(algorithm="alone", rounds=3), dataset=blobs)
    assert last.state is not None
    right = []
    for party, own in enumerate(last.state.parties):
        w = own["algorithm"]
        x, y = blobs.test_x[party::5], blobs.test_y[party::5]
        right.extend((x @ w[:-4].reshape(8, 4) + w[-4:]).argmax(axis=1) == y)
    assert last.test_accuracy == np.mean(right)


def test_under_skew_all_data_in_one_place_is_best_and_every_party_alone_worst(blobs: Dataset) -> None:
    last = {}
    for name in ("central", "fedavg", "alone"):
        *_, last[name] = run(experiment(algorithm=name, rounds=20, local_epochs=2), dataset=blobs)
    assert last["central"].test_accuracy + 0.01 >= last["fedavg"].test_accuracy > last["alone"].test_accuracy + 0.1


def test_feddyns_first_round_is_fedprox_whose_server_goes_twice_as_far(blobs: Dataset) -> None:
    """h = -α Σ p_k (w_k - w_t), so Σ p_k w_k - h/α = w_t + 2 Σ p_k (w_k - w_t)."""
    start = weights(next(run(experiment(rounds=1, learning_rate=1e-6), dataset=blobs)))  # as good as not moved
    feddyn = weights(next(run(experiment(algorithm="feddyn", feddyn_alpha=0.3, rounds=1), dataset=blobs)))
    fedprox = weights(next(run(experiment(algorithm="fedprox", mu=0.3, rounds=1), dataset=blobs)))
    assert feddyn - start == pytest.approx(2 * (fedprox - start), abs=1e-4)


def test_scaffolds_control_variates_average_to_the_shared_one(blobs: Dataset) -> None:
    """c = Σ p_k c_k, p_k being a party's part of all examples; c lies with the server, each c_k with its party."""
    plan = experiment(algorithm="scaffold", rounds=4, participation=0.4)
    *_, last = run(plan, dataset=blobs)
    assert last.state is not None
    sizes = [len(own) for own in hold(plan, blobs)]
    mean = np.average([own["algorithm"] for own in last.state.parties], axis=0, weights=sizes)
    assert last.state.server == pytest.approx(mean, abs=1e-5)
    assert np.linalg.norm(mean) > 0.01


def test_a_state_knows_what_it_takes_to_keep_it(blobs: Dataset) -> None:
    """8 x 4 + 4 weights of 4 bytes: the shared model, what the server remembers, what five parties remember."""
    for name, vectors in (("fedavg", 1), ("fedavgm", 2), ("fedadam", 3), ("alone", 6), ("scaffold", 7), ("feddyn", 7)):
        (one,) = run(experiment(algorithm=name, rounds=1), dataset=blobs)
        assert one.state is not None
        assert one.state.nbytes == vectors * 36 * 4
