"""What lesson 07 says of its long runs, held against the file that they left."""

from __future__ import annotations

import math

import pytest

from fedlab.lessons import published_07 as published

SIZES = published.sizes()
FEDAVG = SIZES[0]
LINES = published.lines_of_sizes()


def best(parties: int, about: float) -> published.Size:
    """The point of so many parties whose ε is nearest to this, with the clip that is best there."""
    return min(LINES[parties], key=lambda one: abs((one.epsilon or math.inf) - about))


def test_a_batch_of_8_gives_seven_of_eight_away_and_after_twenty_steps_still_three_of_four() -> None:
    once, often, trained = published.shares(), published.shares(epochs=20), published.shares("trained")
    assert [round(once[size]) for size in (1, 2, 4)] == [100, 100, 100]
    assert once[8] == pytest.approx(100 * 7 / 8, abs=2)
    assert often[8] == pytest.approx(75, abs=4)
    assert trained[8] == pytest.approx(75, abs=4)
    assert once[64] < 5


def test_of_the_usual_parties_this_attack_finds_one_image_of_5000() -> None:
    assert published.usual("new", 1) == pytest.approx(100 / 5_000, abs=0.02)


def test_a_hundred_parties_pay_6_points_for_an_epsilon_of_8_and_20_with_a_longer_clip() -> None:
    eight = best(100, 8)
    assert eight.epsilon == pytest.approx(8, abs=0.1)
    assert FEDAVG.mean - eight.mean == pytest.approx(6, abs=0.7)
    (longer,) = (one for one in SIZES if (one.parties, one.noise, one.clip) == (100, eight.noise, 1.0))
    assert eight.clip == 0.3
    assert FEDAVG.mean - longer.mean == pytest.approx(20, abs=1.5)


def test_for_an_epsilon_of_1_they_pay_25_points_at_best_and_the_seeds_differ_by_ten() -> None:
    one = best(100, 1)
    assert FEDAVG.mean - one.mean == pytest.approx(25, abs=1)
    assert max(one.accuracies) - min(one.accuracies) == pytest.approx(10, abs=2)


def test_ten_thousand_and_a_million_pay_nothing_that_one_can_see() -> None:
    assert FEDAVG.mean == pytest.approx(93, abs=0.3)
    for parties in (10_000, 1_000_000):
        assert all(abs(FEDAVG.mean - one.mean) < 0.3 for one in LINES[parties])


def test_a_little_noise_stops_the_attack_costs_nothing_and_promises_nothing() -> None:
    rows = {row["σ"]: list(row.values()) for row in published.noise()}
    little, much = rows["0.01"], rows["1"]
    assert little[1:5] == [0, 0, 0, 0]
    assert rows["0"][5] - little[5] < 0.3
    assert little[6] == "100,000"
    assert float(much[6]) < 30
    assert much[5] < 12  # chance


def test_no_attack_is_above_the_line_of_its_epsilon() -> None:
    assert not [dot for dot in published.dots() if dot.advantage > dot.line]


def test_what_the_text_says_of_membership() -> None:
    rows = {row["ε"]: list(row.values())[1:] for row in published.members("softmax")}
    assert rows[None][0] == pytest.approx(28, abs=2)
    assert min(rows[epsilon][0] for epsilon in ("64.0", "250", "990")) > 20
    assert rows["8.0"][0] == pytest.approx(13, abs=0.5)
    assert rows["8.0"][3] == pytest.approx(51, abs=0.5)
    assert rows[None][3] == pytest.approx(78, abs=0.5)
    assert all(rows[epsilon][0] < 6 for epsilon in ("0.5", "1.0", "2.0"))
    open_ = [dot.advantage for dot in published.dots() if dot.epsilon is None]
    assert min(open_) > 20
    assert max(open_) < 35


def test_only_masks_and_noise_at_the_server_together_hide_the_upload_and_promise_something_worth_having() -> None:
    """An ε in the tens promises little, and a batch no ε at all."""
    good = [
        next(iter(row.values()))
        for row in published.stops()
        if list(row.values())[1] == 0 and row["ε"] and float(row["ε"].replace(",", "")) < 10
    ]
    assert good == ["masks, and noise at the server"]
