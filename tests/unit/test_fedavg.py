"""FedAvg and FedSGD: what McMahan et al. (2017) say of them, against NumPy by hand and against Keras' own optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.datasets import Dataset, mnist
from fedlab.federation import first_state, hold, prepare
from fedlab.partitions import Partition
from fedlab.randomness import Choice, generator, local_batches, participants
from tests.unit.textbook import Lopsided, gradient

if TYPE_CHECKING:
    import keras

ON_BOTH = [("softmax", "numpy"), ("softmax", "keras"), ("2nn", "numpy"), ("2nn", "keras"), ("cnn", "keras")]


def fedavg_by_hand(experiment: Experiment, dataset: Dataset, weighted: bool = True) -> list[np.ndarray]:
    """Algorithm 1 of McMahan et al. for softmax regression with B = ∞, in NumPy: the shared model after each round."""
    shared, models = first_state(prepare(experiment, dataset)).weights.astype(np.float64), []
    parties = hold(experiment, dataset)
    for number in range(1, experiment.rounds + 1):
        present = participants(experiment.seed, number, experiment.parties, experiment.participation)
        n = sum(len(parties[k]) for k in present)
        new = np.zeros_like(shared)
        for k in present:
            w, x, y = shared.copy(), dataset.train_x[parties[k]].astype(np.float64), dataset.train_y[parties[k]]
            for _ in range(experiment.local_epochs):
                w -= experiment.learning_rate * gradient(w, x, y)
            new += w * (len(y) / n if weighted else 1 / len(present))
        shared = new
        models.append(shared)
    return models


def shared_models(experiment: Experiment, dataset: Dataset, engine: str = "numpy") -> list[np.ndarray]:
    return [one.state.weights for one in run(experiment, dataset=dataset, engine=engine) if one.state]


def flat(model: keras.Model) -> np.ndarray:
    return np.concatenate([array.ravel() for array in model.get_weights()])


def assert_same(ours: list[np.ndarray], theirs: list[np.ndarray], tolerance: float = 2e-6) -> None:
    """Equal up to float32 rounding, and not because nothing moved."""
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)
    assert np.abs(theirs[-1] - theirs[0]).max() > 100 * tolerance


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize(("model", "engine"), ON_BOTH)
def test_one_party_is_centralised_sgd_step_for_step(model: str, engine: str) -> None:
    """With one party the average has one term, so a round is an epoch of SGD: here Keras' own, batch by batch.

    45 images in batches of 10 also make a short last batch of 5, whose gradient is the mean of its 5.
    """
    experiment = Experiment(
        parties=1, examples=45, model=model, rounds=3, local_epochs=2, batch_size=10, learning_rate=0.05, seed=3
    )
    import keras

    from fedlab.engines.keras import build

    (own,) = hold(experiment, mnist())
    central = build(model, (28, 28), 10, experiment.seed)
    central.compile(keras.optimizers.SGD(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    theirs = []
    for number in range(1, 4):
        for batch in local_batches(generator(3, Choice.BATCHES, number, 0), 45, 10, epochs=2):
            central.train_on_batch(mnist().train_x[own[batch]] / np.float32(255), mnist().train_y[own[batch]])
        theirs.append(flat(central))
    assert_same(shared_models(experiment, mnist(), engine), theirs, tolerance=1e-5)


@pytest.mark.usefixtures("tensorflow")
def test_one_party_with_its_data_in_one_batch_is_keras_fit(blobs: Dataset, engine: str) -> None:
    """B = ∞ leaves no order of batches to agree on: T rounds are T epochs of `Model.fit` on all the data at once."""
    import keras

    from fedlab.engines.keras import build

    experiment = Experiment(parties=1, examples=1_300, model="2nn", rounds=4, batch_size="all", learning_rate=0.5)
    central = build("2nn", (8,), 4, experiment.seed)
    central.compile(keras.optimizers.SGD(0.5), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    theirs = []
    for _ in range(4):
        central.fit(blobs.train_x, blobs.train_y, batch_size=1_300, epochs=1, verbose=0)
        theirs.append(flat(central))
    assert_same(shared_models(experiment, blobs, engine), theirs, tolerance=1e-5)


@pytest.mark.parametrize("partition", ["iid", "dirichlet", Lopsided()])
def test_one_step_on_all_data_is_fedsgd_is_gradient_descent_on_the_union(
    blobs: Dataset, engine: str, partition: str | Partition
) -> None:
    """Σ n_k/n (w - η∇F_k(w)) = w - η∇F(w), because F = Σ n_k/n F_k; whoever holds what, and however much of it."""
    experiment = Experiment(
        parties=7, examples=1_000, partition=partition, model="softmax", rounds=5, batch_size="all", learning_rate=0.5
    )
    union = np.concatenate(hold(experiment, blobs))
    w, descent = first_state(prepare(experiment, blobs)).weights.astype(np.float64), []
    for _ in range(5):
        w = w - 0.5 * gradient(w, blobs.train_x[union], blobs.train_y[union])
        descent.append(w)
    assert_same(shared_models(experiment, blobs, engine), descent)
    assert_same(shared_models(experiment.with_(algorithm="fedsgd"), blobs, engine), descent)


@pytest.mark.parametrize("participation", [1.0, 0.4])
@pytest.mark.parametrize("partition", ["dirichlet", Lopsided()])
def test_the_average_is_weighted_by_the_examples_of_those_who_took_part(
    blobs: Dataset, engine: str, partition: str | Partition, participation: float
) -> None:
    """w_{t+1} = Σ_{k in S_t} n_k/n w_k with n = Σ_{k in S_t} n_k; several local steps, so that the w_k differ."""
    experiment = Experiment(
        parties=5,
        examples=1_003,
        partition=partition,
        model="softmax",
        rounds=4,
        participation=participation,
        local_epochs=6,
        batch_size="all",
        learning_rate=0.5,
    )
    assert_same(shared_models(experiment, blobs, engine), fedavg_by_hand(experiment, blobs), tolerance=5e-6)


def test_an_average_without_weights_is_told_apart(blobs: Dataset) -> None:
    """The most-copied tutorial averages without weights: with sizes from 1 to 5 the comparison above must see it."""
    experiment = Experiment(
        parties=5,
        examples=1_003,
        partition=Lopsided(),
        model="softmax",
        rounds=4,
        local_epochs=6,
        batch_size="all",
        learning_rate=0.5,
    )
    wrong = fedavg_by_hand(experiment, blobs, weighted=False)
    assert np.abs(shared_models(experiment, blobs)[-1] - wrong[-1]).max() > 1e-3


@pytest.mark.usefixtures("tensorflow")
def test_one_keras_model_handed_to_all_parties_is_averaged_with_itself(blobs: Dataset) -> None:
    """The seed example of many blog posts: `clients = [model, model, model]`.

    They train one after another on the same weights, so "the average" is of three copies of the last one's weights:
    plain SGD over the parties in turn. FedAvg from the same start, in which each begins from w_t, gives another model.
    """
    import keras

    from fedlab.engines.keras import build

    experiment = Experiment(
        parties=3, examples=900, partition="dirichlet", model="softmax", rounds=1, local_epochs=4, batch_size="all"
    )
    parties = hold(experiment, blobs)
    model = build("softmax", (8,), 4, experiment.seed)
    model.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    one_after_another = flat(model).astype(np.float64)
    clients = [model, model, model]
    for client, own in zip(clients, parties, strict=True):
        x, y = blobs.train_x[own], blobs.train_y[own]
        client.fit(x, y, batch_size=len(own), epochs=4, verbose=0)
        for _ in range(4):
            one_after_another -= 0.1 * gradient(one_after_another, x, y)
    average = np.mean([flat(client) for client in clients], axis=0)
    np.testing.assert_allclose(average, flat(clients[0]), rtol=1e-6)
    np.testing.assert_allclose(average, one_after_another, rtol=0, atol=2e-6)
    (fedavg,) = shared_models(experiment, blobs)
    assert np.abs(fedavg - average).max() > 0.01


def test_fedsgd_fixes_one_epoch_and_one_batch() -> None:
    experiment = Experiment(algorithm="fedsgd")
    assert (experiment.local_epochs, experiment.batch_size) == (1, "all")


@pytest.mark.parametrize(("name", "value"), [("local_epochs", 5), ("batch_size", 10)])
def test_fedsgd_refuses_what_would_make_it_fedavg(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} is {value}, but FedSGD always uses"):
        Experiment(algorithm="fedsgd", **{name: value})
