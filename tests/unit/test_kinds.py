"""Kinds: what a role of an experiment accepts, a class of the learner's own, and what a kind fixes for all others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fedlab import Experiment
from fedlab.algorithms import FedAvg, FedProx, FedSGD
from fedlab.datasets import Source
from fedlab.experiment import KINDS
from fedlab.models import Dense, Model
from fedlab.partitions import IID, Partition
from fedlab.settings import InvalidSetting, setting
from fedlab.stages import Aggregation, Attack, Compression, Stage


@pytest.mark.parametrize("role", KINDS)
@pytest.mark.parametrize("value", [{}, None, 3, [], object(), FedAvg, "", "none of these"])
def test_a_role_is_a_name_or_an_instance_and_nothing_else(
    role: str, value: object, is_one_sentence: Callable[[object], bool]
) -> None:
    """`{}` was once taken for the abstract base of its role, and broke only when it ran."""
    for make in (Experiment, Experiment().with_):
        with pytest.raises(InvalidSetting, match=f"^{role} is ") as caught:
            make(**{role: value})
        assert caught.value.setting == role
    assert is_one_sentence(caught.value) or isinstance(value, type) or "object" in str(value)


@pytest.mark.parametrize(
    ("role", "value"),
    [
        ("dataset", Source()),
        ("partition", Partition()),
        ("model", Model()),
        ("aggregation", Aggregation()),
        ("attack", Stage()),
        ("attack", Compression()),
        ("partition", FedAvg()),
        ("algorithm", IID()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_base_that_does_nothing_and_a_kind_of_another_role_are_refused(
    role: str, value: object, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(InvalidSetting, match=f"^{type(value).__name__} is no {role} that can run: ") as caught:
        Experiment(**{role: value})
    assert caught.value.setting == role
    assert is_one_sentence(caught.value)


def test_a_kind_that_states_no_name_goes_by_that_of_its_class() -> None:
    """It was once written down under the name that it inherits, as FedAvg or FedProx."""

    class Mine(FedProx):
        reach: int = setting(1, "How far.", low=1, high=9)

    class Wide(Dense):
        hidden = (300,)

    class Halves(Partition):
        title = "Two halves"

    assert (Mine.name, Mine.title) == ("Mine", "Mine")
    assert (Wide.name, Wide.title) == ("Wide", "Wide")
    assert (Halves.name, Halves.title) == ("Halves", "Two halves")
    start = Experiment(algorithm=Mine(), model=Wide())
    assert start.with_(reach=2, mu=0.3).to_dict() == {**start.to_dict(), "reach": 2, "mu": 0.3}
    assert start.own_kinds == ["Mine", "Wide"]
    with pytest.raises(InvalidSetting, match=r"^reach is 10, but it must be a whole number from 1 to 9\.$"):
        start.with_(reach=10)


def test_a_plain_field_of_a_kind_is_refused_when_the_class_is_made() -> None:
    """Nothing could show or check it, and the lab once fell silent over it."""
    with pytest.raises(TypeError, match=r"^Mine has k as a plain field: write k: type = setting\(.*ClassVar.*\.$"):

        class Mine(FedAvg):
            k: int = 3


# What a kind fixes


class Shouting(Attack):
    """An attack that means nothing unless every party takes part, with momentum left out."""

    fixes = {"participation": 1.0, "momentum": 0.0}  # noqa: RUF012 - as a learner writes it


def test_a_kind_of_any_role_may_fix_settings() -> None:
    experiment = Experiment(attack=Shouting(), algorithm="fedsgd")
    assert experiment.fixed == {
        "local_epochs": FedSGD, "batch_size": FedSGD, "participation": Shouting, "momentum": Shouting
    }  # fmt: skip
    with pytest.raises(InvalidSetting, match=r"^participation is 0\.5, but Shouting always uses 1\.0: leave it out\.$"):
        Experiment(attack=Shouting(), participation=0.5)
    with pytest.raises(InvalidSetting, match=r"^momentum is 0\.9, but Shouting always uses"):
        experiment.with_(momentum=0.9)
    start = Experiment(participation=0.5, momentum=0.9, local_epochs=4)
    both = start.with_(attack=Shouting(), algorithm="fedsgd")
    assert (both.participation, both.momentum, both.local_epochs) == (1.0, 0.0, 1)
    assert both.with_(attack="none", participation=0.5).participation == 0.5


def test_two_kinds_that_fix_one_setting_agree_or_are_refused(is_one_sentence: Callable[[object], bool]) -> None:
    class Whole(Attack):
        fixes = {"batch_size": "all"}  # noqa: RUF012

    class Tiny(Attack):
        fixes = {"batch_size": 1}  # noqa: RUF012

    assert Experiment(batch_size=5).with_(attack=Whole(), algorithm="fedsgd").batch_size == "all"
    with pytest.raises(InvalidSetting, match=r"^Tiny always uses 1 for batch_size, .* 'all': they do not") as caught:
        Experiment(batch_size=5).with_(attack=Tiny(), algorithm="fedsgd")
    assert is_one_sentence(caught.value)
