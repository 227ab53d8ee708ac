"""MNIST is whole, original, embedded, and in memory once; other data are four arrays that fit together."""

from __future__ import annotations

import hashlib
import importlib.resources
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.datasets import Dataset, mnist


def idx(array: np.ndarray) -> bytes:
    """The array as an uncompressed IDX file.

    Two zero bytes, 8 for unsigned bytes, the number of dimensions; each dimension's size as four bytes, high first;
    then the values, last dimension fastest.
    """
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + array.astype(np.uint8).tobytes(order="C")


@pytest.mark.parametrize(
    ("part", "shape", "md5"),
    [
        ("train_x", (60_000, 28, 28), "6bbc9ace898e44ae57da46a324031adb"),
        ("train_y", (60_000,), "a25bea736e30d166cdddb491f175f624"),
        ("test_x", (10_000, 28, 28), "2646ac647ad5339dbf082846283269ea"),
        ("test_y", (10_000,), "27ae3e4e09519cfbb04c329615203637"),
    ],
)
def test_mnist_is_the_original_to_the_last_bit(part: str, shape: tuple[int, ...], md5: str) -> None:
    """The published MD5 sums are those of the four IDX files, which are written anew here from the arrays."""
    array = getattr(mnist(), part)
    assert array.shape == shape
    assert hashlib.md5(idx(array)).hexdigest() == md5


def test_mnist_is_in_memory_once_as_bytes_and_nobody_can_change_it() -> None:
    """70,000 images of 784 bytes: 55 MB, not the 220 MB of floats."""
    data = mnist()
    assert data is mnist()
    assert data.classes == 10
    assert data.train_x.nbytes + data.test_x.nbytes == 70_000 * 784
    for array in (data.train_x, data.train_y, data.test_x, data.test_y):
        assert array.dtype == np.uint8
        with pytest.raises(ValueError, match=r"read-only"):
            array[0] = 0


def test_mnist_needs_no_network_no_pickle_and_no_tensorflow() -> None:
    """In a fresh process where a socket cannot be made and nothing can be unpickled."""
    program = """
import pickle, socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("the network or a pickle was used")
socket.socket = socket.create_connection = socket.getaddrinfo = refuse
pickle.load = pickle.loads = pickle.Unpickler = refuse
from fedlab.datasets import mnist
assert len(mnist().train_y) == 60_000
assert "tensorflow" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_training_and_a_whole_run_need_no_network(engine: str) -> None:
    """In a fresh process that can open no connection, TensorFlow included; and it is silent on both streams."""
    program = f"""
import socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("the network was used")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from fedlab import Experiment, run
(one,) = run(Experiment(parties=2, examples=100, rounds=1, model="softmax"), engine="{engine}")
assert one.number == 1
assert ("tensorflow" in sys.modules) == (one.engine == "keras")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3_000_000])


def changed(path: Path) -> None:
    """In the middle of the compressed pixels."""
    content = bytearray(path.read_bytes())
    content[5_000_000:5_000_100] = bytes(100)
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        changed,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("<html>Not found</html>"),
        lambda path: np.savez(path, x_train=np.zeros((1, 28, 28), np.uint8)),
        lambda path: np.savez(path, x_train=np.array([{}], dtype=object)),
        lambda path: path.unlink(),
    ],
    ids=["cut", "changed", "empty", "another file", "an array is missing", "pickled", "missing"],
)
def test_a_damaged_mnist_file_is_named_in_one_sentence(
    damage: Callable[[Path], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_one_sentence: Callable[[object], bool],
) -> None:
    """A file cut by a full disk once ended in BadZipFile, or in "contains pickled data"."""
    copy = tmp_path / "mnist.npz"
    copy.write_bytes(importlib.resources.files("fedlab.datasets").joinpath("mnist.npz").read_bytes())
    damage(copy)
    monkeypatch.setattr(sys.modules["fedlab.datasets.mnist"], "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match=r"mnist\.npz is missing or damaged: install fedlab again\.$") as caught:
        mnist.__wrapped__()
    assert str(copy) in str(caught.value)
    assert is_one_sentence(caught.value)


X, Y = np.zeros((3, 4), np.float32), np.array([0, 1, 2])


@pytest.mark.parametrize(
    ("train_x", "train_y", "reason"),
    [
        (X[:2], Y, "train_x has 2 examples and train_y has 3"),
        (X[:0], Y[:0], "must match and not be empty"),
        (X, Y - 1, "whole numbers from 0 upwards"),
        (X, Y.astype(float), "whole numbers from 0 upwards"),
        (X.astype(np.int64), Y, "must be uint8 images or floating-point features, but it is int64"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(
    train_x: np.ndarray, train_y: np.ndarray, reason: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        Dataset("mine", train_x, train_y, X, Y)
    assert is_one_sentence(caught.value)


def test_a_label_that_only_the_test_examples_have_is_a_class() -> None:
    """Training labels 0 to 2, test labels up to 5: 6 classes."""
    assert Dataset("mine", X, Y, X, Y + 3).classes == 6


def test_the_number_of_classes_can_be_said_and_then_does_not_depend_on_the_labels_drawn(
    is_one_sentence: Callable[[object], bool],
) -> None:
    assert Dataset("mine", X, Y, X, Y, classes=10).classes == 10
    with pytest.raises(ValueError, match=r"^With 3 classes, labels go up to 2, but there is a label 5\.$") as caught:
        Dataset("mine", X, Y, X, Y + 3, classes=3)
    assert is_one_sentence(caught.value)


def test_pixels_are_shown_to_a_model_from_0_to_1_and_features_as_they_are_unless_a_scale_is_given() -> None:
    assert mnist().scale == 255
    assert Dataset("mine", X, Y, X, Y).scale == 1
    assert Dataset("mine", X, Y, X, Y, scale=4.0).scale == 4


def test_a_model_sees_its_examples_divided_by_the_scale(blobs: Dataset) -> None:
    """Examples 8 times as large with a scale of 8, a power of 2 that rounds nothing, give the same run to the bit."""
    experiment = Experiment(parties=3, examples=300, model="softmax", rounds=2)
    larger = replace(blobs, train_x=8 * blobs.train_x, test_x=8 * blobs.test_x, scale=8.0)
    ours, theirs = (list(run(experiment, dataset=data)) for data in (larger, blobs))
    assert [one.test_loss for one in ours] == [one.test_loss for one in theirs]
    unscaled = list(run(experiment, dataset=replace(larger, scale=1.0)))
    assert unscaled[-1].test_loss != ours[-1].test_loss
