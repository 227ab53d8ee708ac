"""Data small enough to compute by hand, and the runs that several tests look at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fedlab import Experiment, History, Round, run
from fedlab.datasets import Dataset
from fedlab.engines.tensorflow_setup import load_tensorflow


@pytest.fixture(scope="session")
def blobs() -> Dataset:
    """1,300 points in 8 dimensions around 4 centres, as far apart as they are wide: easy, but not trivial."""
    rng = np.random.default_rng(2017)
    centres = rng.normal(size=(4, 8))
    y = rng.integers(0, 4, 1_700)
    x = (centres[y] + rng.normal(size=(1_700, 8))).astype(np.float32)
    return Dataset("blobs", x[:1_300], y[:1_300], x[1_300:], y[1_300:])


@pytest.fixture(scope="session")
def article() -> History:
    """The article's example: 3 parties with 1,000 images each, 5 local epochs, 10 rounds of the 2NN."""
    experiment = Experiment(
        parties=3, examples=3_000, model="2nn", rounds=10, local_epochs=5, batch_size=32, learning_rate=0.1, seed=0
    )
    return History(experiment, run(experiment))


@pytest.fixture(scope="session")
def is_one_sentence() -> Callable[[object], bool]:
    """Whether an error says its piece to a learner: one line, one full stop, no class names of libraries."""

    def check(error: object) -> bool:
        text = str(error)
        foreign = any(word in text for word in ("Traceback", "pydantic", "validation error", "object at 0x"))
        return 10 < len(text) < 400 and "\n" not in text and text[-1] in ".?" and not foreign

    return check


@pytest.fixture(scope="session")
def tensorflow() -> None:
    """For tests that need TensorFlow: started by the kit, whose thread settings must come first; skipped without it."""
    try:
        load_tensorflow()
    except ImportError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def assert_same_rounds() -> Callable[[list[Round], list[Round]], None]:
    """That two runs are equal to the last bit: all that they report but the clock, and every weight of every round."""

    def check(ours: list[Round], theirs: list[Round]) -> None:
        assert len(ours) > 0
        for one, other in zip(ours, theirs, strict=True):
            for name in ("number", "test_accuracy", "test_loss", "train_loss", "parties", "bytes_up", "bytes_down"):
                assert getattr(one, name) == getattr(other, name), name
            assert one.state is not None
            assert other.state is not None
            assert np.array_equal(one.state.weights, other.state.weights)

    return check


@pytest.fixture(params=["numpy", "keras"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn, by name; Keras' where TensorFlow is."""
    if request.param == "keras":
        request.getfixturevalue("tensorflow")
    return str(request.param)
