"""Facts about secure aggregation: the sum is right to the bit, and nothing else can be read."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from flwr.common.secure_aggregation.crypto.shamir import combine_shares, create_shares

from fedlab import Experiment, Round, run
from fedlab.algorithms import ALGORITHMS
from fedlab.datasets import Dataset
from fedlab.messages import Message, Upload
from fedlab.rounds import Diverged
from fedlab.settings import InvalidSetting
from fedlab.stages import Aggregation, Masks, Mean, Turn, shamir
from fedlab.stages.secure_sum import ONE, mask, round_to_grid, secret_from, secrets_of, stream

WITH_ROUNDS = [name for name, kind in ALGORITHMS.items() if not kind.asynchronous]  # others refuse it

EXAMPLES = {0: 100, 2: 200, 3: 300, 5: 400, 8: 500}
TURN = Turn(seed=7, number=3, parties=9, expected=5, classes=4, size=500, weights=EXAMPLES)
PLAN = Experiment(
    parties=6, examples=600, partition="dirichlet", alpha=0.3, model="softmax", rounds=3, local_epochs=2, batch_size=16,
    seed=11,
)  # fmt: skip


def at(party: int) -> Any:
    return TURN.at("secure_sum", party)


def messages() -> dict[int, Message]:
    """One a party: 499 numbers and one more, of size 0.1."""
    rng = np.random.default_rng(4)
    return {k: tuple(np.split(rng.normal(0, 0.1, 500).astype(np.float32), [499])) for k in TURN.chosen}


def masked(threshold: float = 0.6) -> dict[int, Upload]:
    """What each party sends under masks."""
    kind = Masks(mask_threshold=threshold)
    sent = {k: kind.at_party(message, None, at(k))[0] for k, message in messages().items()}
    return {k: Upload(k, EXAMPLES[k], up, {}, np.zeros(0), None) for k, up in sent.items()}  # type: ignore[arg-type]


def chi_square(numbers: np.ndarray) -> float:
    """Of how often each value of the highest of four bytes is there; its mean is 255 if all are equally likely."""
    counts = np.bincount(numbers >> 24, minlength=256)
    expected = len(numbers) / 256
    return float(((counts - expected) ** 2).sum() / expected)


# The sum


def test_the_sum_of_masked_messages_is_the_sum_of_the_rounded_ones_to_the_bit() -> None:
    """Σ_k round(2^20 n_k/n m_k), in whole numbers, summed here; divided by 2^20 it is the mean of all."""
    whole = np.sum([round_to_grid(message, at(k)).view(np.int32) for k, message in messages().items()], axis=0)
    mean = Masks().combine(masked().values(), Mean(), TURN.at("secure_sum"))
    assert np.array_equal(np.concatenate(mean), (whole / ONE).astype(np.float32))


@pytest.mark.parametrize("gone", [(3,), (0, 8)])
def test_masks_of_parties_that_dropped_out_are_taken_away_by_the_others(gone: tuple[int, ...]) -> None:
    """They had masked already; the mean is that of the others, by their examples."""
    reporting = {k: upload for k, upload in masked().items() if k not in gone}
    mean = Masks().combine(reporting.values(), Mean(), TURN.at("secure_sum"))
    sums = np.sum([round_to_grid(messages()[k], at(k)).view(np.int32) for k in reporting], axis=0)
    share = sum(EXAMPLES[k] for k in reporting) / 1_500
    assert np.array_equal(np.concatenate(mean), (sums / (ONE * share)).astype(np.float32))


def test_too_few_parties_cannot_take_the_masks_away(is_one_sentence: Callable[[object], bool]) -> None:
    """⌈0.6 · 5⌉ = 3 of 5 must report."""
    two = {k: upload for k, upload in masked().items() if k in (0, 2)}
    with pytest.raises(Diverged, match=r"^Only 2 of 5 parties reported in round 3, but it takes 3 to") as caught:
        Masks().combine(two.values(), Mean(), TURN.at("secure_sum"))
    assert is_one_sentence(caught.value)


def test_in_floats_masks_do_not_cancel() -> None:
    """Ten parties, pairwise masks of size 10^6 in float32: the mean is off by more than 0.1, for numbers of size 0.1.
    In whole numbers modulo 2^32 the same masks are gone."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.1, (10, 10_000)).astype(np.float32)
    floats, whole = values.copy(), np.rint(values * ONE).astype(np.int64).astype(np.uint32)
    for one, other in ((a, b) for a in range(10) for b in range(a)):
        noise = rng.normal(0, 1e6, 10_000).astype(np.float32)
        numbers = rng.integers(0, 2**32, 10_000, np.uint32)
        floats[one] += noise
        floats[other] -= noise
        whole[one] += numbers
        whole[other] -= numbers
    assert np.abs(floats.mean(axis=0) - values.mean(axis=0)).max() > 0.1
    total = whole.sum(axis=0, dtype=np.uint32).view(np.int32)
    assert np.array_equal(total, np.rint(values * ONE).astype(np.int64).sum(axis=0))


@pytest.mark.parametrize(("size", "published"), [(1.0, 4e-7), (1e3, 4e-4), (1e6, 0.37)])
def test_the_larger_the_masks_the_more_of_the_sum_is_lost_in_floats(size: float, published: float) -> None:
    """References: ten parties, 2NN, masks of this size in float32: how far the mean is off. Rounding is in proportion
    to the masks, 2^-24 of each; the largest of 199,210 errors is a draw, so a factor of 3 is allowed."""
    rng = np.random.default_rng(1)
    values = rng.normal(0, 0.1, (10, 199_210)).astype(np.float32)
    masked = values.copy()
    for one, other in ((a, b) for a in range(10) for b in range(a)):
        drawn = rng.standard_normal(199_210, np.float32) * np.float32(size)
        masked[one] += drawn
        masked[other] -= drawn
    off = np.abs(masked.mean(axis=0) - values.mean(axis=0, dtype=np.float64)).max()
    assert published / 3 < off < published * 3


def test_two_parties_agree_on_one_mask_that_one_adds_and_the_other_takes_away() -> None:
    one = mask(secrets_of(at(2), 2).key, at(2), 2, 5, 100)
    other = mask(secrets_of(at(5), 5).key, at(5), 5, 2, 100)
    assert not (one + other).any()
    assert one.any()


# What the server sees


def test_one_partys_masked_message_looks_drawn() -> None:
    """Chi-square over 256 values has mean 255 and standard deviation 22.6: below 255 + 5 · 22.6 = 368. The same numbers
    without masks are all near 0 or near 2^32, and far above."""
    turn = Turn(1, 1, 6, expected=3, classes=4, size=50_000, weights={0: 100, 1: 100, 2: 100})
    message = (np.random.default_rng(5).normal(0, 0.1, 50_000).astype(np.float32),)
    (sent,), _ = Masks().at_party(message, None, turn.at("secure_sum", 1))
    assert chi_square(sent) < 368
    assert chi_square(round_to_grid(message, turn.at("secure_sum", 1))) > 1e6


def test_a_server_that_lies_about_a_dropout_still_reads_noise() -> None:
    """It says that party 3 had dropped out and gets its key. That takes the masks with others away; its own mask stays.
    With the seed of that one too it could read: so nobody gives away both."""
    turn = Turn(1, 1, 6, expected=3, classes=4, size=50_000, weights={1: 100, 3: 100, 5: 100})
    message = (np.random.default_rng(6).normal(0, 0.1, 50_000).astype(np.float32),)
    place = turn.at("secure_sum", 3)
    (sent,), _ = Masks().at_party(message, None, place)
    key = secret_from([1, 5], place, 3, 2, "key")
    opened = sent - mask(key, place, 3, 1, 50_000) - mask(key, place, 3, 5, 50_000)
    assert chi_square(opened) < 368
    own = secret_from([1, 5], place, 3, 2, "own")
    assert np.array_equal(opened - stream(own, 50_000), round_to_grid(message, place))


def test_the_masks_numbers_are_those_of_the_published_cipher() -> None:
    """RFC 8439, appendix A.1, test vector 1: the first 64 bytes of ChaCha20 with a key and a nonce of zeros."""
    published = (
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
        "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
    )
    assert stream(bytes(32), 16).tobytes().hex() == published


# Shamir's shares


def test_a_published_example_of_shares_gives_its_secret_back() -> None:
    """Wikipedia, *Shamir's secret sharing*: 1234 + 166 x + 94 x² modulo 1613, any three of six shares."""
    shares = {1: 1494, 2: 329, 3: 965, 4: 176, 5: 1188, 6: 775}
    for three in ((1, 2, 3), (2, 4, 5), (6, 3, 1)):
        assert shamir.secret_of({x: shares[x] for x in three}, prime=1613) == 1234
    assert shamir.secret_of({1: 1494, 2: 329}, prime=1613) != 1234


def test_any_t_of_n_shares_give_the_secret_back_and_t_less_one_do_not() -> None:
    shares = shamir.shares_of(20_240_229, 3, [1, 2, 5, 7, 9], np.random.default_rng(0))
    for three in ((1, 2, 5), (2, 7, 9), (9, 5, 1)):
        assert shamir.secret_of({x: shares[x] for x in three}) == 20_240_229
    assert shamir.secret_of(shares) == 20_240_229
    assert shamir.secret_of({x: shares[x] for x in (1, 2)}) != 20_240_229


def test_t_less_one_shares_fit_every_secret_equally_well() -> None:
    """All polynomials of degree 2 over the integers modulo 7: whatever two shares are, each secret has one of them."""
    fitting: dict[tuple[int, int], list[int]] = {}
    for a, b, c in product(range(7), repeat=3):
        two = tuple((a + b * x + c * x * x) % 7 for x in (1, 2))
        fitting.setdefault(two, []).append(a)  # type: ignore[arg-type]
    assert all(sorted(secrets) == list(range(7)) for secrets in fitting.values())
    drawn = [shamir.shares_of(5, 3, [1, 2, 3], np.random.default_rng(seed), prime=7) for seed in range(50)]
    assert all(shamir.secret_of(shares, prime=7) == 5 for shares in drawn)
    assert {shares[1] for shares in drawn} == set(range(7))


def test_flowers_shares_and_ours_give_back_the_same_secret() -> None:
    """Flower's are made in another field, by another library: from the same three of five the same comes out."""
    secret = secrets_of(at(3), 3).key
    theirs = create_shares(secret, 3, 5)
    ours = shamir.shares_of(int.from_bytes(secret, "little"), 3, [1, 2, 3, 4, 5], np.random.default_rng(1))
    assert combine_shares([theirs[0], theirs[2], theirs[4]]) == secret
    assert shamir.secret_of({x: ours[x] for x in (1, 3, 5)}).to_bytes(32, "little") == secret


# In the federation


def rounds_of(experiment: Experiment, data: Dataset) -> list[Round]:
    return list(run(experiment, dataset=data))


@pytest.mark.parametrize("algorithm", WITH_ROUNDS)
def test_every_algorithm_ends_where_it_would_without_masks(algorithm: str, blobs: Dataset) -> None:
    """Numbers are off by at most 2^-21 at each of six parties, 3e-6 in all; FedNova multiplies them by τ, here 14,
    and the adaptive servers divide by numbers near 0. Yardsticks send nothing, and stay as they are."""
    plan = PLAN.with_(algorithm=algorithm, rounds=1)
    (plain,), (hidden,) = rounds_of(plan, blobs), rounds_of(plan.with_(secure_sum="masks"), blobs)
    assert plain.state is not None
    assert hidden.state is not None
    off = np.abs(hidden.state.weights - plain.state.weights).max()
    assert off < (1e-2 if algorithm in ("fedadam", "fedyogi", "fedadagrad") else 1e-4)


def test_a_run_with_dropouts_goes_on_under_masks(blobs: Dataset) -> None:
    plan = PLAN.with_(dropouts=0.34)
    for plain, hidden in zip(rounds_of(plan, blobs), rounds_of(plan.with_(secure_sum="masks"), blobs), strict=True):
        assert plain.state is not None
        assert hidden.state is not None
        assert plain.absent == hidden.absent == 2
        assert hidden.state.weights == pytest.approx(plain.state.weights, abs=1e-4)


def test_what_travels_beside_the_messages_is_counted(blobs: Dataset) -> None:
    """Six parties, all report. Up: each its two keys of 32 bytes, for each of five others two shares of 66 bytes and 28
    of the seal, and six shares. Down: the others' keys and sealed shares, and a list of six numbers of 4 bytes."""
    plan = PLAN.with_(rounds=1)
    (plain,), (hidden,) = rounds_of(plan, blobs), rounds_of(plan.with_(secure_sum="masks"), blobs)
    assert hidden.bytes_up - plain.bytes_up == 6 * (64 + 5 * (2 * 66 + 28) + 6 * 66)
    assert hidden.bytes_down - plain.bytes_down == 6 * (5 * 64 + 5 * (2 * 66 + 28) + 6 * 4)


def test_random_k_goes_under_masks_and_top_k_does_not() -> None:
    assert Experiment(secure_sum="masks", compression="randomk").compression.adds_up
    for compression in ("topk", "quantize", "sign"):
        with pytest.raises(InvalidSetting, match=r"^Masks cancel only where messages can be added, and codes of"):
            Experiment(secure_sum="masks", compression=compression)


def test_a_rule_that_looks_at_single_messages_and_masks_exclude_each_other(
    is_one_sentence: Callable[[object], bool],
) -> None:
    class Median(Aggregation):
        pass

    with pytest.raises(InvalidSetting, match="but Median looks at each message by itself") as caught:
        Experiment(secure_sum="masks", aggregation=Median())
    assert is_one_sentence(caught.value)
