"""What travels, and what it costs: bytes are those of the arrays that were really sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.algorithms import ALGORITHMS, FedAvg
from fedlab.datasets import Dataset
from fedlab.messages import Message, Trained, Upload, arrays_in, nbytes_of, size_of

WEIGHTS = 36  # softmax regression on 8 features and 4 classes: 8·4 + 4, of 4 bytes each
FLOAT = 4
# model-sized vectors down and up, and bytes up beside them; SCAFFOLD (w, c) and (Δw_k, Δc_k), FedNova also τ_k,
# q-FedAvg its h_k
SENT = dict.fromkeys(ALGORITHMS, (1, 1, 0)) | {
    "scaffold": (2, 2, 0),
    "fednova": (1, 1, FLOAT),
    "qfedavg": (1, 1, FLOAT),
    "central": (0, 0, 0),
    "alone": (0, 0, 0),
}


@pytest.mark.parametrize("algorithm", [name for name, kind in ALGORITHMS.items() if not kind.asynchronous])
def test_bytes_are_those_of_what_each_algorithm_sends(blobs: Dataset, algorithm: str) -> None:
    """Five parties, three of which take part: down to each of those and up from each of those."""
    experiment = Experiment(
        parties=5, examples=100, participation=0.6, algorithm=algorithm, model="softmax", rounds=2
    )  # fmt: skip
    down, up, more = SENT[algorithm]
    for one in run(experiment, dataset=blobs):
        assert one.bytes_down == 3 * down * WEIGHTS * FLOAT
        assert one.bytes_up == 3 * (up * WEIGHTS * FLOAT + more)


@pytest.mark.parametrize("algorithm", ["fedsgd", "fedavg", "fedprox"])
def test_an_upload_of_the_2nn_takes_796840_bytes(algorithm: str) -> None:
    """784·200 + 200 + 200·200 + 200 + 200·10 + 10 = 199,210 weights of 4 bytes."""
    sizes = []
    plan = Experiment(parties=2, examples=40, algorithm=algorithm, rounds=1)
    (one,) = run(plan, on_upload=lambda number, upload: sizes.append(size_of(upload.message)))
    assert sizes == [796_840] * 2
    assert one.bytes_up == one.bytes_down == 2 * 796_840


def test_scaffold_sends_the_change_of_its_control_variate_beside_that_of_the_weights(blobs: Dataset) -> None:
    """Δc_k = c_k⁺ - c_k, and c_k⁺ stays with the party."""
    uploads: list[tuple[int, Upload]] = []
    plan = Experiment(parties=3, examples=90, algorithm="scaffold", model="softmax", rounds=2)
    first, second = run(plan, dataset=blobs, on_upload=lambda number, upload: uploads.append((number, upload)))
    assert first.state is not None
    assert second.state is not None
    for number, upload in uploads:
        moved, changed = upload.message
        now = [first, second][number - 1].state
        assert now is not None
        assert np.array_equal(now.parties[upload.party]["algorithm"], upload.own["algorithm"])
        before = first.state.parties[upload.party]["algorithm"] if number == 2 else np.zeros(WEIGHTS)
        assert upload.own["algorithm"] == pytest.approx(before + changed, abs=1e-6)
        if number == 2:
            assert upload.weights == pytest.approx(first.state.weights + moved, abs=1e-6)


class Halved(FedAvg):
    """Sends floats of 64 bits and a count of 16."""

    def report(self, down: Message, own: Any, trained: Trained) -> tuple[Message, Any]:
        difference = trained.weights - down[0]
        return (difference.astype(np.float64), np.array([trained.steps], np.int16)), own


def test_floats_travel_with_32_bits_and_other_numbers_as_they_are(blobs: Dataset) -> None:
    (one,) = run(Experiment(parties=2, examples=40, algorithm=Halved(), model="softmax", rounds=1), dataset=blobs)
    assert one.bytes_up == 2 * (WEIGHTS * FLOAT + 2)


@pytest.mark.parametrize(
    "outcome", [None, (np.zeros(3),), ("w", None), ((np.array(["w"]),), None), (([], {}), None), ([np.zeros(3)], None)]
)
def test_a_report_that_is_no_message_gets_one_sentence(blobs: Dataset, outcome: Any, is_one_sentence: Any) -> None:
    class Odd(FedAvg):
        def report(self, down: Message, own: Any, trained: Trained) -> Any:
            return outcome

    with pytest.raises(ValueError, match=r"^report of Odd must return a pair: the message, ") as caught:
        next(run(Experiment(parties=2, examples=40, algorithm=Odd(), model="softmax"), dataset=blobs))
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("outcome", [None, np.zeros(36), (np.zeros(35), None), (1.0, None), (np.zeros(36), None, None)])
def test_a_step_that_returns_no_model_gets_one_sentence(blobs: Dataset, outcome: Any, is_one_sentence: Any) -> None:
    class Odd(FedAvg):
        def step(self, w: np.ndarray, mean: Message, share: float, server: Any) -> Any:
            return outcome

    with pytest.raises(ValueError, match=r"^step of Odd must return a pair: .* 36 weights") as caught:
        next(run(Experiment(parties=2, examples=40, algorithm=Odd(), model="softmax"), dataset=blobs))
    assert is_one_sentence(caught.value)


# What memories are made of


@dataclass
class Drawer:
    """A memory of a learner's own making."""

    label: str
    content: Any


def test_arrays_are_found_wherever_a_memory_keeps_them_and_counted_once() -> None:
    a, b, c = np.zeros(3, np.float32), np.zeros((2, 2)), np.zeros(5, np.int8)
    memory = {"one": (a, [b, None]), "two": Drawer("x", {"c": c, "again": a}), "three": 7}
    assert {id(array) for array in arrays_in(memory)} == {id(a), id(b), id(c)}
    assert nbytes_of(memory) == 12 + 32 + 5
    assert nbytes_of(None) == 0
    assert size_of((a, b)) == 44
    assert size_of(()) == 0


@pytest.mark.parametrize(("momentum", "steps"), [(0.0, 7), (0.5, 1), (0.9, 4)])
def test_effective_steps_are_the_distance_that_a_constant_gradient_takes(momentum: float, steps: int) -> None:
    """v <- ρ v + 1 and w <- w + v, τ times from v = 0; the norm of FedNova's a_k."""
    v = w = 0.0
    for _ in range(steps):
        v = momentum * v + 1
        w += v
    trained = Trained(np.zeros(1), 1, steps, 0.0, 0.1, momentum)
    assert trained.effective_steps == pytest.approx(w, rel=1e-12)
