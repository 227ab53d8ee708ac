"""Whom the rule kept in a round: the lab asks it about the messages that it got, and draws and says what it answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from fedlab import Experiment
from fedlab.federation import turn_of
from fedlab.messages import Message
from fedlab.plots.kept import kept
from fedlab.prepare import prepare
from fedlab.stages import AGGREGATIONS, Aggregation
from fedlab_widgets.brake import Brake
from fedlab_widgets.kept import Kept, kept_in
from fedlab_widgets.watching import MOST_KEPT, Watched, watch

PLAN = Experiment(parties=8, examples=400, model="softmax", rounds=2, expected_attackers=2, aggregation="multi_krum")
LIES = PLAN.with_(attack="sign_flip", attackers=2, attack_strength=5.0)


def look(experiment: Experiment) -> tuple[Kept | None, Watched]:
    brake = Brake()
    brake.release()
    prepared = prepare(experiment)
    watched = watch(prepared, None, brake)
    return kept_in(prepared, watched), watched


def found_in(experiment: Experiment) -> Kept:
    found, _ = look(experiment)
    assert found is not None
    return found


@pytest.mark.parametrize("rule", AGGREGATIONS)
def test_every_rule_is_asked_about_all_who_reported(rule: str) -> None:
    """One of eight is silent: seven are asked. By the mean each would count by its 50 examples of 350."""
    settings = {"norm_bound": 1_000.0} if rule == "norm_bound" else {}
    found = found_in(LIES.with_(aggregation=rule, dropouts=0.125, **settings))
    assert len(found.parties) == len(found.weights) == 7
    assert found.parties == sorted(found.parties)
    assert found.by_mean == pytest.approx(np.full(7, 1 / 7))
    assert found.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    "changes", [{}, {"compression": "quantize", "quantize_bits": 4}, {"privacy": "dp", "dp_where": "party"}]
)
def test_it_is_asked_about_what_the_server_makes_of_the_messages(changes: dict[str, Any]) -> None:
    """Multi-Krum's result is the mean of those that it kept, each as the server decodes it and weighs it."""
    found, watched = look(LIES.with_(**changes))
    assert found is not None
    experiment, turn = watched.experiment, turn_of(prepare(watched.experiment), 2)
    decoded = [
        experiment.compression.on_arrival(one.message, turn.at("compression", one.party))[0] for one in watched.uploads
    ]
    assert found.weights @ np.stack(decoded) == pytest.approx(watched.mean[0], abs=1e-6)


def test_multi_krum_throws_out_two_loud_liars_and_the_lab_says_so() -> None:
    """Of eight parties it keeps 8 - 2, each 1/6; by the mean two would be a quarter."""
    found = found_in(LIES)
    assert len(found.liars) == 2
    assert found.out == found.liars
    first, second = found.liars
    words = f"Who lies ({first}, {second}) counts 0% of the result; by the mean it would be 25%."
    assert found.in_words().endswith(words)


def test_krum_throws_out_all_but_one_honest_party() -> None:
    found = found_in(PLAN.with_(aggregation="krum"))
    assert sorted(found.weights) == [0] * 7 + [1]
    out = ", ".join(map(str, found.out))
    assert found.in_words().startswith("Krum: the party in best company. The message of the one party")
    assert found.in_words().endswith(f"Honest and thrown out: {out}.")


def test_the_mean_throws_out_nobody() -> None:
    assert found_in(PLAN.with_(aggregation="mean")).in_words().endswith("Nobody was thrown out.")


def test_before_the_first_bad_round_nobody_lies() -> None:
    assert found_in(LIES.with_(attack_from=3)).liars == []


def test_where_it_cannot_be_told_it_is_not() -> None:
    """Nothing is sent; a rule of one's own does not tell; more report than messages are kept."""

    class First(Aggregation):
        def combine(self, uploads: Any) -> Message:
            return tuple(next(iter(uploads)).message)

    many = PLAN.with_(aggregation="mean", parties=MOST_KEPT + 1, examples=10 * (MOST_KEPT + 1))
    for plan in (PLAN.with_(algorithm="alone"), PLAN.with_(algorithm="central"), PLAN.with_(aggregation=First()), many):
        assert look(plan)[0] is None


def test_the_picture_has_a_bar_for_each_party_and_marks_who_lies_and_who_is_out() -> None:
    axes = Figure().subplots(2, 1, sharex=True)
    weights, own = np.array([0.5, 0.0, 0.3, 0.2]), np.array([0.9, 0.8, 0.7, 0.6])
    kept(axes, [0, 3, 4, 9], weights, np.full(4, 0.25), own, {3, 9, 11})
    for ax, heights in zip(axes, (weights, own), strict=True):
        bars = {round(bar.get_center()[0]): bar for bar in ax.patches}
        assert [bars[place].get_height() for place in range(4)] == pytest.approx(heights)
        assert [bool(bars[place].get_hatch()) for place in range(4)] == [False, True, False, True]
    (dashes,), (crosses,) = axes[0].collections, axes[0].lines
    assert [line[0, 1] for line in dashes.get_segments()] == [0.25] * 4
    assert list(crosses.get_xdata()) == [1]
    assert [label.get_text() for label in axes[1].get_xticklabels()] == ["0", "3", "4", "9"]
    words = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert words == ["honest", "lies", "by the mean", "thrown out"]


def test_of_many_parties_some_have_their_numbers_below() -> None:
    axes = Figure().subplots(2, 1, sharex=True)
    parties = list(range(0, 100, 2))
    kept(axes, parties, np.full(50, 0.02), np.full(50, 0.02), np.ones(50), set())
    shown = {
        place: label.get_text() for place, label in zip(axes[1].get_xticks(), axes[1].get_xticklabels(), strict=True)
    }
    assert all(text == str(2 * round(place)) for place, text in shown.items())
    assert (min(shown), max(shown), len(shown)) == (0, 49, 6)
