"""Private set intersection: exponents commute, and nobody learns another name. Bare hashes hide nothing."""

from __future__ import annotations

import random
import sys

import pytest

from fedlab.vertical import intersection as psi

OURS = [f"patient {number}" for number in range(0, 24, 2)]
THEIRS = [f"patient {number}" for number in range(0, 24, 3)]
BOTH = ["patient 0", "patient 6", "patient 12", "patient 18"]  # the multiples of 6


def is_prime(n: int) -> bool:
    """Miller and Rabin with 10 witnesses: wrong for a number that is none with a chance of 4^-10 at most."""
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for witness in (random.Random(0).randrange(2, n - 1) for _ in range(10)):
        x = pow(witness, odd, n)
        if x not in (1, n - 1) and not any((x := x * x % n) == n - 1 for _ in range(twos - 1)):
            return False
    return True


def test_the_group_is_the_squares_modulo_a_safe_prime_of_2048_bits() -> None:
    assert psi.PRIME.bit_length() == 2048
    assert is_prime(psi.PRIME)
    assert is_prime((psi.PRIME - 1) // 2)


def test_names_are_hashed_into_the_group_of_prime_order() -> None:
    """x^q = 1 for squares only (Euler's criterion)."""
    q = (psi.PRIME - 1) // 2
    assert all(pow(psi.hashed(name), q, psi.PRIME) == 1 for name in OURS[:3])
    assert len({psi.hashed(name) for name in OURS}) == len(OURS)


def test_exponents_commute() -> None:
    a, b = psi.secret(), psi.secret()
    numbers = [psi.hashed(name) for name in OURS[:4]]
    assert psi.blinded(psi.blinded(numbers, a), b) == psi.blinded(psi.blinded(numbers, b), a)


def test_what_is_found_is_what_both_have_in_our_order() -> None:
    assert psi.intersection(OURS, THEIRS) == BOTH
    assert psi.intersection(OURS, ["nobody"]) == []
    assert psi.intersection([], THEIRS) == []


def test_trying_all_numbers_finds_whoever_is_behind_a_bare_hash_and_nobody_behind_a_blinded_one() -> None:
    numbers = list(psi.phone_numbers("0171 55", 3))
    assert (len(numbers), numbers[7], numbers[-1]) == (1_000, "0171 55007", "0171 55999")
    sent = {psi.bare_hash("0171 55123"): "0171 55123", psi.bare_hash("0171 55999"): "0171 55999"}
    assert psi.unhashed(sent, numbers) == sent
    (blinded,) = psi.blinded([psi.hashed("0171 55123")], psi.secret())
    assert blinded not in map(psi.hashed, numbers)


def test_two_secrets_blind_the_same_name_differently() -> None:
    number = psi.hashed(OURS[0])
    assert len({*psi.blinded([number], psi.secret()), *psi.blinded([number], psi.secret()), number}) == 3


def test_openmineds_library_finds_the_same() -> None:
    pytest.importorskip("private_set_intersection.python")
    assert psi.openmined(OURS, THEIRS) == psi.intersection(OURS, THEIRS) == BOTH
    many, others = [str(number) for number in range(1_000)], [str(number) for number in range(700, 1_700)]
    assert psi.openmined(many, others) == many[700:]


def test_without_the_library_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "private_set_intersection.python", None)
    with pytest.raises(ImportError, match=r"^openmined-psi is not installed here: .*3\.11.*\.$"):
        psi.openmined(OURS, THEIRS)
