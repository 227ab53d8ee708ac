"""Facts about the lab's controls: they come from the settings, and they say what is wrong beside what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from fedlab import Experiment
from fedlab.algorithms import ALGORITHMS, FedAvg
from fedlab.partitions import PARTITIONS, Natural, Partition
from fedlab.roles import KINDS
from fedlab.settings import InvalidSetting, setting, settings_of
from fedlab.stages import Attack, TopK
from fedlab_widgets.controls import GROUPS

from .controls_bench import Bench


class Halved(FedAvg):
    """An algorithm as a learner writes one in a notebook cell."""

    lesson: ClassVar[str] = "Steps of half the length."

    share: float = setting(0.5, "How much of each step is taken.", symbol="s", low=0.0, high=1.0)


@pytest.mark.parametrize("name", settings_of(Experiment))
def test_every_setting_of_an_experiment_has_a_control_that_teaches(name: str) -> None:
    bench = Bench()
    spec, about = bench.control(name).spec(), settings_of(Experiment)[name]
    assert spec["symbol"] == about.symbol
    assert about.lesson
    assert spec["lesson"] == about.lesson


@pytest.mark.parametrize("role", ["algorithm", "partition"])
def test_every_algorithm_and_partition_can_be_chosen_and_brings_its_own_controls(role: str) -> None:
    kinds: dict[str, type] = {"algorithm": ALGORITHMS, "partition": PARTITIONS}[role]  # type: ignore[assignment]
    bench = Bench()
    for kind in kinds.values():
        bench.choose(role, kind)
        assert type(getattr(bench.experiment, role)) is kind
        for name, about in settings_of(kind).items():
            assert about.lesson == bench.control(name).spec()["lesson"]
            assert bench.is_shown(name)


def test_an_algorithm_from_a_notebook_cell_appears_with_its_sliders() -> None:
    bench = Bench(own=[Halved])
    bench.choose("algorithm", Halved)
    assert "Halved" in bench.control("algorithm").spec()["options"]
    bench.type_in("share", "0.25")
    assert bench.experiment.algorithm == Halved(share=0.25)


def test_a_class_of_any_role_finds_its_menu_by_its_base() -> None:
    class Loud(Attack):
        def at_party(self, up: Any, own: Any, at: Any) -> Any:
            return tuple(2 * part for part in up), own

    bench = Bench(own=[Loud])
    bench.choose("attack", Loud)
    assert bench.experiment.attack == Loud()
    assert "attack" in bench.controls.groups["on the way"]


def test_a_class_that_was_written_anew_stands_beside_the_one_before() -> None:
    """The experiment was made before its cell ran again: both are called Halved, and each can be chosen."""
    new = type("Halved", (FedAvg,), {"__module__": __name__})
    bench = Bench(Experiment(algorithm=Halved()), own=[new])
    assert bench.value("algorithm") is Halved
    bench.choose("algorithm", new)
    assert type(bench.experiment.algorithm) is new


@pytest.mark.parametrize(
    ("name", "text"),
    [("parties", "0"), ("parties", "many"), ("parties", "2.5"), ("parties", "6000"), ("batch_size", "0"),
     ("learning_rate", "-1"), ("learning_rate", "0,1"), ("participation", "nan"), ("rounds", ""), ("alpha", "0")],
)  # fmt: skip
def test_bad_input_gets_its_sentence_beside_its_control(
    name: str, text: str, is_one_sentence: Callable[[object], bool]
) -> None:
    bench = Bench(Experiment(partition="dirichlet"))
    with pytest.raises(InvalidSetting) as expected:
        Experiment(partition="dirichlet", **{name: text})
    bench.type_in(name, text)
    assert is_one_sentence(expected.value)
    assert bench.state["refused"] == {name: str(expected.value)}
    assert bench.session.experiment == Experiment(partition="dirichlet")  # the newest that was right
    assert bench.value(name) == text.strip()  # left as it was typed, to be mended


def test_a_mended_value_takes_its_sentence_away() -> None:
    bench = Bench()
    bench.type_in("parties", "0")
    bench.type_in("parties", "3")
    assert not bench.refused("parties")
    assert bench.session.experiment == Experiment(parties=3)


def test_an_endless_value_is_repeated_in_short(is_one_sentence: Callable[[object], bool]) -> None:
    bench = Bench()
    bench.type_in("parties", "9" * 400)
    assert is_one_sentence(bench.session.wanted.refusal)


def test_what_an_algorithm_fixes_cannot_be_moved_and_says_why() -> None:
    bench = Bench()
    bench.type_in("local_epochs", "7")
    bench.choose("algorithm", ALGORITHMS["fedsgd"])
    experiment = bench.session.experiment
    assert (experiment.local_epochs, experiment.batch_size) == (1, "all")
    assert bench.state["fixed"]["local_epochs"] == "FedSGD always uses 1."
    assert bench.value("local_epochs") == "1"
    bench.choose("algorithm", ALGORITHMS["fedavg"])
    assert "local_epochs" not in bench.state["fixed"]
    assert bench.experiment.local_epochs == 7


def test_only_the_named_controls_are_shown_until_a_group_is_opened() -> None:
    bench = Bench(shown=("parties", "alpha"))
    assert [name for name in (*settings_of(Experiment), "alpha") if bench.is_shown(name)] == ["parties", "alpha"]
    bench.say("group", title="data", open=True)
    assert all(bench.is_shown(name) for name in ("dataset", "partition", "examples", "seed", "alpha"))
    assert not bench.is_shown("momentum")
    bench.say("group", title="data", open=False)
    assert not bench.is_shown("seed")


def test_every_setting_is_in_sight_or_in_one_group() -> None:
    """But for the menus that have nothing to choose."""
    bench = Bench()
    places = [*bench.controls.in_sight, *(name for names in bench.controls.groups.values() for name in names)]
    single = [role for role, kinds in KINDS.items() if len(kinds) == 1]
    assert sorted(places) == sorted(name for name in settings_of(Experiment) if name not in single)


def test_a_setting_in_no_group_falls_into_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GROUPS, "algorithm", tuple(name for name in GROUPS["algorithm"] if name != "momentum"))
    assert Bench().controls.groups["the rest"] == ["momentum"]


def test_what_can_happen_to_a_message_on_its_way_has_a_group_of_menus_and_a_kind_chosen_there_its_own_sliders() -> None:
    bench = Bench()
    roles = {"attack", "privacy", "compression", "secure_sum", "aggregation"}
    assert roles <= set(bench.controls.groups["on the way"])
    bench.choose("compression", TopK)
    bench.type_in("topk_share", "0.05")
    bench.choose("error_feedback", False)
    assert bench.experiment.compression == TopK(topk_share=0.05, error_feedback=False)


def test_a_closed_group_says_how_many_of_its_settings_are_not_as_usual() -> None:
    bench = Bench(shown=("parties",))
    bench.session.set("momentum", 0.5)
    bench.session.set("rounds", 3)
    assert bench.state["closed"]["algorithm"] == "algorithm (2 not as usual)"


def test_a_refused_control_in_a_closed_group_comes_into_sight() -> None:
    bench = Bench(shown=("rounds",))
    bench.session.set("momentum", "7")
    assert bench.is_shown("momentum")
    assert bench.refused("momentum")


def test_a_control_of_that_name_must_exist() -> None:
    with pytest.raises(InvalidSetting, match="did you mean parties"):
        Bench(shown=("partys",))


def test_controls_show_the_experiment_they_are_given() -> None:
    experiment = Experiment(parties=7, partition="dirichlet", alpha=0.03, algorithm="fedprox", mu=0.7, batch_size="all")
    bench = Bench()
    bench.session.use(experiment)
    assert bench.experiment == experiment
    assert bench.value("mu") == "0.7"


def test_reset_sets_back_what_is_not_in_sight_too() -> None:
    """The other kinds' own settings, and what a kind fixes; a learner who chose them again found old values."""
    bench = Bench(Experiment(algorithm="fedsgd"))
    bench.choose("algorithm", ALGORITHMS["fedprox"])
    bench.type_in("mu", "0.7")
    bench.type_in("local_epochs", "7")
    bench.session.reset()
    bench.choose("algorithm", ALGORITHMS["fedprox"])
    assert bench.experiment == Experiment(algorithm="fedprox")


def test_an_own_partition_that_breaks_is_told_beside_its_menu_and_does_not_run() -> None:
    class OneDigit(Partition):
        def assign(self, labels: Any, parties: int, rng: Any) -> Any:
            return [labels[parties * 10_000_000]]

    bench = Bench(Experiment(partition=OneDigit()))
    assert bench.session.prepared() is None
    assert "OneDigit.assign stopped with IndexError" in bench.refused("partition")
    bench.session.run()
    assert bench.session.runs.all == []
    assert bench.session.message.sentence == "A control is not right yet: it says why."


def test_data_and_partition_that_do_not_fit_are_told_beside_the_partition() -> None:
    bench = Bench()
    bench.choose("partition", Natural)
    assert bench.session.prepared() is None
    assert bench.refused("partition")
    bench.choose("partition", PARTITIONS["iid"])
    assert bench.session.prepared() is not None
    assert not bench.refused("partition")


def test_more_memory_than_there_is_is_told_before_anything_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    """400 parties' memories in SCAFFOLD, 199,210 weights each: two states of 0.3 GB and more, where 0.5 GB are free."""
    monkeypatch.setattr("fedlab.prepare.memory_left", lambda: 500_000_000)
    bench = Bench(Experiment(parties=400, algorithm="scaffold"))
    bench.session.run()
    assert bench.session.runs.all == []
    assert "0.5 GB are free" in bench.refused("parties")
