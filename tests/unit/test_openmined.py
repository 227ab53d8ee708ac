"""OpenMined's tools: a server that adds what it cannot read, and counts that hide each single example."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from benchmarks import openmined
from fedlab.lessons import needs
from fedlab.openmined import encrypted, encrypted_mean, epsilon_of, private_counts
from fedlab.openmined.loading import load

COUNTS = [579, 1179, 1242]
UPDATES = list(np.random.default_rng(0).normal(0, 0.1, (3, 7_850)).astype(np.float32))  # as long as softmax regression


def importable(package: str) -> Any:
    """The package, as the kit loads it; without it the test is skipped."""
    try:
        return load(package)
    except ImportError:
        pytest.skip(f"{package} is not installed")


# TenSEAL


def test_the_encrypted_mean_is_the_weighted_mean() -> None:
    """Within 10^-6. A fresh ciphertext has noise v e + e_0 + e_1 s, with e of deviation 3.2, v and s of -1, 0, 1:
    at most 3.2 √(4N/3 + 1) = 335 a coefficient for N = 8192. A number is read as the real part of a sum over N of
    them times complex roots of one, √(N/2) = 64 times as much, over the scale 2^40: 2 · 10^-8 a party, 3.4 · 10^-8
    for three. So 10^-6 is 29 deviations away.
    """
    importable("tenseal")
    wanted = np.average(np.asarray(UPDATES, np.float64), axis=0, weights=COUNTS)
    assert np.abs(encrypted_mean(UPDATES, COUNTS).mean - wanted).max() < 1e-6
    assert np.abs(wanted - np.mean(UPDATES, axis=0)).max() > 1e-2  # counts matter


def test_what_it_costs_are_two_polynomials_for_4096_numbers() -> None:
    """7,850 numbers take 2 ciphertexts, each of 2 · 8192 whole numbers of 60 bits, kept in 64 at most, and a head. A
    public key is as large as one, with two primes.
    """
    importable("tenseal")
    assert encrypted.SLOTS == 4_096
    cost = encrypted_mean(UPDATES, COUNTS)
    numbers = 2 * 2 * 8_192
    for sent in (cost.bytes_up, cost.bytes_down, cost.bytes_once):
        assert numbers * 60 / 8 < sent < numbers * 64 / 8 + 1_000
    one_more = encrypted_mean([np.zeros(4_097)] * 2, [1, 1])
    exactly = encrypted_mean([np.zeros(4_096)] * 2, [1, 1])
    assert one_more.bytes_up == pytest.approx(2 * exactly.bytes_up, rel=0.01)
    assert (len(one_more.mean), len(exactly.mean)) == (4_097, 4_096)


def test_the_servers_copy_adds_and_cannot_read() -> None:
    tenseal = importable("tenseal")
    parties = encrypted.new_key()
    for_server = encrypted.without_secret(parties)
    sent = [encrypted.encrypt(own.astype(np.float64), parties) for own in UPDATES]
    total = encrypted.add(sent, for_server)
    server = tenseal.context_from(for_server)
    assert parties.has_secret_key()  # the copy took nothing away
    assert not server.has_secret_key()
    for what in (total, *sent):
        with pytest.raises(ValueError, match="secret_key"):
            encrypted.decrypt(what, server)
    assert np.abs(encrypted.decrypt(total, parties) - np.sum(UPDATES, axis=0, dtype=np.float64)).max() < 1e-6


def test_another_key_reads_noise() -> None:
    importable("tenseal")
    sent = encrypted.encrypt(np.full(100, 0.5), encrypted.new_key())
    assert np.abs(encrypted.decrypt(sent, encrypted.new_key())[:100] - 0.5).min() > 1


def test_the_same_numbers_never_look_the_same_twice() -> None:
    """So a server cannot see that a party has learned nothing, nor that two have the same weights."""
    importable("tenseal")
    parties = encrypted.new_key()
    (one,), (other,) = (encrypted.encrypt(np.zeros(50), parties) for _ in range(2))
    assert one != other
    assert np.abs(encrypted.decrypt([one], parties) - encrypted.decrypt([other], parties)).max() < 1e-6


@pytest.mark.parametrize(
    ("updates", "counts", "said"),
    [
        ([], [], "There are 0 vectors and 0 numbers"),
        ([np.ones(3)], [1, 2], "There are 1 vectors and 2 numbers"),
        ([np.ones(3), np.ones(3)], [1, -1], "0 or more, and not all 0"),
        ([np.ones(3), np.ones(3)], [0, 0], "0 or more, and not all 0"),
        ([np.ones(3), np.ones(4)], [1, 1], "all of the same length"),
        ([np.ones((3, 2)), np.ones((3, 2))], [1, 1], "one row of weights"),
        ([np.ones(0)], [1], "one row of weights"),
        ([np.ones(3), np.array([1, np.nan, 1])], [1, 1], "between -262,144 and 262,144"),
        ([np.ones(3), np.array([1, 1e6, 1])], [1, 1], "between -262,144 and 262,144"),
    ],
)
def test_what_has_no_mean_is_refused_in_a_sentence(updates: Any, counts: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        encrypted_mean(updates, counts)


# PyDP


def test_counts_are_right_on_average_and_off_by_one_over_epsilon() -> None:
    """Of n = 400 counts with Laplace noise of scale 1/ε: the mean error has a deviation of √2 / (ε √n), the mean of its
    absolute values 1/ε one of 1 / (ε √n), both beside rounding to whole numbers, which moves the latter by less than
    1 % at ε = 0.1. Six deviations: wrong by chance once in 10^8 runs. Half or twice the noise would be 10 and 20 away.
    """
    importable("pydp.algorithms.laplacian")
    epsilon, truth = 0.1, np.arange(400) % 7
    noise = private_counts(np.repeat(np.arange(400), truth), 400, epsilon) - truth
    assert abs(noise.mean()) < 6 * math.sqrt(2) / epsilon / math.sqrt(400)
    assert np.abs(noise).mean() == pytest.approx(1 / epsilon, abs=6 / epsilon / math.sqrt(400) + 0.01 / epsilon)


def test_with_a_large_epsilon_counts_are_the_counts() -> None:
    """At ε = 60 the noise reaches a half, so that the rounded count is off, with a chance of e^-30."""
    importable("pydp.algorithms.laplacian")
    counts = private_counts(np.array([0, 2, 2, 2, 3]), 5, 60.0)
    assert counts.tolist() == [1, 0, 3, 1, 0]


@pytest.mark.parametrize("labels", [[0, 3], [-1], [0.5]])
def test_labels_that_are_none_are_refused(labels: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^Labels must be whole numbers from 0 to 2"):
        private_counts(np.array(labels), 3, 1.0)


@pytest.mark.parametrize("epsilon", [0.0, -1.0, math.inf, math.nan])
def test_an_epsilon_that_is_none_is_refused(epsilon: float) -> None:
    with pytest.raises(ValueError, match=r"^ε must be above 0 and finite"):
        private_counts(np.array([0]), 1, epsilon)
    with pytest.raises(ValueError, match=r"^ε must be above 0 and finite"):
        epsilon_of(epsilon, 1, 1e-5)


# The price of several answers


def test_without_delta_each_answer_costs_epsilon() -> None:
    assert epsilon_of(0.1, 10, 0.0) == pytest.approx(1.0)
    assert epsilon_of(0.1, 0, 1e-5) == 0


@pytest.mark.parametrize("delta", [1e-5, 1e-2])
def test_one_answer_costs_what_the_formula_says(delta: float) -> None:
    """The largest difference of P[A] and e^e P[A + 1], with A Laplace noise, is δ(e) = 1 - exp((e - ε) / 2), so that
    e = ε + 2 ln(1 - δ) (Balle, Barthe and Gaboardi 2018, theorem 3).
    """
    assert epsilon_of(0.5, 1, delta) == pytest.approx(0.5 + 2 * math.log(1 - delta), abs=1e-5)


@pytest.mark.parametrize("epsilon", [0.1, 1.0])
def test_ten_answers_save_hardly_anything(epsilon: float) -> None:
    """Each loss is ε with probability 1/2, all ten with 2^-10. So δ(e) ≥ 2^-10 (1 - exp(e - 10 ε)), which is
    e ≥ 10 ε + ln(1 - 2^10 δ): 0.0103 less than ten times ε, at δ = 10^-5.
    """
    found = epsilon_of(epsilon, 10, 1e-5)
    assert 10 * epsilon + math.log(1 - 2**10 * 1e-5) <= found < 10 * epsilon


def test_a_hundred_small_answers_cost_less_than_half_and_less_than_the_textbook_says() -> None:
    """√(2 T ln(1/δ)) ε + T ε (e^ε - 1) = 5.85 (Dwork, Rothblum and Vadhan 2010) at T = 100, ε = 0.1, δ = 10^-5."""
    found = epsilon_of(0.1, 100, 1e-5)
    assert found < 0.1 * 100 / 2
    assert found < math.sqrt(200 * math.log(1e5)) * 0.1 + 10 * math.expm1(0.1)


def test_a_hundred_losses_drawn_and_added_give_the_same_delta() -> None:
    """δ(e) = E max(0, 1 - exp(e - L)), L = Σ ε (|x - 1| - |x|) with x from Laplace noise around 0, drawn here."""
    epsilon, delta = 0.1, 0.01
    x = np.random.default_rng(1).laplace(0, 1 / epsilon, (100_000, 100))
    loss = epsilon * (np.abs(x - 1) - np.abs(x)).sum(axis=1)
    found = np.maximum(0, -np.expm1(epsilon_of(epsilon, 100, delta) - loss))
    assert found.mean() == pytest.approx(delta, abs=5 * found.std() / math.sqrt(len(found)))


@pytest.mark.parametrize(
    ("times", "delta", "said"), [(-1, 0.1, "counted from 0"), (1, 1.0, "^δ must"), (1, -0.1, "^δ")]
)
def test_a_price_that_is_none_is_refused(times: int, delta: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        epsilon_of(1.0, times, delta)


# Beside TensorFlow, and where they are not installed


def test_both_work_in_a_kernel_that_has_started_tensorflow() -> None:
    """In the usual order of search it dies of signal 11: both would call TensorFlow's protobuf and Abseil."""
    if not all(map(find_spec, ("tensorflow", "tenseal", "pydp"))):
        pytest.skip("not all three are installed")
    code = (
        "import tensorflow, numpy as np; from fedlab.openmined import encrypted_mean, private_counts; "
        "print(round(encrypted_mean([np.ones(3), np.zeros(3)], [1, 3]).mean[2], 3)); "
        "print(private_counts(np.array([1, 1]), 2, 60.0).tolist()); print(float(tensorflow.add(1.0, 2.0)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout.split("\n")) == (0, ["0.25", "[0, 2]", "3.0", ""])


def test_without_the_packages_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tenseal", None)
    monkeypatch.setitem(sys.modules, "pydp.algorithms.laplacian", None)
    with pytest.raises(ImportError, match=r"^TenSEAL is not installed here: .*pip install tenseal==[^ ]+, .*\.$"):
        encrypted_mean(UPDATES, COUNTS)
    with pytest.raises(ImportError, match=r"^PyDP is not installed here: .*pip install python-dp==[^ ]+, .*\.$"):
        private_counts(np.array([0]), 1, 1.0)


def test_a_cell_that_needs_them_says_so_and_the_page_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = InteractiveShell.instance()
    monkeypatch.setitem(sys.modules, "tenseal", None)
    try:
        needs.offer()
        cell = "from fedlab.openmined import encrypted_mean\nprint(encrypted_mean([[1.0]], [1]))"
        shell.run_cell_magic("needs_privacy", "", cell)
        shell.run_cell_magic("needs_privacy", "", "print('and', 1 + 1)")
    finally:
        InteractiveShell.clear_instance()
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("○ TenSEAL is not installed here")
    assert second == "and 2"


# What `python -m benchmarks.openmined` wrote down


def test_the_file_holds_every_part_and_its_bytes_are_those_of_today() -> None:
    """A party sends 4 bytes a weight in plain, a few hundred bytes more under masks; encrypted, 60 bits or a little
    more for each coefficient of the two polynomials of every ciphertext that was begun.
    """
    found = json.loads(openmined.FILE.read_text(encoding="utf-8"))["results"]
    assert found.keys() == openmined.PARTS.keys()
    for one in found["mean"]:
        plain = 4 * one["weights"]
        ciphertexts = math.ceil(one["weights"] / encrypted.SLOTS)
        least = {"plain": plain, "masks": plain, "encrypted": ciphertexts * 2 * encrypted.DEGREE * 60 / 8}[one["way"]]
        assert least <= one["bytes up"] < least * 1.1
        assert one["error"] < 1e-5
    softmax = np.random.default_rng(0).normal(0, 0.1, (3, 7_850)).astype(np.float32)
    now = {way: work(list(softmax), [100, 200, 300], 0)[1] for way, work in list(openmined.WAYS.items())[:2]}
    assert now == {
        one["way"]: one["bytes up"] for one in found["mean"] if one["weights"] == 7_850 and one["way"] in now
    }


def test_the_files_answers_are_off_by_what_the_formula_says_and_its_prices_are_those_of_today() -> None:
    rows = json.loads(openmined.FILE.read_text(encoding="utf-8"))["results"]["counts"]
    for one in rows:
        assert one["off by"] == pytest.approx(math.sqrt(2 / one["answers"]) / openmined.EPSILON, rel=0.1)
        assert one["ε"] == pytest.approx(epsilon_of(openmined.EPSILON, one["answers"], openmined.DELTA), abs=1e-4)
    assert [one["answers"] for one in rows] == [1, 10, 100, 1_000]
