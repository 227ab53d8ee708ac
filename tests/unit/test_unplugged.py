"""The six steps by hand, with files: the numbers of `run` to the bit, and one sentence for what does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, Round, run
from fedlab.parcels import Parcel, load, save
from fedlab.unplugged import accuracy, deal, merge, train
from tests.unit.command_line import fedlab_

SMALL: dict[str, Any] = {"parties": 3, "examples": 150, "model": "softmax", "rounds": 2, "local_epochs": 2}
KINDS: dict[str, dict[str, Any]] = {
    "fedavg": {},
    "fedprox": {"algorithm": "fedprox", "mu": 0.5, "dropouts": 0.4},
    "scaffold": {"algorithm": "scaffold", "parties": 4, "participation": 0.5, "rounds": 4},
    "fedadam": {"algorithm": "fedadam"},
    "topk": {"compression": "topk"},
    "dp": {"privacy": "dp", "dp_clip": 1.0, "dp_noise": 0.5},
    "masks": {"secure_sum": "masks"},
    "liars": {"attack": "label_flip", "attackers": 1, "aggregation": "median", "rotation": 90},
    "events": {"rounds": 3, "events": "1: algorithm=scaffold; 2: attack=noise attackers=1"},
}


def by_hand(experiment: Experiment, folder: Path) -> Iterator[Round]:
    """What a class does: deal once; then in each round all parties try, and the server merges what has come."""
    deal(experiment, folder)
    for number in range(1, experiment.rounds + 1):
        model, updates = folder / f"round{number}.npz", []
        for party in map(int, load(model).about["epochs"]):
            updates.append(folder / f"update{party}.npz")
            train(model, folder / f"party{party}.npz", updates[-1])
        yield merge(model, updates[::-1], folder / f"round{number + 1}.npz")


@pytest.mark.parametrize("kind", KINDS)
def test_rounds_by_hand_are_those_of_run_to_the_bit(kind: str, tmp_path: Path) -> None:
    experiment = Experiment(**{**SMALL, **KINDS[kind]})
    for one, other in zip(by_hand(experiment, tmp_path), run(experiment, engine="numpy"), strict=True):
        assert one.state is not None
        assert other.state is not None
        assert np.array_equal(one.state.weights, other.state.weights)
        assert (one.parties, one.test_accuracy, one.test_loss) == (other.parties, other.test_accuracy, other.test_loss)
        assert (one.bytes_up, one.bytes_down, one.epsilon) == (other.bytes_up, other.bytes_down, other.epsilon)
        assert accuracy(tmp_path / f"round{one.number + 1}.npz") == (one.number, one.test_accuracy, one.test_loss)


def test_an_update_holds_a_report_and_nothing_else(tmp_path: Path) -> None:
    """SCAFFOLD's two differences of P = 7,850 numbers each; numpy.load reads the file too, without pickle."""
    deal(Experiment(**SMALL, algorithm="scaffold"), tmp_path)
    _, size = train(tmp_path / "round1.npz", tmp_path / "party0.npz", tmp_path / "update.npz")
    with np.load(tmp_path / "update.npz", allow_pickle=False) as file:
        assert {name: (file[name].shape, file[name].dtype.name) for name in file.files if name != "about"} == {
            "0": ((7850,), "float32"),
            "1": ((7850,), "float32"),
        }
    assert size == 2 * 4 * 7850
    told = {"kind", "run", "fingerprint", "round", "party", "examples", "steps", "train_loss", "distance"}
    assert load(tmp_path / "update.npz").about.keys() == told


def test_training_a_round_twice_gives_the_same_update_and_the_same_next_one(tmp_path: Path) -> None:
    """As when a stick is lost: the party answers from what it knew before the round."""
    experiment = Experiment(**{**SMALL, "algorithm": "scaffold", "parties": 1, "rounds": 3})
    model, mine = tmp_path / "round2.npz", tmp_path / "party0.npz"
    rounds = by_hand(experiment, tmp_path)
    next(rounds)
    updates = [tmp_path / "once.npz", tmp_path / "twice.npz"]
    for path in updates:
        train(model, mine, path)
    once, twice = (load(path).arrays for path in updates)
    assert all(np.array_equal(a, b) for a, b in zip(once, twice, strict=True))


def test_who_brings_no_update_is_a_dropout(tmp_path: Path) -> None:
    """The mean of parties 0 and 2 is the one that `run` makes while party 1 is away."""
    deal(Experiment(**SMALL), tmp_path)
    updates = [tmp_path / "0.npz", tmp_path / "2.npz"]
    for path in updates:
        train(tmp_path / "round1.npz", tmp_path / f"party{path.stem}.npz", path)
    one = merge(tmp_path / "round1.npz", updates, tmp_path / "round2.npz")
    away = next(run(Experiment(**SMALL, away="#1"), engine="numpy"))
    assert one.state is not None
    assert away.state is not None
    assert np.array_equal(one.state.weights, away.state.weights)
    assert one.absent == 1


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A first round, with the updates of parties 0 and 1; in `other` the same of another experiment."""
    deal(Experiment(**SMALL), tmp_path)
    deal(Experiment(**SMALL, seed=1), tmp_path / "other")
    for party in (0, 1):
        train(tmp_path / "round1.npz", tmp_path / f"party{party}.npz", tmp_path / f"u{party}.npz")
    train(tmp_path / "other/round1.npz", tmp_path / "other/party0.npz", tmp_path / "other/u0.npz")
    merge(tmp_path / "round1.npz", [tmp_path / "u0.npz"], tmp_path / "round2.npz")
    merge(tmp_path / "round2.npz", [second(tmp_path)], tmp_path / "round3.npz")
    about, arrays = load(tmp_path / "u1.npz")
    save(tmp_path / "cut.npz", Parcel(about, (arrays[0][:-3],)))
    (tmp_path / "text.npz").write_text("no numbers")
    (tmp_path / "half.npz").write_bytes((tmp_path / "u0.npz").read_bytes()[:900])
    np.savez(tmp_path / "pickle.npz", about=np.array([{"kind": "update"}], object))
    return tmp_path


def second(folder: Path) -> Path:
    train(folder / "round2.npz", folder / "party2.npz", folder / "late.npz")
    return folder / "late.npz"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("merge u0.npz u1.npz --model round2.npz", "u0.npz is an update of round 1, but the model is that of round 2."),
        ("merge u0.npz u1.npz u0.npz --model round1.npz", "is a second update of party 0: give each party's once."),
        ("merge u1.npz other/u0.npz --model round1.npz", "belongs to another experiment than the model."),
        ("merge u0.npz cut.npz --model round1.npz", "What cut.npz holds does not look like an update of this round."),
        ("merge gone.npz --model round1.npz", "Cannot read"),
        ("merge text.npz --model round1.npz", "no file that fedlab party wrote, or it is damaged."),
        ("merge half.npz --model round1.npz", "no file that fedlab party wrote, or it is damaged."),
        ("merge pickle.npz --model round1.npz", "no file that fedlab party wrote, or it is damaged."),
        ("merge u0.npz --model u1.npz", "is not the file of a round, such as round1.npz."),
        ("merge party0.npz --model round1.npz", "is not a party's update, as fedlab party train writes it."),
        ("merge u0.npz --model round3.npz", "Round 2 was the last one."),
        ("train --model round1.npz --data other/party0.npz", "belongs to another experiment than the model."),
        ("train --model round1.npz --data u0.npz", "is not a party's own file, such as party0.npz."),
        ("train --model round3.npz --data party0.npz", "Round 2 was the last one."),
        ("judge u0.npz", "is not the file of a round, such as round1.npz."),
        ("deal there --algorithm alone", "every model stays at its party"),
        ("deal there --attack little", "show each other what they have learned"),
        ("deal there --event 1:rotation=90", "changes what the parties hold, but their files are dealt out once"),
        ("deal there --mu 1", "mu"),
        ("deal text.npz", "is not written"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(
    desk: Path, monkeypatch: pytest.MonkeyPatch, command: str, sentence: str
) -> None:
    monkeypatch.chdir(desk)
    out = [] if command.startswith(("judge", "deal")) else ["-o", "out.npz"]
    event = command.replace("1:rotation", "1: rotation").split(" ", 3) if "--event" in command else command.split()
    result = fedlab_("party", *event, *out)
    assert result.exit_code == 2, result.output
    assert sentence in result.output
    assert result.output.count("\n") == 1
    assert not Path("out.npz").exists()


def test_a_class_can_do_it_with_the_four_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    flags = ["--parties", "2", "--examples", "100", "--model", "softmax", "--rounds", "1"]
    found = [fedlab_("party", "deal", "desk", *flags)]
    for party in ("0", "1"):
        own, out = f"desk/party{party}.npz", f"update{party}.npz"
        found.append(fedlab_("party", "train", "--model", "desk/round1.npz", "--data", own, "-o", out))
    found.append(
        fedlab_("party", "merge", "update0.npz", "update1.npz", "--model", "desk/round1.npz", "-o", "round2.npz")
    )
    found.append(fedlab_("party", "judge", "round2.npz"))
    assert [one.exit_code for one in found] == [0] * 5, "\n".join(one.output for one in found)
    percent = 100 * next(run(Experiment(parties=2, examples=100, model="softmax", rounds=1))).test_accuracy
    assert f"test accuracy {percent:.2f} %" in found[-1].output
    assert "31,400 bytes of numbers" in found[1].output  # 7,850 float32


def test_what_ditto_keeps_at_home_a_server_that_is_apart_cannot_judge(tmp_path: Path) -> None:
    """It makes the same shared model as everywhere, which is FedAvg's, and reports how good that is."""
    plan = Experiment(**SMALL, algorithm="ditto")
    for one, ditto, fedavg in zip(by_hand(plan, tmp_path), run(plan), run(plan.with_(algorithm="fedavg")), strict=True):
        assert one.state is not None
        assert ditto.state is not None
        assert np.array_equal(one.state.weights, ditto.state.weights)
        assert one.test_accuracy == fedavg.test_accuracy != ditto.test_accuracy
