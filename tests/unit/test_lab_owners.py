"""The lab with data that has owners: its words and names, its measure, and for whom it was worth it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.diagnostics import by_owner
from fedlab.prepare import prepare
from fedlab_widgets import Lab
from fedlab_widgets.brake import Brake
from fedlab_widgets.for_whom import scores
from fedlab_widgets.still import still
from fedlab_widgets.watching import watch


def test_a_data_set_by_its_name_begins_with_its_owners() -> None:
    lab = Lab(dataset="heart")
    assert (lab.experiment.partition.name, lab.experiment.parties, lab.experiment.examples) == ("natural", 4, 735)
    assert Lab(dataset="mnist").experiment == Experiment()


def test_usual_numbers_follow_the_data_set_that_is_chosen_and_chosen_ones_stay() -> None:
    lab = Lab()
    session, vowels = lab._session, type(Experiment(dataset="vowels").dataset)
    session.set("dataset", vowels)
    session.set("partition", type(Experiment(partition="natural").partition))
    assert (lab.experiment.parties, lab.experiment.examples) == (8, 352)
    session.set("speakers", 5)
    assert (lab.experiment.parties, lab.experiment.examples) == (5, 220)
    session.set("parties", 3)
    session.set("dataset", type(Experiment().dataset))
    assert (lab.experiment.parties, lab.experiment.examples) == (3, 5_000)


def test_the_map_and_the_card_speak_of_patients_by_their_hospitals() -> None:
    lab = Lab(Experiment(dataset="heart", partition="natural", model="softmax", rounds=2))
    lab.run()
    state = lab._parties.holdings._map.state
    assert state["names"] == ["Cleveland", "Hungary", "Switzerland", "VA Long Beach"]
    assert state["labels"] == ["healthy", "ill"]
    assert "patients" in state["alt"]
    assert state["called"] == "patients"
    assert lab._parties._card.view.state["about"] == "Party Cleveland holds 242 patients: healthy, ill."
    assert "digit" not in lab._parties.holdings._caption.value


@pytest.mark.parametrize(("dataset", "measure"), [("heart", "accuracy"), ("lending", "AUC")])
def test_behind_the_accuracy_says_for_whom_it_was_worth_it(dataset: str, measure: str) -> None:
    lab = Lab(Experiment(dataset=dataset, partition="natural", model="softmax", rounds=2))
    history = lab.run()
    session = lab._session
    assert lab._curves.view.rounds["0"]["accuracy"][-1] == pytest.approx(history.rounds[-1].score, abs=1e-5)
    session.look(session.runs.all[0], 2)
    lab._behind.wait()
    assert f"By {measure} on held-out" in lab._behind._text.value
    assert "<img" in lab._behind._whom.view.value


@pytest.mark.parametrize(("dataset", "measure"), [("heart", "accuracy"), ("lending", "AUC")])
def test_the_lab_in_one_line_and_its_picture_tell_what_the_data_is_measured_by(dataset: str, measure: str) -> None:
    lab = Lab(Experiment(dataset=dataset, partition="natural", model="softmax", rounds=2))
    last = lab.run().rounds[-1]
    assert repr(lab).endswith(f", 2 rounds: test {measure} {last.score:.1%}")
    _, about = still(lab._session)
    assert about["alt"].startswith(f"Test {measure} and loss against")
    assert about["alt"].endswith(f" {last.score:.1%} after 2 rounds.")


def test_where_accuracy_and_auc_are_side_by_side_both_are_named() -> None:
    lab = Lab(Experiment(dataset="heart", partition="natural", model="softmax", rounds=1))
    lab.run()
    lab._session.begin(Experiment(dataset="lending", partition="natural", model="softmax", rounds=1), 1)
    lab._session.wait()
    assert still(lab._session)[1]["alt"].startswith("Test accuracy or AUC, and loss, against")


def test_ditto_shows_the_shared_model_and_each_partys_own() -> None:
    """The dots are FedAvg's model and the v_k: with λ = 0, those are the models alone."""
    start = Experiment(dataset="heart", partition="natural", model="softmax", rounds=3)
    lab = Lab(start.with_(algorithm="ditto", ditto_pull=0.0))
    lab.run()
    lab._session.look(lab._session.runs.all[0], 3)
    lab._behind.wait()
    assert "The personal model that a party has trained beside the shared one" in lab._behind._text.value
    assert "Every party is judged with its own model." in lab._behind._text.value
    brake = Brake()
    brake.release()
    prepared = prepare(start.with_(algorithm="ditto", ditto_pull=0.0))
    found = scores(prepared, watch(prepared, None, brake), brake)
    *_, fedavg = run(start)
    assert fedavg.state is not None
    assert np.array_equal(found["shared"], by_owner(start, [fedavg.state.weights], start.data())[0])
    assert np.array_equal(found["personal"], found["alone"])


def test_whom_the_rule_kept_is_told_by_the_owners_names() -> None:
    start = Experiment(dataset="heart", partition="natural", model="softmax", rounds=1)
    lab = Lab(start.with_(aggregation="krum", expected_attackers=0))
    lab.run()
    lab._session.look(lab._session.runs.all[0], 1)
    lab._behind.wait()
    out = re.search(r"Honest and thrown out: ([^.]*)\.", lab._behind._about_kept.value)
    assert out
    assert len(set(out[1].split(", ")) & {"Cleveland", "Hungary", "Switzerland", "VA Long Beach"}) == 3


def test_there_is_no_such_picture_where_parties_are_no_owners() -> None:
    lab = Lab(Experiment(dataset="heart", model="softmax", rounds=1))
    lab.run()
    lab._session.look(lab._session.runs.all[0], 1)
    lab._behind.wait()
    assert lab._behind._whom.view.value == ""


def test_behind_it_bars_say_who_earned_what_and_a_liar_costs() -> None:
    """One of four sends the reverse of its update, three times as long: it has earned least, and less than nothing."""
    start = Experiment(dataset="heart", partition="natural", model="softmax", rounds=1)
    lab = Lab(start.with_(attack="sign_flip", attackers="#1", attack_strength=3.0))
    lab.run()
    lab._session.look(lab._session.runs.all[0], 1)
    lab._behind.wait()
    assert re.search(r"Hungary least \(-0\.\d+\)", lab._behind._text.value)
    assert "<img" in lab._behind._earned.view.value


def test_with_images_it_would_take_minutes_and_is_left_out() -> None:
    lab = Lab(Experiment(examples=200, rounds=1))
    lab.run()
    lab._session.look(lab._session.runs.all[0], 1)
    lab._behind.wait()
    assert lab._behind._earned.view.value == ""
