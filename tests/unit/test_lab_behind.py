"""Behind the accuracy: the lab runs a round once more, and what it shows is what the run was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from fedlab import Experiment, diagnostics, run
from fedlab.datasets import mnist
from fedlab.prepare import prepare
from fedlab_widgets import Lab
from fedlab_widgets.brake import Brake
from fedlab_widgets.watching import watch

ONE_LABEL = Experiment(parties=4, examples=200, model="softmax", rounds=2, partition="label_limit", labels_per_party=1)


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab(ONE_LABEL)
    yield lab
    lab.close()


def test_a_round_is_run_once_more_and_explained(lab: Lab) -> None:
    """What it tells of the round that it ran again is what the round was when it first ran."""
    lab.run()
    lab._behind.look()
    lab._behind.wait()
    assert "round 2" in lab._behind._text.value
    weights = lab.histories[0].rounds[1].state.weights  # type: ignore[union-attr]
    recall = diagnostics.recall(diagnostics.confusion_on_test(ONE_LABEL, [weights], mnist()))
    assert f"Hardest label: {recall.argmin()}, of which {recall.min():.0%} are recognised" in lab._behind._text.value
    alt = lab._behind._served.view.value
    assert f"the test accuracy {lab.histories[0].rounds[1].test_accuracy:.0%}" in alt
    assert "Where 4 parties went" in lab._behind._paths.view.value


def test_any_earlier_round_can_be_looked_behind(lab: Lab) -> None:
    lab.run()
    lab._behind._menu.round.value = 1
    lab._behind.look()
    lab._behind.wait()
    assert "round 1." in lab._behind._text.value
    assert f"the test accuracy {lab.histories[0].rounds[0].test_accuracy:.0%}" in lab._behind._served.view.value


def test_a_point_of_a_curve_leads_to_what_is_behind_it(lab: Lab) -> None:
    """What the chart tells when the learner asks for round 1 of run 0: its tab opens, and it is run once more."""
    lab.run()
    tabs = lab.view.children[-1]
    assert tabs.selected_index == 0
    assert "behind" not in lab.selected
    lab._curves.view._handle_custom_msg({"do": "look", "run": 0, "round": 1}, [])
    lab._behind.wait()
    assert tabs.titles[tabs.selected_index] == "Behind the accuracy"
    assert "Run 1, round 1." in lab._behind._text.value
    assert (lab.selected["round"], lab.selected["behind"]) == (1, 1)


def test_a_look_behind_every_party_alone_uses_the_parties_own_models() -> None:
    """A party with one label learns to answer it always: all own examples right."""
    lab = Lab(ONE_LABEL.with_(algorithm="alone", rounds=5, local_epochs=20))
    lab.run()
    lab._behind.look()
    lab._behind.wait()
    assert "its own model" in lab._behind._text.value
    assert "worst tenth 100%" in lab._behind._text.value
    lab.close()


def test_how_far_a_party_that_trains_alone_went_is_told_from_its_own_model() -> None:
    """Its distances are those of the round's reports; the shared model, from round 1 on, is somewhere else."""
    experiment = ONE_LABEL.with_(algorithm="alone", rounds=3)
    prepared = prepare(experiment)
    rounds = list(run(experiment))
    for start in (rounds[1].state, rounds[0].state, None):
        watched = watch(prepared, start, _free())
        distances = [float(np.linalg.norm(update.astype(np.float64))) for update in watched.updates]
        assert distances == pytest.approx([report.distance for report in rounds[2].parties], rel=1e-6)


def test_a_round_of_a_fork_is_looked_at_from_its_own_beginning() -> None:
    """The models between the fork and the round are not kept: what is shown is still what the round was."""
    lab = Lab(ONE_LABEL.with_(rounds=3))
    session = lab._session
    lab.run()
    session.set("learning_rate", 0.9)
    session.set("rounds", 5)
    session.fork(session.runs.all[0], 3)
    session.wait()
    fork = session.runs.all[1]
    fork.history.rounds[3] = replace(fork.history.rounds[3], state=None)
    session.runs.all[0].history.rounds[2] = replace(session.runs.all[0].history.rounds[2], state=None)
    lab._painter.paint()
    lab._behind.look()
    lab._behind.wait()
    weights = fork.history.rounds[4].state.weights  # type: ignore[union-attr]
    recall = diagnostics.recall(diagnostics.confusion_on_test(ONE_LABEL, [weights], mnist()))
    assert f"Hardest label: {recall.argmin()}, of which {recall.min():.0%} are recognised" in lab._behind._text.value
    lab.close()


def test_who_lied_and_whom_the_rule_threw_out_is_told() -> None:
    """Of ten honest parties Krum keeps one. From round 2 on party 3 goes the other way: it is not the one."""
    plan = ONE_LABEL.with_(parties=10, partition="iid", aggregation="krum")
    lab = Lab(plan.with_(events="1: attack=sign_flip attackers=#3"))
    lab.run()
    for number, liars in ((1, []), (2, [3])):
        lab._behind._menu.round.value = number
        lab._behind.look()
        lab._behind.wait()
        alt = lab._behind._kept.view.value
        assert len(re.findall(r"\d: 100%", alt)) == 1
        assert [int(party) for party in re.findall(r"(\d) \(lies\): 0%", alt)] == liars
        assert ("Who lies (3) counts 0% of the result" in lab._behind._about_kept.value) == bool(liars)
    lab.close()


def test_a_round_in_which_other_parties_take_part_than_at_first_is_looked_at() -> None:
    """Two of four take part in round 1; then all do but party 0, who has left. Each counts by its examples."""
    lab = Lab(ONE_LABEL.with_(participation=0.5, events="1: participation=1 away=#0"))
    lab.run()
    lab._behind.look()
    lab._behind.wait()
    assert "Run 1, round 2." in lab._behind._text.value
    told = re.findall(r"(\d): (\d+)%, \d+%[;.]", lab._behind._kept.view.value)
    history = lab.histories[0]
    examples = {report.party: report.examples for report in history.rounds[1].parties}
    assert examples.keys() == {1, 2, 3}
    assert told == [(str(party), f"{100 * own / sum(examples.values()):.0f}") for party, own in examples.items()]
    lab.close()


def _free() -> Brake:
    brake = Brake()
    brake.release()
    return brake


def test_without_a_run_there_is_nothing_to_look_behind(lab: Lab) -> None:
    assert lab._behind._look.disabled
    lab._behind.look()
    assert "Choose a run" in lab._behind._text.value


def test_the_heat_map_has_its_number(lab: Lab) -> None:
    lab._painter.paint()
    skewed = re.search(r"label skew (\d\.\d\d)", lab._parties.holdings._caption.value)
    even = Lab(ONE_LABEL.with_(partition="iid"))
    even._painter.paint()
    alike = re.search(r"label skew (\d\.\d\d)", even._parties.holdings._caption.value)
    even.close()
    assert skewed
    assert alike
    assert float(skewed[1]) > 0.5 > 0.3 > float(alike[1])
