"""Before anything trains: who holds what, as each party sees it, and whether it can run at all.

Everything that can be refused is refused here, in one sentence and without an engine: the lab and the command line ask
first. `Prepared` is what a run then works with.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from fedlab.datasets import Dataset
from fedlab.experiment import Experiment
from fedlab.messages import nbytes_of
from fedlab.models import CNN, Dense
from fedlab.randomness import Choice, generator
from fedlab.roles import is_ours
from fedlab.scaling import scaled
from fedlab.settings import InvalidSetting
from fedlab.skew import as_seen, require_seeable
from fedlab.text import say

if TYPE_CHECKING:
    import keras

CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, eq=False)
class Prepared:
    """An experiment with its data dealt out, ready to run."""

    experiment: Experiment
    dataset: Dataset  # as it is, but for gaps and units: a raw one is filled and scaled by its parties
    parties: list[np.ndarray]  # for each party the positions of its examples in the data set's training part
    model: keras.Model | None = None  # a Keras model of the learner's own, instead of the experiment's

    @cached_property
    def seen(self) -> Dataset:
        """The data set with every party's examples as that party sees them."""
        return as_seen(self.experiment, self.dataset, self.parties)

    @cached_property
    def training(self) -> list[np.ndarray]:
        """Who trains on what: the parties, or one computer that holds everything."""
        return [np.concatenate(self.parties)] if self.experiment.algorithm.in_one_place else self.parties

    def seen_by(self, parties: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """(n, ...) float32: the examples that these train on, as the model sees them there; and (n,) their labels."""
        own, seen = np.concatenate([self.training[party] for party in parties]), self.seen
        return seen.train_x[own].astype(np.float32) / np.float32(seen.scale), seen.train_y[own]

    @cached_property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the model's weight tensors."""
        if self.model is not None:
            return [tuple(weight.shape) for weight in self.model.trainable_variables]
        return self.experiment.model.shapes(self.dataset.train_x.shape[1:], self.dataset.classes)

    @property
    def size(self) -> int:
        """P, the number of the model's weights."""
        return sum(math.prod(shape) for shape in self.shapes)

    @cached_property
    def owners(self) -> list[int] | None:
        """The owner that each party is, by its number; None where examples were dealt out and a party is nobody."""
        owners = self.dataset.owners
        if owners is None or not self.experiment.partition.reads_owners:
            return None
        return [int(owners[own[0]]) for own in self.parties]

    @property
    def names(self) -> list[str]:
        """What each party is called: its owner's name, or its number."""
        names = self.dataset.owner_names
        if self.owners is None or not names:
            return [str(party) for party in range(len(self.parties))]
        return [str(names[owner]) for owner in self.owners]

    @cached_property
    def fingerprint(self) -> int:
        """A number that tells this data, dealt out this way, from any other: whose memory fits whom."""
        dealt = zlib.crc32(f"{self.dataset.name} {self.dataset.train_x.shape}".encode())
        for part in (self.dataset.train_y, *self.training):
            dealt = zlib.crc32(np.ascontiguousarray(part).tobytes(), zlib.crc32(str(len(part)).encode(), dealt))
        return dealt

    def first_weights(self) -> np.ndarray:
        """(P,) the first shared model: drawn from the seed, or the given model's present weights."""
        if self.model is not None:
            return np.concatenate([np.ravel(variable.numpy()) for variable in self.model.trainable_variables])
        shape, classes = self.dataset.train_x.shape[1:], self.dataset.classes
        return self.experiment.model.first_weights(shape, classes, self.experiment.seed)


def prepare(experiment: Experiment, dataset: Dataset | None = None, model: keras.Model | None = None) -> Prepared:
    """Deal out the data and look whether everything fits; `ValueError` with one sentence if it does not.

    dataset, model: the learner's own, instead of the experiment's.
    """
    if dataset is None:
        _require_memory(experiment, experiment.dataset.nbytes(experiment.parties, experiment.seed))
        dataset = experiment.data()
    parties = hold(experiment, dataset)
    prepared = Prepared(experiment, scaled(dataset, parties), parties, model)
    require_seeable(experiment, dataset)
    if model is None and not isinstance(experiment.model, (Dense, CNN)):
        raise InvalidSetting(
            "model",
            say(
                "{model} is neither made from Dense nor from CNN, so nothing here can train it: make it from Dense, or "
                "build it in Keras.",
                model=type(experiment.model).__name__,
            ),
        )
    if model is not None:
        from fedlab.engines.own_models import require_fit

        require_fit(model, dataset.train_x.shape[1:], dataset.classes)
    _require_memory(experiment, needed_memory(prepared))
    return prepared


def hold(experiment: Experiment, dataset: Dataset) -> list[np.ndarray]:
    """Who holds what: for each party the positions of its examples in the data set's training part.

    Data with owners has as many examples as its owners made; `experiment.examples` is then the most that are used.
    """
    available, partition = len(dataset.train_y), experiment.partition
    if experiment.examples > available and dataset.owners is None:
        raise InvalidSetting(
            "examples",
            say(
                "{examples:,} examples are asked for, but {dataset} has {available:,}.",
                examples=experiment.examples,
                dataset=dataset.name,
                available=available,
            ),
        )
    if partition.reads_owners and dataset.owners is None:
        raise InvalidSetting(
            "partition",
            say(
                "partition is {partition}, but {dataset} does not say whose each example is: take another "
                "partition, or data with owners such as synthetic.",
                partition=partition.name,
                dataset=dataset.name,
            ),
        )
    owners = 0 if dataset.owners is None else len(np.unique(dataset.owners))
    if partition.reads_owners and dataset.owner_names and experiment.parties > owners:
        raise InvalidSetting(
            "parties",
            say(
                "{dataset} has {owners} owners, so {parties:,} parties cannot each hold their own: take at most "
                "{owners}.",
                dataset=dataset.name,
                owners=owners,
                parties=experiment.parties,
            ),
        )
    draw = generator(experiment.seed, Choice.EXAMPLES)
    used = draw.choice(available, size=min(experiment.examples, available), replace=False)
    if len(used) < experiment.parties:
        raise InvalidSetting(
            "parties",
            say(
                "{parties:,} parties cannot share the {examples:,} examples that {dataset} has.",
                parties=experiment.parties,
                examples=len(used),
                dataset=dataset.name,
            ),
        )
    known = dataset.owners if partition.reads_owners else dataset.train_y
    assert known is not None
    rng = generator(experiment.seed, Choice.PARTITION)
    if is_ours("partition", type(partition)):
        held = partition.assign(known[used], experiment.parties, rng)
    else:
        held = _held_by_own(experiment, known[used], rng)
    return [used[own] for own in held]


def _held_by_own(experiment: Experiment, known: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """What a learner's own partition deals out, checked."""
    name = f"{type(experiment.partition).__name__}.assign"
    try:
        dealt = experiment.partition.assign(known.copy(), experiment.parties, rng)
        held = [np.asarray(own) for own in dealt]
    except InvalidSetting:
        raise
    except Exception as error:
        told = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}".strip().rstrip(":.")
        raise InvalidSetting("partition", say("{name} stopped with {error}.", name=name, error=told)) from error
    if len(held) != experiment.parties:
        raise InvalidSetting(
            "partition",
            say(
                "{name} returned {lists} lists for {parties} parties.",
                name=name,
                lists=len(held),
                parties=experiment.parties,
            ),
        )
    for party, own in enumerate(held):
        fits = own.ndim == 1 and len(own) and np.issubdtype(own.dtype, np.integer)
        if not fits or own.min() < 0 or own.max() >= len(known):
            raise InvalidSetting(
                "partition",
                say(
                    "{name} must return for each party at least one position, a whole number from 0 to {last}, and "
                    "does not for party {party}.",
                    name=name,
                    last=len(known) - 1,
                    party=party,
                ),
            )
    return held


def needed_memory(prepared: Prepared) -> int:
    """About how many bytes of memory a run will take on top of its data.

    Two states are held at a time, the one before a round and the one after it, each with the shared model and all that
    server and parties remember; then there are the few messages and models that are on their way together, or all of a
    round's and a copy of them where the rule of aggregation compares them; the examples of two parties as the model
    sees them, and the parties' own copies of what they see differently.
    """
    experiment, w = prepared.experiment, np.zeros(1, np.float32)
    try:
        of_server = nbytes_of(experiment.algorithm.server_memory(w))
        of_party = nbytes_of(experiment.algorithm.party_memory(w))
        down = nbytes_of(experiment.algorithm.send(w, experiment.algorithm.server_memory(w)))
    except Exception:  # a learner's own: the run itself will say what is wrong with it
        of_server = of_party = down = 4
    compared = experiment.aggregation.keeps_all
    together = 2 * compared * max(1, round(experiment.participation * len(prepared.training)))
    per_weight = 4 * together + 2 * (4 + of_server + of_party * len(prepared.training)) + 12 * (4 + down)
    x = prepared.dataset.train_x
    in_training = 2 * max(map(len, prepared.training)) * x[0].size * 4
    altered = x.nbytes if experiment.rotation or experiment.feature_noise else 0
    return prepared.size * per_weight + in_training + altered


def _require_memory(experiment: Experiment, needed: int) -> None:
    left = memory_left()
    if needed > left:
        raise InvalidSetting(
            "parties",
            say(
                "This would take about {needed:.1f} GB of memory, and {left:.1f} GB are free: take fewer parties, a "
                "smaller model, or an algorithm that remembers less.",
                needed=needed / 1e9,
                left=left / 1e9,
            ),
        )


def memory_left() -> int:
    """Bytes of memory that this process may still take: what the machine has free, or less where a container ends."""
    left = int(psutil.virtual_memory().available)
    try:
        limit = (CGROUP / "memory.max").read_text().strip()
        used = int((CGROUP / "memory.current").read_text())
        return left if limit == "max" else max(0, min(left, int(limit) - used))
    except (OSError, ValueError):
        return left
