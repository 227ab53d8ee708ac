"""Facts about bad days: full disks, closed terminals, impatient people. What was computed is not lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.command_line import ENDLESS, SMALL, fedlab_, in_a_new_process, wait_for

FULL = Path("/dev/full")
has_full_disk = pytest.mark.skipif(not FULL.exists(), reason="only Linux has a full disk to try")
has_signals = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals for another process")


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rounds_in(path: str) -> int:
    return len(json.loads(Path(path).read_text(encoding="utf-8"))["rounds"])


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@has_full_disk
def test_a_file_that_cannot_be_written_does_not_stop_the_others() -> None:
    Path("run.json").symlink_to(FULL)
    result = fedlab_("run", *SMALL, "--json", "run.json", "--csv", "run.csv", "--plot", "run.png")
    assert result.exit_code == 1
    assert result.stderr == "Error: run.json is not written: No space left on device.\n"
    assert len(Path("run.csv").read_text(encoding="utf-8").splitlines()) == 1 + 2
    assert Path("run.png").read_bytes().startswith(b"\x89PNG")
    assert "Final test accuracy" in result.stdout


@has_full_disk
def test_a_picture_that_cannot_be_written_leaves_the_comparison_s_table() -> None:
    Path("comparison.png").symlink_to(FULL)
    result = fedlab_("compare", *SMALL, "--seed", "0", "--seed", "1", "--json", "all.json")
    assert result.exit_code == 1
    assert result.stderr == "Error: comparison.png is not written: No space left on device.\n"
    assert "final accuracy, %" in result.stdout
    assert Path("all.json").exists()


def test_where_the_comparison_s_picture_cannot_go_nothing_is_trained() -> None:
    Path("comparison.png").mkdir()
    result = fedlab_("compare", *SMALL)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: --plot comparison.png: cannot write there (")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limits to set")
def test_a_limit_to_the_size_of_files_leaves_the_old_ones_as_they_were(in_folder: Path) -> None:
    Path("run.json").write_text("old", encoding="utf-8")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)); "
    process = in_a_new_process("run", *SMALL, "--json", "run.json", code=limit + "from fedlab.cli import main; main()")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors == "Error: run.json is not written: File too large.\n"
    assert "Final test accuracy" in output
    assert Path("run.json").read_text(encoding="utf-8") == "old"
    assert names_in(in_folder) == ["run.json"]


@has_signals
@pytest.mark.parametrize(("name", "said"), [("SIGINT", "Ctrl-C"), ("SIGTERM", "SIGTERM"), ("SIGHUP", "SIGHUP")])
def test_whoever_ends_a_run_gets_the_rounds_so_far(name: str, said: str) -> None:
    """Ctrl-C, a batch system at its limit, a terminal that closes. Shells count 128 and the signal's number."""
    number = signal.Signals[name]
    process = in_a_new_process("run", *ENDLESS, "--json", "run.json", "--plot", "run.png")
    wait_for(process, "round")
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert errors == f"Error: Stopped by {said}.\n"
    assert 1 <= rounds_in("run.json") < 100_000
    assert "Final test accuracy" in output
    assert Path("run.png").exists()


@has_signals
def test_under_nohup_a_run_outlives_its_terminal() -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = in_a_new_process("run", *SMALL[:-1], "30", preexec_fn=ignore)
    wait_for(process, "round")
    process.send_signal(signal.SIGHUP)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "round 30 of 30" in output


@has_signals
def test_a_comparison_that_is_killed_keeps_the_runs_that_were_done() -> None:
    process = in_a_new_process("compare", *SMALL, "--rounds", "100000", "--json", "all.json")
    wait_for(process, "round      1 of 100000")
    process.kill()
    process.communicate(timeout=60)
    runs = json.loads(Path("all.json").read_text(encoding="utf-8"))["runs"]
    assert [len(one["rounds"]) for one in runs] == [2, 0]


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
def test_a_run_needs_no_output(closed: str) -> None:
    """Programs without a console and some services have none."""
    program = [sys.executable, "-m", "fedlab", "run", *SMALL, "--json", "run.json"]
    ended = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *program], timeout=60, check=False)
    assert ended.returncode == 0
    assert rounds_in("run.json") == 2


def test_output_that_lacks_greek_letters_ends_no_run() -> None:
    """A pipe or a file gets cp1252 on Windows, which has no α."""
    environment: dict[str, Any] = {"env": os.environ | {"PYTHONIOENCODING": "cp1252"}, "errors": "replace"}
    alphas = ["--partition", "dirichlet", "--alpha", "0.5", "--alpha", "1"]
    for arguments in (["compare", *SMALL, *alphas], ["run", "--help"]):
        process = in_a_new_process(*arguments, **environment)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert "--learning-rate" in output


@has_full_disk
def test_where_what_is_printed_cannot_go_is_said_in_one_sentence() -> None:
    with FULL.open("w") as full:
        process = in_a_new_process("run", *SMALL, stdout=full)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors == "Error: The output ended: No space left on device.\n"
