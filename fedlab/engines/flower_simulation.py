"""Flower's own simulation of a federation, in processes of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

from fedlab.datasets import Dataset
from fedlab.experiment import Experiment
from fedlab.messages import Message, Upload
from fedlab.rounds import Round, State


def simulated(
    experiment: Experiment,
    *,
    start: State | None,
    dataset: Dataset | None,
    model: keras.Model | None,
    between_chunks: Callable[[], None],
    on_upload: Callable[[int, Upload], None],
    on_mean: Callable[[int, Message], None],
    threads: int | None,
) -> Iterator[Round]:
    raise NotImplementedError
