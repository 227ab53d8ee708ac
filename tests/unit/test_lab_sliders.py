"""Facts about the lab's sliders, boxes and sweeps: which values they take, show and run."""

from __future__ import annotations

import pytest

from fedlab import Experiment
from fedlab.partitions import PARTITIONS
from fedlab.roles import KINDS
from fedlab.settings import settings_of
from fedlab_widgets.control import steps, sweep_values, text_of

from .controls_bench import Bench


def test_what_is_typed_and_what_is_slid_are_one() -> None:
    bench = Bench()
    bench.type_in("parties", "64")
    assert bench.value("parties") == "64"
    bench.choose("parties", 30)
    assert bench.value("parties") == "30"
    assert bench.experiment.parties == 30


def test_the_box_takes_every_allowed_value_not_only_those_of_the_slider() -> None:
    bench = Bench(Experiment(partition="dirichlet"))
    for name, text, value in [("batch_size", "all", "all"), ("batch_size", "77", 77), ("learning_rate", "1e-3", 0.001)]:
        bench.type_in(name, text)
        assert getattr(bench.experiment, name) == value
    bench.type_in("alpha", " 0.123 ")
    assert bench.experiment.to_dict()["alpha"] == 0.123


def test_a_control_that_nobody_moved_gives_back_its_value_to_the_last_bit() -> None:
    """1/3 has more digits than a box shows, and moving another control does not cut them."""
    given = Experiment(learning_rate=1 / 3, partition="dirichlet", alpha=0.1 + 0.2)
    bench = Bench(given)
    assert bench.experiment == given
    bench.choose("seed", 1)
    assert bench.experiment == given.with_(seed=1)


@pytest.mark.parametrize("value", [1 / 3, 0.1 + 0.2, 1e-6, 0.1, 100.0, 2 / 7 * 1e-5])
def test_what_a_box_shows_is_the_value_itself(value: float) -> None:
    assert float(text_of(value)) == value
    assert text_of(0.1) == "0.1"


@pytest.mark.parametrize("name", [name for name in settings_of(Experiment) if len(KINDS.get(name, "12")) > 1])
def test_a_sweep_takes_a_few_values_that_the_control_can_show(name: str) -> None:
    one = Bench().control(name)
    values = sweep_values(one.about, one.steps)
    assert 2 <= len(values) <= 20
    assert set(values) <= set(one.steps)


def test_a_sweep_runs_the_values_of_one_setting_and_leaves_the_control_alone() -> None:
    """More parties than examples are not allowed, so left out. The lab does not say that the controls have moved."""
    small = Experiment(examples=50, model="softmax", rounds=1)
    bench = Bench(small)
    bench.session.sweep("parties", [2, 35, 67, 100])
    bench.session.wait()
    assert [run.experiment for run in bench.session.runs.all] == [small.with_(parties=2), small.with_(parties=35)]
    assert bench.session.message.sentence == "Sweep: parties = 2, 35."
    assert bench.experiment == small
    assert not bench.session.moved
    bench.session.set("parties", 3)
    assert bench.session.moved


def test_a_sweep_over_a_setting_of_the_algorithm_runs_its_values() -> None:
    small = Experiment(examples=50, model="softmax", rounds=1, algorithm="fedprox")
    bench = Bench(small)
    bench.session.sweep("mu", [0.0, 1.0])
    bench.session.wait()
    assert [run.experiment for run in bench.session.runs.all] == [small.with_(mu=0.0), small.with_(mu=1.0)]


def test_a_slider_over_powers_of_ten_stops_at_round_numbers() -> None:
    """1, 2 and 5 times the powers of ten from 0.01 to 100, both included: 4 decades of 3, and the end."""
    alpha = settings_of(PARTITIONS["dirichlet"])["alpha"]
    assert steps(alpha, whole=False) == [
        0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0,
    ]  # fmt: skip


def test_a_sweep_is_named_after_its_control_and_says_its_values() -> None:
    bench = Bench(Experiment(partition="dirichlet"))
    assert bench.control("alpha").spec()["sweep"] == "sweep alpha: 0.01, 0.1, 1, 10, 100"
    assert "sweep" not in bench.control("rounds").spec()


def test_a_slider_tells_its_values_its_limits_and_its_unit() -> None:
    """Not its places: a screen reader says "0.1", where it used to say "3"."""
    spec = Bench().control("bandwidth").spec()
    assert "10" in spec["steps"]
    assert spec["unit"] == "megabits a second"
    assert spec["limits"].startswith("Allowed: ")
    assert spec["typed"] == "bandwidth, typed"


def test_moving_a_control_sends_the_values_and_not_what_there_is_to_set() -> None:
    bench = Bench()
    before = bench.controls.view.schema
    bench.choose("parties", 12)
    assert bench.controls.view.schema is before
    assert bench.value("parties") == "12"
