"""Facts about the command line, told through the same flags that a learner types."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
from click.testing import CliRunner, Result

import fedlab.cli
from fedlab import Experiment, History, Round, run
from fedlab.cli import main
from fedlab.cli_settings import combinations, owners, value_of
from fedlab.experiment import KINDS
from fedlab.federation import Diverged
from fedlab.settings import settings_of

SMALL = ["--model", "softmax", "--examples", "300", "--parties", "3", "--rounds", "2"]
ARTICLE = (
    "run --parties 3 --examples 3000 --partition iid --algorithm fedprox --mu 0.1 --model 2nn --rounds 10 "
    "--local-epochs 5 --batch-size 32 --learning-rate 0.1 --participation 1.0 --seed 0"
)
LESSONS_ARE_HERE = (fedlab.cli.REPOSITORY / fedlab.cli.FIRST_LESSON).exists()


def fedlab_(*arguments: str) -> Result:
    """Call the command line in this process."""
    return CliRunner().invoke(main, arguments)


def in_a_new_process(*arguments: str, code: str = "from fedlab.cli import main; main()", **options: Any) -> Any:
    """Start the command line in a process of its own."""
    command = [sys.executable, "-c", code, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, text=True, **{"stdout": pipe, "stderr": pipe, **options})


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> list[list[Experiment]]:
    """Catch what would be trained instead of training it."""
    caught: list[list[Experiment]] = []

    def catch(experiments: list[Experiment], files: object) -> Any:
        caught.append(experiments)
        return [History(experiment) for experiment in experiments], []

    monkeypatch.setattr(fedlab.cli, "train_all", catch)
    return caught


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_setting_of_every_class_is_a_flag_that_tells_its_lesson_and_its_range() -> None:
    text = " ".join(fedlab_("run", "--help").output.split())
    for owner in (Experiment, *(kind for kinds in KINDS.values() for kind in kinds.values())):
        for name, about in settings_of(owner).items():
            assert "--" + name.replace("_", "-") + " VALUE" in text
            assert settings_of(owners()[name][0])[name].lesson in text
            assert about.allowed(owner.model_fields[name].annotation) in text


@pytest.mark.parametrize(
    "experiment",
    [
        Experiment(),
        Experiment(algorithm="fedsgd", partition="dirichlet", alpha=0.01, model="cnn"),
        Experiment(algorithm="fedprox", mu=1.5, batch_size="all", participation=0.25, learning_rate=0.003, seed=7),
    ],
)
def test_flags_make_the_experiment_that_python_makes(
    experiment: Experiment, no_training: list[list[Experiment]]
) -> None:
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in experiment.to_dict().items()]
    assert fedlab_("run", *flags).exit_code == 0
    assert no_training == [[experiment]]


def test_without_flags_the_default_experiment_runs(no_training: list[list[Experiment]]) -> None:
    fedlab_("run")
    assert no_training == [[Experiment()]]


def test_the_readmes_example_is_the_article_s_experiment(no_training: list[list[Experiment]]) -> None:
    assert fedlab_(*ARTICLE.split()).exit_code == 0
    assert no_training == [
        [Experiment(parties=3, examples=3000, algorithm="fedprox", mu=0.1, rounds=10, local_epochs=5, batch_size=32)]
    ]


def test_a_run_gives_the_numbers_that_python_gives(in_folder: Path) -> None:
    result = fedlab_("run", *SMALL, "--json", "run.json", "--csv", "run.csv")
    assert result.exit_code == 0, result.output
    experiment = Experiment(model="softmax", examples=300, parties=3, rounds=2)
    rounds = list(run(experiment))

    saved = json.loads(Path("run.json").read_text(encoding="utf-8"))
    assert saved["experiment"] == experiment.to_dict()
    assert [one["number"] for one in saved["rounds"]] == [1, 2]
    assert [one["test_accuracy"] for one in saved["rounds"]] == [one.test_accuracy for one in rounds]

    lines = list(csv.DictReader(io.StringIO(Path("run.csv").read_text(encoding="utf-8"))))
    assert [float(line["test_loss"]) for line in lines] == [one.test_loss for one in rounds]

    printed = re.findall(r"^round (\d) of 2   test accuracy +([\d.]+) %", result.stdout, flags=re.MULTILINE)
    assert printed == [(str(one.number), f"{100 * one.test_accuracy:.2f}") for one in rounds]


def test_a_saved_run_and_its_link_start_the_same_experiment(
    in_folder: Path, no_training: list[list[Experiment]]
) -> None:
    experiment = Experiment(algorithm="fedprox", mu=1.5, rounds=3)
    Path("run.json").write_text(History(experiment).to_json(), encoding="utf-8")
    fedlab_("run", "--from", "run.json")
    fedlab_("run", "--from", experiment.link())
    fedlab_("run", "--from", "run.json", "--rounds", "9")
    fedlab_("run", "--from", "run.json", "--algorithm", "fedavg")
    assert no_training == [
        [experiment],
        [experiment],
        [experiment.with_(rounds=9)],
        [experiment.with_(algorithm="fedavg")],
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("run --rounds 0", "rounds is 0, but it must be a whole number from 1 to 100"),
        ("run --rounds 2.5", "rounds is 2.5, but it must be a whole number"),
        ("run --batch-size half", "batch_size is 'half', but it must be a whole number from 1 to 60"),
        ("run --participation nan", "participation is nan"),
        ("run --algorithm fedpox", "algorithm is 'fedpox', but it must be one of fedsgd, fedavg, fedprox"),
        ("run --mu 1", "mu is a setting of the algorithm fedprox, but the algorithm here is fedavg"),
        ("run --algorithm fedprox --mu -1", "but it must be a number from 0 to 10"),
        ("run --algorithm fedsgd --local-epochs 5", "FedSGD always uses 1"),
        ("run --parties 50 --examples 20", "50 parties cannot share 20 examples"),
        ("run --seed 1 --seed 2", "fedlab compare"),
        ("run --from nowhere.json", "Cannot read nowhere.json"),
        ("run --from fedlab1:parties=3#0000", "This link is damaged"),
        ("run --from fedlab99:parties=3#0000", "version 99"),
        ("run --from here.txt", "not an experiment of fedlab"),
        ("run --json nowhere/run.json", "cannot write there"),
        ("run --json run.csv", "must end in .json"),
        ("run --plot run.gif", "must end in .png or .svg or .pdf"),
        ("run --csv folder.csv", "cannot write there"),
        ("compare --algorithm fedavg --algorithm fedsgd --mu 1", "mu is a setting of the algorithm fedprox"),
        ("compare --alpha 0.1 --alpha 1", "alpha is a setting of the partition"),
    ],
)
def test_bad_input_gets_one_sentence_before_anything_is_trained(
    arguments: str, sentence: str, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("folder.csv").mkdir()
    Path("here.txt").write_text("not JSON", encoding="utf-8")
    monkeypatch.setattr(fedlab.cli, "run", lambda *a, **k: pytest.fail("it trained"))
    result = fedlab_(*arguments.split())
    assert result.exit_code == 2
    assert result.stdout == ""
    assert re.fullmatch(r"Error: [^\n]+\n", result.stderr)
    assert sentence in result.stderr
    assert sorted(path.name for path in in_folder.iterdir()) == ["folder.csv", "here.txt"]


def test_a_misspelled_flag_is_answered_with_the_right_one() -> None:
    result = fedlab_("run", "--epochs", "3")
    assert result.exit_code == 2
    assert "--local-epochs" in result.stderr


def test_a_refused_run_leaves_an_old_result_alone(in_folder: Path) -> None:
    Path("run.json").write_text("old", encoding="utf-8")
    assert fedlab_("run", "--json", "run.json", "--rounds", "0").exit_code == 2
    assert Path("run.json").read_text(encoding="utf-8") == "old"


def test_bad_input_is_answered_without_starting_tensorflow() -> None:
    code = (
        "import sys\n"
        "from fedlab.cli import main\n"
        "result = main(standalone_mode=False, args=['run', '--help'])\n"
        "try: main(['run', '--rounds', '0'])\n"
        "except SystemExit as end: print('exit code', end.code)\n"
        "print([name for name in ('tensorflow', 'keras', 'matplotlib') if name in sys.modules])"
    )
    output, _ = in_a_new_process(code=code).communicate(timeout=60)
    assert output.splitlines()[-2:] == ["exit code 2", "[]"]


def test_without_tensorflow_the_sentence_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['tensorflow'] = None; from fedlab.cli import main; main()"
    process = in_a_new_process("run", *SMALL, code=code)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.fullmatch(r"Error: TensorFlow is not installed[^\n]*pip install tensorflow[^\n]*\n", errors)


def breaks_in_round_2(experiment: Experiment, **options: Any) -> Iterator[Round]:
    """A run that loses its numbers in its second round, unless its learning rate is small."""
    for one in run(experiment, **options):
        if one.number == 2 and experiment.learning_rate > 0.01:
            raise Diverged("Training broke down in round 2.")
        yield one


def test_rounds_before_a_breakdown_are_saved(in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fedlab.cli, "run", breaks_in_round_2)
    result = fedlab_("run", *SMALL, "--json", "run.json")
    assert result.exit_code == 1
    assert result.stderr == "Error: Training broke down in round 2.\n"
    assert len(json.loads(Path("run.json").read_text(encoding="utf-8"))["rounds"]) == 1


def test_a_breakdown_in_one_run_does_not_end_the_comparison(in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fedlab.cli, "run", breaks_in_round_2)
    result = fedlab_("compare", *SMALL, "--learning-rate", "0.1", "--learning-rate", "0.001", "--json", "all.json")
    assert result.exit_code == 1
    assert result.stderr == "Error: learning rate = 0.1: Training broke down in round 2.\n"
    runs = json.loads(Path("all.json").read_text(encoding="utf-8"))["runs"]
    assert [len(one["rounds"]) for one in runs] == [1, 2]
    assert re.search(r"^learning rate = 0.001 +1  +2 ", result.stdout, flags=re.MULTILINE)
    assert Path("comparison.png").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_saves_the_rounds_so_far(in_folder: Path) -> None:
    flags = ["--model", "softmax", "--examples", "300", "--parties", "3", "--rounds", "100000"]
    process = in_a_new_process("run", *flags, "--json", "run.json", "--plot", "run.png")
    while not process.stdout.readline().startswith("round"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "Error: Stopped by Ctrl-C.\n"
    rounds = json.loads(Path("run.json").read_text(encoding="utf-8"))["rounds"]
    assert 1 <= len(rounds) < 100_000
    assert f"Final test accuracy {100 * rounds[-1]['test_accuracy']:.2f} %" in output
    assert Path("run.png").exists()


def test_each_setting_goes_to_the_algorithms_that_have_it() -> None:
    start = Experiment()
    given = {"algorithm": ("fedsgd", "fedavg", "fedprox"), "mu": (0.1, 1.0), "local_epochs": (5,)}
    assert combinations(start, given) == [
        start.with_(algorithm="fedsgd"),  # which has no μ, and always one epoch
        start.with_(algorithm="fedavg", local_epochs=5),
        start.with_(algorithm="fedprox", local_epochs=5, mu=0.1),
        start.with_(algorithm="fedprox", local_epochs=5, mu=1.0),
    ]


def test_compare_runs_every_combination_once(no_training: list[list[Experiment]], in_folder: Path) -> None:
    flags = "--partition iid --partition dirichlet --alpha 0.1 --alpha 1 --alpha 1 --seed 0 --seed 1"
    fedlab_("compare", *flags.split())
    (experiments,) = no_training
    assert len(experiments) == len(set(experiments)) == (1 + 2) * 2


def test_a_comparison_tells_mean_and_spread_over_seeds(in_folder: Path) -> None:
    flags = "--algorithm fedavg --algorithm fedprox --mu 1 --seed 0 --seed 1 --seed 2 --json all.json --csv all.csv"
    result = fedlab_("compare", *SMALL, *flags.split())
    assert result.exit_code == 0, result.output

    runs = json.loads(Path("all.json").read_text(encoding="utf-8"))["runs"]
    for algorithm, name in (("fedavg", "FedAvg"), ("fedprox", "FedProx")):
        last = [100 * one["rounds"][-1]["test_accuracy"] for one in runs if one["experiment"]["algorithm"] == algorithm]
        assert len(last) == 3
        assert re.search(rf"^{name}.*  3  .*{mean(last):.2f} ± {stdev(last):.2f}", result.stdout, flags=re.MULTILINE)

    lines = list(csv.DictReader(io.StringIO(Path("all.csv").read_text(encoding="utf-8"))))
    assert len(lines) == 2 * 3 * 2
    assert {(line["algorithm"], line["mu"]) for line in lines} == {("fedavg", ""), ("fedprox", "1.0")}
    assert Path("comparison.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_plot_has_the_format_that_its_name_says(ending: str, start: bytes, in_folder: Path) -> None:
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


def test_numbers_are_read_as_numbers_and_words_as_words() -> None:
    assert [value_of(text) for text in ("3", "0.5", "1e-3", "all", "2nn")] == [3, 0.5, 0.001, "all", "2nn"]


def test_python_m_fedlab_is_the_same_program() -> None:
    result = subprocess.run([sys.executable, "-m", "fedlab", "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"fedlab, version [\d.]+\n", result.stdout)


def test_the_lab_says_what_to_do_where_there_are_no_lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fedlab.cli, "REPOSITORY", tmp_path)
    result = fedlab_("lab")
    assert result.exit_code == 2
    assert "make lab" in result.stderr


def fetched(address: str, server: Any) -> Any:
    """The JSON at an address; waits for the server, which tells its address a moment before it answers."""
    while True:
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            assert server.poll() is None, "the server has ended"
            time.sleep(0.1)


@pytest.mark.skipif(not LESSONS_ARE_HERE, reason="installed without the repository")
def test_the_lab_prints_its_address_and_serves_the_first_lesson_without_asking_the_network() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = in_a_new_process("lab", "--no-browser", f"--port={port}", stderr=subprocess.STDOUT)
    try:
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://127\S+token=\S+", line)))
        assert "/lab/tree/notebooks/00_start_here.ipynb?" in address
        assert fetched(address.replace("/lab/tree/", "/api/contents/"), process)["type"] == "notebook"
        about_news = address.replace(
            "/lab/tree/notebooks/00_start_here.ipynb", "/lab/api/settings/@jupyterlab/apputils-extension:notification"
        )
        properties = fetched(about_news, process)["schema"]["properties"]
        assert properties["fetchNews"]["default"] == "false"  # no network at run time, and no pop-up that asks for it
        assert properties["checkForUpdates"]["default"] is False
    finally:
        process.terminate()
        process.communicate(timeout=30)
