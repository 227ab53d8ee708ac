"""What cannot run is refused before anything starts: in one sentence, with the setting that it is about."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.algorithms import FedAvg
from fedlab.datasets import Dataset
from fedlab.federation import Diverged, first_state
from fedlab.models import Dense, Model
from fedlab.partitions import Partition
from fedlab.prepare import memory_left, needed_memory, prepare
from fedlab.settings import InvalidSetting

prepare_module = sys.modules["fedlab.prepare"]

WRONG_TOGETHER: list[tuple[dict[str, Any], str, str]] = [
    ({"partition": "natural"}, "partition", "partition is natural, but mnist does not say whose each example is"),
    ({"dataset": "synthetic", "rotation": 10.0}, "rotation", "Only images can be rotated, and synthetic has none"),
    ({"dataset": "synthetic", "model": "cnn"}, "model", "The model cnn needs images of"),
    (
        {"dataset": "synthetic", "partition": "natural", "examples": 100, "parties": 50},
        "parties",
        "of the 50 parties own no examples: take fewer parties or more examples",
    ),
    (
        {"dataset": "synthetic", "parties": 1, "examples": 60_000, "partition": "iid", "model": "cnn"},
        "model",
        "one example here has the shape (60,)",
    ),
]


@pytest.mark.parametrize(("settings", "setting", "words"), WRONG_TOGETHER, ids=str)
def test_data_partition_and_model_that_do_not_go_together_get_one_sentence(
    settings: dict[str, Any], setting: str, words: str, is_one_sentence: Callable[[object], bool]
) -> None:
    experiment = Experiment(**settings)
    for start in (prepare, lambda experiment: next(run(experiment))):
        with pytest.raises(InvalidSetting) as caught:
            start(experiment)
        assert words in str(caught.value)
        assert caught.value.setting == setting
        assert is_one_sentence(caught.value)


def test_everything_is_refused_without_tensorflow() -> None:
    """In a fresh process, in which nobody else has started it."""
    program = f"""
import json, sys
from fedlab import Experiment, run
from fedlab.prepare import prepare
for settings in json.loads({json.dumps([settings for settings, _, _ in WRONG_TOGETHER])!r}):
    for start in (prepare, lambda experiment: next(run(experiment))):
        try:
            start(Experiment(**settings))
        except ValueError:
            continue
        raise AssertionError(settings)
assert prepare(Experiment(model="cnn")).size == 44_426
assert "tensorflow" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_more_parties_than_the_data_has_examples_are_refused(
    blobs: Dataset, is_one_sentence: Callable[[object], bool]
) -> None:
    """`Experiment` knows how many examples are asked for, not how many data with owners has."""
    plan = Experiment(dataset="synthetic", parties=2_000, examples=60_000, model="softmax")
    few = Dataset("few", blobs.train_x[:300], blobs.train_y[:300], blobs.test_x, blobs.test_y, np.zeros(300, int))
    with pytest.raises(InvalidSetting, match="2,000 parties cannot share the 300 examples that few has") as caught:
        prepare(plan, few)
    assert is_one_sentence(caught.value)


# A partition of the learner's own


class Own(Partition):
    """Deals out what `deal` says."""

    deal: ClassVar[Callable[[np.ndarray, int], Any]]

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> Any:
        return type(self).deal(labels, parties)


def own(deal: Callable[[np.ndarray, int], Any]) -> Experiment:
    return Experiment(partition=type("Own", (Own,), {"deal": staticmethod(deal)})(), parties=3, examples=30)


def misread(labels: np.ndarray, parties: int) -> Any:
    return labels[parties, 0]


@pytest.mark.parametrize(
    ("deal", "sentence"),
    [
        (misread, r"^Own\.assign stopped with IndexError: too many indices for array.*\.$"),
        (lambda labels, parties: 1 / 0, r"^Own\.assign stopped with ZeroDivisionError: division by zero\.$"),
        (lambda labels, parties: {"one": 1}["digits"], r"^Own\.assign stopped with KeyError: 'digits'\.$"),
        (lambda labels, parties: None, r"^Own\.assign stopped with TypeError: .*\.$"),
        (lambda labels, parties: [[0], [1]], r"^Own\.assign returned 2 lists for 3 parties\.$"),
        (lambda labels, parties: [[0], [1], [2], [3]], r"^Own\.assign returned 4 lists for 3 parties\.$"),
        (lambda labels, parties: [[0], [], [1]], r"from 0 to 29, and does not for party 1\.$"),
        (lambda labels, parties: [[0], [1], [30]], r"from 0 to 29, and does not for party 2\.$"),
        (lambda labels, parties: [[-1], [0], [1]], r"from 0 to 29, and does not for party 0\.$"),
        (lambda labels, parties: [[0.5], [1.0], [2.0]], r"from 0 to 29, and does not for party 0\.$"),
        (lambda labels, parties: [[0], [1], ["2"]], r"from 0 to 29, and does not for party 2\.$"),
        (lambda labels, parties: [[[0, 1]], [2], [3]], r"from 0 to 29, and does not for party 0\.$"),
        (lambda labels, parties: [0, 1, 2], r"from 0 to 29, and does not for party 0\.$"),
        (lambda labels, parties: [labels == 0, labels == 1, labels == 2], r"from 0 to 29, and does not for party 0\.$"),
    ],
)
def test_a_partition_of_ones_own_that_fails_or_deals_out_nonsense_gets_one_sentence(
    deal: Callable[[np.ndarray, int], Any], sentence: str, is_one_sentence: Callable[[object], bool]
) -> None:
    """Each once ended the thread that draws the heat map, and the lab with it."""
    with pytest.raises(InvalidSetting, match=sentence) as caught:
        prepare(own(deal))
    assert caught.value.setting == "partition"
    assert is_one_sentence(caught.value)


def test_a_partition_of_ones_own_may_return_lists_and_cannot_change_the_labels(blobs: Dataset) -> None:
    def deal(labels: np.ndarray, parties: int) -> Any:
        first = [range(k, len(labels), parties) for k in range(parties)]
        labels[:] = 0
        return first

    before = blobs.train_y.copy()
    prepared = prepare(own(deal).with_(model="softmax"), blobs)
    assert np.array_equal(blobs.train_y, before)
    assert [len(held) for held in prepared.parties] == [10, 10, 10]
    assert len(set(np.concatenate(prepared.parties).tolist())) == 30


def test_an_interrupt_in_a_partition_of_ones_own_is_not_swallowed() -> None:
    def interrupted(labels: np.ndarray, parties: int) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(own(interrupted))


# Memory


def test_more_memory_than_there_is_is_refused_with_both_numbers(
    monkeypatch: pytest.MonkeyPatch, is_one_sentence: Callable[[object], bool]
) -> None:
    """SCAFFOLD keeps a vector of 199,210 weights of 4 bytes for each of 400 parties: 319 MB in each of two states."""
    plan = Experiment(parties=400, examples=4_000, algorithm="scaffold")
    expected = 2 * 400 * 199_210 * 4
    monkeypatch.setattr(prepare_module, "memory_left", lambda: 2 * expected)
    assert expected < needed_memory(prepare(plan)) < 1.2 * expected
    monkeypatch.setattr(prepare_module, "memory_left", lambda: 500_000_000)
    with pytest.raises(
        InvalidSetting, match=r"^This would take about 0\.7 GB of memory, and 0\.5 GB are free"
    ) as caught:
        prepare(plan)
    assert caught.value.setting == "parties"
    assert is_one_sentence(caught.value)
    prepare(plan.with_(algorithm="fedavg"))  # whose parties remember nothing
    prepare(plan.with_(parties=100))


@pytest.mark.parametrize("algorithm", ["fedavg", "fedadam", "scaffold", "feddyn", "alone", "central"])
def test_a_run_keeps_no_more_than_was_said(blobs: Dataset, algorithm: str) -> None:
    """The states before and after a round, which are what grows with the parties."""
    experiment = Experiment(parties=20, examples=200, algorithm=algorithm, model="softmax", rounds=2)
    kept = [one.state.nbytes for one in run(experiment, dataset=blobs) if one.state is not None]
    assert len(kept) == 2
    assert sum(kept) <= needed_memory(prepare(experiment, blobs)) < sum(kept) + 100 * 36 * 8


def test_memory_ends_where_the_container_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's limit is less than what the machine has free: Binder, a class server."""
    monkeypatch.setattr(prepare_module, "CGROUP", tmp_path)
    without = memory_left()
    assert without > 0
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert memory_left() > 10_000
    (tmp_path / "memory.max").write_text("5000\n")
    assert memory_left() == 4_000
    (tmp_path / "memory.current").write_text("6000\n")
    assert memory_left() == 0


# What is prepared


def test_the_first_model_of_a_dense_stack_has_the_shapes_that_it_says(blobs: Dataset) -> None:
    """8 features, 5 and 3 hidden units, 4 classes: 8·5 + 5 + 5·3 + 3 + 3·4 + 4 = 79 weights, biases 0."""

    class Narrow(Dense):
        hidden = (5, 3)

    prepared = prepare(Experiment(model=Narrow(), examples=100, parties=2), blobs)
    assert prepared.shapes == [(8, 5), (5,), (5, 3), (3,), (3, 4), (4,)]
    assert prepared.size == 79
    weights = first_state(prepared).weights
    assert np.abs(weights[:40]).max() <= np.sqrt(6 / 13)
    assert np.all(weights[40:45] == 0)
    assert np.all(weights[[*range(60, 63), *range(75, 79)]] == 0)


def test_in_one_place_everybodys_examples_are_together(blobs: Dataset) -> None:
    prepared = prepare(Experiment(algorithm="central", parties=5, examples=100, model="softmax"), blobs)
    assert len(prepared.parties) == 5
    (together,) = prepared.training
    assert sorted(together.tolist()) == sorted(np.concatenate(prepared.parties).tolist())


def test_a_model_of_ones_own_that_does_not_fit_is_refused(tensorflow: None, blobs: Dataset) -> None:
    import keras

    model = keras.Sequential([keras.Input((9,)), keras.layers.Dense(4)])
    with pytest.raises(ValueError, match=r"shape \(9,\), but one example here has the shape \(8,\)"):
        prepare(Experiment(examples=100), blobs, model)


def test_a_memory_of_ones_own_that_fails_is_said_by_the_run_in_pythons_words(blobs: Dataset) -> None:
    """`prepare` only estimates. "division by zero" is the learner's own error, not the kit's breaking down."""

    class Divides(FedAvg):
        def party_memory(self, w: np.ndarray) -> Any:
            return 1 / 0

    plan = Experiment(algorithm=Divides(), examples=100, model="softmax")
    assert prepare(plan, blobs).size == 36
    with pytest.raises(ZeroDivisionError) as caught:
        next(run(plan, dataset=blobs))
    assert not isinstance(caught.value, Diverged)


def test_a_model_that_no_engine_knows_is_refused_before_any_starts(
    blobs: Dataset, is_one_sentence: Callable[[object], bool]
) -> None:
    class Odd(Model):
        pass

    with pytest.raises(InvalidSetting, match=r"^Odd is neither made from Dense") as caught:
        prepare(Experiment(model=Odd(), examples=100), blobs)
    assert caught.value.setting == "model"
    assert is_one_sentence(caught.value)
