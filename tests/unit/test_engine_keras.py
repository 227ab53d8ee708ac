"""The Keras engine: what makes it compile, what it shares between algorithms, and what it says of own code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, Round, run
from fedlab.algorithms import ALGORITHMS, FedAvg
from fedlab.datasets import Dataset
from fedlab.engines import compiled
from fedlab.party import CannotTrain
from fedlab.settings import setting, settings_of

pytestmark = pytest.mark.usefixtures("tensorflow")

START = Experiment(
    parties=4, examples=400, partition="dirichlet", algorithm="fedprox", model="softmax", rounds=1, batch_size=16
)
Same = Callable[[list[Round], list[Round]], None]  # `assert_same_rounds` of conftest.py


def keras(experiment: Experiment, dataset: Dataset) -> list[Round]:
    return list(run(experiment, dataset=dataset, engine="keras"))


def traces_of(experiment: Experiment, dataset: Dataset) -> int:
    """How often TensorFlow traces a training function during a run."""
    before = len(compiled.traces)
    keras(experiment, dataset)
    return len(compiled.traces) - before


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
    keras(START, blobs)
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
    keras(experiment, blobs)
    assert traces_of(experiment.with_(parties=3, partition="iid", learning_rate=0.5), blobs) == 0


@pytest.mark.parametrize("name", ALGORITHMS)
def test_no_number_of_an_algorithm_makes_a_new_trace(blobs: Dataset, name: str) -> None:
    experiment = START.with_(algorithm=name)
    keras(experiment, blobs)
    for own, about in settings_of(ALGORITHMS[name]).items():
        if about.low is not None and about.high is not None:
            for value in (about.low, about.high):
                assert traces_of(experiment.with_(**{own: value}, learning_rate=1e-6), blobs) == 0, own


@pytest.mark.parametrize("name", ["fedavgm", "fedadagrad", "fedadam", "fedyogi", "fednova", "central", "alone"])
def test_algorithms_that_differ_at_the_server_alone_share_what_is_compiled(blobs: Dataset, name: str) -> None:
    keras(START.with_(algorithm="fedavg"), blobs)
    assert traces_of(START.with_(algorithm=name), blobs) == 0


def test_the_oldest_of_many_compiled_functions_make_room(blobs: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes about 5 MB: a learner who tries batch sizes all day must not run out of memory."""
    monkeypatch.setattr(compiled, "MOST_COMPILED", 3)
    keras(START.with_(batch_size=41), blobs)
    assert traces_of(START.with_(batch_size=42), blobs) == 1  # now kept: logits, 41, 42
    assert traces_of(START.with_(batch_size=41), blobs) == 0
    assert traces_of(START.with_(batch_size=43), blobs) == 1  # and 42 makes room: it was used the longest ago
    assert traces_of(START.with_(batch_size=41), blobs) == 0
    assert traces_of(START.with_(batch_size=42), blobs) == 1


# An algorithm of a learner's own


class Pulled(FedAvg):
    """Its local step asks another method, which a subclass may change, and reads a setting that is no number."""

    reach: float = setting(0.5, "How strong the pull is.", low=0.0, high=5.0)
    towards: str = setting("start", "Whereto.", choices=("start", "zero"))
    twice: bool = setting(False, "Whether it pulls twice.", choices=(False, True))

    def pull(self, weights: Any, global_weights: Any) -> Any:
        return weights - global_weights if self.towards == "start" else weights

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        pull = self.reach * self.pull(weights, global_weights)
        return gradient + (2 * pull if self.twice else pull)


class NotPulled(Pulled):
    def pull(self, weights: Any, global_weights: Any) -> Any:
        return 0 * weights


def test_no_number_of_an_own_algorithm_makes_a_new_trace_and_yet_it_counts(blobs: Dataset) -> None:
    weak = keras(START.with_(algorithm=Pulled()), blobs)
    before = len(compiled.traces)
    strong = keras(START.with_(algorithm=Pulled(reach=5.0)), blobs)
    assert len(compiled.traces) == before
    assert all(a.distance > b.distance for a, b in zip(weak[0].parties, strong[0].parties, strict=True))


def test_a_subclass_with_another_helper_has_its_own_local_steps(blobs: Dataset) -> None:
    """Both have the same `local_gradient`. What pulls with 0 must be FedAvg, whoever ran before."""
    plan = START.with_(local_epochs=3)
    pulled, free, fedavg = (keras(plan.with_(algorithm=a), blobs) for a in (Pulled(), NotPulled(), FedAvg()))
    np.testing.assert_allclose(weights(free), weights(fedavg), rtol=0, atol=1e-6)
    assert np.abs(weights(pulled) - weights(fedavg)).max() > 1e-3


@pytest.mark.parametrize("changes", [{"towards": "zero"}, {"twice": True}], ids=str)
def test_a_setting_that_is_no_number_changes_the_local_steps(blobs: Dataset, changes: dict[str, Any]) -> None:
    """As it does on NumPy, where nothing is compiled."""
    plan = START.with_(local_epochs=3)
    for own in (Pulled(), Pulled(**changes)):
        numpy = list(run(plan.with_(algorithm=own), dataset=blobs, engine="numpy"))
        np.testing.assert_allclose(weights(keras(plan.with_(algorithm=own), blobs)), weights(numpy), rtol=0, atol=1e-6)


def test_a_cell_that_is_run_again_with_another_body_runs_that_one(blobs: Dataset) -> None:
    """Two classes of the same name in the same module, as a notebook makes them."""

    def cell(factor: float) -> FedAvg:
        class Mine(FedAvg):
            def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
                return factor * gradient

        return Mine()

    plan = START.with_(batch_size="all")
    once, twice = (keras(plan.with_(algorithm=cell(factor)), blobs)[0] for factor in (1.0, 2.0))
    for a, b in zip(once.parties, twice.parties, strict=True):
        assert b.distance == pytest.approx(2 * a.distance, rel=1e-5)


def clip(self: FedAvg, gradient: Any, w: Any, w_t: Any, correction: Any) -> Any:
    return np.clip(gradient, -1, 1)


def ask(self: FedAvg, gradient: Any, w: Any, w_t: Any, correction: Any) -> Any:
    return gradient if gradient[0] > 0 else w


def add_up(self: FedAvg, gradient: Any, w: Any, w_t: Any, correction: Any) -> Any:
    return gradient + gradient.mean()


@pytest.mark.parametrize("method", [clip, ask, add_up])
def test_a_local_gradient_that_tensors_cannot_follow_is_named_with_the_remedy(
    blobs: Dataset, method: Callable[..., Any], is_one_sentence: Callable[[object], bool]
) -> None:
    """All three run on NumPy."""
    mine = type("Mine", (FedAvg,), {"local_gradient": method, "__module__": __name__})()
    list(run(START.with_(algorithm=mine, learning_rate=1e-4), dataset=blobs, engine="numpy"))
    with pytest.raises(
        CannotTrain, match=r"local_gradient of Mine .* engine keras, .* TensorFlow's functions"
    ) as caught:
        keras(START.with_(algorithm=mine), blobs)
    assert is_one_sentence(caught.value)
    assert caught.value.__cause__ is not None


# In a process of their own

CNN = """
from fedlab import Experiment, run
experiment = Experiment(parties=3, examples=150, model="cnn", rounds=2, seed=1)
results = [[one.state.weights.tobytes() for one in run(experiment, threads=threads)] for threads in (1, 2, 3, 1)]
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads(), len(set(map(tuple, results))), len(results[0]))
"""


def test_a_cnn_repeats_whatever_the_threads_if_the_kit_starts_tensorflow() -> None:
    """The kit gives each operation one thread: a convolution split over threads adds up in another order."""
    assert in_a_process(CNN).split() == ["1", "1", "2"]


def in_a_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def weights(rounds: list[Round]) -> np.ndarray:
    state = rounds[-1].state
    assert state is not None
    return state.weights
