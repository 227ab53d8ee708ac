"""The cost calculator beside a lab: it follows the lab's runs and says what is wrong with a price."""

from __future__ import annotations

import gc
import html
import re
import threading
from collections.abc import Iterator
from weakref import ref

import pytest

from fedlab import Experiment, History
from fedlab.costs import until
from fedlab.messages import PartyReport
from fedlab.rounds import Round
from fedlab_widgets import Costs, Lab
from fedlab_widgets.reckoning import duration

SMALL = Experiment(parties=4, examples=400, batch_size=10, rounds=2)


def history(experiment: Experiment, accuracies: list[float]) -> History:
    """Four parties with 100 images each, which get 1 MB and send 1 MB in each round."""
    reports = tuple(PartyReport(party, 100, 0, 0.0, 0.0) for party in range(4))
    rounds = [
        Round(number, one, 0.0, 0.0, reports, 4 * 10**6, 4 * 10**6, 0.0, None)
        for number, one in enumerate(accuracies, 1)
    ]
    return History(experiment, rounds)


OFTEN = history(SMALL, [0.5, 0.7, 0.8, 0.9])
LONG = history(SMALL.with_(local_epochs=5), [0.7, 0.9])
NEVER = history(SMALL.with_(algorithm="fedsgd"), [0.2, 0.3])


def words(shown: Costs) -> str:
    """All that it says, without the tags."""
    return html.unescape(re.sub(r"<[^>]+>", " ", shown._table.value + shown._said.value))


@pytest.fixture
def shown() -> Iterator[Costs]:
    shown = Costs([OFTEN, LONG, NEVER])
    yield shown
    shown.close()


def test_it_shows_the_formula_with_the_numbers_put_in(shown: Costs) -> None:
    """1 s down, 50 steps of 0.02 s, 1 s up: 3 s a round, and 90 % after two of them."""
    line = "50 steps × 0.02 s + 500 images × 0 s + 1 MB / 1 MB/s + 0 s = 3 s for the first round; 6 s for 2."
    assert f"1 MB / 1 MB/s + {line}" in words(shown)


def test_it_says_which_run_is_first_and_at_which_speed_the_order_turns_over(shown: Costs) -> None:
    """E = 1: 4 rounds of 2 / x + 0.2 seconds; E = 5: 2 rounds of 2 / x + 1. Equal at 4 / x = 1.2: x = 3.33 MB/s."""
    assert "First at this line: FedAvg, local epochs = 5, after 6 s." in words(shown)
    turn = "Up to 3.33 MB/s it is FedAvg, local epochs = 5, from there on FedAvg, local epochs = 1."
    assert turn in words(shown)
    shown._down.value = shown._up.value = "3.3"
    assert "First at this line: FedAvg, local epochs = 5" in words(shown)
    shown._down.value = shown._up.value = "3.4"
    assert "First at this line: FedAvg, local epochs = 1" in words(shown)


def test_a_run_that_never_gets_there_says_how_far_it_got(shown: Costs) -> None:
    assert "not reached in 2 rounds: 30.0% at best" in words(shown)
    shown._goal.value = "95"
    assert "No run has reached 95 % yet." in words(shown)


def test_kilobytes_are_thousandths(shown: Costs) -> None:
    before = words(shown)
    shown._down.value, shown._down_unit.value = "1000", "kB/s"
    shown._up.value, shown._up_unit.value = "1000", "kB/s"
    assert words(shown) == before


def test_parties_that_share_the_line_are_counted_in_the_formula(shown: Costs) -> None:
    """Four times 1 MB each way: 8 s and 1 s of steps, twice."""
    shown._shared.value = True
    assert "4 × 1 MB / 1 MB/s + 50 steps × 0.02 s" in words(shown)
    assert "18 s for 2." in words(shown)


@pytest.mark.parametrize(
    ("box", "value", "sentence"),
    [
        ("_down", "0", "“download” must be a number above 0, but it is 0."),
        ("_up", "fast", "“upload” must be a number above 0, but it is fast."),
        ("_step", "-1", "“seconds a step” must be a number, 0 or more, but it is -1."),
        ("_wait", "", "“waiting, s a round” must be a number, 0 or more, but it is nothing."),
        ("_goal", "185", "The goal is a share of the test images: at most 100 %, not 185."),
        ("_image", "nan", "“seconds an image” must be a number, 0 or more, but it is nan."),
    ],
)
def test_a_wrong_price_is_one_sentence(shown: Costs, box: str, value: str, sentence: str) -> None:
    right = getattr(shown, box).value
    getattr(shown, box).value = value
    assert words(shown).strip() == sentence
    getattr(shown, box).value = right
    assert "First at this line" in words(shown)


def test_a_decimal_comma_is_a_point(shown: Costs) -> None:
    shown._step.value = "0,5"
    assert shown.prices.step == 0.5


def test_it_follows_a_lab_by_itself_and_its_times_are_those_of_the_formula() -> None:
    lab = Lab(SMALL)
    shown = Costs(lab)
    shown._goal.value = "10"
    assert "No run has reached" in words(shown)
    lab.run()
    cost = until(lab.histories[0], 0.1, shown.prices)
    assert cost is not None
    assert f"{duration(cost.seconds.total)} for {cost.rounds}." in words(shown)
    lab.close()
    assert "for the first round" in words(shown)
    shown.close()


def test_at_the_prices_of_the_labs_clock_the_time_is_the_simulated_one() -> None:
    lab = Lab(SMALL.with_(bandwidth=2.0))
    shown = Costs(lab)
    shown._goal.value = "10"
    lab.run()
    shown._as_clock()
    cost = until(lab.histories[0], 0.1, shown.prices)
    assert cost is not None
    simulated = sum(one.simulated_seconds for one in lab.histories[0].rounds[: cost.rounds])
    assert cost.seconds.total == pytest.approx(simulated)
    lab.close()
    shown.close()


def test_it_keeps_neither_a_lab_nor_its_models_alive() -> None:
    lab = Lab(SMALL)
    shown = Costs(lab)
    lab.run()
    gone = ref(lab)
    lab.close()
    del lab
    for thread in threading.enumerate():
        if thread.name.startswith("fedlab "):
            thread.join(60)
    gc.collect()
    assert gone() is None
    assert [one.state for one in shown._histories[0]] == [None, None]
    shown.close()


def test_durations_are_said_as_people_say_them() -> None:
    assert [duration(seconds) for seconds in (5.194, 90, 600, 36_000)] == ["5.19 s", "90 s", "10 min", "10 h"]
