"""Private set intersection: whom do two parties both know? Neither tells the other about anybody else.

Exponents commute. Each party blinds a name twice over, once with each secret, and equal names end up equal:

    A sends H(x)^a of its names         B sends H(y)^b of its
    B sends those back as H(x)^ab       A makes H(y)^ba;   H(x)^ab = H(y)^ba where x = y

A number H(x)^a says nothing about x to anybody without a, as long as discrete logarithms are hard. Both learn the
intersection, if A tells B what it found, and the other's number of names. Hashes alone, H(x), hide nothing: who can
try all names finds each (`unhashed`).

The group: squares modulo the safe prime p = 2 q + 1 of 2,048 bits (RFC 3526, group 14), of prime order q; secrets of
256 bits. A lesson, not a product: it takes about 2 ms a power, trusts both parties to follow the rules, and Python's
`pow` takes longer for some secrets than for others. `openmined` is the real thing, on an elliptic curve.
Source: Huberman, Franklin and Hogg 1999, *Enhancing privacy and trust in electronic communities*.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence

from fedlab.text import say

PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
SECRET_BITS = 256


def secret() -> int:
    """A party's own exponent, from the operating system's source: odd, so it has an inverse modulo the order q."""
    return secrets.randbits(SECRET_BITS) | 1


def hashed(name: str) -> int:
    """H(x): a square modulo p that looks drawn at random."""
    digest = hashlib.shake_256(name.encode()).digest(PRIME.bit_length() // 8 + 16)
    return pow(int.from_bytes(digest, "big") % PRIME, 2, PRIME)


def blinded(numbers: Iterable[int], key: int) -> list[int]:
    """Each number to the power of a party's secret, in the same order."""
    return [pow(number, key, PRIME) for number in numbers]


def intersection(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """The names that both have, in our order: both parties' work, in one place so that one can read it."""
    a, b = secret(), secret()
    sent = blinded(map(hashed, ours), a)  # from us to them
    received = sorted(blinded(map(hashed, theirs), b))  # from them to us, in an order that says nothing
    returned = blinded(sent, b)  # from them to us, in the order in which we sent them
    known_to_both = set(blinded(received, a))  # by us; never sent
    return [name for name, number in zip(ours, returned, strict=True) if number in known_to_both]


def bare_hash(name: str) -> str:
    """What some send instead: a hash, without any secret."""
    return hashlib.sha256(name.encode()).hexdigest()


def unhashed(hashes: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """The attack on bare hashes: hash all names that there can be, and look. Returns each hash that was found."""
    wanted = set(hashes)
    return {digest: name for name in names if (digest := bare_hash(name)) in wanted}


def phone_numbers(prefix: str, digits: int) -> Iterable[str]:
    """All 10^digits numbers that begin so."""
    return (f"{prefix}{number:0{digits}d}" for number in range(10**digits))


def openmined(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """`intersection` by OpenMined's library, in C++, on the curve P-256: what to use when it counts.

    `ImportError` with one sentence where it is not installed.
    """
    try:
        import private_set_intersection.python as psi
    except ImportError:
        raise ImportError(
            say(
                "openmined-psi is not installed here: install it with pip install openmined-psi==2.0.4, which has "
                "wheels for Python 3.11 on Linux and on Macs with Apple's processors.",
            )
        ) from None
    we, they = psi.client.CreateWithNewKey(True), psi.server.CreateWithNewKey(True)
    setup = they.CreateSetupMessage(1e-9, len(ours), list(theirs), psi.DataStructure.RAW)  # RAW: no false hits
    response = they.ProcessRequest(we.CreateRequest(list(ours)))
    return [ours[place] for place in sorted(we.GetIntersection(setup, response))]
