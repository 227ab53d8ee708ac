"""Facts about compression: what a code costs, what it loses, and that error feedback loses nothing for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fedlab import Experiment, Round, run
from fedlab.algorithms import ALGORITHMS
from fedlab.datasets import Dataset
from fedlab.federation import first_state, prepare
from fedlab.messages import Message, Upload, size_of
from fedlab.settings import InvalidSetting
from fedlab.stages import Aggregation, Place, Quantize, RandomK, Sign, TopK, Turn
from fedlab.stages.compression import BUCKET, Coded, packed, unpacked

from .command_line import fedlab_

WITH_ROUNDS = [name for name, kind in ALGORITHMS.items() if not kind.asynchronous]  # others refuse it

Same = Callable[[list[Round], list[Round]], None]

PLAN = Experiment(
    parties=6, examples=600, partition="dirichlet", alpha=0.3, model="softmax", rounds=4, participation=0.5,
    local_epochs=2, batch_size=16, seed=11,
)  # fmt: skip
KINDS: list[Coded] = [
    kind(error_feedback=feedback) for kind in (TopK, RandomK, Quantize, Sign) for feedback in (True, False)
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.name}-{kind.error_feedback}")
vectors = arrays(np.float32, st.integers(1, 300), elements=st.floats(-1e3, 1e3, width=32))


def at(size: int, party: int = 0, number: int = 1) -> Place:
    turn = Turn(seed=5, number=number, parties=3, expected=3, classes=4, size=size, weights={0: 10, 1: 10, 2: 10})
    return turn.at("compression", party)


def there_and_back(kind: Coded, v: np.ndarray, party: int = 0, number: int = 1) -> np.ndarray:
    """C(v), from nothing but the code."""
    return kind.decode(kind.encode(v, at(len(v), party, number)), at(len(v), party, number))


def squared(v: np.ndarray) -> float:
    return float((v.astype(np.float64) ** 2).sum())


def uploads_of(experiment: Experiment, data: Dataset) -> list[Upload]:
    """Those of all rounds, as they travel."""
    kept: list[Upload] = []
    list(run(experiment, dataset=data, on_upload=lambda number, upload: kept.append(upload)))
    return kept


# Bytes


def test_a_hundredth_of_the_2nn_by_top_k_is_fifty_times_less_to_send() -> None:
    """1,992 of 199,210 weights, each with 4 bytes for its place and 4 for its number, against 796,840 bytes."""
    v = np.random.default_rng(0).standard_normal(199_210, np.float32)
    assert TopK(topk_share=0.01).encode(v, at(len(v))).nbytes == 1_992 * 8 == 15_936
    assert pytest.approx(50, abs=0.01) == 796_840 / 15_936


@given(vectors)
def test_a_code_takes_the_bytes_of_its_format(v: np.ndarray) -> None:
    """Top-k: 8 bytes a number sent. Random-k: 4, as places are known. QSGD: b bits a number, 4 bytes a bucket. Sign: a
    bit a number and 4 bytes."""
    size, place = len(v), at(len(v))
    k = max(1, round(0.1 * size))
    assert TopK(topk_share=0.1).encode(v, place).nbytes == 8 * k
    assert RandomK(randomk_share=0.1).encode(v, place).nbytes == 4 * k
    for bits in (2, 3, 8):
        buckets = -(-size // BUCKET)
        assert Quantize(quantize_bits=bits).encode(v, place).nbytes == 4 * buckets + -(-size * bits // 8)
    assert Sign().encode(v, place).nbytes == 4 + -(-size // 8)


@given(arrays(np.int64, st.integers(1, 100), elements=st.integers(0, 7)))
def test_numbers_of_three_bits_are_packed_without_a_gap_and_come_out_again(numbers: np.ndarray) -> None:
    code = packed(numbers, 3)
    assert code.nbytes == -(-3 * len(numbers) // 8)
    assert unpacked(code, 3, len(numbers)).tolist() == numbers.tolist()


@each_kind
def test_what_is_counted_is_what_travels(kind: Coded, blobs: Dataset) -> None:
    plan = PLAN.with_(compression=kind, rounds=1)
    (one,), (plain,) = run(plan, dataset=blobs), run(PLAN.with_(rounds=1), dataset=blobs)
    assert one.bytes_up == sum(size_of(upload.message) for upload in uploads_of(plan, blobs))
    assert one.bytes_up < plain.bytes_up
    assert one.bytes_down == plain.bytes_down
    assert one.simulated_seconds < plain.simulated_seconds


# What is lost


@given(vectors, st.floats(0.001, 1))
def test_top_k_loses_at_most_the_share_that_it_does_not_send(v: np.ndarray, share: float) -> None:
    """||v - top_k(v)||² ≤ (1 - k/d) ||v||² (Stich et al. 2018): the k largest hold at least k/d of the squares."""
    k = max(1, round(share * len(v)))
    lost = squared(v - there_and_back(TopK(topk_share=share), v))
    assert lost <= (1 - k / len(v)) * squared(v) * (1 + 1e-6) + 1e-9


def test_of_numbers_of_one_size_top_k_loses_exactly_that_share() -> None:
    """Of 10 numbers of size 2 it sends 3: of the squares, 40, it loses 28."""
    v = np.array([2, -2] * 5, np.float32)
    assert squared(v - there_and_back(TopK(topk_share=0.3), v)) == 28


def test_top_k_sends_the_largest_with_their_places() -> None:
    v = np.array([0.5, -3, 1, 0, 2, -0.1], np.float32)
    assert there_and_back(TopK(topk_share=0.34), v).tolist() == [0, -3, 0, 0, 2, 0]


def test_random_k_is_right_on_average_without_error_feedback() -> None:
    """k/P of the places, each number P/k times as large. Over 4,000 rounds the mean of a place differs from v by a
    standard error of |v| √((P/k - 1) / 4000) = |v| · 0.032 for k/P = 0.2; five of them are 0.16."""
    v = np.array([1, -2, 3, -4, 5, 6, -7, 8, 9, -10], np.float32)
    kind = RandomK(randomk_share=0.2, error_feedback=False)
    mean = np.mean([there_and_back(kind, v, number=number) for number in range(4_000)], axis=0)
    assert np.abs(mean / v - 1).max() < 0.16


def test_all_parties_of_a_round_send_the_same_places_by_random_k_and_the_next_round_others() -> None:
    v = np.arange(1, 101, dtype=np.float32)
    sent = [np.flatnonzero(there_and_back(RandomK(), v, party, number)) for party, number in ((0, 1), (1, 1), (0, 2))]
    assert sent[0].tolist() == sent[1].tolist() != sent[2].tolist()


def test_the_mean_of_random_k_codes_is_the_code_of_the_mean() -> None:
    """So it can be decoded from a secure sum. The codes of top-k have no mean: their places differ."""
    one, other = np.random.default_rng(1).standard_normal((2, 200), np.float32)
    codes = [RandomK().encode(v, at(200, party)) for party, v in enumerate((one, other))]
    assert np.mean(codes, axis=0) == pytest.approx(RandomK().encode((one + other) / 2, at(200)), abs=1e-6)
    places = [TopK(topk_share=0.1).encode(v, at(200))[:80].view(np.uint32).tolist() for v in (one, other)]
    assert places[0] != places[1]


def test_the_largest_change_of_a_sum_may_be_the_largest_of_nobody() -> None:
    """(3, 2, 0) and (0, 2, -3) by top-1: each sends its 3. Of their sum, (3, 4, -3), top-1 is the 4 that none has sent.
    So top-k with each party's own places does not commute with a sum."""
    one, other = np.array([3, 2, 0], np.float32), np.array([0, 2, -3], np.float32)
    kind = TopK(topk_share=0.1)  # of three numbers: one
    assert (there_and_back(kind, one) + there_and_back(kind, other)).tolist() == [3, 0, -3]
    assert there_and_back(kind, one + other).tolist() == [0, 4, 0]


def test_signs_and_qsgd_have_no_sum_that_a_server_could_decode() -> None:
    """Bits and levels of two parties stand for sizes of their own. (1, -1) and (-8, 8), by sign: the sizes are 1 and 8.
    The mean of what they stand for is (-3.5, 3.5). The mean of the sizes is 4.5, and the bits cancel: nothing is left.
    """
    one, other = np.array([1, -1], np.float32), np.array([-8, 8], np.float32)
    assert ((there_and_back(Sign(), one) + there_and_back(Sign(), other)) / 2).tolist() == [-3.5, 3.5]
    bits = [np.unpackbits(Sign().encode(v, at(2))[4:], count=2).astype(int) for v in (one, other)]
    assert (bits[0] + bits[1]).tolist() == [1, 1]  # of two each: neither up nor down
    assert [Sign().encode(v, at(2))[:4].view(np.float32)[0] for v in (one, other)] == [1, 8]
    lengths = [Quantize().encode(v, at(2))[:4].view(np.float32)[0] for v in (one, other)]
    assert lengths == pytest.approx([2**0.5, 8 * 2**0.5])
    assert [kind.adds_up for kind in (TopK(), Sign(), Quantize(), RandomK())] == [False, False, False, True]


def test_a_count_sketch_and_a_projection_to_a_few_directions_commute_with_a_sum() -> None:
    """Both are fixed linear maps, so the sum of codes is the code of the sum, in whole numbers to the last digit: a
    count sketch adds each number, with a sign, to one of a few cells; a projection takes r products with directions
    that all parties share."""
    rng = np.random.default_rng(4)
    one, other = rng.integers(-1_000, 1_000, (2, 300))
    cells, signs, directions = rng.integers(0, 20, 300), rng.choice((-1, 1), 300), rng.integers(-9, 9, (5, 300))

    def sketch(v: np.ndarray) -> np.ndarray:
        return np.bincount(cells, signs * v, minlength=20)

    assert np.array_equal(sketch(one) + sketch(other), sketch(one + other))
    assert np.array_equal(directions @ one + directions @ other, directions @ (one + other))


@pytest.mark.parametrize("bits", [2, 4, 6])
def test_qsgd_is_unbiased_and_its_variance_stays_below_its_bound(bits: int) -> None:
    """E Q(v) = v, E||Q(v) - v||² ≤ min(d/s², √d/s) ||v||², for one bucket of d numbers. 2,000 draws: the mean differs
    from v by a standard error of at most √(ω ||v||² / 2000) over all places together; four of them are allowed."""
    v = np.random.default_rng(2).standard_normal(BUCKET, np.float32)
    kind = Quantize(quantize_bits=bits, error_feedback=False)
    draws = np.array([there_and_back(kind, v, number=number) for number in range(2_000)], np.float64)
    assert np.mean([squared(draw - v) for draw in draws]) <= kind.variance * squared(v)
    assert np.sqrt(squared(draws.mean(axis=0) - v)) <= 4 * np.sqrt(kind.variance * squared(v) / 2_000)


def test_qsgd_has_as_many_levels_as_its_bits_can_tell_apart() -> None:
    """2 bits: -1, 0 and 1 times the length. ω = min(128 / 1, √128 / 1) = 11.3; with 8 bits, s = 127, it is 0.0079."""
    v = np.random.default_rng(3).standard_normal(BUCKET, np.float32)
    length = np.sqrt(squared(v))
    back = there_and_back(Quantize(quantize_bits=2, error_feedback=False), v)
    assert set(np.round(back / length, 5)) <= {-1, 0, 1}
    assert Quantize(quantize_bits=2).variance == pytest.approx(11.31, abs=0.01)
    assert Quantize(quantize_bits=8).variance == pytest.approx(128 / 127**2)


@given(arrays(np.float32, st.integers(1, 300), elements=st.floats(0.125, 1e3, width=32)), st.randoms())
def test_sign_loses_what_its_formula_says(sizes: np.ndarray, rng: Any) -> None:
    """||v - mean|v| sgn(v)||² = ||v||² - ||v||₁² / d: the cross term is twice, and the square once, d mean|v|²."""
    v = sizes * np.array([rng.choice((-1, 1)) for _ in sizes], np.float32)
    lost = squared(v - there_and_back(Sign(), v))
    expected = squared(v) - np.abs(v).sum(dtype=np.float64) ** 2 / len(v)
    assert lost == pytest.approx(expected, rel=1e-3, abs=1e-4 * squared(v))


# Error feedback


def test_a_slope_of_4_in_one_of_four_cases_and_of_minus_1_in_three_has_a_mean_and_a_mean_sign_that_disagree() -> None:
    """4 · 1/4 - 3/4 = 1/4, and 1/4 - 3/4 = -1/2 (Karimireddy et al. 2019, section 3)."""
    slopes = np.array([4, -1, -1, -1])
    assert (slopes.mean(), np.sign(slopes).mean()) == (1 / 4, -1 / 2)


def walk(kind: Coded, slopes: list[float], steps: int) -> float:
    """Where sign steps of size 0.01 lead from 0, when the slope is one of these by turns: with every party's memory."""
    w, memory = 0.0, None
    for step in range(steps):
        up = (np.array([-0.01 * slopes[step % len(slopes)]], np.float32),)
        sent, memory = kind.at_party(up, memory, at(1))
        w += float(kind.decode(sent[0], at(1))[0])
    return w


def test_signs_alone_walk_uphill_where_one_slope_in_four_is_large() -> None:
    """Slopes 4, -1, -1, -1 have the mean 1/4, so downhill is to the left, and the signs' mean is -1/2, to the right. A
    sign with the size of its own step, in one dimension, would be the step itself: so the sizes are taken away here, as
    signSGD does. With memory, what signs got wrong comes later, and the walk goes down as far as the slopes say."""

    class Plain(Sign):
        def decode(self, code: np.ndarray, at: Place) -> np.ndarray:
            return np.sign(super().decode(code, at)) * np.float32(0.01)

    assert walk(Plain(error_feedback=False), [4, -1, -1, -1], 400) == pytest.approx(0.01 * 400 / 2, abs=1e-4)
    assert walk(Plain(error_feedback=True), [4, -1, -1, -1], 400) == pytest.approx(-0.01 * 400 / 4, abs=0.05)


@each_kind
def test_all_that_was_sent_and_what_is_remembered_are_all_updates(kind: Coded, blobs: Dataset) -> None:
    """Σ C(v_t) + e_T = Σ update_t for each party, exactly but for float32's rounding (Karimireddy et al. 2019)."""
    found, sent, held = np.zeros((6, 36)), np.zeros((6, 36)), np.zeros((6, 36))
    starts = [first_state(prepare(PLAN, blobs)).weights]

    def look(number: int, upload: Upload) -> None:
        found[upload.party] += upload.weights - starts[-1]
        place = Turn(PLAN.seed, number, 6, 3, 4, 36, {}).at("compression", upload.party)
        sent[upload.party] += kind.decode(upload.message[0], place)
        held[upload.party] = upload.own["compression"][0] if kind.error_feedback else 0

    for one in run(PLAN.with_(compression=kind, rounds=6), dataset=blobs, on_upload=look):
        assert one.state is not None
        starts.append(one.state.weights)
    complete = sent + held
    if kind.error_feedback:
        assert complete == pytest.approx(found, abs=1e-5)
        assert np.abs(held).max() > 1e-3
    else:
        assert np.abs(complete - found).max() > 1e-3


@each_kind
def test_a_run_goes_on_from_any_round_as_if_it_had_never_stopped(
    kind: Coded, blobs: Dataset, assert_same_rounds: Same
) -> None:
    plan = PLAN.with_(compression=kind)
    whole = list(run(plan, dataset=blobs))
    assert_same_rounds(list(run(plan, start=whole[1].state, dataset=blobs)), whole[2:])


# In the federation


def test_top_k_of_everything_is_fedavg_at_twice_the_bytes(blobs: Dataset) -> None:
    plain, all_of_it = (
        list(run(PLAN.with_(**changes), dataset=blobs)) for changes in ({}, {"compression": "topk", "topk_share": 1.0})
    )
    for one, other in zip(plain, all_of_it, strict=True):
        assert one.state is not None
        assert other.state is not None
        assert np.array_equal(one.state.weights, other.state.weights)
        assert other.bytes_up == 2 * one.bytes_up


@each_kind
@pytest.mark.parametrize("algorithm", WITH_ROUNDS)
def test_every_algorithm_trains_with_every_compression(kind: Coded, algorithm: str, blobs: Dataset) -> None:
    """SCAFFOLD's two arrays are coded one by one; FedNova's single number travels beside the code, as it is."""
    (one,) = run(PLAN.with_(algorithm=algorithm, compression=kind, rounds=1), dataset=blobs)
    assert np.isfinite(one.test_loss)


@pytest.mark.parametrize("algorithm", ["central", "alone"])
def test_a_yardstick_sends_nothing_so_nothing_is_lost_on_the_way(
    algorithm: str, blobs: Dataset, assert_same_rounds: Same
) -> None:
    plan = PLAN.with_(algorithm=algorithm)
    assert_same_rounds(list(run(plan.with_(compression="sign"), dataset=blobs)), list(run(plan, dataset=blobs)))


@each_kind
def test_a_rule_of_aggregation_gets_messages_that_are_decoded_but_for_random_k(kind: Coded, blobs: Dataset) -> None:
    shapes: set[tuple[int, ...]] = set()

    class First(Aggregation):
        def combine(self, uploads: Any) -> Message:
            messages = [upload.message for upload in uploads]
            shapes.update(message[0].shape for message in messages)
            return tuple(messages[0])

    list(run(PLAN.with_(compression=kind, aggregation=First(), rounds=1), dataset=blobs))
    assert shapes == {(2,) if isinstance(kind, RandomK) else (36,)}


# Asked for


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"compression": "topk", "topk_share": 0.0}, "topk_share is 0.0, but it must be a number from 0.0001 to 1."),
        (
            {"compression": "quantize", "quantize_bits": 1},
            "quantize_bits is 1, but it must be a whole number from 2 to 16.",
        ),
        (
            {"compression": "sign", "error_feedback": "often"},
            "error_feedback is 'often', but it must be one of true, false.",
        ),
    ],
)
def test_a_compression_that_cannot_be_says_what_is_allowed(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Experiment(**settings)
    assert str(caught.value) == sentence


def test_on_the_command_line_and_in_a_link_compression_has_the_same_names() -> None:
    flags = ["--compression", "topk", "--topk-share", "0.01", "--error-feedback", "false"]
    answer = fedlab_("run", "--parties", "3", "--examples", "300", "--model", "softmax", "--rounds", "1", *flags)
    assert answer.exit_code == 0, answer.output
    experiment = Experiment(compression="topk", topk_share=0.01, error_feedback=False)
    assert Experiment.from_link(experiment.link()) == experiment
