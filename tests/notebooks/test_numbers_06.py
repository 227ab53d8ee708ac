"""What lesson 06 says of its long runs, held against the file that they left."""

from __future__ import annotations

from statistics import median

import pytest

from fedlab.lessons import claims_06, published_06
from fedlab.lessons.published_06 import medians, of, runs

RUNS = runs()
ROWS = {epochs: {(row.code, row.memory): row for row in medians(RUNS, epochs)} for epochs in (1, 5)}
both_epochs = pytest.mark.parametrize("epochs", [1, 5])


def share(code: str, memory: bool | None, epochs: int) -> float:
    """Of FedAvg's megabytes up until 90 %, median of three seeds."""
    found = ROWS[epochs][code, memory].share
    assert found is not None
    return found


@both_epochs
def test_every_code_was_run_with_three_seeds_with_and_without_a_memory(epochs: int) -> None:
    assert len(ROWS[epochs]) == 1 + 2 * 6
    assert all({one["seed"] for one in of(RUNS, *key, epochs)} == {0, 1, 2} for key in ROWS[epochs])


@both_epochs
def test_top_k_with_a_memory_reaches_90_percent_with_at_most_a_fifth_of_fedavgs_megabytes_with_every_seed(
    epochs: int,
) -> None:
    fedavg = {one["seed"]: one["bytes_up"] for one in of(RUNS, "FedAvg", None, epochs)}
    for one in of(RUNS, "top-k, 1 %", True, epochs):
        assert one["rounds"] is not None
        assert one["bytes_up"] < fedavg[one["seed"]] / 5


def test_without_a_memory_top_k_needs_about_twice_the_rounds_and_with_a_thousandth_it_does_not_arrive() -> None:
    with_it, without = (ROWS[1]["top-k, 1 %", memory].rounds for memory in (True, False))
    assert with_it is not None
    assert without is not None
    assert 1.7 < without / with_it < 2.5
    fedavg = ROWS[1]["FedAvg", None].rounds
    assert fedavg is not None
    assert 1.5 < with_it / fedavg < 2.5
    assert ROWS[1]["top-k, 0.1 %", True].rounds is not None
    assert ROWS[1]["top-k, 0.1 %", False].reached == 0


def test_with_five_epochs_without_a_memory_it_needs_visibly_more_too() -> None:
    pairs = zip(of(RUNS, "top-k, 1 %", True, 5), of(RUNS, "top-k, 1 %", False, 5), strict=True)
    assert min(without["rounds"] / with_it["rounds"] for with_it, without in pairs) > 1.4


def test_qsgd_with_2_bits_takes_fedavgs_rounds_with_every_seed() -> None:
    plain, coded = of(RUNS, "FedAvg", None, 1), of(RUNS, "QSGD, 2 bits", False, 1)
    assert [one["rounds"] for one in coded] == [one["rounds"] for one in plain]


def test_a_memory_helps_codes_that_are_wrong_on_purpose_and_holds_back_those_that_are_right_on_average() -> None:
    def rounds(code: str, memory: bool) -> float:
        return median(one["rounds"] or 101 for one in of(RUNS, code, memory, 1))

    for code in ("top-k, 1 %", "top-k, 0.1 %", "sign"):
        assert rounds(code, True) < rounds(code, False)
    for code in ("random-k, 5 %", "QSGD, 2 bits", "QSGD, 4 bits"):
        assert rounds(code, True) > rounds(code, False)


def test_with_five_epochs_top_k_saves_less_than_with_one() -> None:
    assert share("top-k, 1 %", True, 5) > share("top-k, 1 %", True, 1)
    assert {one["rounds"] for one in of(RUNS, "FedAvg", None, 5)} <= {2, 3}


def test_a_code_that_did_not_arrive_with_every_seed_has_no_median() -> None:
    made = [
        {"code": code, "memory": None, "epochs": 1, "seed": seed, "rounds": rounds, "bytes_up": 10 * seed + 10}
        for code, both in {"FedAvg": (2, 4), "late": (7, None)}.items()
        for seed, rounds in enumerate(both)
    ]
    fedavg, late = medians(made, 1)
    assert (fedavg.rounds, fedavg.megabytes_up, fedavg.share) == (3, 15e-6, 1)
    assert (late.rounds, late.megabytes_up, late.share, late.reached) == (None, None, None, 1)
    assert published_06.FILE.name == "lesson_06.json"


def test_the_labs_runs_differ_in_their_code_alone() -> None:
    """Same seed, same line, same rounds: so who is ahead is the code's doing."""
    plain = {one.with_(compression="none") for one in claims_06.WE_SAY}
    assert plain == {claims_06.FEDAVG}
