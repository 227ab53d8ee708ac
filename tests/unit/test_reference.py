"""The textbook telling of the six steps in plain Keras, and the engines that must give its numbers."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from fedlab import Experiment, reference, run
from fedlab.datasets import Dataset, mnist
from fedlab.engines.keras import build
from fedlab.partitions import Partition

pytestmark = pytest.mark.usefixtures("tensorflow")

SMALL = {"parties": 3, "rounds": 2, "local_epochs": 2, "batch_size": 20, "learning_rate": 0.1}


class Halves(Partition):
    """The first party holds half of the examples, the second half of the rest, and so on."""

    name: ClassVar[str] = "halves"

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        order = rng.permutation(len(labels))
        return np.split(order, [len(order) - len(order) // 2**k for k in range(1, parties)])


def assert_the_engine_equals_the_reference(
    experiment: Experiment, dataset: Dataset, engine: str, later: float = 1e-5
) -> None:
    """After the first round all weights agree to 1e-5, after each later one to `later`; and they have moved in all."""
    model = build(experiment.model, dataset.train_x.shape[1:], dataset.classes, experiment.seed)
    start = np.concatenate([array.ravel() for array in model.get_weights()])
    textbook = [np.concatenate([a.ravel() for a in w]) for w in reference.run(experiment, dataset, model)]
    trained = [one.state.weights for one in run(experiment, dataset=dataset, engine=engine) if one.state]
    assert len(trained) == len(textbook) == experiment.rounds
    for number, (ours, theirs) in enumerate(zip(trained, textbook, strict=True), 1):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 if number == 1 else later)
    assert np.abs(trained[-1] - start).max() > 1e-2


@pytest.mark.parametrize("seed", [0, 1, 2024])
@pytest.mark.parametrize("algorithm", [{"algorithm": "fedavg"}, {"algorithm": "fedprox", "mu": 0.7}])
def test_softmax_regression(blobs: Dataset, engine: str, algorithm: dict[str, Any], seed: int) -> None:
    """200 examples at 3 parties: 66 or 67 each, so each epoch ends with a batch of 6 or 7."""
    assert_the_engine_equals_the_reference(
        Experiment(**SMALL, **algorithm, examples=200, model="softmax", seed=seed), blobs, engine
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"participation": 0.5, "parties": 6, "rounds": 4},
        {"partition": Halves(), "parties": 4},
        {"partition": "dirichlet", "alpha": 0.1},
        {"batch_size": "all"},
        {"batch_size": 1, "examples": 12},
        {"batch_size": 100},  # more than a party has
        {"batch_size": 300, "examples": 1_300},  # wider than what goes through a model at once, and a short last batch
        {"batch_size": "all", "examples": 1_300},
        {"batch_size": "all", "examples": 1_300, "parties": 1},
        {"parties": 1},
        {"parties": 40, "examples": 40},  # one example each
        {"local_epochs": 30, "rounds": 1, "batch_size": 10},  # several compiled calls a party
    ],
    ids=str,
)
def test_whatever_the_settings(blobs: Dataset, engine: str, changes: dict[str, Any]) -> None:
    experiment = Experiment(
        **{**SMALL, "examples": 200, "model": "softmax", "algorithm": "fedprox", "mu": 0.3, **changes}
    )
    assert_the_engine_equals_the_reference(experiment, blobs, engine)


def test_fedsgd(blobs: Dataset, engine: str) -> None:
    experiment = Experiment(algorithm="fedsgd", parties=4, examples=999, model="softmax", rounds=3, learning_rate=0.5)
    assert_the_engine_equals_the_reference(experiment, blobs, engine)


def test_features_on_a_scale_of_their_own(blobs: Dataset, engine: str) -> None:
    """x / scale, whatever the type of x: the same blobs, eight times as far apart and on a scale of 8."""
    apart = Dataset("apart", 8 * blobs.train_x, blobs.train_y, 8 * blobs.test_x, blobs.test_y, scale=8.0)
    experiment = Experiment(**SMALL, examples=200, model="softmax")
    assert_the_engine_equals_the_reference(experiment, apart, engine)
    for one, other in zip(run(experiment, dataset=apart), run(experiment, dataset=blobs), strict=True):
        assert one.test_loss == pytest.approx(other.test_loss, rel=1e-6)


@pytest.mark.parametrize("batch_size", [20, "all"])
@pytest.mark.parametrize(
    ("model", "engine"),
    [("softmax", "numpy"), ("softmax", "keras"), ("2nn", "numpy"), ("2nn", "keras"), ("cnn", "keras")],
)
@pytest.mark.parametrize("algorithm", ["fedavg", "fedprox"])
def test_every_model_on_mnist(model: str, engine: str, algorithm: str, batch_size: int | str) -> None:
    """uint8 images scaled by 1/255; convolutions take another way through Keras' engine than dense layers.

    Where a rounding error moves a unit across the kink of its ReLU, or another pixel wins its pool, a step differs by
    that example's part: rare, and 3e-4 when it happened. Softmax regression has neither.
    """
    experiment = Experiment(
        **{**SMALL, "batch_size": batch_size}, algorithm=algorithm, examples=200, model=model, seed=4
    )
    assert_the_engine_equals_the_reference(experiment, mnist(), engine, later=1e-5 if model == "softmax" else 1e-3)


def test_the_reference_weights_the_average_by_examples() -> None:
    """(1·0 + 3·4) / 4 = 3 for the first tensor, (1·8 + 3·0) / 4 = 2 for the second."""
    uploads = [(1, [np.array([0.0]), np.array([[8.0]])]), (3, [np.array([4.0]), np.array([[0.0]])])]
    assert [array.item() for array in reference.average(uploads)] == [3.0, 2.0]


def test_the_reported_accuracy_is_that_of_the_shared_model(engine: str) -> None:
    """Counted with Keras' own `predict` on the 10,000 test images."""
    experiment = Experiment(**SMALL, examples=300, model="2nn")
    *_, last = run(experiment, engine=engine)
    *_, weights = reference.run(experiment, mnist(), model := build("2nn", (28, 28), 10, experiment.seed))
    model.set_weights(weights)
    right = (
        model.predict(mnist().test_x / np.float32(255), batch_size=1_000, verbose=0).argmax(axis=1) == mnist().test_y
    )
    assert reference.accuracy(model, weights, mnist()) == right.mean()
    assert last.test_accuracy == pytest.approx(right.mean(), abs=2e-4)  # two of 10,000 images may sit on a border
