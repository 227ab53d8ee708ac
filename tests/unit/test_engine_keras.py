"""The compiled loop: what makes it compile, and an algorithm of a learner's own on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np
import pytest

from fedlab import Experiment, State, local_training, run
from fedlab.algorithms import ALGORITHMS, FedAvg, PartyResult
from fedlab.datasets import Dataset
from fedlab.federation import Diverged, hold
from fedlab.party import CannotTrain
from fedlab.settings import setting, settings_of

START = Experiment(
    parties=4, examples=400, partition="dirichlet", algorithm="fedprox", model="softmax", rounds=1, batch_size=16
)
ZERO = State(0, np.zeros(36, np.float32), "fedavg", None)  # 8 features, 4 classes, all weights 0


def traces_of(experiment: Experiment, dataset: Dataset) -> int:
    """How often TensorFlow traces a training function during a run."""
    before = len(local_training.traces)
    list(run(experiment, dataset=dataset))
    return len(local_training.traces) - before


class Cautious(FedAvg):
    """A learner's own: clips each tensor's gradient at a length, and goes only a share of the way to the average."""

    name: ClassVar[str] = "cautious"
    title: ClassVar[str] = "Cautious"
    lesson: ClassVar[str] = "Short steps, and only a part of the way."

    longest: float = setting(0.05, "How long a gradient may be.", low=0.001, high=10.0)
    share: float = setting(0.5, "How far to go to the average.", low=0.0, high=1.0)

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        import tensorflow as tf

        return tf.clip_by_norm(gradient, self.longest)

    def aggregate(
        self, global_weights: np.ndarray, results: Iterable[PartyResult], memory: Any
    ) -> tuple[np.ndarray, Any]:
        average, memory = super().aggregate(global_weights, results, memory)
        return global_weights + np.float32(self.share) * (average - global_weights), memory


# What compiles


@pytest.mark.parametrize(
    "changes",
    [
        {"parties": 3},
        {"parties": 50},
        {"examples": 123},
        {"examples": 1_300},
        {"examples": 4},
        {"alpha": 0.01},
        {"partition": "iid"},
        {"mu": 0.0},
        {"mu": 2.0},
        {"participation": 0.3},
        {"local_epochs": 20},
        {"learning_rate": 0.003},
        {"seed": 9},
        {"rounds": 4},
        {"stragglers": 0.5, "local_epochs": 4},
        {"dropouts": 0.5},
        {"slow_parties": 0.5},
    ],
    ids=str,
)
def test_no_slider_makes_a_new_trace(blobs: Dataset, changes: dict[str, Any]) -> None:
    list(run(START, dataset=blobs))
    assert traces_of(START.with_(**changes), blobs) == 0


def test_another_model_or_batch_size_is_traced_once_whatever_the_threads(blobs: Dataset) -> None:
    """And it shows that traces are counted at all: 33 and 35 were never used before."""
    for batch_size in (33, 35):
        assert traces_of(START.with_(batch_size=batch_size, parties=12), blobs) == 1
        assert traces_of(START.with_(batch_size=batch_size, parties=12), blobs) == 0


@pytest.mark.parametrize("batch_size", ["all", 300])
def test_batches_wider_than_the_loop_share_its_shape(blobs: Dataset, batch_size: int | str) -> None:
    """B = ∞ is another batch size for every party, but not another shape."""
    experiment = START.with_(examples=1_300, parties=2, batch_size=batch_size)
    list(run(experiment, dataset=blobs))
    assert traces_of(experiment.with_(parties=3, partition="iid", learning_rate=0.5), blobs) == 0


@pytest.mark.parametrize("name", ALGORITHMS)
def test_no_number_of_an_algorithm_makes_a_new_trace(blobs: Dataset, name: str) -> None:
    experiment = START.with_(algorithm=name)
    list(run(experiment, dataset=blobs))
    for own, about in settings_of(ALGORITHMS[name]).items():
        if about.low is not None and about.high is not None:
            for value in (about.low, about.high):
                assert traces_of(experiment.with_(**{own: value}, learning_rate=1e-6), blobs) == 0, own


@pytest.mark.parametrize("name", ["fedavgm", "fedadagrad", "fedadam", "fedyogi", "fednova", "central", "alone"])
def test_algorithms_that_differ_at_the_server_alone_share_what_is_compiled(blobs: Dataset, name: str) -> None:
    list(run(START.with_(algorithm="fedavg"), dataset=blobs))
    assert traces_of(START.with_(algorithm=name), blobs) == 0


# An algorithm of one's own


def test_an_own_algorithm_runs_as_it_is_written(blobs: Dataset) -> None:
    """One party, one step from w = 0 with η = 1: w = -½ g min(1, 0.05 / ||g||) for each tensor.

    At w = 0 every class has the chance 1/4, so the kernel's g is x'(1/4 - onehot)/n, and the bias' the mean of it.
    """
    experiment = START.with_(algorithm=Cautious(), parties=1, batch_size="all", learning_rate=1.0)
    (own,) = hold(experiment, blobs)
    error = (0.25 - np.eye(4)[blobs.train_y[own]]) / len(own)
    gradients = [blobs.train_x[own].T @ error, error.sum(axis=0)]
    expected = [-0.5 * g * min(1, 0.05 / np.linalg.norm(g)) for g in gradients]
    assert np.linalg.norm(gradients[0]) > 0.05  # the clipping counts
    (one,) = run(experiment, dataset=blobs, start=ZERO)
    assert one.state is not None
    np.testing.assert_allclose(one.state.weights, np.concatenate([w.ravel() for w in expected]), atol=1e-7)


def test_an_own_algorithm_runs_on_the_fast_path(blobs: Dataset) -> None:
    """Its numbers are tensors like everybody's: moving them traces nothing, and yet they count."""
    experiment = START.with_(algorithm=Cautious(), rounds=3)
    first = list(run(experiment, dataset=blobs))
    other = START.with_(algorithm=Cautious(longest=5.0, share=1.0), rounds=3)
    before = len(local_training.traces)
    second = list(run(other, dataset=blobs))
    assert len(local_training.traces) == before
    assert second[-1].test_loss < first[-1].test_loss  # long steps, and the whole way


def test_an_own_algorithm_that_changes_nothing_is_fedavg_to_the_last_bit(blobs: Dataset) -> None:
    class Mine(FedAvg):
        name: ClassVar[str] = "mine"

    ours, fedavg = (list(run(START.with_(algorithm=kind(), rounds=3), dataset=blobs)) for kind in (Mine, FedAvg))
    for one, other in zip(ours, fedavg, strict=True):
        assert one.state is not None
        assert other.state is not None
        assert np.array_equal(one.state.weights, other.state.weights)


def own(**methods: Any) -> FedAvg:
    """An algorithm of a learner's own called Mine with these methods."""
    return type("Mine", (FedAvg,), {"name": "mine", "title": "Mine", "__module__": __name__, **methods})()


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (lambda self, gradient, w, w_t, c: gradient[0], "local_gradient of Mine returned the shape"),
        (lambda self, gradient, w, w_t, c: None, "local_gradient of Mine returned the shape None"),
    ],
)
def test_a_local_gradient_of_the_wrong_shape_is_named(
    blobs: Dataset, wrong: Any, what: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(CannotTrain, match=what) as caught:
        list(run(START.with_(algorithm=own(local_gradient=wrong)), dataset=blobs))
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda self, w, results, memory: (np.zeros(3), memory),
        lambda self, w, results, memory: np.mean([one.weights for one in results], axis=0),
        lambda self, w, results, memory: None,
    ],
)
def test_an_aggregate_of_the_wrong_shape_is_named(
    blobs: Dataset, wrong: Any, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(CannotTrain, match=r"aggregate of Mine must return .* 36 weights") as caught:
        list(run(START.with_(algorithm=own(aggregate=wrong)), dataset=blobs))
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("methods", "where"),
    [
        ({"local_gradient": lambda self, gradient, w, w_t, c: gradient * float("nan")}, "in round 1 at party 0"),
        (
            {"aggregate": lambda self, w, results, memory: (sum(one.weights for one in results) / 0, memory)},
            "in round 1: the loss of the new shared model",
        ),
    ],
    ids=["local_gradient", "aggregate"],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_numbers_that_are_no_longer_finite_are_named_with_their_place(
    blobs: Dataset, methods: dict[str, Any], where: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(Diverged, match=f"broke down {where}") as caught:
        list(run(START.with_(algorithm=own(**methods)), dataset=blobs))
    assert is_one_sentence(caught.value)


def test_an_aggregate_may_be_in_double_precision_and_may_leave_results_out(blobs: Dataset) -> None:
    """Weights travel as float32, and a party that the server ignores has worked all the same."""
    keep = own(aggregate=lambda self, w, results, memory: (w.astype(np.float64), memory))
    (one,) = run(START.with_(algorithm=keep), dataset=blobs, start=ZERO)
    assert one.state is not None
    assert one.state.weights.dtype == np.float32
    assert not one.state.weights.any()
    assert len(one.parties) == 4
