"""Averages that one liar, or a few, cannot move far. All but the last two count each party the same.

They need all messages of a round at once, so the server keeps n of them instead of a sum, and they cannot work under a
secure sum, which shows it only that. A party's number of examples is its own word, so those that compare parties do not
weigh by it. Under label skew honest parties differ as liars do: what is robust against these is deaf to rare digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from fedlab.messages import Message, Upload, flat, shaped
from fedlab.rounds import Diverged
from fedlab.settings import InvalidSetting, setting
from fedlab.stages.aggregation import Aggregation, Mean
from fedlab.text import say


class Median(Aggregation):
    """The middle of the parties' numbers, weight by weight; of an even number of parties the mean of the middle two.

    While liars are fewer than half it lies between honest parties' numbers. With one party it is that party's message.
    Source: Yin, Chen, Ramchandran and Bartlett 2018 (arXiv 1803.01498), definition 1.
    """

    name: ClassVar[str] = "median"
    title: ClassVar[str] = "Median of each weight"
    lesson: ClassVar[str] = "For each weight the middle of what the parties send: a few liars cannot move it far."
    keeps_all: ClassVar[bool] = True

    def combine(self, uploads: Iterable[Upload]) -> Message:
        return tuple(
            np.asarray(self.kept(parts).mean(axis=0, dtype=np.float64), np.float32) for parts in stacked(uploads)
        )

    def weights(self, uploads: Sequence[Upload]) -> np.ndarray:
        """The share of the kept numbers that are a party's. Parties with equal numbers share what is kept of these."""
        parts = rows(uploads)
        kept = self.kept(parts)
        used = np.where((kept[0] < parts) & (parts < kept[-1]), 1.0, 0.0)
        for edge in (kept[0], kept[-1]):
            tied = parts == edge
            used = np.where(tied, (kept == edge).sum(axis=0) / tied.sum(axis=0), used)
        return used.mean(axis=1) / len(kept)

    def kept(self, parts: np.ndarray) -> np.ndarray:
        """(n - 2 out, ...) of (n, ...): of each weight the numbers in the middle, in ascending order."""
        out = self.left_out(len(parts))
        return np.sort(parts, axis=0)[out : len(parts) - out]

    def left_out(self, parties: int) -> int:
        """How many numbers on each side."""
        return (parties - 1) // 2


class TrimmedMean(Median):
    """The mean of each weight without the ⌊trim · n⌋ smallest and as many of the largest of n parties' numbers.

    It lies between honest parties' numbers while liars are at most that many. With trim = 0 it is the mean in which
    each party counts the same. Source: Yin et al. 2018, definition 2.
    """

    name: ClassVar[str] = "trimmed_mean"
    title: ClassVar[str] = "Trimmed mean of each weight"
    lesson: ClassVar[str] = "For each weight the highest and the lowest numbers are left out, whoever sent them."

    trim: float = setting(
        0.2, "The share of the parties that is left out on each side.", symbol="β", low=0.0, high=0.49
    )

    def left_out(self, parties: int) -> int:
        return int(self.trim * parties + 1e-9)


class Krum(Aggregation):
    """The message of one party: that with the smallest sum of squared distances to its n - f - 2 nearest others.

    f is how many liars the server reckons with; n ≥ 2f + 3 parties must report. Source: Blanchard, El Mhamdi, Guerraoui
    and Stainer 2017, *Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent*, section 4.
    """

    name: ClassVar[str] = "krum"
    title: ClassVar[str] = "Krum: the party in best company"
    lesson: ClassVar[str] = "The message of the one party whose neighbours are nearest becomes the update."
    keeps_all: ClassVar[bool] = True

    expected_attackers: int = setting(
        1, "How many liars the server reckons with: more need more honest parties.", symbol="f", low=0, high=1_000
    )

    def require(self, experiment: Any) -> None:
        algorithm, parties = experiment.algorithm, max(1, round(experiment.participation * experiment.parties))
        if algorithm.asynchronous:
            parties = algorithm.needed(parties)
        if parties < self.least:
            raise InvalidSetting(
                "expected_attackers",
                say(
                    "expected_attackers is {f}, and then {rule} needs {least} parties in each round, but there are "
                    "only {parties}: take fewer attackers or more parties.",
                    f=self.expected_attackers, rule=say(self.title), least=self.least, parties=parties,
                ),
            )  # fmt: skip

    @property
    def least(self) -> int:
        """2f + 3: how many parties must report."""
        return 2 * self.expected_attackers + 3

    def combine(self, uploads: Iterable[Upload]) -> Message:
        every = list(uploads)
        return Mean().combine(every[place] for place in self.kept(every))

    def weights(self, uploads: Sequence[Upload]) -> np.ndarray:
        weights, kept = np.zeros(len(uploads)), self.kept(uploads)
        weights[kept] = Mean().weights([uploads[place] for place in kept])
        return weights

    def kept(self, uploads: Sequence[Upload]) -> np.ndarray:
        """The position of the one."""
        return self.ranked(uploads)[:1]

    def ranked(self, uploads: Sequence[Upload]) -> np.ndarray:
        """Positions of the messages, the best company first."""
        if len(uploads) < self.least:
            raise Diverged(
                say(
                    "Only {some} parties reported, but {rule} with {f} expected attackers needs {least}: expect fewer, "
                    "or take fewer dropouts.",
                    some=len(uploads), rule=say(self.title), f=self.expected_attackers, least=self.least,
                )
            )  # fmt: skip
        far = squared_distances(rows(uploads))
        near = np.sort(far, axis=1)[:, 1 : len(uploads) - self.expected_attackers - 1]  # the nearest is itself
        return np.argsort(near.sum(axis=1), kind="stable")


class MultiKrum(Krum):
    """The mean, by examples, of the n - f messages that Krum ranks first. With f = 0 it is the mean."""

    name: ClassVar[str] = "multi_krum"
    title: ClassVar[str] = "Multi-Krum: all but the worst company"
    lesson: ClassVar[str] = "The parties in the worst company are left out, as many as liars are expected."

    def kept(self, uploads: Sequence[Upload]) -> np.ndarray:
        """The positions of the n - f, in ascending order."""
        return np.sort(self.ranked(uploads)[: len(uploads) - self.expected_attackers])


class GeometricMedian(Aggregation):
    """The point with the smallest sum of distances, Σ n_k ||z - m_k||, from all messages, found by Weiszfeld's steps.

        z <- Σ_k β_k m_k / Σ_k β_k,   β_k = n_k / max(ν, ||z - m_k||)

    ten of them, from the mean. While liars hold less than half of the examples, they cannot move it without bound.
    Where all are at the same distance it is the mean. Source: Pillutla, Kakade and Harchaoui 2022, *Robust Aggregation
    for Federated Learning* (arXiv 1912.13445), algorithm 2.
    """

    name: ClassVar[str] = "geometric_median"
    title: ClassVar[str] = "Geometric median of the messages"
    lesson: ClassVar[str] = "The point nearest to all messages at once: one far away pulls no harder than one near by."
    keeps_all: ClassVar[bool] = True

    STEPS: ClassVar[int] = 10
    NEAREST: ClassVar[float] = 1e-6  # ν, against a division by zero

    def combine(self, uploads: Iterable[Upload]) -> Message:
        every = list(uploads)
        return shaped((self.weights(every) @ rows(every)).astype(np.float32), every[0].message)

    def weights(self, uploads: Sequence[Upload]) -> np.ndarray:
        points = rows(uploads)
        sizes = np.array([upload.examples for upload in uploads], np.float64)
        weights = sizes / sizes.sum()
        for _ in range(self.STEPS):
            z = weights @ points
            weights = sizes / np.maximum(self.NEAREST, np.sqrt(np.square(points - z).sum(axis=1)))
            weights /= weights.sum()
        return weights


class NormBound(Mean):
    """The mean by examples of messages that are shortened, where they are longer, to the length `norm_bound`.

    Each array of a message by itself. With a large bound it is the mean. Source: Sun, Kairouz, Suresh and McMahan
    2019, *Can You Really Backdoor Federated Learning?* (arXiv 1911.07963), section 4.
    """

    name: ClassVar[str] = "norm_bound"
    title: ClassVar[str] = "Mean of shortened messages"
    lesson: ClassVar[str] = "Nobody's message counts for more than a certain length: who shouts is turned down."

    norm_bound: float = setting(
        1.0, "How long a party's update may be.", symbol="S", low=0.001, high=1_000.0, slider=(0.01, 100.0), scale="log"
    )

    def combine(self, uploads: Iterable[Upload]) -> Message:
        return super().combine(
            replace(upload, message=tuple(np.float32(self.factor(part)) * part for part in upload.message))
            for upload in uploads
        )

    def weights(self, uploads: Sequence[Upload]) -> np.ndarray:
        factors = [
            np.average([self.factor(part) for part in upload.message], weights=[part.size for part in upload.message])
            for upload in uploads
        ]
        return super().weights(uploads) * factors

    def factor(self, part: np.ndarray) -> float:
        """From 0 to 1: by what an array is multiplied."""
        length = float(np.sqrt(np.square(part, dtype=np.float64).sum()))
        return self.norm_bound / max(self.norm_bound, length) if part.ndim else 1.0


def rows(uploads: Sequence[Upload]) -> np.ndarray:
    """(n, size): the messages, one a row."""
    return np.stack([flat(upload.message) for upload in uploads])


def stacked(uploads: Iterable[Upload]) -> list[np.ndarray]:
    """For each array of the messages those of all parties, (n, ...)."""
    return [np.stack(parts) for parts in zip(*(upload.message for upload in uploads), strict=True)]


def squared_distances(points: np.ndarray) -> np.ndarray:
    """(n, n): ||m_i - m_j||², of points in the rows."""
    return np.array([np.square(points - point, dtype=np.float64).sum(axis=1) for point in points])
