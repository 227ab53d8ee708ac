"""A history: to and from JSON, to CSV, and how many shared models it keeps."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fedlab import Experiment, History, Round, State, run
from fedlab import history as history_module
from fedlab.datasets import Dataset

NUMBERS = ["number", "test_accuracy", "test_loss", "train_loss", "bytes_up", "bytes_down", "seconds"]


@pytest.fixture
def short(blobs: Dataset) -> History:
    experiment = Experiment(parties=3, examples=300, algorithm="fedprox", mu=0.3, model="softmax", rounds=5)
    return History(experiment, run(experiment, dataset=blobs))


def many_rounds(one: Round, count: int, size: int) -> list[Round]:
    """`count` rounds like `one`, whose shared models hold `size` weights, all equal to the round's number."""
    return [replace(one, number=n, state=State(n, np.full(size, n, np.float32))) for n in range(1, count + 1)]


def test_a_history_is_read_from_its_json_without_the_models(short: History) -> None:
    again = History.from_json(short.to_json())
    assert again.experiment == short.experiment
    assert again.rounds == [replace(one, state=None) for one in short]
    assert again.to_json() == short.to_json()


def test_its_json_is_what_the_command_line_promises(short: History) -> None:
    """{"experiment": {...}, "rounds": [{"number": 1, "test_accuracy": ...}, ...]}, beside the version."""
    content = json.loads(short.to_json())
    assert content["experiment"]["parties"] == 3
    assert content["experiment"]["mu"] == 0.3
    assert [one["number"] for one in content["rounds"]] == [1, 2, 3, 4, 5]
    assert all(0 <= one["test_accuracy"] <= 1 for one in content["rounds"])
    assert [party["party"] for party in content["rounds"][0]["parties"]] == [0, 1, 2]


def test_its_csv_has_a_line_a_round_with_every_digit(short: History) -> None:
    lines = list(csv.DictReader(io.StringIO(short.to_csv())))
    assert len(lines) == 5
    assert set(NUMBERS) <= set(lines[0])
    for line, one in zip(lines, short, strict=True):
        assert [float(line[name]) for name in NUMBERS] == [getattr(one, name) for name in NUMBERS]


def test_a_history_without_rounds_is_still_one() -> None:
    empty = History(Experiment())
    assert len(empty) == 0
    assert History.from_json(empty.to_json()).rounds == []
    assert empty.to_csv().count("\n") == 1
    assert empty.state_at(3) is None
    assert empty.rounds_to(0.5) is None


@pytest.mark.parametrize("ending", [".json", ".csv"])
def test_it_is_saved_by_the_ending_of_the_name(short: History, tmp_path: Path, ending: str) -> None:
    short.save(tmp_path / f"run{ending}")
    expected = {".json": short.to_json(), ".csv": short.to_csv()}[ending]
    assert (tmp_path / f"run{ending}").read_text(encoding="utf-8") == expected


def test_another_ending_is_refused(short: History, tmp_path: Path, is_one_sentence: Callable[[object], bool]) -> None:
    with pytest.raises(ValueError, match=r"^Cannot save run\.txt: .* \.json or \.csv\.$") as caught:
        short.save(tmp_path / "run.txt")
    assert is_one_sentence(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.pop("rounds"),
        lambda content: content.update(rounds=[{"number": 1}]),
        lambda content: content.update(rounds=[3]),
        lambda content: content.update(rounds="many"),
        lambda content: content.update(rounds=None),
        lambda content: content["rounds"][0].update(surprise=1),
        lambda content: content["rounds"][0].update(parties=[{"party": 0}]),
        lambda content: content["rounds"][0].update(parties=3),
        lambda content: content["rounds"][0].update(test_accuracy=None),
        lambda content: content["rounds"][0].update(test_accuracy="0.5"),
        lambda content: content["rounds"][0].update(train_loss=[1.0]),
        lambda content: content["rounds"][0].update(bytes_up=1.5),
        lambda content: content["rounds"][0].update(absent=True),
        lambda content: content["rounds"][0].update(engine=7),
        lambda content: content["rounds"][0]["parties"][0].update(steps="many"),
        lambda content: content["rounds"][0]["parties"][0].update(distance=None),
        lambda content: content["rounds"][1].update(number=1),
        lambda content: content["rounds"].reverse(),
    ],
)
def test_damaged_rounds_get_one_sentence(
    short: History, damage: Callable[[dict[str, object]], object], is_one_sentence: Callable[[object], bool]
) -> None:
    """Among them numbers of a wrong type, which broke later, in the plot."""
    content = json.loads(short.to_json())
    damage(content)
    with pytest.raises(ValueError, match=r"rounds in this file are damaged") as caught:
        History.from_json(json.dumps(content))
    assert is_one_sentence(caught.value)


def test_rounds_to_is_the_first_round_that_reaches_the_accuracy(short: History) -> None:
    """Accuracies 0.2, 0.5, 0.4, 0.7, 0.6: 0.5 is reached in round 2, 0.41 too, 0.6 in round 4, 0.71 never."""
    accuracies = (0.2, 0.5, 0.4, 0.7, 0.6)
    rounds = [replace(one, test_accuracy=value) for one, value in zip(short, accuracies, strict=True)]
    history = History(short.experiment, rounds)
    assert [history.rounds_to(target) for target in (0.0, 0.5, 0.41, 0.6, 0.71)] == [1, 2, 2, 4, None]
    assert history.column("test_accuracy") == list(accuracies)


# The models it keeps


def test_a_short_history_keeps_every_shared_model(short: History) -> None:
    for number in range(1, 6):
        state = short.state_at(number)
        assert state is not None
        assert state.number == number
    assert short.state_at(99) is short.state_at(5)
    assert short.state_at(0) is None


def test_a_long_history_stays_within_its_memory(short: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """100 bytes a model and room for 10: at most 10 at any time, held by whatever part of the history."""
    monkeypatch.setattr(history_module, "STATES_KEPT", 1_000)
    history = History(short.experiment)
    for one in many_rounds(short.rounds[0], 300, size=25):
        history.append(one)
        kept = [earlier.state for earlier in history if earlier.state is not None]
        assert len(kept) <= 10
        assert kept[-1] is one.state, "the newest is never let go"
    assert len(history) == 300


def test_the_models_it_keeps_are_spread_over_the_run(short: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a fork from anywhere has a model not far before: no gap is longer than a quarter of the run."""
    monkeypatch.setattr(history_module, "STATES_KEPT", 1_000)
    history = History(short.experiment, many_rounds(short.rounds[0], 300, size=25))
    kept = [0, *(one.number for one in history if one.state is not None)]
    assert max(np.diff(kept)) <= 75


def test_the_state_at_a_round_is_the_newest_that_is_kept(short: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "STATES_KEPT", 1_000)
    history = History(short.experiment, many_rounds(short.rounds[0], 50, size=25))
    kept = [one.number for one in history if one.state is not None]
    for number in range(1, 51):
        state = history.state_at(number)
        expected = max((n for n in kept if n <= number), default=None)
        assert (state.number if state else None) == expected


def test_one_model_larger_than_the_memory_is_kept_all_the_same(short: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing could be continued."""
    monkeypatch.setattr(history_module, "STATES_KEPT", 10)
    history = History(short.experiment, many_rounds(short.rounds[0], 9, size=25))
    newest = history.state_at(9)
    assert newest is not None
    assert newest.number == 9


def test_a_fork_begins_with_the_same_rounds_and_leaves_the_other_history_alone(short: History) -> None:
    other = short.experiment.with_(mu=2.0)
    fork = short.up_to(2, other)
    assert (fork.experiment, fork.rounds) == (other, short.rounds[:2])
    assert fork.state_at(2) is short.state_at(2)
    fork.append(short.rounds[2])
    assert len(short) == 5


def test_letting_models_go_does_not_reach_into_another_history(short: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork shares its first rounds; when it runs out of memory the run it came from keeps its models."""
    fork = short.up_to(5, short.experiment)
    monkeypatch.setattr(history_module, "STATES_KEPT", 10)
    last = short.rounds[-1]
    assert last.state is not None
    fork.append(replace(last, number=6, state=replace(last.state, number=6)))
    assert all(one.state is not None for one in short)


def test_the_state_that_a_run_was_forked_from_is_never_let_go(short: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the fork goes on: what is looked at in one of its rounds must not begin in the run it came from."""
    history = History(short.experiment, many_rounds(short.rounds[0], 10, size=25))
    fork = history.up_to(6, short.experiment.with_(mu=2.0))
    monkeypatch.setattr(history_module, "STATES_KEPT", 400)  # room for 4
    origin = fork.rounds[5].state
    for one in many_rounds(short.rounds[0], 60, size=25)[6:]:
        fork.append(one)
        assert fork.rounds[5].state is origin
        assert sum(earlier.state is not None for earlier in fork) <= 4
        for number in range(6, one.number + 1):
            state = fork.state_at(number)
            assert state is not None
            assert 6 <= state.number <= number


def test_a_fork_of_a_fork_pins_its_own_beginning(short: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(short.experiment, many_rounds(short.rounds[0], 10, size=25))
    fork = history.up_to(6, short.experiment).up_to(4, short.experiment)
    monkeypatch.setattr(history_module, "STATES_KEPT", 10)
    for one in many_rounds(short.rounds[0], 30, size=25)[4:]:
        fork.append(one)
    assert [one.number for one in fork if one.state is not None] == [4, 30]


def test_a_fork_repeats_from_its_own_state_to_the_last_bit(
    blobs: Dataset, assert_same_rounds: Callable[[list[Round], list[Round]], None]
) -> None:
    """The last rounds of a fork, run again from the newest state that it has for them, are what they were."""
    experiment = Experiment(parties=3, examples=300, model="softmax", rounds=6, algorithm="scaffold")
    whole = History(experiment, run(experiment, dataset=blobs))
    other = experiment.with_(learning_rate=0.3)
    fork = whole.up_to(3, other)
    for one in run(other, dataset=blobs, start=whole.state_at(3)):
        fork.append(one)
    again = list(run(other, dataset=blobs, start=fork.state_at(5)))
    assert_same_rounds(again, fork.rounds[5:])
    assert_same_rounds(list(run(other, dataset=blobs, start=fork.state_at(3))), fork.rounds[3:])
