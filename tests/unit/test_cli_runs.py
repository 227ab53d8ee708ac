"""Facts about what `fedlab run` and `fedlab compare` compute, print and write."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest

import fedlab.cli.running
from fedlab import Experiment, Round, run
from fedlab.party import CannotTrain
from fedlab.rounds import Diverged
from tests.unit.command_line import SMALL, fedlab_, in_a_new_process


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)


def read_json(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def read_csv(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(Path(path).read_text(encoding="utf-8"))))


def test_a_run_gives_the_numbers_that_python_gives() -> None:
    result = fedlab_("run", *SMALL, "--json", "run.json", "--csv", "run.csv")
    assert result.exit_code == 0, result.output
    experiment = Experiment(model="softmax", examples=300, parties=3, rounds=2)
    rounds = list(run(experiment))

    saved = read_json("run.json")
    assert saved["experiment"] == experiment.to_dict()
    assert [one["number"] for one in saved["rounds"]] == [1, 2]
    assert [one["test_accuracy"] for one in saved["rounds"]] == [one.test_accuracy for one in rounds]
    assert [float(line["test_loss"]) for line in read_csv("run.csv")] == [one.test_loss for one in rounds]

    printed = re.findall(r"^round (\d) of 2   test accuracy +([\d.]+) %", result.stdout, flags=re.MULTILINE)
    assert printed == [(str(one.number), f"{100 * one.test_accuracy:.2f}") for one in rounds]


def test_files_name_the_engine_of_every_round() -> None:
    assert fedlab_("compare", *SMALL, "--seed=0", "--seed=1", "--json=all.json", "--csv=all.csv").exit_code == 0
    assert {one["engine"] for each in read_json("all.json")["runs"] for one in each["rounds"]} == {"numpy"}
    assert {line["engine"] for line in read_csv("all.csv")} == {"numpy"}


def test_the_engine_that_was_asked_for_trains() -> None:
    """It gives the same numbers up to rounding, and the printed command asks for it again."""
    pytest.importorskip("tensorflow")
    result = fedlab_("run", *SMALL, "--engine", "keras", "--json", "keras.json")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(" --engine keras\n")
    fedlab_("run", *SMALL, "--engine", "numpy", "--json", "numpy.json")
    keras, numpy = (read_json(f"{engine}.json")["rounds"] for engine in ("keras", "numpy"))
    assert [one["engine"] for one in (*keras, *numpy)] == ["keras", "keras", "numpy", "numpy"]
    assert [one["test_loss"] for one in keras] == pytest.approx([one["test_loss"] for one in numpy], abs=1e-4)


def test_without_tensorflow_the_sentence_says_how_to_get_it() -> None:
    hidden = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "without_tensorflow")}
    process = in_a_new_process("run", *SMALL, "--engine", "keras", env=hidden)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.fullmatch(r"Error: TensorFlow is not installed[^\n]*pip install [^\n]*\n", errors)


def test_a_model_that_its_engine_refuses_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(experiment: Experiment, **options: Any) -> Iterator[Round]:
        raise CannotTrain("Keras runs on another backend.")

    monkeypatch.setattr(fedlab.cli.running, "run", refuses)
    result = fedlab_("run", *SMALL)
    assert result.exit_code == 2
    assert result.stderr == "Error: Keras runs on another backend.\n"


def breaks_in_round_2(experiment: Experiment, **options: Any) -> Iterator[Round]:
    """A run that loses its numbers in its second round, unless its learning rate is small."""
    for one in run(experiment, **options):
        if one.number == 2 and experiment.learning_rate > 0.01:
            raise Diverged("Training broke down in round 2.")
        yield one


def test_rounds_before_a_breakdown_are_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fedlab.cli.running, "run", breaks_in_round_2)
    result = fedlab_("run", *SMALL, "--json", "run.json")
    assert result.exit_code == 1
    assert result.stderr == "Error: Training broke down in round 2.\n"
    assert len(read_json("run.json")["rounds"]) == 1


def test_a_breakdown_in_one_run_does_not_end_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fedlab.cli.running, "run", breaks_in_round_2)
    result = fedlab_("compare", *SMALL, "--learning-rate", "0.1", "--learning-rate", "0.001", "--json", "all.json")
    assert result.exit_code == 1
    assert result.stderr == "Error: learning rate = 0.1: Training broke down in round 2.\n"
    assert [len(one["rounds"]) for one in read_json("all.json")["runs"]] == [1, 2]
    assert re.search(r"^learning rate = 0.001 +1  +2 ", result.stdout, flags=re.MULTILINE)
    assert Path("comparison.png").exists()


def test_a_comparison_tells_mean_and_spread_over_seeds() -> None:
    flags = "--algorithm fedavg --algorithm fedprox --mu 1 --seed 0 --seed 1 --seed 2 --json all.json --csv all.csv"
    result = fedlab_("compare", *SMALL, *flags.split())
    assert result.exit_code == 0, result.output

    runs = read_json("all.json")["runs"]
    for algorithm, name in (("fedavg", "FedAvg"), ("fedprox", "FedProx")):
        last = [100 * one["rounds"][-1]["test_accuracy"] for one in runs if one["experiment"]["algorithm"] == algorithm]
        assert len(last) == 3
        assert re.search(rf"^{name}.*  3  .*{mean(last):.2f} ± {stdev(last):.2f}", result.stdout, flags=re.MULTILINE)

    lines = read_csv("all.csv")
    assert len(lines) == 2 * 3 * 2
    assert {(line["algorithm"], line["mu"]) for line in lines} == {("fedavg", ""), ("fedprox", "1.0")}
    assert Path("comparison.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_plot_has_the_format_that_its_name_says(ending: str, start: bytes) -> None:
    assert fedlab_("run", *SMALL, "--plot", f"run.{ending}").exit_code == 0
    assert Path(f"run.{ending}").read_bytes().startswith(start)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
def test_on_a_terminal_a_progress_bar_counts_the_rounds() -> None:
    import pty
    import termios

    reader, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    process = in_a_new_process("run", *SMALL, stderr=terminal)
    os.close(terminal)
    output = process.communicate(timeout=120)[0]
    shown = b""
    while True:
        try:
            shown += os.read(reader, 1 << 16)
        except OSError:  # how Linux says that the other end is closed
            break
    os.close(reader)
    assert b"2/2" in shown
    assert b"100%" in shown
    assert "round 2 of 2" in output


def test_python_m_fedlab_is_the_same_program() -> None:
    result = subprocess.run([sys.executable, "-m", "fedlab", "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"fedlab, version [\d.]+\n", result.stdout)
