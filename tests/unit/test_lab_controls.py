"""Facts about the lab's controls: they come from the settings, and they say what is wrong beside what is wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from fedlab import Experiment
from fedlab.algorithms import ALGORITHMS, FedAvg
from fedlab.partitions import PARTITIONS
from fedlab.settings import InvalidSetting, setting, settings_of
from fedlab_widgets.control import Control, steps, sweep_values
from fedlab_widgets.controls import Controls, with_settings_for


def controls_of(
    experiment: Experiment = Experiment(), own: tuple[type, ...] = (), shown: tuple[str, ...] = ()
) -> Controls:
    return Controls(experiment, own, shown, changed=lambda: None, sweep=lambda experiments: None)


def control(controls: Controls, name: str) -> Control:
    found = controls.control(name)
    assert found is not None
    return found


def type_in(controls: Controls, name: str, text: str) -> None:
    """What the browser does when a learner types a value and presses Enter."""
    box = control(controls, name).box
    assert box is not None
    box.value = text
    controls.check()


def views(widget: Any) -> list[Any]:
    return [widget, *(one for child in getattr(widget, "children", ()) for one in views(child))]


class Halved(FedAvg):
    """An algorithm as a learner writes one in a notebook cell."""

    lesson: ClassVar[str] = "Steps of half the length."

    share: float = setting(0.5, "How much of each step is taken.", symbol="s", low=0.0, high=1.0)


@pytest.mark.parametrize("name", settings_of(Experiment))
def test_every_setting_of_an_experiment_has_a_control_that_teaches(name: str) -> None:
    controls = controls_of()
    assert settings_of(Experiment)[name].symbol in control(controls, name).picker.description
    assert "fedlab-lesson" in control(controls, name).help.value


@pytest.mark.parametrize("role", ["algorithm", "partition"])
def test_every_algorithm_and_partition_can_be_chosen_and_brings_its_own_controls(role: str) -> None:
    kinds: dict[str, type] = {"algorithm": ALGORITHMS, "partition": PARTITIONS}[role]  # type: ignore[assignment]
    controls = controls_of()
    for kind in kinds.values():
        control(controls, role).picker.value = kind
        assert type(getattr(controls.experiment, role)) is kind
        for name, about in settings_of(kind).items():
            assert about.lesson in control(controls, name).help.value
            assert control(controls, name).view in views(controls.view)


def test_an_algorithm_from_a_notebook_cell_appears_with_its_sliders() -> None:
    controls = controls_of(own=(Halved,))
    control(controls, "algorithm").picker.value = Halved
    assert ("Halved", Halved) in control(controls, "algorithm").picker.options
    type_in(controls, "share", "0.25")
    assert controls.experiment.algorithm == Halved(share=0.25)


def test_what_is_typed_and_what_is_slid_are_one() -> None:
    controls = controls_of()
    type_in(controls, "parties", "64")
    assert control(controls, "parties").picker.value == 64
    control(controls, "parties").picker.value = 30
    assert control(controls, "parties").value == "30"
    assert controls.experiment.parties == 30


def test_the_box_takes_every_allowed_value_not_only_those_of_the_slider() -> None:
    controls = controls_of(Experiment(partition="dirichlet"))
    for name, text, value in [("batch_size", "all", "all"), ("batch_size", "77", 77), ("learning_rate", "1e-3", 0.001)]:
        type_in(controls, name, text)
        assert getattr(controls.experiment, name) == value
    type_in(controls, "alpha", " 0.123 ")
    assert controls.experiment.to_dict()["alpha"] == 0.123


@pytest.mark.parametrize(
    ("name", "text"),
    [("parties", "0"), ("parties", "many"), ("parties", "2.5"), ("parties", "6000"), ("batch_size", "0"),
     ("learning_rate", "-1"), ("learning_rate", "0,1"), ("participation", "nan"), ("rounds", ""), ("alpha", "0")],
)  # fmt: skip
def test_bad_input_gets_its_sentence_beside_its_control(
    name: str, text: str, is_one_sentence: Callable[[object], bool]
) -> None:
    controls = controls_of(Experiment(partition="dirichlet"))
    with pytest.raises(InvalidSetting) as expected:
        Experiment(partition="dirichlet", **{name: text})
    type_in(controls, name, text)
    assert is_one_sentence(expected.value)
    assert 'role="alert"' in control(controls, name).help.value
    others = [one for one in settings_of(Experiment) if one != name]
    assert not any("alert" in control(controls, one).help.value for one in others)
    assert controls.check() is None
    assert control(controls, name).value == text.strip()  # left as it was typed, to be mended


def test_a_mended_value_takes_its_sentence_away() -> None:
    controls = controls_of()
    type_in(controls, "parties", "0")
    type_in(controls, "parties", "3")
    assert "alert" not in control(controls, "parties").help.value
    assert controls.check() == Experiment(parties=3)


def test_what_an_algorithm_fixes_cannot_be_moved_and_says_why() -> None:
    controls = controls_of()
    control(controls, "algorithm").picker.value = ALGORITHMS["fedsgd"]
    experiment = controls.check()
    assert experiment is not None
    assert (experiment.local_epochs, experiment.batch_size) == (1, "all")
    assert control(controls, "local_epochs").picker.disabled
    assert "FedSGD always uses 1" in control(controls, "local_epochs").help.value
    control(controls, "algorithm").picker.value = ALGORITHMS["fedavg"]
    controls.check()
    assert not control(controls, "local_epochs").picker.disabled


def test_only_the_named_controls_are_shown_until_one_asks_for_all() -> None:
    names = ("parties", "alpha")
    controls = controls_of(with_settings_for(names, Experiment()), shown=names)
    shown = [
        name for name in (*settings_of(Experiment), "alpha") if control(controls, name).view in views(controls.view)
    ]
    assert shown == ["parties", "alpha"]
    everything = next(one for one in views(controls.view) if getattr(one, "description", "") == "all controls")
    everything.value = True
    assert all(control(controls, name).view in views(controls.view) for name in settings_of(Experiment))


def test_a_control_of_that_name_must_exist() -> None:
    with pytest.raises(InvalidSetting, match="did you mean parties"):
        controls_of(shown=("partys",))


def test_controls_show_the_experiment_they_are_given() -> None:
    experiment = Experiment(parties=7, partition="dirichlet", alpha=0.03, algorithm="fedprox", mu=0.7, batch_size="all")
    controls = controls_of()
    controls.show(experiment)
    assert controls.experiment == experiment


@pytest.mark.parametrize("name", settings_of(Experiment))
def test_a_sweep_takes_a_few_values_that_the_control_can_show(name: str) -> None:
    one = control(controls_of(), name)
    values = sweep_values(one.about, one.steps)
    assert 2 <= len(values) <= 20
    assert set(values) <= set(one.steps)


def test_a_sweep_runs_the_values_of_one_setting_and_leaves_the_control_alone() -> None:
    swept: list[Experiment] = []
    done = threading.Event()

    def sweep(experiments: list[Experiment]) -> None:
        swept.extend(experiments)
        done.set()

    controls = Controls(Experiment(examples=50), (), (), lambda: None, sweep)
    control(controls, "parties").sweep.click()
    assert done.wait(60)
    assert {one.with_(parties=10) for one in swept} == {Experiment(examples=50)}
    assert len(swept) > 1
    assert all(one.parties <= 50 for one in swept)  # more parties than examples are not allowed, so left out
    assert controls.experiment == Experiment(examples=50)


def test_a_slider_over_powers_of_ten_stops_at_round_numbers() -> None:
    """1, 2 and 5 times the powers of ten from 0.01 to 100, both included: 4 decades of 3, and the end."""
    alpha = settings_of(PARTITIONS["dirichlet"])["alpha"]
    assert steps(alpha, whole=False) == [
        0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0,
    ]  # fmt: skip
