"""Secure aggregation: the server learns the sum of the parties' messages, and nothing else of any of them.

Each party's message, as whole numbers modulo 2^32, is hidden under masks that look like noise:

    party k sends   y_k = x_k + PRG(b_k) + Σ_{j > k} PRG(s_kj) - Σ_{j < k} PRG(s_kj)     mod 2^32

s_kj is a secret that parties j and k have agreed on; its mask is added by one of them and taken away by the other, so
in the sum it is gone. If party j drops out after the others have added masks for it, t of them hand over their Shamir
shares of j's key, and the server takes its masks away. Then why a mask b_k of party k's own? Because a server that
lies, "party k has dropped out", would get the shares of k's key and could read y_k, which has only been late. So of
each party the others give away one of two secrets: the key of who dropped out, or b_k of who did not; with only one of
them y_k stays noise.

Whole numbers, because floats do not cancel: with masks of size 10^6 the mean of ten parties in float32 is off by 0.4.
Source: Bonawitz et al. 2017, *Practical Secure Aggregation for Privacy-Preserving Machine Learning*, figure 4, against
a server that does as it should. Left out: the signatures that protect from a server that changes keys on their way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from fedlab.messages import Message, Upload, flat, shaped
from fedlab.randomness import Choice, generator
from fedlab.rounds import Diverged
from fedlab.settings import InvalidSetting, setting
from fedlab.stages import shamir
from fedlab.stages.aggregation import Aggregation, Mean
from fedlab.stages.base import Place, Stage
from fedlab.text import say

ONE = 2**20  # what stands for 1: numbers are rounded to multiples of 1 / ONE
MOST = 2**31 - 1  # the largest sum; negative numbers stand above it, as 2^32 less

# Bytes that travel beside the messages, for each two parties: what Bonawitz et al.'s four steps send
KEYS = 64  # two public keys, one to agree on masks and one to seal shares with
SEALED = 2 * shamir.BYTES + 28  # shares of two secrets, with the nonce and the tag of an authenticated cipher


class SecureSum(Stage):
    """What hides each message from the server and leaves their sum. This base is the kind `none`."""

    name: ClassVar[str] = "none"
    title: ClassVar[str] = "Open messages"
    lesson: ClassVar[str] = "The server sees what each single party sends."

    def combine(self, uploads: Iterable[Upload], rule: Aggregation, at: Place) -> Message:
        """One message out of those of all parties of the round, by the experiment's rule where the server sees them."""
        return rule.combine(uploads)

    def bytes_beside(self, at: Place, reporting: int) -> tuple[int, int]:
        """What all parties of the round send, and get, beside the messages. reporting: how many of them report."""
        return 0, 0


class Masks(SecureSum):
    """Σ n_k m_k / Σ n_k from masked messages, to the bit the mean of the rounded ones: `round_to_grid` says how.

    The weight n_k / n, n being the examples of all who take part, is multiplied in at the party; the server divides by
    the share of those who report. t = ⌈threshold · K⌉ of a round's K parties must report, or the sum stays hidden and
    the round is lost. With one party a round the sum is that party's message, and nothing is hidden. Both effort and
    bytes beside the messages grow with K².
    """

    name: ClassVar[str] = "masks"
    title: ClassVar[str] = "Masks that cancel"
    lesson: ClassVar[str] = "Every message looks like noise; only the sum of all can be read."

    mask_threshold: float = setting(
        0.6,
        "The share of a round's parties that must report: fewer cannot take the masks away, nor can so few spies.",
        symbol="t/K",
        low=0.5,
        high=1.0,
    )

    def require(self, experiment: Any) -> None:
        rule, compression = experiment.aggregation, experiment.compression
        if type(rule) is not Mean:
            raise InvalidSetting(
                "secure_sum",
                say(
                    "Under masks the server sees only the parties' sum, but {rule} looks at each message by itself: "
                    "take the mean, or open messages.",
                    rule=say(type(rule).title),
                ),
            )
        if not compression.adds_up:
            raise InvalidSetting(
                "secure_sum",
                say(
                    "Masks cancel only where messages can be added, and codes of {compression} cannot: take another "
                    "compression, such as random-k, or open messages.",
                    compression=say(type(compression).title),
                ),
            )

    def threshold(self, parties: int) -> int:
        """t: how many of a round's parties must report."""
        return max(1, int(np.ceil(self.mask_threshold * parties - 1e-9)))

    def at_party(self, up: Message, own: None, at: Place) -> tuple[Message, None]:
        assert at.party is not None
        numbers = round_to_grid(up, at)
        numbers += stream(secrets_of(at, at.party).own, len(numbers))
        for other in at.chosen:
            if other != at.party:
                numbers += mask(secrets_of(at, at.party).key, at, at.party, other, len(numbers))
        return shaped(numbers, up), None

    def combine(self, uploads: Iterable[Upload], rule: Aggregation, at: Place) -> Message:
        total, examples = np.zeros(0, np.uint32), dict[int, int]()
        like: Message = ()
        for upload in uploads:
            like, masked = upload.message, flat(upload.message)
            total = masked if not examples else total + masked
            examples[upload.party] = upload.examples
        threshold = self.threshold(len(at.chosen))
        if len(examples) < threshold:
            raise Unreadable(
                say(
                    "Only {some} of {all} parties reported in round {number}, but it takes {threshold} to take the "
                    "masks away: their sum stays hidden. Take a lower threshold or fewer dropouts.",
                    some=len(examples), all=len(at.chosen), number=at.number, threshold=threshold,
                )
            )  # fmt: skip
        helpers = list(examples)[:threshold]
        for party in at.chosen:
            if party in examples:
                own = secret_from(helpers, at, party, threshold, "own")
                total = total - stream(own, len(total))
            else:
                key = secret_from(helpers, at, party, threshold, "key")
                for other in examples:
                    total = total + mask(key, at, party, other, len(total))
        reported = sum(examples.values()) / at.among
        mean = total.view(np.int32).astype(np.float64) / (ONE * reported)
        return shaped(mean.astype(np.float32), like)

    def bytes_beside(self, at: Place, reporting: int) -> tuple[int, int]:
        """Beside its message each of K parties sends two public keys, a sealed pair of shares for each other party and,
        if it reports, one share of every party. It gets the others' keys and sealed shares, and a list of who reports.
        """
        parties = len(at.chosen)
        sealed = parties * (parties - 1) * SEALED
        up = parties * KEYS + sealed + reporting * parties * shamir.BYTES
        return up, parties * (parties - 1) * KEYS + sealed + 4 * reporting**2


class Unreadable(Diverged):
    """A sum that nobody can read, so the run cannot go on; the text says why."""


@dataclass(frozen=True)
class Secrets:
    """What a party draws for one round."""

    key: bytes  # what it agrees with the others by
    public: bytes  # what the others need for that
    own: bytes  # the seed of its mask of its own


@lru_cache(maxsize=1024)
def _secrets(seed: int, number: int, party: int) -> Secrets:
    """Drawn like everything else, so that a run repeats; a real party asks its operating system."""
    rng = generator(seed, Choice.SECURE_SUM, number, party)
    key, own = rng.bytes(32), rng.bytes(32)
    return Secrets(key, X25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw(), own)


def secrets_of(at: Place, party: int) -> Secrets:
    """What this party alone knows in this round; its `public` everybody."""
    return _secrets(at.seed, at.number, party)


def mask(key: bytes, at: Place, party: int, other: int, count: int) -> np.ndarray:
    """The mask that `party`, whose key this is, adds for `other`; `other` adds what cancels it.

    Both agree on the same secret, each from its own key and the other's public one (X25519).
    """
    others = X25519PublicKey.from_public_bytes(secrets_of(at, other).public)
    agreed = X25519PrivateKey.from_private_bytes(key).exchange(others)
    numbers = stream(hashlib.sha256(agreed).digest(), count)
    return numbers if party < other else -numbers


def stream(seed: bytes, count: int) -> np.ndarray:
    """(count,) uint32 that look drawn to whoever does not know the 32 bytes of the seed: PRG, by ChaCha20."""
    cipher = Cipher(ChaCha20(seed, nonce=bytes(16)), mode=None).encryptor()
    return np.frombuffer(cipher.update(bytes(4 * count)), np.uint32)


def round_to_grid(up: Message, at: Place) -> np.ndarray:
    """n_k / n of a message as whole numbers modulo 2^32, all arrays one behind the other; 2^20 stands for 1.

    A number too large for K of its size to be added is cut to the largest that is not.
    """
    most = MOST // len(at.chosen)
    with np.errstate(invalid="ignore"):  # a party that breaks down is told so afterwards
        whole = np.clip(np.rint(flat(up).astype(np.float64) * (ONE * at.weight / at.among)), -most, most).astype(
            np.int64
        )
    return whole.astype(np.uint32)


@lru_cache(maxsize=1024)
def _dealt(seed: int, number: int, party: int, chosen: tuple[int, ...], threshold: int) -> dict[str, dict[int, int]]:
    """The shares of a party's two secrets, by the number of whom it deals them to, counted from 1."""
    secrets, rng = _secrets(seed, number, party), generator(seed, Choice.SECURE_SUM, number, party, 1)
    numbers = [other + 1 for other in chosen]
    return {
        which: shamir.shares_of(int.from_bytes(secret, "little"), threshold, numbers, rng)
        for which, secret in (("key", secrets.key), ("own", secrets.own))
    }


def secret_from(helpers: list[int], at: Place, party: int, threshold: int, which: str) -> bytes:
    """One of the two secrets of a party, from the shares that these others hold and hand over."""
    dealt = _dealt(at.seed, at.number, party, at.chosen, threshold)[which]
    return shamir.secret_of({helper + 1: dealt[helper + 1] for helper in helpers}).to_bytes(32, "little")
