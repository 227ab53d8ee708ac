"""The numbers in lesson 03's sentences, held against what `python -m benchmarks.lesson_03` has measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.lesson_03 import BASE, KINDS
from fedlab.lessons.pictures_03 import mean_end, measured

LESSON = (Path(__file__).parents[2] / "lessons" / "03_non_iid.py").read_text(encoding="utf-8")
TEXT = " ".join(LESSON.replace("\n# > ", " ").replace("\n# ", " ").split())
FOUND: dict[str, Any] = measured()


def said(sentence: str) -> None:
    """The lesson says so, wherever its lines break."""
    assert sentence in TEXT, sentence


def ends(name: str, place: str = "federated") -> np.ndarray:
    """(seeds,) the accuracies after the last round."""
    return np.array([rounds[-1] for rounds in FOUND["kinds"][name][place]])


def lost(name: str) -> int:
    """What being federated costs, in whole points."""
    return round(mean_end(FOUND["kinds"][name], "central") - mean_end(FOUND["kinds"][name], "federated"))


def harder(name: str) -> int:
    """What a kind costs one computer, in whole points."""
    return round(float((ends("IID", "central") - ends(name, "central")).mean()))


def test_what_was_measured_is_what_the_lesson_runs() -> None:
    assert FOUND["experiment"] == BASE.link()
    assert list(FOUND["kinds"]) == list(KINDS)
    assert "parties=10, examples=2_000, local_epochs=2, batch_size=10, rounds=10" in LESSON


def test_hard_and_hard_because_it_is_federated_come_apart() -> None:
    said("IID itself costs 2 points.")
    assert lost("IID") == 2
    said("Noise costs one computer 3 points, and being federated 3 more.")
    assert (harder("noise, σ = 1"), lost("noise, σ = 1")) == (3, 3)
    said("Rotation costs one computer 11 points")
    said("Being federated costs 11 more.")
    assert (harder("rotation, up to 90°"), lost("rotation, up to 90°")) == (11, 11)
    said("Label skew costs one computer nothing")
    said(r"6 points are lost with $\alpha = 1$, 20 with $\alpha = 0.1$, and 22 with one digit a party")
    skews = ("Dirichlet, α = 1", "Dirichlet, α = 0.1", "one digit a party")
    assert [harder(name) for name in skews] == [0, 0, 0]
    assert [lost(name) for name in skews] == [6, 20, 22]


def test_three_kinds_end_alike_and_their_seeds_overlap() -> None:
    said(r"rotation, $\alpha = 0.1$ and one digit a party all end at 69 to 74 %, and their seeds overlap")
    three = [ends(name) for name in ("rotation, up to 90°", "Dirichlet, α = 0.1", "one digit a party")]
    assert [round(float(f(three))) for f in (np.min, np.max)] == [69, 74]
    assert max(one.min() for one in three) < min(one.max() for one in three)


def test_with_wrong_labels_the_federated_model_is_better() -> None:
    said("the *federated* model is 18 points better")
    wrong = FOUND["kinds"]["all labels wrong at 3 of 10"]
    assert lost("all labels wrong at 3 of 10") == -18
    said("its training loss goes down to 0.2 while its accuracy falls")
    assert [round(losses[-1], 1) for losses in wrong["central train loss"]] in ([0.2, 0.1, 0.2], [0.2, 0.2, 0.2])
    assert all(rounds[-1] < max(rounds) - 5 for rounds in wrong["central"])
    said("(a batch of 100) it still ends at 84 %, and the federated model at 90")
    assert round(np.mean(FOUND["wrong labels, as many steps"])) == 84
    assert round(mean_end(wrong, "federated")) == 90


def test_one_large_party_makes_round_two_of_seed_0_worse() -> None:
    said("86 % in round 1, then 75 %, then 90 %")
    said("761 of the 2,000 images: it has 38 % of the vote, and takes 154 steps where the smallest takes two")
    said("brings home a model that has 43 % right")
    one = FOUND["largest"]["0"]
    assert [round(accuracy) for accuracy in one["shared"]] == [86, 75, 90]
    assert (one["images"], round(100 * one["images"] / 2_000), 2 * -(-one["images"] // 10)) == (761, 38, 154)
    assert round(one["own model"][1]) == 43
    said("With seeds 1 and 2 round 2 is better than round 1.")
    assert all(FOUND["largest"][seed]["shared"][1] > FOUND["largest"][seed]["shared"][0] for seed in "12")


def test_a_fair_round_heals_the_skewed_model() -> None:
    said("One fair round lifts the skewed model from 62 to 85 %. A fresh start has about 80 % after its first round.")
    runs = list(FOUND["healed"].values())
    assert [round(np.mean([run[place] for run in runs])) for place in (4, 5)] == [62, 85]
    assert np.mean([run[0] for run in FOUND["kinds"]["IID"]["federated"]]) == pytest.approx(80, abs=2)
    said("after round 10 it is within 2 points of IID")
    assert max(ends("IID") - [run[9] for run in runs]) < 2


def test_drift_grows_with_the_steps_taken_alone() -> None:
    """Accuracies of three seeds, and the distance from the averaged steps' end as a share of their way."""
    said(r"$\alpha = 0.1$ ends at 90 to 92 % when averaged after every step, at 79 to 80 % with $E = 1$, 58 to 62 %")
    said("and 28 to 41 % with $E = 20$")
    said("86 to 87 % with $E = 20$")
    skewed, fair = FOUND["drift"]["Dirichlet, α = 0.1"], FOUND["drift"]["IID"]
    spans = [[round(min(values)), round(max(values))] for values in skewed.values()]
    assert spans == [[90, 92], [79, 80], [58, 62], [28, 41]]
    assert [round(min(fair["E = 20"])), round(max(fair["E = 20"]))] == [86, 87]
    gap = FOUND["gap"]["Dirichlet, α = 0.1"]
    assert max(gap["E = 1"]) < min(gap["E = 5"]) < max(gap["E = 5"]) < min(gap["E = 20"])


def test_disagreement_is_there_after_one_step_and_does_not_grow() -> None:
    said("they disagree just as much after a *single* step")
    said("working longer does not make them disagree more")
    for values in FOUND["cosines"]["Dirichlet, α = 0.1"].values():
        assert all(abs(cosine) < 0.1 for cosine in values)
    for values in FOUND["cosines"]["IID"].values():
        assert all(cosine > 0.55 for cosine in values)


def test_on_the_map_accuracy_rises_with_one_epoch_and_falls_with_twenty() -> None:
    said("the round with $E = 1$ adds 0.5 to 2 points and the one with $E = 20$ takes 1 to 13")
    rounds = list(FOUND["two parties"].values())
    gains = [[one["average"][E] - one["w_t"] for one in rounds] for E in ("1", "20")]
    assert [round(min(gains[0]), 1), round(max(gains[0]))] == [0.5, 2]
    assert [round(-max(gains[1])), round(-min(gains[1]))] == [1, 13]
    said("At $w_t$ the test accuracy is 82 %.")
    assert round(FOUND["two parties"]["1"]["w_t"]) == 82


def test_who_is_alone_with_a_digit_may_be_outvoted() -> None:
    said("Three parties are served badly with this seed: 5, 7 and 8. Each is the *only* one that holds its digit: 5, 2")
    one = FOUND["served"]["0"]
    badly = [party for party, right in enumerate(one["own images right"]) if right < 60]
    assert badly == [5, 7, 8]
    assert [one["main digit"][party] for party in badly] == [5, 2, 7]
    assert [one["share of that digit"][party] for party in badly] == [100, 100, 100]
    assert [one["taken for"][digit] for digit in (5, 7)] == [8, 9]
    said("the worst-served party holds 99 % or all of a digit each time")
    said("the party with most of the 1s has 96 % or more right")
    for story in FOUND["served"].values():
        worst = int(np.argmin(story["own images right"]))
        assert story["share of that digit"][worst] > 99
        assert story["own images right"][story["main digit"].index(1)] >= 96
    said("with seed 1 the only holder of the 0s has 88 % right")
    other = FOUND["served"]["1"]
    zero = other["main digit"].index(0)
    assert other["share of that digit"][zero] == 100
    assert other["own images right"][zero] == pytest.approx(88.5)
