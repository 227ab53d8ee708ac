"""What a run costs: rounds of known bytes and examples, with the seconds worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, History, Round, run
from fedlab.costs import PACE, Cost, Prices, Seconds, clock_prices, first_by_speed, of_round, steps, until
from fedlab.datasets import Dataset
from fedlab.messages import PartyReport
from fedlab.settings import InvalidSetting

EXPERIMENT = Experiment(parties=4, examples=400, local_epochs=5, batch_size=10, rounds=3)
PRICES = Prices(down=2.0, up=0.5, step=0.1, image=0.01, wait=7.0)


def a_round(number: int = 1, accuracy: float = 0.5, examples: tuple[int, ...] = (100, 100), absent: int = 0) -> Round:
    """Each party gets 1 MB and sends 1 MB; those that are absent get theirs and send nothing."""
    reports = tuple(PartyReport(party, n, 0, 0.0, 0.0) for party, n in enumerate(examples))
    up, down = len(examples) * 10**6, (len(examples) + absent) * 10**6
    return Round(number, accuracy, 0.0, 0.0, reports, up, down, 0.0, None, absent=absent)


def test_a_round_is_download_work_upload_and_waiting() -> None:
    """1 MB at 2 MB/s is 0.5 s, at 0.5 MB/s 2 s. 5 epochs of 100 images in tens: 50 steps and 500 images, 5 s each."""
    assert of_round(a_round(), EXPERIMENT, PRICES) == Seconds(down=0.5, work=10.0, up=2.0, wait=7.0)
    assert of_round(a_round(), EXPERIMENT, PRICES).total == 19.5


def test_a_shared_line_carries_the_bytes_of_all_parties() -> None:
    """Two parties: twice the bytes on the one line. Of four, two never report: they load the model too."""
    shared = Prices(2.0, 0.5, shared=True, step=0.1, image=0.01, wait=7.0)
    assert of_round(a_round(), EXPERIMENT, shared) == Seconds(down=1.0, work=10.0, up=4.0, wait=7.0)
    assert of_round(a_round(absent=2), EXPERIMENT, shared) == Seconds(down=2.0, work=10.0, up=4.0, wait=7.0)


def test_all_wait_for_the_party_with_the_most_to_do() -> None:
    """205 images are 21 batches of up to ten: 105 steps and 1,025 images, 10.5 s and 10.25 s."""
    assert of_round(a_round(examples=(100, 205)), EXPERIMENT, PRICES).work == pytest.approx(20.75)


def test_a_slow_device_takes_its_slowdown_as_long() -> None:
    slow = EXPERIMENT.with_(slow_parties=1.0, slowdown=3.0)
    assert of_round(a_round(), slow, PRICES).work == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("examples", "batch_size", "epochs", "wanted"), [(100, 10, 5, 50), (25, 10, 3, 9), (100, "all", 5, 5)]
)
def test_steps_are_batches_of_whole_epochs(examples: int, batch_size: Any, epochs: int, wanted: int) -> None:
    experiment = Experiment(batch_size=batch_size, local_epochs=epochs)
    assert steps(experiment, examples) == wanted


def test_halving_the_batch_doubles_what_steps_cost_and_leaves_what_images_cost() -> None:
    """100 images in fives: 100 steps in 5 epochs, still 500 images. 10 s and 5 s."""
    halved = EXPERIMENT.with_(batch_size=5)
    assert of_round(a_round(), halved, PRICES).work == pytest.approx(10.0 + 5.0)
    assert of_round(a_round(), EXPERIMENT, PRICES).work == pytest.approx(5.0 + 5.0)


def test_a_run_is_paid_up_to_the_round_that_first_reaches_the_goal() -> None:
    """Two rounds of 4 MB; the third comes too late to count. Two parties compute 10 s each in each of two rounds."""
    history = History(EXPERIMENT, [a_round(1, 0.5), a_round(2, 0.85), a_round(3, 0.7)])
    assert until(history, 0.85, PRICES) == Cost(2, 8.0, Seconds(1.0, 20.0, 4.0, 14.0), computing=40.0)


def test_a_run_that_never_reaches_the_goal_has_no_cost() -> None:
    assert until(History(EXPERIMENT, [a_round(1, 0.5)]), 0.85, PRICES) is None
    assert until(History(EXPERIMENT), 0.85, PRICES) is None


def test_in_one_place_nothing_travels(blobs: Dataset) -> None:
    central = Experiment(parties=4, examples=400, model="softmax", algorithm="central", rounds=1)
    (one,) = run(central, dataset=blobs)
    spent = of_round(one, central, PRICES)
    assert (spent.down, spent.up) == (0.0, 0.0)
    assert spent.work > 0


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"bandwidth": 0.3, "participation": 0.5},
        {"stragglers": 0.5, "algorithm": "fedprox"},
        {"dropouts": 0.5, "partition": "quantity"},
        {"slow_parties": 0.5, "slowdown": 7.0, "algorithm": "scaffold"},
        {"uplink": 0.5, "compression": "topk", "topk_share": 0.1},
    ],
)
def test_simulated_seconds_are_this_formula_at_the_prices_of_the_clock(
    blobs: Dataset, settings: dict[str, Any]
) -> None:
    experiment = Experiment(parties=4, examples=400, model="softmax", local_epochs=3, rounds=3, **settings)
    for one in run(experiment, dataset=blobs):
        assert of_round(one, experiment, clock_prices(experiment)).total == pytest.approx(one.simulated_seconds)


def test_the_upload_takes_its_bytes_by_the_uplink(blobs: Dataset) -> None:
    """Softmax on the blobs: 36 weights, so 144 bytes each way. Down 144 bytes at 8 megabits a second are 144 µs; up at
    2 kB/s they are 0.072 s, and at 1 kB/s 0.144 s. 100 examples, once: 0.1 s of work.
    """
    line = Experiment(parties=4, examples=400, model="softmax", rounds=1, bandwidth=8.0)
    for uplink, up in ((2.0, 0.072), (1.0, 0.144)):
        (one,) = run(line.with_(uplink=uplink), dataset=blobs)
        assert one.simulated_seconds == pytest.approx(144e-6 + 0.1 + up)
        assert of_round(one, line, clock_prices(line.with_(uplink=uplink))).up == pytest.approx(up)


def test_an_uplink_as_fast_as_the_bandwidth_is_as_if_there_were_none(blobs: Dataset) -> None:
    """10 megabits are 1,250 kilobytes. Left at `same` it is the formula that was there before, to the bit."""
    line = Experiment(parties=4, examples=400, model="softmax", rounds=1)
    (free,), (capped,) = (run(one, dataset=blobs) for one in (line, line.with_(uplink=1_250.0)))
    assert capped.simulated_seconds == pytest.approx(free.simulated_seconds)
    assert free.simulated_seconds == 8e-6 * (144 + 144) / 10.0 + 100 * (1 / PACE)


@pytest.mark.parametrize("uplink", [30.0, 0.1, "same"])
def test_an_uplink_travels_in_files_and_links(uplink: float | str) -> None:
    experiment = Experiment(uplink=uplink)
    assert Experiment.from_link(experiment.link()).uplink == uplink
    assert Experiment.from_json(experiment.to_json()).uplink == uplink


@pytest.mark.parametrize("uplink", [0, -1, math.nan, "fast"])
def test_an_uplink_that_is_none_is_refused_in_a_sentence(uplink: Any) -> None:
    with pytest.raises(InvalidSetting, match=r"^uplink is .*, but it must be a number from .*, or same\.$"):
        Experiment(uplink=uplink)


def test_a_slow_uplink_slows_only_what_goes_up(blobs: Dataset) -> None:
    """Top-k with a tenth of 36 weights sends 4 numbers and 4 places, 32 of 144 bytes: at 1 kB/s it saves 0.112 s."""
    line = Experiment(parties=4, examples=400, model="softmax", rounds=1, uplink=1.0)
    (whole,), (few,) = (
        run(one, dataset=blobs) for one in (line, line.with_(compression="topk", topk_share=0.1, error_feedback=True))
    )
    assert whole.simulated_seconds - few.simulated_seconds == pytest.approx(0.112)


def cost(travel: float, fixed: float) -> Cost:
    return Cost(1, 1.0, Seconds(down=travel / 2, up=travel / 2, work=fixed / 2, wait=fixed / 2), 0.0)


def test_the_order_turns_over_where_the_times_are_equal() -> None:
    """30 s of travel and 10 s of work against 6 s and 40 s: 30 / x + 10 = 6 / x + 40 at x = 0.8."""
    assert first_by_speed([cost(30, 10), cost(6, 40)]) == [(0.0, 1), (pytest.approx(0.8), 0)]


def test_a_run_with_less_of_both_is_always_first() -> None:
    assert first_by_speed([cost(30, 40), cost(6, 10)]) == [(0.0, 1)]
    assert first_by_speed([cost(6, 40), cost(6, 10)]) == [(0.0, 1)]


def test_the_first_at_each_speed_is_the_one_with_the_least_time() -> None:
    """By comparing all times at speeds between the turns; the seed makes sixty runs."""
    rng = np.random.default_rng(0)
    numbers = rng.uniform(0, 100, (60, 2))
    found = first_by_speed([cost(travel, fixed) for travel, fixed in numbers])
    starts = [start for start, _ in found]
    assert starts == sorted(starts)
    assert len(found) > 2
    for (start, leader), end in zip(found, [*starts[1:], 2 * starts[-1]], strict=True):
        times = numbers[:, 0] / ((start + end) / 2) + numbers[:, 1]
        assert times.argmin() == leader


@pytest.mark.parametrize("speed", [0, -1, math.inf, math.nan])
def test_a_line_without_a_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="needs a speed above 0"):
        Prices(down=1.0, up=speed)


@pytest.mark.parametrize("seconds", [{"step": -1.0}, {"image": -1.0}, {"wait": -1.0}])
def test_seconds_below_nought_are_refused(seconds: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be 0 or more, but they are -1"):
        Prices(1.0, 1.0, **seconds)
