"""What lessons 04 and 05 count and quote: seeds won, predictions answered, result files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fedlab import Experiment, History
from fedlab.lessons import claims_04, claims_05, published, race
from fedlab.rounds import Round


def history(experiment: Experiment, accuracies: list[float], losses: list[float] | None = None) -> History:
    """A run with these test accuracies and losses."""
    losses = losses or [1.0] * len(accuracies)
    pairs = enumerate(zip(accuracies, losses, strict=True), 1)
    rounds = [Round(number, accuracy, loss, 0.0, (), 0, 0, 0.0, None) for number, (accuracy, loss) in pairs]
    return History(experiment.with_(rounds=len(accuracies)), rounds)


def test_a_race_is_won_in_a_seed_only_by_more_than_the_margin() -> None:
    """The last rounds decide: +3, +1 and -2 points."""
    ends = {"a": [0.83, 0.81, 0.78], "b": [0.80, 0.80, 0.80]}
    runs = {name: [history(Experiment(), [0.1, end]) for end in three] for name, three in ends.items()}
    assert race.ahead(runs, "a", "b", 2) == 1
    assert race.ahead(runs, "a", "b", 0.5) == 2
    assert race.ahead(runs, "b", "a", 1.5) == 1


def test_the_late_loss_is_the_mean_of_the_second_half() -> None:
    assert race.late_loss(history(Experiment(), [0.5] * 4, [9.0, 9.0, 2.0, 1.0])) == 1.5


def test_the_race_gives_all_methods_the_same_seeds() -> None:
    small = Experiment(parties=2, examples=40, model="softmax", rounds=1)
    runs = race.race({"FedAvg": small, "FedProx": small.with_(algorithm="fedprox", mu=1.0)}, seeds=(4, 5))
    assert [[one.experiment.seed for one in two] for two in runs.values()] == [[4, 5], [4, 5]]
    assert len(race.panels(runs).axes) == 2


def test_which_idea_is_told_when_all_three_runs_are_done_and_follows_the_losses() -> None:
    fedavg = Experiment(rounds=2)
    keeps, pulls = (fedavg.with_(algorithm="fedprox", mu=mu) for mu in (0.0, 1.0))
    three = [history(one, [0.5, 0.5], [loss, loss]) for one, loss in ((fedavg, 3.0), (keeps, 1.5), (pulls, 1.0))]
    assert claims_04.which_idea(three[:2]) is None
    assert claims_04.which_idea(three) == claims_04.IDEAS[0]
    other = [three[0], history(keeps, [0.5, 0.5], [2.8, 2.8]), three[2]]
    assert claims_04.which_idea(other) == claims_04.IDEAS[1]


@pytest.mark.parametrize(("scaffold", "answer"), [(0.70, 0), (0.81, 1), (0.90, 2)])
def test_who_leads_is_told_by_the_last_round(scaffold: float, answer: int) -> None:
    runs = [history(Experiment(), [0.8]), history(Experiment(algorithm="scaffold"), [scaffold])]
    assert claims_05.who_leads(runs[:1]) is None
    assert claims_05.who_leads(runs) == claims_05.ANSWERS[answer]


def test_a_quotation_takes_the_full_table_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(published, "RESULTS", tmp_path)
    published.quote("fedprox")
    assert "python -m benchmarks.published fedprox" in capsys.readouterr().out
    for form in ("short", "full"):
        rows = [
            {"cell": f"{form} one", "ours": "7", "verdict": "inside"},
            {"cell": "other", "ours": "8", "verdict": ""},
        ]
        content = {"command": "a command", "date": "2026-01-02T03", "results": {"rows": rows}}
        (tmp_path / f"published_fedprox_{form}.json").write_text(json.dumps(content), encoding="utf-8")
    published.quote("fedprox", "full")
    said = capsys.readouterr().out
    assert said.startswith("full one\n    ours: 7\n    → inside\n")
    assert "other" not in said
    assert "2026-01-02" in said


def _published(table: str, column: str) -> dict[str, list[float]]:
    """The numbers of one column of a full result file, by cell."""
    content = json.loads((published.RESULTS / f"published_{table}_full.json").read_text(encoding="utf-8"))
    return {row["cell"]: [float(number) for number in row[column].split(", ")] for row in content["results"]["rows"]}


def _less(some: list[float], others: list[float]) -> int:
    """With how many seeds."""
    return sum(one < other for one, other in zip(some, others, strict=True))


def test_the_result_file_says_of_the_long_fedprox_runs_what_lesson_04_says() -> None:
    loss, spread = (_published("fedprox", f"{what}, seeds 0, 1, 2") for what in ("loss", "spread"))
    fedavg, keeps, pulls = (
        f"synthetic(1,1), 90% stragglers, {name}" for name in ("FedAvg", "FedProx μ=0", "FedProx μ=1")
    )
    assert _less(spread[keeps], spread[fedavg]) == 3
    assert _less(loss[keeps], loss[fedavg]) == 2
    assert _less(spread[pulls], spread[keeps]) == 3
    assert _less(loss[pulls], loss[keeps]) == 3
    fedavg, keeps, pulls = (
        f"synthetic IID, 90% stragglers, {name}" for name in ("FedAvg", "FedProx μ=0", "FedProx μ=1")
    )
    assert _less(loss[keeps], loss[fedavg]) == 3
    assert _less(loss[fedavg], loss[pulls]) == 3


def test_the_result_file_says_of_mcmahans_table_what_lesson_02_says() -> None:
    touched, stayed = (_published("mcmahan", column) for column in ("ours", "ours, median of ten rounds"))
    assert sum(rounds < 0.35 * 664 for rounds in touched["shards, C = 0.1"]) == 2
    assert _less(touched["shards, C = 0.1"], stayed["shards, C = 0.1"]) == 3
    for share in ("0.1", "1"):
        assert touched[f"iid, C = {share}"][0] < touched[f"shards, C = {share}"][0]
    for partition in ("iid", "shards"):
        assert touched[f"{partition}, C = 1"][0] < min(touched[f"{partition}, C = 0.1"])


def test_without_stragglers_the_published_fedprox_with_mu_zero_is_fedavg() -> None:
    loss = _published("fedprox", "loss, seeds 0, 1, 2")
    for data in ("synthetic(1,1)", "synthetic(0,0)", "synthetic IID"):
        assert loss[f"{data}, 0% stragglers, FedProx μ=0"] == loss[f"{data}, 0% stragglers, FedAvg"]
