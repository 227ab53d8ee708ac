"""What leaves a party: the messages that Flower would send, read byte by byte, hold no example and no label."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("flwr")

from flwr.app import ArrayRecord, Context, Message, RecordDict
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects
from flwr.supercore.task_identity import TaskIdentity

from fedlab import Experiment
from fedlab.apart import order
from fedlab.engines.flower import records
from fedlab.federation import prepare
from fedlab.network import ledger
from fedlab.network.party_side import train
from fedlab.plan import turn_of

FEW: dict[str, Any] = {
    "parties": 3, "examples": 150, "rounds": 3, "batch_size": 50, "model": "softmax", "learning_rate": 0.05,
}  # fmt: skip
FORMS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    lambda x: x,
    lambda x: x.astype(np.float32),
    lambda x: x.astype(np.float32) / np.float32(255),
    lambda x: x.astype(np.float64) / 255,
)


@pytest.fixture(autouse=True)
def in_a_federation() -> None:
    """Flower lets a message be made only by a process that it has told who it is."""
    TaskIdentity.run_id = TaskIdentity.node_id = TaskIdentity.task_id = 1


def bytes_of(message: Message) -> bytes:
    """All that Flower's node pushes for a message: each of the objects that it is made of, as it is sent."""
    return b"".join(one.deflate() for one in get_all_nested_objects(message).values())


def examples_in(sent: bytes, x: np.ndarray) -> int:
    """How many images are there, known by their four middle rows, as bytes or as numbers, scaled or not."""
    return sum(any(form(image[12:16]).tobytes() in sent for form in FORMS) for image in x)


def labels_in(sent: bytes, y: np.ndarray) -> bool:
    return any(y.astype(kind).tobytes() in sent for kind in (np.uint8, np.int32, np.int64))


def three_rounds(experiment: Experiment, folder: Path) -> tuple[list[Message], np.ndarray, np.ndarray, Context]:
    """What party 1 answers to the orders of three rounds, each with another model."""
    prepared = prepare(experiment)
    own, seen = prepared.parties[1], prepared.seen
    x, y = seen.train_x[own], seen.train_y[own]
    ledger.save_examples(folder / ledger.EXAMPLES, x, y, seen.scale)
    context = Context(1, 1, {"folder": str(folder)}, RecordDict(), {})
    algorithm, replies = experiment.algorithm, []
    for number in (1, 2, 3):
        w = np.random.default_rng(number).normal(0, 0.01, prepared.size).astype(np.float32)
        down = algorithm.send(w, algorithm.server_memory(w))
        content = records(order(prepared, turn_of(prepared, number), down, {1: 1}, "run"))
        message = Message(content, 1, "train")
        message.metadata.__dict__["_message_id"] = f"message {number}"
        replies.append(train(message, context))
    return replies, x, y, context


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"algorithm": "scaffold"},
        {"compression": "topk", "topk_share": 0.1, "error_feedback": True},
        {"learning_rate": 1.0, "batch_size": 1},
    ],
    ids=["fedavg", "scaffold", "top-k", "a step an image"],
)
def test_no_example_and_no_label_is_in_what_flower_sends_for_a_party(settings: dict[str, Any], tmp_path: Path) -> None:
    """Beside its arrays a message has 4,000 bytes at most: less than a tenth of the party's 50 images, 39,200 bytes."""
    replies, x, y, _ = three_rounds(Experiment(**{**FEW, **settings}), tmp_path)
    written = ledger.lines(tmp_path / ledger.SENT)
    for number, reply in enumerate(replies, 1):
        sent = bytes_of(reply)
        assert examples_in(sent, x) == 0
        assert not labels_in(sent, y)
        arrays = sum(line["bytes"] for line in written if line["round"] == number)
        assert 0 < arrays < len(sent) < arrays + 4_000


def test_what_is_written_down_is_what_has_been_sent(tmp_path: Path) -> None:
    """SCAFFOLD sends two arrays of the model's size; shape and type as Flower's records have them."""
    replies, *_ = three_rounds(Experiment(**FEW, algorithm="scaffold"), tmp_path)
    found = [
        {"round": number, "array": place, "shape": list(one.shape), "type": str(one.dtype), "bytes": one.nbytes}
        for number, reply in enumerate(replies, 1)
        for place, one in enumerate(reply.content.array_records["arrays"].to_numpy_ndarrays())
    ]
    assert ledger.lines(tmp_path / ledger.SENT) == found
    assert [one["shape"] for one in found] == 6 * [[7850]]


def test_what_a_party_remembers_is_on_its_own_disk_and_in_none_of_flowers_memories(tmp_path: Path) -> None:
    """Flower's node would keep the context's state in a database of its own."""
    replies, _, _, context = three_rounds(Experiment(**FEW, algorithm="scaffold"), tmp_path)
    assert not context.state
    assert (tmp_path / ledger.MEMORY).exists()
    assert all(set(reply.content) == {"about", "arrays"} for reply in replies)


def test_an_example_that_did_leave_would_be_found(tmp_path: Path) -> None:
    """The same look, at messages with one image among their numbers, in each form, and with the labels."""
    replies, x, y, _ = three_rounds(Experiment(**FEW), tmp_path)
    asked = replies[0]
    for form in FORMS:
        for many in (1, 3):
            content = RecordDict({"arrays": ArrayRecord([form(x[:many])])})
            assert examples_in(bytes_of(Message(content, 1, "train")), x) == many
    assert not labels_in(bytes_of(asked), y)
    assert labels_in(bytes_of(Message(RecordDict({"arrays": ArrayRecord([y])}), 1, "train")), y)
