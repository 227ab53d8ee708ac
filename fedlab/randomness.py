"""Every random choice of a run, in one place.

Each choice draws from a generator of its own, made from the experiment's seed and the choice's coordinates (what,
round, party). So a run repeats exactly whatever the number of threads, changing one setting does not disturb the
choices that it has nothing to do with, and round 7 can be run again without rounds 1 to 6.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from fedlab.settings import named_in


class Choice(IntEnum):
    """What is being drawn."""

    EXAMPLES = 1  # which training examples are used at all
    PARTITION = 2  # who holds which of them
    PARTICIPANTS = 3  # which parties take part in a round
    BATCHES = 4  # the order in which a party sees its examples
    DROPOUT = 5  # the masks of dropout layers
    STRAGGLERS = 6  # which parties do not finish a round's local epochs
    LOCAL_EPOCHS = 7  # how many of them they manage
    DROPOUTS = 8  # which parties never report in a round
    DEVICES = 9  # which parties have slow devices
    NOISE = 10  # the noise that a party sees in its examples
    NOISY_PARTIES = 11  # at which parties labels are wrong
    LABEL_NOISE = 12  # which of their labels, and what they read instead
    DATASET = 13  # a synthetic data set
    ATTACK = 14  # the stages that a message passes draw under their roles' names
    PRIVACY = 15
    COMPRESSION = 16
    SECURE_SUM = 17
    AWAY = 18  # which parties are not there
    PIECES = 19  # the first weights of a model in pieces: see `vertical/`


def generator(seed: int, choice: Choice, *coordinates: int) -> np.random.Generator:
    """The random generator of one choice; equal arguments give equal draws."""
    return np.random.default_rng([seed, int(choice), *coordinates])


def participants(seed: int, round_number: int, parties: int, participation: float) -> np.ndarray:
    """The parties that take part in a round: max(1, round(C K)) of K, drawn without replacement, in ascending order.

    Source: McMahan et al. 2017, algorithm 1 (there max(C K, 1)).
    """
    count = max(1, round(participation * parties))
    rng = generator(seed, Choice.PARTICIPANTS, round_number)
    return np.sort(rng.choice(parties, size=count, replace=False))


def these(who: int | str, seed: int, choice: Choice, parties: int) -> set[int]:
    """The parties that are meant by their numbers, or so many of them by lot: with more of them the first stay."""
    if isinstance(who, str):
        return set(named_in(who))
    return set(map(int, generator(seed, choice).permutation(parties)[:who]))


def local_batches(rng: np.random.Generator, examples: int, batch_size: int, epochs: int) -> list[np.ndarray]:
    """One array of positions 0 .. examples - 1 for each local step: `epochs` passes, reshuffled for each.

    The last batch of a pass is short when `batch_size` does not divide `examples`.
    Source: McMahan et al. 2017, algorithm 1 ("split P_k into batches of size B").
    """
    starts = range(batch_size, examples, batch_size)
    return [batch for _ in range(epochs) for batch in np.split(rng.permutation(examples), starts)]
