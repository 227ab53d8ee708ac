"""An algorithm of a learner's own: it runs as it is written, on both engines, and its mistakes are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from fedlab import Experiment, Round, State, run
from fedlab.algorithms import FedAvg
from fedlab.datasets import Dataset
from fedlab.federation import Diverged, hold
from fedlab.messages import Message
from fedlab.models import Dense
from fedlab.party import CannotTrain
from fedlab.settings import setting
from tests.unit.textbook import gradient

START = Experiment(
    parties=4, examples=400, partition="dirichlet", algorithm="fedprox", model="softmax", rounds=1, batch_size=16
)
ZERO = State(0, np.zeros(36, np.float32))  # 8 features, 4 classes, all weights 0
Same = Callable[[list[Round], list[Round]], None]  # `assert_same_rounds` of conftest.py


def length(vector: Any) -> Any:
    """||vector||, by whatever engine made it."""
    if isinstance(vector, np.ndarray):
        return np.sqrt(np.sum(vector**2))
    import tensorflow as tf

    return tf.norm(vector)


class Cautious(FedAvg):
    """A learner's own: clips the whole gradient at a length, and goes only a share of the way to the average."""

    title: ClassVar[str] = "Cautious"
    lesson: ClassVar[str] = "Short steps, and only a part of the way."

    longest: float = setting(0.05, "How long a gradient may be.", low=0.001, high=10.0)
    share: float = setting(0.5, "How far to go to the average.", low=0.0, high=1.0)

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        return gradient / (1 + length(gradient) / self.longest)

    def step(self, w: np.ndarray, mean: Message, share: float, server: Any) -> tuple[np.ndarray, Any]:
        return w + np.float32(self.share) * mean[0], server


class TwoLayers(Dense):
    hidden = (6,)


def test_an_own_algorithm_runs_as_it_is_written(blobs: Dataset, engine: str) -> None:
    """One party, one step from w = 0 with η = 1: w = -½ g / (1 + ||g|| / 0.05), g being the whole gradient.

    A norm for each tensor would be shorter, and the steps longer.
    """
    experiment = START.with_(algorithm=Cautious(), parties=1, batch_size="all", learning_rate=1.0)
    (own,) = hold(experiment, blobs)
    g = gradient(np.zeros(36), blobs.train_x[own], blobs.train_y[own])
    assert np.linalg.norm(g[32:]) > 0.01  # the bias counts, too
    (one,) = run(experiment, dataset=blobs, start=ZERO, engine=engine)
    assert one.state is not None
    np.testing.assert_allclose(one.state.weights, -0.5 * g / (1 + np.linalg.norm(g) / 0.05), atol=1e-7)


@pytest.mark.parametrize("momentum", [0.0, 0.7])
@pytest.mark.parametrize("batch_size", [16, 300, "all"])
@pytest.mark.usefixtures("tensorflow")
def test_both_engines_hand_an_own_local_gradient_the_same_vectors(
    blobs: Dataset, batch_size: int | str, momentum: float
) -> None:
    """All weights of a model with two layers in one vector, kernel, bias, kernel, bias; w_t and the correction alike.

    The direction mixes neighbours across the borders of tensors, so only vectors in the same order give the same model.
    """

    class Mixing(FedAvg):
        def party_memory(self, w: np.ndarray) -> np.ndarray:
            return np.linspace(-1, 1, len(w), dtype=np.float32)

        def correction(self, down: Message, own: np.ndarray) -> np.ndarray:
            return own

        def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
            away = weights - global_weights
            mixed = gradient + 0.3 * gradient[::-1] + 0.1 * (away + away[::-1]) + 0.05 * correction
            return mixed / (1 + length(mixed))

    experiment = START.with_(
        algorithm=Mixing(), model=TwoLayers(), examples=1_300, rounds=2, batch_size=batch_size, momentum=momentum
    )
    ours, theirs = (list(run(experiment, dataset=blobs, engine=engine)) for engine in ("numpy", "keras"))
    for one, other in zip(ours, theirs, strict=True):
        assert one.state is not None
        assert other.state is not None
        np.testing.assert_allclose(one.state.weights, other.state.weights, rtol=0, atol=1e-5)


@pytest.mark.usefixtures("tensorflow")
def test_tensorflows_functions_run_on_both_engines(blobs: Dataset) -> None:
    """On NumPy they turn its arrays into tensors, and what they return is taken as an array again."""
    import tensorflow as tf

    class Clipped(FedAvg):
        def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
            return tf.clip_by_norm(gradient, 0.05)

    for momentum in (0.0, 0.5):
        plan = START.with_(algorithm=Clipped(), momentum=momentum)
        (numpy,), (keras,) = (list(run(plan, dataset=blobs, engine=engine)) for engine in ("numpy", "keras"))
        assert numpy.state is not None
        assert keras.state is not None
        np.testing.assert_allclose(numpy.state.weights, keras.state.weights, rtol=0, atol=1e-6)


def test_numpys_functions_run_on_the_numpy_engine(blobs: Dataset) -> None:
    """Also those that ask for values, and an `if`: for these the Keras engine has a sentence."""

    class Clipped(FedAvg):
        def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
            norm = float(np.linalg.norm(gradient))
            return np.clip(gradient, -1, 1) if norm < 0.05 else gradient * (0.05 / norm)

    (one,) = run(START.with_(algorithm=Clipped(), learning_rate=1e-3), dataset=blobs)
    assert all(report.distance < 0.05 * 1e-3 * report.steps * 1.001 for report in one.parties)


class Unchanged(FedAvg):
    """Changes nothing, not even a word."""


class SaidAgain(FedAvg):
    """Changes nothing, but says everything that it leaves as it is."""

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        return gradient

    def step(self, w: np.ndarray, mean: Message, share: float, server: Any) -> tuple[np.ndarray, Any]:
        return w + mean[0], server


@pytest.mark.parametrize("model", ["softmax", "2nn"])
def test_an_own_algorithm_that_changes_nothing_is_fedavg_to_the_last_bit(
    blobs: Dataset, engine: str, model: str, assert_same_rounds: Same
) -> None:
    plan = START.with_(model=model, rounds=3)
    ours, fedavg = (list(run(plan.with_(algorithm=a), dataset=blobs, engine=engine)) for a in (Unchanged(), FedAvg()))
    assert_same_rounds(ours, fedavg)


@pytest.mark.parametrize("model", ["softmax", "2nn"])
def test_an_own_algorithm_that_says_again_what_fedavg_does_is_fedavg(blobs: Dataset, engine: str, model: str) -> None:
    """Up to rounding: FedAvg's own step is one product on NumPy, and goes tensor by tensor on Keras."""
    plan = START.with_(model=model, rounds=3)
    ours, fedavg = (list(run(plan.with_(algorithm=a), dataset=blobs, engine=engine)) for a in (SaidAgain(), FedAvg()))
    for one, other in zip(ours, fedavg, strict=True):
        assert one.state is not None
        assert other.state is not None
        np.testing.assert_allclose(one.state.weights, other.state.weights, rtol=0, atol=1e-6)


@pytest.mark.parametrize("batch_size", [16, "all"])
def test_an_own_algorithm_repeats_to_the_last_bit_whatever_the_threads(
    blobs: Dataset, engine: str, batch_size: int | str, assert_same_rounds: Same
) -> None:
    plan = START.with_(algorithm=Cautious(), model="2nn", rounds=2, batch_size=batch_size, momentum=0.5)
    once = list(run(plan, dataset=blobs, engine=engine, threads=1))
    for threads in (1, 2, 3):
        assert_same_rounds(list(run(plan, dataset=blobs, engine=engine, threads=threads)), once)


def test_what_an_own_algorithm_makes_in_double_precision_trains_in_single(blobs: Dataset, engine: str) -> None:
    """NumPy makes float64 out of float32 as soon as one number of that kind is in the sum."""

    class Single(FedAvg):
        def start(self, down: Message, own: Any) -> np.ndarray:
            return down[0] * np.float32(0.5)

    class Double(FedAvg):
        def start(self, down: Message, own: Any) -> np.ndarray:
            return down[0] * np.float64(0.5)

        def correction(self, down: Message, own: Any) -> np.ndarray:
            return np.zeros(len(down[0]))

    begun = State(0, np.linspace(-1, 1, 36, dtype=np.float64))
    (one,), (other,) = (
        list(run(START.with_(algorithm=kind()), dataset=blobs, engine=engine, start=begun)) for kind in (Single, Double)
    )
    assert one.state is not None
    assert other.state is not None
    assert np.array_equal(one.state.weights, other.state.weights)
    assert one.train_loss == other.train_loss > 0
    assert one.state.weights.dtype == np.float32


# Mistakes


def own(**methods: Any) -> FedAvg:
    """An algorithm of a learner's own called Mine with these methods."""
    return type("Mine", (FedAvg,), {"title": "Mine", "__module__": __name__, **methods})()


@pytest.mark.parametrize("batch_size", [16, "all"])
@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (
            lambda self, gradient, w, w_t, c: gradient[:5],
            r"local_gradient of Mine returned the shape \(5,\) .* \(36,\)",
        ),
        (lambda self, gradient, w, w_t, c: gradient[0], r"local_gradient of Mine returned the shape \(\)"),
        (lambda self, gradient, w, w_t, c: None, "local_gradient of Mine returned the shape None"),
    ],
)
def test_a_local_gradient_of_the_wrong_shape_is_named(
    blobs: Dataset,
    engine: str,
    wrong: Any,
    what: str,
    batch_size: int | str,
    is_one_sentence: Callable[[object], bool],
) -> None:
    with pytest.raises(CannotTrain, match=what) as caught:
        list(run(START.with_(algorithm=own(local_gradient=wrong), batch_size=batch_size), dataset=blobs, engine=engine))
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("methods", "where"),
    [
        ({"local_gradient": lambda self, gradient, w, w_t, c: gradient * float("nan")}, r"in round 1 at party \d"),
        (
            {"step": lambda self, w, mean, share, server: (w + mean[0] / 0, server)},
            "in round 1: the loss of the new shared model",
        ),
    ],
    ids=["local_gradient", "step"],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_numbers_that_are_no_longer_finite_are_named_with_their_place(
    blobs: Dataset, engine: str, methods: dict[str, Any], where: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(Diverged, match=f"broke down {where}.* division by zero") as caught:
        list(run(START.with_(algorithm=own(**methods)), dataset=blobs, engine=engine))
    assert is_one_sentence(caught.value)


def test_a_step_may_be_in_double_precision_and_may_leave_the_mean_out(blobs: Dataset) -> None:
    """Weights travel as float32, and parties that the server ignores have worked all the same."""
    keep = own(step=lambda self, w, mean, share, server: (w.astype(np.float64), server))
    (one,) = run(START.with_(algorithm=keep), dataset=blobs, start=ZERO)
    assert one.state is not None
    assert one.state.weights.dtype == np.float32
    assert not one.state.weights.any()
    assert len(one.parties) == 4
