"""The NumPy engine: its gradients are the slopes of the loss; neither shortcuts nor threads change a run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from fedlab import Experiment, Round, State, run
from fedlab.datasets import Dataset, mnist
from fedlab.engines import blas
from fedlab.federation import first_state, hold, prepare
from fedlab.models import Dense

Same = Callable[[list[Round], list[Round]], None]  # `assert_same_rounds` of conftest.py


class Plain(Dense):
    """Softmax regression."""


class OneLayer(Dense):
    hidden = (5,)


class ThreeLayers(Dense):
    hidden = (7, 6, 5)


def loss(w: np.ndarray, model: Dense, x: np.ndarray, y: np.ndarray) -> float:
    """Mean cross-entropy in float64, layer by layer: x -> max(x K + b, 0) and then -log softmax of the last."""
    h, end = x.astype(np.float64), 0
    kernels = model.kernels((8,), 4)
    for number, (inputs, outputs) in enumerate(kernels):
        kernel = w[end : end + inputs * outputs].reshape(inputs, outputs)
        end += inputs * outputs
        h = h @ kernel + w[end : end + outputs]
        end += outputs
        h = np.maximum(h, 0) if number < len(kernels) - 1 else h
    return float(np.mean(np.log(np.exp(h).sum(axis=1)) - h[np.arange(len(y)), y]))


@pytest.mark.parametrize("examples", [1, 37, 1_024, 1_300])
@pytest.mark.parametrize("model", [Plain(), OneLayer(), ThreeLayers()], ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("momentum", [0.0, 0.5], ids=["one product", "gradient first"])
def test_a_step_goes_down_the_slope_of_the_loss(blobs: Dataset, model: Dense, examples: int, momentum: float) -> None:
    """One party, one step with η = 1 on all its data: w_t - w is the gradient, here by central differences.

    (f(w + h e_i) - f(w - h e_i)) / 2h for each weight, h = 1e-6 in float64. More than 1,024 examples go through the
    model in parts. A first step with momentum goes as far as one without, but its gradient is made before it is taken.
    """
    plan = Experiment(
        parties=1, examples=examples, model=model, rounds=1, batch_size="all", learning_rate=1.0, momentum=momentum
    )
    (own,) = hold(plan, blobs)
    x, y, size = blobs.train_x[own], blobs.train_y[own], len(first_state(prepare(plan, blobs)).weights)
    w = np.random.default_rng(5).normal(0, 0.5, size).astype(np.float32)
    (one,) = run(plan, dataset=blobs, start=State(0, w), engine="numpy")
    assert one.state is not None
    moves = 1e-6 * np.eye(size)
    slope = [(loss(w + move, model, x, y) - loss(w - move, model, x, y)) / 2e-6 for move in moves]
    np.testing.assert_allclose(w - one.state.weights, slope, rtol=0, atol=2e-6)
    assert one.train_loss == pytest.approx(loss(w, model, x, y), rel=1e-5)
    assert one.test_loss == pytest.approx(loss(one.state.weights, model, blobs.test_x, blobs.test_y), rel=1e-5)


@pytest.mark.parametrize("model", [OneLayer(), ThreeLayers()], ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("momentum", [0.0, 0.8])
@pytest.mark.usefixtures("tensorflow")
def test_a_dense_model_of_ones_own_runs_alike_on_both_engines(blobs: Dataset, model: Dense, momentum: float) -> None:
    """Also with a short last batch in every epoch."""
    plan = Experiment(
        parties=3, examples=400, model=model, rounds=2, batch_size=30, learning_rate=0.05, momentum=momentum
    )
    for one, other in zip(*(run(plan, dataset=blobs, engine=name) for name in ("numpy", "keras")), strict=True):
        assert one.state is not None
        assert other.state is not None
        np.testing.assert_allclose(one.state.weights, other.state.weights, rtol=0, atol=1e-5)
        assert one.test_loss == pytest.approx(other.test_loss, rel=1e-5)


# The one product


@pytest.fixture(params=[True, False], ids=["by BLAS", "by NumPy"])
def with_blas(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Once as it is, and once as on a machine on which no BLAS is found."""
    if not request.param:
        monkeypatch.setattr(blas, "_sgemm", lambda: None)
    return bool(request.param)


@pytest.mark.parametrize("shape", [(1, 1, 1), (32, 785, 200), (7, 9, 4), (1_024, 33, 10)])
def test_a_descent_subtracts_the_product(with_blas: bool, shape: tuple[int, int, int]) -> None:
    """w -= η aᵀ b; a may be the front part of longer rows. A sum of n products is rounded n times."""
    n, p, q = shape
    rng = np.random.default_rng(1)
    padded = rng.normal(size=(n, p + 5)).astype(np.float32)
    w, b = (rng.normal(size=size).astype(np.float32) for size in ((p, q), (n, q)))
    expected = w - 0.3 * padded[:, :p].T.astype(np.float64) @ b
    step = blas.descent(w, 0.3, padded[:, :p], b)
    step()
    np.testing.assert_allclose(w, expected, rtol=0, atol=n * 1e-6)
    b *= 0
    step()  # the function reads what the arrays hold when it is called
    np.testing.assert_allclose(w, expected, rtol=0, atol=n * 1e-6)


def test_a_run_does_not_depend_on_a_blas_being_found(blobs: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Experiment(parties=3, examples=400, model=ThreeLayers(), rounds=3, batch_size=30)
    found = list(run(plan, dataset=blobs))
    monkeypatch.setattr(blas, "_sgemm", lambda: None)
    for one, other in zip(found, run(plan, dataset=blobs), strict=True):
        assert one.state is not None
        assert other.state is not None
        np.testing.assert_allclose(one.state.weights, other.state.weights, rtol=0, atol=1e-5)


# Threads


@pytest.mark.parametrize(
    "changes",
    [{"momentum": 0.5}, {"algorithm": "scaffold"}, {"batch_size": "all"}, {"algorithm": "fedprox", "mu": 0.3}],
    ids=str,
)
def test_whatever_makes_a_step_a_run_repeats_to_the_last_bit_with_any_threads(
    changes: dict[str, Any], assert_same_rounds: Same
) -> None:
    """MNIST and the 2NN: products large enough that BLAS would split them, and round them otherwise."""
    plan = Experiment(parties=3, examples=600, model="2nn", rounds=2, participation=0.7).with_(**changes)
    once = list(run(plan, engine="numpy", threads=1))
    for threads in (1, 2, 3):
        assert_same_rounds(list(run(plan, engine="numpy", threads=threads)), once)


def blas_threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_a_run_takes_one_blas_thread_a_party_and_gives_the_others_back() -> None:
    """Also if it is left in the middle, and if another is within it."""
    plan = Experiment(parties=2, examples=64, model="softmax", rounds=3)
    before, within = blas_threads(), list[list[int]]()
    for _ in run(plan, dataset=mnist(), between_chunks=lambda: within.append(blas_threads())):
        list(run(plan.with_(rounds=1), dataset=mnist(), between_chunks=lambda: within.append(blas_threads())))
    run_left = run(plan, dataset=mnist())
    next(run_left)
    run_left.close()  # type: ignore[attr-defined]
    assert len(within) > 6
    assert all(set(threads) == {1} for threads in within)
    assert blas_threads() == before
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fedlab party")]


# What it cannot train


def test_what_is_not_made_of_dense_layers_is_refused_with_the_engine_that_can(
    is_one_sentence: Callable[[object], bool],
) -> None:
    with pytest.raises(ValueError, match="numpy trains dense models only: take the engine keras") as caught:
        list(run(Experiment(model="cnn"), engine="numpy"))
    assert is_one_sentence(caught.value)


def test_an_engine_that_nobody_knows_is_refused(is_one_sentence: Callable[[object], bool]) -> None:
    with pytest.raises(ValueError, match="no engine 'numpi': choose one of numpy, keras") as caught:
        list(run(Experiment(), engine="numpi"))
    assert is_one_sentence(caught.value)
