"""How the server makes one message out of many: the mean by the number of examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np

from fedlab.messages import Message, Upload
from fedlab.stages.base import Stage


class Aggregation(Stage):
    """A rule that makes one message out of the parties' messages."""

    keeps_all: ClassVar[bool] = False  # whether it looks at all messages of a round together, so that all must be kept

    def combine(self, uploads: Iterable[Upload]) -> Message:
        """One message out of those of all parties of the round.

        uploads: one a party, as they arrive, in the order of the parties' numbers, once: keep sums where sums will do.
        """
        raise NotImplementedError

    def weights(self, uploads: Sequence[Upload]) -> np.ndarray | None:
        """(n,) from 0 to 1: a_k, where `combine` gives Σ a_k m_k. 0 is thrown out; None where a rule does not tell.

        Where a_k differs from number to number of a message it is its mean over all of them.
        """
        return None


class Mean(Aggregation):
    """Σ n_k m_k / Σ n_k: each party's message m_k counts by its examples n_k. Summed in float64, given as float32."""

    name: ClassVar[str] = "mean"
    title: ClassVar[str] = "Mean by examples"
    lesson: ClassVar[str] = "Every example counts the same, whoever holds it."

    def combine(self, uploads: Iterable[Upload]) -> Message:
        sums: list[np.ndarray] = []
        examples = 0
        for upload in uploads:
            parts = [np.asarray(np.multiply(array, upload.examples, dtype=np.float64)) for array in upload.message]
            for total, part in zip(sums, parts, strict=examples > 0):
                total += part
            sums = sums or parts
            examples += upload.examples
        return tuple(np.asarray(total / examples, np.float32) for total in sums)

    def weights(self, uploads: Sequence[Upload]) -> np.ndarray:
        examples = np.array([upload.examples for upload in uploads], np.float64)
        return examples / examples.sum()
