"""The server averages what it cannot read: homomorphic encryption, by OpenMined's TenSEAL.

    party k   encrypts c_k = Enc(n_k / n · w_k), with the parties' key, and sends it
    server    adds c = Σ_k c_k, without the key, and sends it back
    party     decrypts Dec(c) = Σ_k n_k / n · w_k, but for noise

The scheme is CKKS: Cheon, Kim, Kim and Song 2017, *Homomorphic Encryption for Arithmetic of Approximate Numbers*. A
ciphertext is two polynomials of degree N modulo q, and holds N / 2 numbers, each rounded to multiples of 1 / SCALE.

What it does not protect: all parties have one key, so a party and the server together read everybody's weights. And
whoever holds a ciphertext and exactly what it decrypts to finds the key (Li and Micciancio 2021): nobody may tell the
server the mean, not even for it to be tested there. Masks (`fedlab.stages.secure_sum`) need neither, and send less.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fedlab.openmined.loading import load
from fedlab.text import say

if TYPE_CHECKING:
    from tenseal import Context

DEGREE = 8192  # N; for 128 bits of security q may have up to 218 bits with it
BITS = [60, 60]  # of the primes: q for what travels, and one more for keys. Sums need no further ones, products would
SCALE = 2.0**40  # noise is then some 10^-8; numbers must stay below 2^(59 - 40)
LARGEST = 2.0**18
SLOTS = DEGREE // 2  # numbers in a ciphertext


class Encrypted(NamedTuple):
    """The mean as the parties read it, and what it cost."""

    mean: np.ndarray  # (P,) float64
    bytes_up: int  # that each party sends
    bytes_down: int  # that each party gets
    bytes_once: int  # the server's copy of the context: parameters and public key


def encrypted_mean(updates: Sequence[np.ndarray], counts: Sequence[int]) -> Encrypted:
    """Σ n_k / n · w_k of K vectors of P weights; each n_k is how many examples a party has.

    `ImportError` with one sentence where TenSEAL is not installed, `ValueError` for what has no such mean.
    """
    _require(updates, counts)
    parties = new_key()
    for_server = without_secret(parties)
    shares = np.array(counts) / sum(counts)
    sent = [encrypt(share * np.asarray(own, np.float64), parties) for own, share in zip(updates, shares, strict=True)]
    returned = add(sent, for_server)
    mean = decrypt(returned, parties)[: len(updates[0])]
    return Encrypted(mean, max(sum(map(len, one)) for one in sent), sum(map(len, returned)), len(for_server))


def new_key() -> Context:
    """A context with a fresh key, which the parties share and the server never gets."""
    tenseal = _tenseal()
    context = tenseal.context(tenseal.SCHEME_TYPE.CKKS, poly_modulus_degree=DEGREE, coeff_mod_bit_sizes=BITS)
    context.global_scale = SCALE
    return context


def without_secret(context: Context) -> bytes:
    """What the server gets: enough to add, too little to read."""
    public = context.copy()
    public.make_context_public()
    return public.serialize(save_galois_keys=False, save_relin_keys=False)  # for turns and products; nobody needs them


def encrypt(numbers: np.ndarray, context: Context) -> list[bytes]:
    """At a party: (P,) numbers in ⌈P / SLOTS⌉ ciphertexts. With new randomness each time, so none repeats."""
    tenseal = _tenseal()
    parts = [numbers[start : start + SLOTS].tolist() for start in range(0, len(numbers), SLOTS)]
    return [tenseal.ckks_vector(context, part).serialize() for part in parts]


def add(sent: Sequence[list[bytes]], for_server: bytes) -> list[bytes]:
    """At the server: the sum of what the parties sent, ciphertext by ciphertext."""
    tenseal = _tenseal()
    context = tenseal.context_from(for_server)
    sums = [tenseal.ckks_vector_from(context, part) for part in sent[0]]
    for one in sent[1:]:
        for total, part in zip(sums, one, strict=True):
            total += tenseal.ckks_vector_from(context, part)
    return [total.serialize() for total in sums]


def decrypt(ciphertexts: list[bytes], context: Context) -> np.ndarray:
    """At a party: the numbers again. Without the secret key it is a `ValueError` of TenSEAL's."""
    tenseal = _tenseal()
    return np.concatenate([tenseal.ckks_vector_from(context, part).decrypt() for part in ciphertexts])


def _tenseal() -> ModuleType:
    try:
        return load("tenseal")
    except ImportError:
        raise ImportError(
            say(
                "TenSEAL is not installed here: install it with pip install tenseal==0.3.18, which has wheels for "
                "Linux, for Windows and for Macs with Apple's processors.",
            )
        ) from None


def _require(updates: Sequence[np.ndarray], counts: Sequence[int]) -> None:
    if not len(updates) or len(updates) != len(counts):
        raise ValueError(
            say(
                "There are {updates} vectors and {counts} numbers of examples: give one of each for every party.",
                updates=len(updates), counts=len(counts),
            )
        )  # fmt: skip
    if min(counts) < 0 or sum(counts) == 0:
        raise ValueError(say("Numbers of examples must be 0 or more, and not all 0."))
    if {np.shape(own) for own in updates} != {(len(updates[0]),)} or not len(updates[0]):
        raise ValueError(say("Every party must send one row of weights, all of the same length."))
    if not all(np.abs(own).max() < LARGEST for own in updates):  # NaN is not less
        raise ValueError(say("Weights must be numbers between -{largest:,.0f} and {largest:,.0f}.", largest=LARGEST))
