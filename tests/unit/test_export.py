"""`fedlab export`: a folder with a program of another framework, everything that it needs, and a page about it."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.bridges import TARGETS, CannotExport
from fedlab.bridges.framework import SHARED
from tests.unit.command_line import fedlab_

SMALL = Experiment(parties=2, examples=100, rounds=2, seed=7, learning_rate=0.05)
CONCEPTS = ["party", "server", "round", "average", "optimiser", "security"]
each_framework = pytest.mark.parametrize("target", TARGETS)


@pytest.fixture(params=TARGETS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What the command wrote for a framework."""
    given = ["--parties", "2", "--examples", "100", "--rounds", "2", "--seed", "7", "--learning-rate", "0.05"]
    result = fedlab_("export", "--to", request.param, str(tmp_path / request.param), *given)
    assert result.exit_code == 0, result.output
    return tmp_path / str(request.param)


def test_the_data_are_the_experiment_its_parties_and_the_kits_own_result(folder: Path) -> None:
    data = folder / "data"
    settings = json.loads((data / "settings.json").read_text())
    assert (settings["parties"], settings["rounds"], settings["seed"], settings["batch_size"]) == (2, 2, 7, 32)
    experiment = Experiment.load(data / "experiment.json")
    assert experiment == SMALL
    accuracies = json.loads((data / "kit_result.json").read_text())["test_accuracy"]
    with np.load(data / "kit_weights.npz") as weights:
        for one in run(experiment, engine="numpy"):
            assert one.state is not None
            assert (weights[f"round_{one.number}"] == one.state.weights).all()
            assert accuracies[one.number - 1] == one.test_accuracy
            assert f"| {one.number} | {100 * one.test_accuracy:.2f} % |" in (folder / "README.md").read_text()
    with np.load(data / "party0.npz") as one, np.load(data / "party1.npz") as other:
        assert len(one["y"]) + len(other["y"]) == 100


def test_the_programs_can_be_read_and_need_nothing_of_the_kit(folder: Path) -> None:
    framework = TARGETS[folder.name]
    for name in (*framework.program, SHARED):
        text = (folder / name).read_text()
        assert text.count("\n") <= 120
        for node in ast.walk(ast.parse(text)):
            imported = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            imported += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert not {one.partition(".")[0] for one in imported} & {"fedlab", "fedlab_widgets"}


def test_every_version_is_pinned_and_no_place_is_named(folder: Path) -> None:
    pins = [line for line in (folder / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert pins
    assert all(re.fullmatch(r"[a-z0-9._-]+==[a-z0-9.+]+", line) for line in pins), pins


def test_of_a_long_run_the_first_three_models_and_the_last_are_kept(tmp_path: Path) -> None:
    TARGETS["flower"].export(SMALL.with_(rounds=6, model="softmax"), tmp_path / "app")
    with np.load(tmp_path / "app" / "data" / "kit_weights.npz") as weights:
        assert weights.files == ["round_1", "round_2", "round_3", "round_6"]


def test_a_run_that_diverges_leaves_no_folder_behind(tmp_path: Path) -> None:
    result = fedlab_("export", "--to", "flower", str(tmp_path / "app"), "--parties", "2", "--examples", "100",
                     "--learning-rate", "100", "--local-epochs", "20", "--rounds", "3")  # fmt: skip
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert not (tmp_path / "app").exists()


@each_framework
def test_what_it_calls_a_thing_is_seen_in_its_program(target: str) -> None:
    framework = TARGETS[target]
    assert list(framework.words) == CONCEPTS
    program = "".join(framework.source(name) for name in framework.program)
    assert [word.seen for word in framework.words.values() if word.seen not in program] == []


def test_the_files_read_back_are_what_the_kit_trains_on(tmp_path: Path) -> None:
    """Its own reader, batches and judge, with the kit's weights: the same accuracy, and no distance at all."""
    framework = TARGETS["flower"]
    framework.export(SMALL, tmp_path / "app")
    read: dict[str, Any] = {"__file__": str(tmp_path / "app" / SHARED)}
    exec(compile(framework.source(SHARED), SHARED, "exec"), read)
    journal = read["Journal"]("itself")
    for one in run(SMALL, engine="numpy"):
        assert one.state is not None
        flat, parts = one.state.weights, []
        for part in read["first_weights"]():
            parts.append(flat[: part.size].reshape(part.shape))
            flat = flat[part.size :]
        assert journal.round(parts) == pytest.approx(one.test_accuracy, abs=1e-4)  # an image on the border may tip
    assert [one["far"] for one in journal.rounds] == [0, 0]
    rows = list(read["batches"](read["settings"](), 1, 0, 50))
    assert [len(one) for one in rows] == [32, 18]
    assert sorted(np.concatenate(rows)) == list(range(50))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"algorithm": "scaffold"}, "it must be fedavg or fedprox."),
        ({"participation": 0.5}, "it must be 1.0."),
        ({"momentum": 0.9}, "cannot express momentum 0.9"),
        ({"attack": "noise"}, "cannot express attack noise"),
        ({"privacy": "dp"}, "cannot express privacy dp"),
        ({"compression": "topk"}, "cannot express compression topk"),
        ({"secure_sum": "masks"}, "cannot express secure_sum masks"),
        ({"aggregation": "median"}, "it must be mean."),
        ({"dropouts": 0.5}, "cannot express dropouts 0.5"),
        ({"away": 1}, "cannot express away 1"),
        ({"model": "cnn"}, "trains stacks of dense layers, and cnn is none"),
        ({"events": "1: local_epochs=2"}, "knows no events"),
    ],
)
def test_what_no_program_can_express_is_refused_with_the_reason(
    settings: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(CannotExport, match=sentence.replace(".", r"\.")):
        TARGETS["flower"].export(
            Experiment(**{"parties": 3, "examples": 300, "rounds": 3, **settings}), tmp_path / "app"
        )
    assert not (tmp_path / "app").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--to", "pigeons", "app"], "There is no way to pigeons: choose one of flower"),
        (["--to", "flower", "app", "--seed", "0", "--seed", "1"], "takes each setting once"),
        (["--to", "flower", "app", "--engine", "keras"], "leave --engine out"),
        (["--to", "flower", "."], "is there already: give the name of a new folder."),
        (["--to", "flower", "app", "--algorithm", "scaffold"], "cannot express algorithm scaffold"),
        (["--to", "flower", "full/app"], "is not written"),
    ],
)
def test_the_command_refuses_in_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").write_text("a file where a folder should be")
    result = fedlab_("export", *arguments)
    assert result.exit_code == 2, result.output
    assert sentence in result.output
    assert result.output.count("\n") == 1
