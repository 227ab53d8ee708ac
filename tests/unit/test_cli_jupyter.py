"""Facts about `fedlab lab`: where JupyterLab opens, and who has the last word about that."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from fedlab.cli import jupyter
from tests.unit.command_line import fedlab_, in_a_new_process

pytestmark = pytest.mark.skipif(
    not (jupyter.REPOSITORY / jupyter.FIRST_LESSON).exists(), reason="installed without the repository"
)


def test_the_lab_says_what_to_do_where_there_are_no_lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jupyter, "REPOSITORY", tmp_path)
    result = fedlab_("lab")
    assert result.exit_code == 2
    assert "make lab" in result.stderr


@pytest.mark.parametrize(
    ("options", "trait"),
    [
        ([], "none"),
        (["--no-browser", "--port=9000"], "open_browser"),
        (["--ServerApp.root_dir=/elsewhere"], "root_dir"),
        (["--notebook-dir", "/elsewhere"], "root_dir"),
        (["--LabApp.default_url=/lab/tree/mine.ipynb"], "default_url"),
        (["--log-level=INFO"], "log_level"),
        (["--debug"], "log_level"),
    ],
)
def test_what_is_typed_goes_before_what_the_kit_sets(
    options: list[str], trait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JupyterLab ends with "only accepts one value, got 2" when both say something about one trait."""
    labapp = pytest.importorskip("jupyterlab.labapp")
    started: list[str] = []
    monkeypatch.setattr(labapp.LabApp, "launch_instance", started.extend)
    assert fedlab_("lab", *options).exit_code == 0
    assert started[len(started) - len(options) :] == options
    ours = [option.partition("=")[0].rpartition(".")[2] for option in started[: len(started) - len(options)]]
    assert trait not in ours
    assert {"root_dir", "default_url", "app_settings_dir", "log_level"} - {trait} - set(ours) <= (
        {"default_url"} if trait == "root_dir" else set()  # our first lesson is not in another folder
    )


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
