"""Facts about attacks: what a liar sends, who lies, from when on, and what it does to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, Round, run
from fedlab.algorithms import ALGORITHMS
from fedlab.datasets import Dataset
from fedlab.messages import Upload
from fedlab.settings import InvalidSetting
from fedlab.stages import STAGES

from .command_line import fedlab_

Same = Callable[[list[Round], list[Round]], None]

PLAN = Experiment(parties=6, examples=600, model="softmax", rounds=3, local_epochs=2, batch_size=16, seed=11)
LIES = [kind for kind in STAGES["attack"] if kind != "none"]
VISIBLE: dict[str, dict[str, Any]] = {"little": {"deviations": 2.0}}  # two of six need no disguise: z^max is 0
each_lie = pytest.mark.parametrize("attack", LIES)


def uploads_of(experiment: Experiment, data: Dataset) -> dict[tuple[int, int], Upload]:
    """Those of all rounds, as they travel, by round and party."""
    kept: dict[tuple[int, int], Upload] = {}
    list(run(experiment, dataset=data, on_upload=lambda number, upload: kept.update({(number, upload.party): upload})))
    return kept


def liars_in_round_1(experiment: Experiment, data: Dataset) -> set[int]:
    """Whose messages are not those of the same run without an attack."""
    one = experiment.with_(rounds=1)
    honest, lying = uploads_of(one.with_(attack="none"), data), uploads_of(one, data)
    return {k for (_, k), up in lying.items() if not np.array_equal(up.message[0], honest[1, k].message[0])}


@each_lie
def test_as_many_parties_lie_as_was_said_and_the_same_in_every_run(attack: str, blobs: Dataset) -> None:
    plan = PLAN.with_(attack=attack, attackers=2)
    liars = liars_in_round_1(plan, blobs)
    assert len(liars) == 2
    assert liars_in_round_1(plan, blobs) == liars
    assert liars_in_round_1(plan.with_(attackers=3), blobs) > liars
    assert not liars_in_round_1(plan.with_(attackers=0), blobs)


@each_lie
def test_before_the_first_bad_round_a_run_is_the_honest_one_to_the_bit(
    attack: str, blobs: Dataset, assert_same_rounds: Same
) -> None:
    honest = list(run(PLAN, dataset=blobs))
    bad = list(run(PLAN.with_(attack=attack, attackers=2, attack_from=3, **VISIBLE.get(attack, {})), dataset=blobs))
    assert_same_rounds(bad[:2], honest[:2])
    assert bad[2].state is not None
    assert honest[2].state is not None
    assert not np.array_equal(bad[2].state.weights, honest[2].state.weights)


def test_who_flips_signs_sends_the_opposite_of_what_it_learned_that_much_longer(blobs: Dataset) -> None:
    """w_t - s (w_k - w_t): the update, times -s."""
    plan = PLAN.with_(rounds=1)
    honest = uploads_of(plan, blobs)
    for at, upload in uploads_of(plan.with_(attack="sign_flip", attackers=6, attack_strength=5.0), blobs).items():
        assert upload.message[0] == pytest.approx(-5 * honest[at].message[0], abs=1e-6)
        assert np.array_equal(upload.weights, honest[at].weights)


def test_two_of_six_that_flip_signs_doubly_bring_the_mean_to_a_halt(blobs: Dataset) -> None:
    """If all had walked the same way u, the mean would be (4 u - 2 · 2 u) / 6 = 0: the model hardly moves."""
    honest, bad = (
        next(run(PLAN.with_(rounds=1, **changes), dataset=blobs))
        for changes in ({}, {"attack": "sign_flip", "attackers": 2, "attack_strength": 2.0})
    )
    assert bad.test_accuracy < honest.test_accuracy


def test_who_sends_noise_sends_as_much_of_it_as_was_said(blobs: Dataset) -> None:
    """Root mean square of 36 numbers: s times that of the update, give or take 3 / √72 of it."""
    plan = PLAN.with_(rounds=1)
    honest = uploads_of(plan, blobs)
    for at, upload in uploads_of(plan.with_(attack="noise", attackers=6, attack_strength=10.0), blobs).items():
        wanted = 10 * np.sqrt(np.mean(honest[at].message[0] ** 2))
        assert np.sqrt(np.mean(upload.message[0] ** 2)) == pytest.approx(wanted, rel=3 / np.sqrt(72))
        assert abs(np.corrcoef(upload.message[0], honest[at].message[0])[0, 1]) < 0.7


def test_a_free_rider_sends_the_model_back(blobs: Dataset) -> None:
    """With free riders alone nothing is ever learned."""
    plan = PLAN.with_(attack="free_rider", attackers=6)
    rounds = list(run(plan, dataset=blobs))
    assert len({one.test_loss for one in rounds}) == 1
    assert all(not upload.message[0].any() for upload in uploads_of(plan, blobs).values())


def test_who_flips_labels_trains_honestly_on_wrong_ones(blobs: Dataset) -> None:
    """Class y of 4 becomes 3 - y. If all do so, a model is learned that is right about the flipped classes."""
    plan = PLAN.with_(attack="label_flip", attackers=6, rounds=3)
    *_, last = run(plan, dataset=blobs)
    turned = Dataset("turned", blobs.train_x, 3 - blobs.train_y, blobs.test_x, 3 - blobs.test_y)
    *_, same = run(PLAN.with_(rounds=3), dataset=turned)
    assert last.state is not None
    assert same.state is not None
    assert np.array_equal(last.state.weights, same.state.weights)
    assert last.test_accuracy < 0.2


@pytest.mark.parametrize("rule", ["median", "trimmed_mean", "krum", "geometric_median"])
def test_a_robust_rule_keeps_what_loud_liars_take_from_the_mean(rule: str, blobs: Dataset) -> None:
    """Two of ten parties, IID, go the other way five times as far: the mean turns round, since 8 u - 10 u < 0."""
    plan = PLAN.with_(parties=10, examples=1_000, rounds=4, attack="sign_flip", attackers=2, attack_strength=5.0)
    by_mean, by_rule, honest = (
        list(run(plan.with_(**changes), dataset=blobs))[-1].test_accuracy
        for changes in ({}, {"aggregation": rule}, {"attack": "none"})
    )
    assert by_mean < 0.5 < 0.8 < by_rule
    assert by_rule > honest - 0.05


@each_lie
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_trains_on_under_every_attack(attack: str, algorithm: str, blobs: Dataset) -> None:
    (one,) = run(PLAN.with_(algorithm=algorithm, attack=attack, rounds=1), dataset=blobs)
    assert np.isfinite(one.test_loss)


def test_one_computer_with_all_data_is_the_yardstick_without_liars(blobs: Dataset, assert_same_rounds: Same) -> None:
    central = PLAN.with_(algorithm="central")
    bad = central.with_(attack="label_flip", attackers=3)
    assert_same_rounds(list(run(bad, dataset=blobs)), list(run(central, dataset=blobs)))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"attackers": 11},
            "attackers is 11, but there are only 10 parties: take at most so many.",
        ),
        ({"attack_strength": -1.0}, "attack_strength is -1.0, but it must be a number from 0 to 1000."),
    ],
)
def test_an_attack_that_cannot_be_says_what_is_allowed(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Experiment(attack="sign_flip", **settings)
    assert str(caught.value) == sentence


def test_an_attack_and_a_rule_are_two_flags_of_the_command_line() -> None:
    flags = ["--attack", "sign_flip", "--attack-strength", "5", "--attackers", "2", "--aggregation", "median"]
    answer = fedlab_("run", "--parties", "5", "--examples", "300", "--model", "softmax", "--rounds", "1", *flags)
    assert answer.exit_code == 0, answer.output
    experiment = Experiment(attack="sign_flip", attack_strength=5.0, attackers=2, aggregation="median")
    assert Experiment.from_link(experiment.link()) == experiment


def test_attackers_may_be_named_by_their_numbers_instead_of_drawn(blobs: Dataset) -> None:
    assert liars_in_round_1(PLAN.with_(attack="sign_flip", attackers=(5, 0)), blobs) == {0, 5}
    assert liars_in_round_1(PLAN.with_(attack="sign_flip", attackers="#2"), blobs) == {2}


@pytest.mark.parametrize("given", [(5, 0), [0, 5, 5], "#0,#5", "#5, #0"])
def test_the_same_parties_named_in_any_way_are_the_same_experiment_and_link(given: Any) -> None:
    named = Experiment(attack="sign_flip", attackers=given)
    assert named == Experiment(attack="sign_flip", attackers=(0, 5))
    assert Experiment.from_link(named.link()) == Experiment.from_json(named.to_json()) == named


@pytest.mark.parametrize("given", ["", "#", "#a", "#-1", (), (-1,), (1.5,), True, 1.5, "two"])
def test_what_names_no_parties_is_refused_in_one_sentence(
    given: Any, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(InvalidSetting, match="or parties by their numbers") as caught:
        Experiment(attack="sign_flip", attackers=given)
    assert is_one_sentence(caught.value)


def test_a_party_that_there_is_not_cannot_lie(is_one_sentence: Callable[[object], bool]) -> None:
    with pytest.raises(
        InvalidSetting, match="names party 10, but the 10 parties have the numbers from 0 to 9"
    ) as caught:
        Experiment(attack="sign_flip", attackers=(3, 10))
    assert is_one_sentence(caught.value)
