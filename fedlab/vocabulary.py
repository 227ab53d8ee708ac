"""The kit's vocabulary: everything that can be set about a run, under one name each.

The same names serve in Python, in the lab, on the command line and in files.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from fedlab.algorithms import ALGORITHMS, Algorithm
from fedlab.datasets import MNIST, Source
from fedlab.models import Model, TwoNN
from fedlab.partitions import IID, Partition
from fedlab.roles import KINDS
from fedlab.settings import About, Settings, Who, setting, settings_of
from fedlab.stages import Aggregation, Attack, Compression, Mean, Privacy, SecureSum
from fedlab.text import say

VERSION = 2  # raise it whenever a name, a default or the meaning of a value changes, and say in UPGRADES what to do


class Vocabulary(Settings):
    """The settings of an experiment, in the order in which they are shown."""

    parties: int = setting(
        10,
        "More parties share the same examples, so each one knows less.",
        symbol="K",
        low=1,
        high=60_000,
        slider=(2, 100),
    )
    examples: int = setting(
        5_000,
        "Training examples in use, over all parties: fewer make a round faster and the task harder.",
        symbol="n",
        low=1,
        high=60_000,
        slider=(100, 60_000),
        scale="log",
    )
    dataset: Source = setting(MNIST(), "What there is to learn.", choices=tuple(KINDS["dataset"]))
    partition: Partition = setting(IID(), "Who holds which labels.", choices=tuple(KINDS["partition"]))
    algorithm: Algorithm = setting(
        ALGORITHMS["fedavg"](),
        "What the parties compute and how the server puts it together.",
        choices=tuple(ALGORITHMS),
    )
    model: Model = setting(TwoNN(), "Bigger models learn more and cost more to send.", choices=tuple(KINDS["model"]))
    rounds: int = setting(
        20, "How often the shared model goes out and comes back.", symbol="T", low=1, high=100_000, slider=(1, 200)
    )
    participation: float = setting(
        1.0, "The share of the parties that work in each round.", symbol="C", low=0.001, high=1.0, slider=(0.05, 1.0)
    )
    local_epochs: int = setting(
        1, "How often a party goes through its data before it reports.", symbol="E", low=1, high=1_000, slider=(1, 20)
    )
    batch_size: int | Literal["all"] = setting(
        32,
        "Examples in one local step: smaller batches make more steps of the same data.",
        symbol="B",
        low=1,
        high=60_000,
        choices=(5, 10, 20, 32, 64, 128, "all"),
    )
    learning_rate: float = setting(
        0.1,
        "How far one local step goes: too small is slow, too large breaks down.",
        symbol="η",
        low=1e-6,
        high=100.0,
        slider=(0.001, 1.0),
        scale="log",
    )
    momentum: float = setting(
        0.0,
        "Local steps keep rolling in the direction of earlier ones: quicker, and further from the shared model.",
        symbol="ρ",
        low=0.0,
        high=0.99,
    )
    attack: Attack = setting(Attack(), "What dishonest parties do to what they send.", choices=tuple(KINDS["attack"]))
    privacy: Privacy = setting(
        Privacy(), "What hides a single party in the result, and what that costs.", choices=tuple(KINDS["privacy"])
    )
    compression: Compression = setting(
        Compression(), "How messages are made smaller on their way up.", choices=tuple(KINDS["compression"])
    )
    secure_sum: SecureSum = setting(
        SecureSum(), "What hides each message from the server.", choices=tuple(KINDS["secure_sum"])
    )
    aggregation: Aggregation = setting(
        Mean(), "How the server makes one message out of many.", choices=tuple(KINDS["aggregation"])
    )
    feature_noise: float = setting(
        0.0,
        "How blurred the last party sees: noise grows from party to party.",
        symbol="σ",
        low=0.0,
        high=5.0,
        slider=(0, 1),
    )
    rotation: float = setting(
        0.0,
        "How far the last party's images are turned, in degrees; it grows from party to party.",
        low=-180.0,
        high=180.0,
        unit="degrees",
    )
    label_noise: float = setting(0.0, "The share of wrong labels at the noisy parties.", low=0.0, high=1.0)
    noisy_parties: float = setting(0.3, "The share of the parties where labels are wrong.", low=0.0, high=1.0)
    stragglers: float = setting(
        0.0, "The share of a round's parties that do not finish their epochs in time.", low=0.0, high=1.0
    )
    dropouts: float = setting(0.0, "The share of a round's parties that never report.", low=0.0, high=1.0)
    away: Who = setting(
        0,
        "How many parties are not there, drawn by lot, or which: they may come, or come back, while a run goes on.",
        low=0,
        high=59_999,
        slider=(0, 20),
        named=True,
    )
    slow_parties: float = setting(
        0.0, "The share of the parties with slow devices: a round waits for the slowest.", low=0.0, high=1.0
    )
    slowdown: float = setting(10.0, "How many times slower the slow devices are.", low=1.0, high=100.0, unit="times")
    bandwidth: float = setting(
        10.0,
        "Megabits a second between a party and the server.",
        low=0.01,
        high=10_000.0,
        slider=(0.1, 1000.0),
        scale="log",
        unit="megabits a second",
    )
    uplink: float | Literal["same"] = setting(
        "same",
        "Kilobytes a second that a party can send, or the same as it gets: on slow lines up small messages pay.",
        low=0.1,
        high=1_000_000.0,
        choices=(1, 3, 10, 30, 100, 300, 1_000, "same"),
        unit="kilobytes a second",
    )
    seed: int = setting(
        0, "Another seed, another draw: see how much of a result is luck.", low=0, high=2**31 - 1, slider=(0, 20)
    )


def require_one_meaning(kinds: Iterable[type[Settings]]) -> None:
    """Raise `TypeError` if two of the kinds, or one of them and the vocabulary, mean different things by one name."""
    meanings: dict[str, tuple[About, type[Settings]]] = {
        name: (about, Vocabulary) for name, about in settings_of(Vocabulary).items()
    }
    for kind in kinds:
        for name, about in settings_of(kind).items():
            known, owner = meanings.setdefault(name, (about, kind))
            if known != about:
                raise TypeError(
                    say(
                        "{kind} and {owner} both have a setting {name}, and describe it differently: "
                        "give one of them another name.",
                        kind=kind.__name__,
                        owner=owner.__name__,
                        name=name,
                    )
                )


require_one_meaning(kind for kinds in KINDS.values() for kind in kinds.values())
