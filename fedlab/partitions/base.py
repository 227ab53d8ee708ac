"""What a partition is: a rule that hands every party some of the training examples."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fedlab.settings import Settings


class Partition(Settings):
    """A rule that says which party holds which examples."""

    name: ClassVar[str]  # as written in files, links and on the command line
    title: ClassVar[str]  # as shown to a learner
    lesson: ClassVar[str]  # one sentence: what choosing it teaches

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Split the examples 0 .. len(labels) - 1 among the parties.

        labels: (n,) the label of each example. Returns one array of example numbers a party: together they hold every
        example exactly once, and none is empty (`parties` is at most n).
        """
        raise NotImplementedError


def even_sizes(examples: int, parties: int) -> np.ndarray:
    """(parties,) sizes that add up to `examples` and differ by at most one."""
    return np.diff(np.linspace(0, examples, parties + 1).round().astype(int))


def label_counts(parties: list[np.ndarray], labels: np.ndarray, classes: int) -> np.ndarray:
    """(parties, classes): how many examples of each label each party holds; what the heat map shows."""
    return np.stack([np.bincount(labels[indices], minlength=classes) for indices in parties])
