"""Compression: fewer bytes on the way up. What it gets wrong can be remembered, and sent the next time.

A code is what would travel: its bytes are counted, and the server decodes nothing but them. With *error feedback* party
k keeps a memory e_k of what it has not sent:

    v   <- update + e_k
    send C(v)
    e_k <- v - C(v)

So all that a party has sent, plus what it remembers, is the sum of its updates. Source: Stich, Cordonnier and Jaggi
2018, *Sparsified SGD with Memory* (arXiv 1809.07599), algorithm 1; Karimireddy, Rebjock, Stich and Jaggi 2019, *Error
Feedback Fixes SignSGD* (arXiv 1901.09847), algorithm 2.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fedlab.messages import Message
from fedlab.settings import setting
from fedlab.stages.base import Place, Stage


class Compression(Stage):
    """What makes messages smaller. This base is the kind `none`."""

    name: ClassVar[str] = "none"
    title: ClassVar[str] = "All of it"
    lesson: ClassVar[str] = "Every number is sent, with 32 bits."
    adds_up: ClassVar[bool] = True  # whether the mean of codes is the code of the mean, as a secure sum needs

    @property
    def keeps_length(self) -> bool:
        """Whether what the server decodes is never longer than the update, as its noise for privacy needs."""
        return True


class Coded(Compression):
    """A compression with `encode` and `decode`, and with error feedback. Made for kinds to be derived from.

    Each array of the model's size is coded by itself; a single number, such as FedNova's, travels as it is.
    """

    adds_up: ClassVar[bool] = False
    shortens: ClassVar[bool] = True  # whether C(v) is never longer than v

    error_feedback: bool = setting(
        True,
        "What a party has not sent it remembers, and adds to what it sends the next time.",
        choices=(True, False),
    )

    @property
    def keeps_length(self) -> bool:
        return self.shortens and not self.error_feedback

    def encode(self, v: np.ndarray, at: Place) -> np.ndarray:
        """The code of v, (P,) float32: what travels."""
        raise NotImplementedError

    def decode(self, code: np.ndarray, at: Place) -> np.ndarray:
        """(P,) float32: what the server takes v for. It knows the code, the settings, P, and the shared draws."""
        raise NotImplementedError

    def at_party(self, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
        sent, memory = [], []
        for place, update in enumerate(up):
            if update.shape != (at.size,):
                sent.append(update)
                memory.append(np.zeros_like(update))
                continue
            v = update + own[place] if self.error_feedback and own is not None else update
            code = self.encode(v, at)
            sent.append(code)
            memory.append(v - self.decode(code, at))
        return tuple(sent), tuple(memory) if self.error_feedback else None

    def on_arrival(self, up: Message, at: Place) -> Message:
        return tuple(self.decode(code, at) if code.ndim else code for code in up)


class TopK(Coded):
    """The k = max(1, round(s P)) largest numbers of v, each with its place; the others count as 0.

    A code is k places of 4 bytes and k numbers of 4 bytes. ||v - C(v)||² ≤ (1 - k/P) ||v||², with equality if all
    numbers have the same size. Without error feedback a small number is never sent. With a share of 1 it is `none`, at
    twice the bytes. Source: Stich et al. 2018, definition 2.1.
    """

    name: ClassVar[str] = "topk"
    title: ClassVar[str] = "Top-k: the largest changes"
    lesson: ClassVar[str] = "Only the weights that changed most are sent, each with its place."

    topk_share: float = setting(
        0.01, "The share of the weights that is sent.", symbol="k/P", low=0.0001, high=1.0, scale="log"
    )

    def encode(self, v: np.ndarray, at: Place) -> np.ndarray:
        k = count_of(self.topk_share, len(v))
        places = np.sort(np.argpartition(np.abs(v), len(v) - k)[len(v) - k :])
        return np.concatenate([places.astype(np.uint32).view(np.uint8), v[places].view(np.uint8)])

    def decode(self, code: np.ndarray, at: Place) -> np.ndarray:
        places, numbers = np.split(code, 2)
        v = np.zeros(at.size, np.float32)
        v[places.view(np.uint32)] = numbers.view(np.float32)
        return v


class RandomK(Coded):
    """k = max(1, round(s P)) numbers of v at places that are drawn anew for each round, the same for all its parties.

    Nobody has to send the places: a code is k numbers of 4 bytes, and the mean of codes is the code of the mean. So the
    server can decode the mean, which is all that it sees of a secure sum. Without error feedback the numbers are sent
    P/k times as large, so that C(v) is v on average; with it they are not, since what is missing follows later. Source:
    Stich et al. 2018, definition 2.1.
    """

    name: ClassVar[str] = "randomk"
    title: ClassVar[str] = "Random-k: a few changes by lot"
    lesson: ClassVar[str] = "Weights drawn by lot are sent, the same for all parties, so their places need not be."
    adds_up: ClassVar[bool] = True
    shortens: ClassVar[bool] = False

    randomk_share: float = setting(
        0.05, "The share of the weights that is sent.", symbol="k/P", low=0.0001, high=1.0, scale="log"
    )

    def encode(self, v: np.ndarray, at: Place) -> np.ndarray:
        places = self._places(at)
        return v[places] if self.error_feedback else v[places] * np.float32(len(v) / len(places))

    def decode(self, code: np.ndarray, at: Place) -> np.ndarray:
        v = np.zeros(at.size, np.float32)
        v[self._places(at)] = code
        return v

    def on_arrival(self, up: Message, at: Place) -> Message:
        return up

    def at_server(self, mean: Message, parties: Any, at: Place) -> Message:
        return super().on_arrival(mean, at)

    def _places(self, at: Place) -> np.ndarray:
        return at.at(at.role).shared.choice(
            at.size, size=count_of(self.randomk_share, at.size), replace=False, shuffle=False
        )


BUCKET = 128  # numbers that share one length, in QSGD: fewer are finer and cost more lengths


class Quantize(Coded):
    """QSGD: each number as one of 2s + 1 levels of its bucket's length, rounded by lot, s = 2^(bits - 1) - 1.

    In each bucket of d = 128 numbers, Q(v)_i = ||v|| sgn(v_i) ξ_i / s, where ξ_i is s |v_i| / ||v||, rounded up or down
    so that it is right on average. Then E Q(v) = v and E||Q(v) - v||² ≤ ω ||v||² with ω = min(d/s², √d/s). A code is b
    bits a number and one length of 4 bytes a bucket. With error feedback the server takes v for Q(v) / (1 + ω): what is
    then missing is on average shorter than v, which a memory needs so as not to grow. Source: Alistarh, Grubic, Li,
    Tomioka and Vojnović 2017, *QSGD* (arXiv 1610.02132), section 3.1 and, for buckets, 4.
    """

    name: ClassVar[str] = "quantize"
    title: ClassVar[str] = "QSGD: a few bits a weight"
    lesson: ClassVar[str] = "Every change is sent, rounded to a few levels so that it is right on average."
    shortens: ClassVar[bool] = False

    quantize_bits: int = setting(
        4, "Bits for each weight: with fewer, rounding is coarser.", symbol="b", low=2, high=16
    )

    @property
    def levels(self) -> int:
        """s: levels on each side of 0."""
        return int(2 ** (self.quantize_bits - 1) - 1)

    @property
    def variance(self) -> float:
        """ω = min(d/s², √d/s), d being a bucket's numbers."""
        return min(BUCKET / self.levels**2, BUCKET**0.5 / self.levels)

    def encode(self, v: np.ndarray, at: Place) -> np.ndarray:
        buckets = np.zeros((-(-len(v) // BUCKET), BUCKET), np.float32)
        buckets.flat[: len(v)] = v
        lengths = np.sqrt(np.square(buckets).sum(axis=1, keepdims=True))
        scaled = self.levels * np.abs(buckets) / np.maximum(lengths, np.finfo(np.float32).tiny)
        rounded = np.minimum(scaled + at.rng.random(scaled.shape, np.float32), self.levels).astype(np.int32)
        signed = np.where(buckets < 0, -rounded, rounded) + self.levels
        return np.concatenate([lengths.view(np.uint8).ravel(), packed(signed.ravel()[: len(v)], self.quantize_bits)])

    def decode(self, code: np.ndarray, at: Place) -> np.ndarray:
        buckets = -(-at.size // BUCKET)
        lengths, numbers = code[: 4 * buckets].view(np.float32), code[4 * buckets :]
        levels = unpacked(numbers, self.quantize_bits, at.size).astype(np.float32) - self.levels
        shrink = 1 + self.variance if self.error_feedback else 1
        return np.repeat(lengths, BUCKET)[: at.size] * levels / np.float32(self.levels * shrink)


class Sign(Coded):
    """The signs of v, and one size for all of them: C(v) = mean |v_i| · sgn(v).

    A code is a bit a number and 4 bytes. ||v - C(v)||² = (1 - ||v||₁² / (P ||v||²)) ||v||². Without error feedback it
    may walk away from the minimum: a slope that is 4 in one of four cases and -1 in three has the mean 1/4, and the
    mean sign -1/2. Source: Karimireddy et al. 2019, sections 3 and 4.
    """

    name: ClassVar[str] = "sign"
    title: ClassVar[str] = "Sign: one bit a weight"
    lesson: ClassVar[str] = "Of each change only up or down is sent, and one size for all of them."

    def encode(self, v: np.ndarray, at: Place) -> np.ndarray:
        size = np.abs(v).mean(dtype=np.float64, keepdims=True).astype(np.float32)
        return np.concatenate([size.view(np.uint8), np.packbits(v >= 0)])

    def decode(self, code: np.ndarray, at: Place) -> np.ndarray:
        up = np.unpackbits(code[4:], count=at.size).astype(bool)
        size = code[:4].view(np.float32)[0]
        return np.where(up, size, -size)


def count_of(share: float, size: int) -> int:
    """How many numbers a share of them is; at least one."""
    return max(1, round(share * size))


def packed(numbers: np.ndarray, bits: int) -> np.ndarray:
    """Numbers from 0 to 2^bits - 1 side by side, without a gap: (⌈n · bits / 8⌉,) bytes."""
    return np.packbits((numbers[:, None] >> np.arange(bits)) & 1)


def unpacked(code: np.ndarray, bits: int, count: int) -> np.ndarray:
    """The first `count` numbers that were packed."""
    return np.unpackbits(code, count=count * bits).reshape(count, bits) @ (1 << np.arange(bits))
