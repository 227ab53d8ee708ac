"""Races and their paired differences, lesson 04's questions, and what is quoted from result files."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, History
from fedlab.lessons import claims_04, published, race
from fedlab.rounds import Round


def history(experiment: Experiment, accuracies: list[float], losses: list[float] | None = None) -> History:
    """A run with these test accuracies and losses."""
    losses = losses or [1.0] * len(accuracies)
    pairs = enumerate(zip(accuracies, losses, strict=True), 1)
    rounds = [Round(number, accuracy, loss, 0.0, (), 0, 0, 0.0, None) for number, (accuracy, loss) in pairs]
    return History(experiment.with_(rounds=len(accuracies)), rounds)


def test_the_last_accuracy_is_that_of_the_last_round_in_percent() -> None:
    assert race.last_accuracy(history(Experiment(), [0.9, 0.25])) == 25


def test_the_late_loss_is_the_mean_of_the_second_half() -> None:
    assert race.late_loss(history(Experiment(), [0.5] * 4, [9.0, 9.0, 2.0, 1.0])) == 1.5


def test_the_race_gives_all_methods_the_same_seeds() -> None:
    small = Experiment(parties=2, examples=40, model="softmax", rounds=1)
    runs = race.race({"FedAvg": small, "FedProx": small.with_(algorithm="fedprox", mu=1.0)}, seeds=(4, 5))
    assert [[one.experiment.seed for one in two] for two in runs.values()] == [[4, 5], [4, 5]]
    assert len(race.panels(runs).axes) == 2


# Student 1908, the data of his paper on the mean: hours of sleep that two drugs gave to ten patients
SLEEP: dict[str, Any] = {
    "drug 1": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    "drug 2": [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
}


def hours(patient: Any) -> float:
    """The measure of those who are numbers already."""
    return float(patient)


def test_students_own_data_have_the_interval_that_textbooks_print() -> None:
    """In R, t.test(drug2, drug1, paired = TRUE) says mean 1.58, interval 0.7001142 to 2.4598858, and with
    paired = FALSE, var.equal = TRUE it says -0.203874 to 3.363874.
    """
    found = race.difference(SLEEP, "drug 2", "drug 1", hours)
    assert found.values == pytest.approx((1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4))
    assert (found.mean, found.low, found.high) == pytest.approx((1.58, 0.7001142, 2.4598858), abs=1e-5)
    unrelated = race.difference(SLEEP, "drug 2", "drug 1", hours, paired=False)
    assert (unrelated.mean, unrelated.low, unrelated.high) == pytest.approx((1.58, -0.203874, 3.363874), abs=1e-5)
    turned = race.difference(SLEEP, "drug 1", "drug 2", hours)
    assert (turned.mean, turned.low, turned.high) == pytest.approx((-found.mean, -found.high, -found.low))


def test_the_quantiles_are_those_of_a_printed_table() -> None:
    """Two-sided 95 %, from the table at the end of any statistics book; the last row is the normal distribution's."""
    table = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 9: 2.262, 18: 2.101, 30: 2.042, 120: 1.980, 100_000: 1.960}
    for freedom, quantile in table.items():
        assert race.student(freedom) == pytest.approx(quantile, abs=6e-4)


def test_an_interval_holds_the_truth_in_95_of_100_experiments() -> None:
    """4,000 experiments with 4 seeds each and a true difference of 1: a share of 0.95 has the standard error 0.0034."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(4_000):
        luck = rng.normal(0, 5, 4)  # shared by the two methods of a seed
        runs: Any = {"a": luck + 1 + rng.normal(0, 1, 4), "b": luck}
        found = race.difference(runs, "a", "b", hours)
        held += found.low < 1 < found.high
    assert 0.94 < held / 4_000 < 0.96


def test_one_seed_gives_no_interval_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEDLAB_CHECK", raising=False)
    runs: Any = {"a": [3.0], "b": [1.0]}
    found = race.difference(runs, "a", "b", hours)
    assert (found.mean, found.low, found.high) == (2, -math.inf, math.inf)
    assert race.in_words(found, "points") == (
        "a minus b, one seed: 2 points on average.\n"
        "    One seed gives no interval: it cannot tell how much another seed would change."
    )


def test_equal_differences_give_an_interval_of_no_width_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """0.3 - 0.1 and 0.9 - 0.7 are not the same number for a computer."""
    monkeypatch.delenv("FEDLAB_CHECK", raising=False)
    runs: Any = {"a": [0.3, 0.9], "b": [0.1, 0.7]}
    found = race.difference(runs, "a", "b", hours)
    assert (found.low, found.high) == pytest.approx((0.2, 0.2))
    assert race.in_words(found).endswith("All seeds give the same, so the interval has no width.")


def test_the_sentence_says_on_which_side_of_zero_the_interval_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEDLAB_CHECK", raising=False)
    assert race.in_words(race.difference(SLEEP, "drug 2", "drug 1", hours), "hours") == (
        "drug 2 minus drug 1, 10 seeds: 1.58 hours on average, 95 % interval 0.7 to 2.46 hours.\n"
        "    Zero is outside: drug 2 has more than drug 1."
    )
    assert "Zero is outside: drug 1 has less than drug 2." in race.in_words(
        race.difference(SLEEP, "drug 1", "drug 2", hours)
    )
    assert "Zero is inside" in race.in_words(race.difference(SLEEP, "drug 2", "drug 1", hours, paired=False))


def test_while_being_checked_the_sentence_has_no_number_that_another_processor_would_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FEDLAB_CHECK", "1")
    found = race.difference(SLEEP, "drug 2", "drug 1", hours)
    assert race.in_words(found) == "drug 2 minus drug 1, 10 seeds.\n    Zero is outside: drug 2 has more than drug 1."


def test_the_seeds_needed_are_the_first_whose_interval_is_short_enough() -> None:
    """Spread 1, gap 1, by the table: 3.182 / √4 = 1.59, 2.776 / √5 = 1.24, 2.571 / √6 = 1.05, 2.447 / √7 = 0.92.

    Of a wide interval the rule (2 s / d)² is as good: spread 5 and gap 1 ask for about 100.
    """
    assert race.seeds_needed(spread=1, gap=1) == 7
    assert race.seeds_needed(spread=1, gap=-1) == 7
    assert 95 <= race.seeds_needed(spread=5, gap=1) <= 105


def test_the_picture_has_a_dot_a_seed_an_interval_a_row_and_the_line_of_no_difference() -> None:
    pair = race.difference(SLEEP, "drug 2", "drug 1", hours)
    one: Any = {"a": [3.0], "b": [1.0]}
    (ax,) = race.differences([pair, race.difference(one, "a", "b", hours)], "hours of sleep").axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["drug 2 minus drug 1", "a minus b"]
    assert ax.get_xlabel() == "difference in hours of sleep"
    assert len(ax.containers) == 1  # one seed has no interval
    dots = [np.asarray(line.get_xdata()) for line in ax.lines if line.get_label() == "one seed each"]
    np.testing.assert_allclose(dots[0], pair.values)
    assert any(list(np.asarray(line.get_xdata())) == [0, 0] for line in ax.lines)


def test_which_idea_is_told_when_all_three_runs_are_done_and_follows_the_losses() -> None:
    fedavg = Experiment(rounds=2)
    keeps, pulls = (fedavg.with_(algorithm="fedprox", mu=mu) for mu in (0.0, 1.0))
    which = claims_04.which_idea(fedavg, keeps, pulls)
    three = [history(one, [0.5, 0.5], [loss, loss]) for one, loss in ((fedavg, 3.0), (keeps, 1.5), (pulls, 1.0))]
    assert which(three[:2]) is None
    assert which(three) == claims_04.IDEAS[0]
    other = [three[0], history(keeps, [0.5, 0.5], [2.8, 2.8]), three[2]]
    assert which(other) == claims_04.IDEAS[1]


def test_runs_with_other_settings_do_not_tell_which_idea_it_was() -> None:
    fedavg = Experiment(rounds=2)
    keeps, pulls = (fedavg.with_(algorithm="fedprox", mu=mu) for mu in (0.0, 1.0))
    which = claims_04.which_idea(fedavg, keeps, pulls)
    assert which([history(one.with_(stragglers=0.5), [0.5, 0.5]) for one in (fedavg, keeps, pulls)]) is None


def test_two_losses_are_the_same_curve_only_if_they_are_equal_in_every_round() -> None:
    fedavg = Experiment(rounds=2)
    keeps = fedavg.with_(algorithm="fedprox", mu=0.0)
    same = claims_04.same_curve(fedavg, keeps)
    one = history(fedavg, [0.5, 0.5], [3.0, 2.0])
    assert same([one]) is None
    assert same([one, history(keeps, [0.5, 0.5], [3.0, 2.0])]) == claims_04.CURVES[2]
    assert same([one, history(keeps, [0.5, 0.5], [3.0, 1.0])]) == claims_04.CURVES[1]
    assert same([one, history(keeps, [0.5, 0.5], [1.0, 2.5])]) == claims_04.CURVES[0]


def _published(table: str, column: str) -> dict[str, list[float]]:
    """The numbers of one column of a full result file, by cell."""
    content = json.loads((published.RESULTS / f"published_{table}_full.json").read_text(encoding="utf-8"))
    return {row["cell"]: [float(number) for number in row[column].split(", ")] for row in content["results"]["rows"]}


def _less(some: list[float], others: list[float]) -> int:
    """With how many seeds."""
    return sum(one < other for one, other in zip(some, others, strict=True))


def test_the_result_file_says_of_mcmahans_table_what_lesson_02_says() -> None:
    touched, stayed = (_published("mcmahan", column) for column in ("ours", "ours, median of ten rounds"))
    assert sum(rounds < 0.35 * 664 for rounds in touched["shards, C = 0.1"]) == 2
    assert _less(touched["shards, C = 0.1"], stayed["shards, C = 0.1"]) == 3
    for share in ("0.1", "1"):
        assert touched[f"iid, C = {share}"][0] < touched[f"shards, C = {share}"][0]
    for partition in ("iid", "shards"):
        assert touched[f"{partition}, C = 1"][0] < min(touched[f"{partition}, C = 0.1"])
