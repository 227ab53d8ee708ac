"""Facts about `fedlab lab`: where JupyterLab opens, and who has the last word about that."""

from __future__ import annotations

import json
import os
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


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command sets for itself ends with its test."""
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")


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


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ([], str(jupyter.REPOSITORY / jupyter.FIRST_LESSON)),
        (["--no-browser", "--theme=dark"], str(jupyter.REPOSITORY / jupyter.FIRST_LESSON)),
        (["notebooks/03_non_iid.ipynb", "--port=9000"], "notebooks/03_non_iid.ipynb"),
        (["tests"], "tests"),
    ],
)
def test_the_page_shown_is_the_one_named_or_the_first_lesson(
    options: list[str], shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = pytest.importorskip("voila.app")
    started: list[str] = []
    monkeypatch.setattr(app.Voila, "launch_instance", started.extend)
    monkeypatch.chdir(jupyter.REPOSITORY)
    assert fedlab_("voila", *options).exit_code == 0
    assert [option for option in started if not option.startswith("--")] == [shown]
    assert set(options) <= set(started)


def test_voila_finds_its_settings_after_those_of_the_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jupyter looks for settings in the folders of this variable; the first has the last word."""
    assert (Path(jupyter.SETTINGS) / "voila.py").exists()
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/mine")
    jupyter.prepare()
    assert os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep) == ["/mine", jupyter.SETTINGS]


def test_voila_does_not_hang_up_while_long_cells_run() -> None:
    """It cannot hear the browser meanwhile, and takes it for gone after 90 seconds if it is not told to wait longer."""
    found = {}
    for file, server in (("voila.py", "Voila"), ("jupyter_server_config.py", "ServerApp")):
        loader = pytest.importorskip("traitlets.config").PyFileConfigLoader(file, path=jupyter.SETTINGS)
        found[server] = loader.load_config()[server]["tornado_settings"]["ws_ping_timeout"]
    assert min(found.values()) >= 3_600_000


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
        with urllib.request.urlopen(address, timeout=60) as answer:
            page = answer.read().decode()
        (settings,) = re.findall(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)
        assert "@jupyter/nbgrader" in json.loads(settings)["disabledExtensions"]  # its menus are for teachers
    finally:
        process.terminate()
        process.communicate(timeout=30)
