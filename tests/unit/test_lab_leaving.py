"""Leaving the lab: the selected run becomes a folder for another framework, or a sentence says why it cannot."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedlab import Experiment
from fedlab.bridges import TARGETS
from fedlab_widgets import Lab
from fedlab_widgets.leaving import Leaving, zipped

SMALL = Experiment(parties=2, examples=100, model="softmax", rounds=3)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.chdir(tmp_path)
    lab = Lab(SMALL)
    lab.run(2)
    yield lab
    lab.close()


def left(lab: Lab, target: str = "flower") -> str:
    """What the page says after the button was clicked and the work is done."""
    leaving: Leaving = lab._code._leaving
    leaving._target.value = target
    leaving.write()
    for thread in threading.enumerate():
        if thread.name == "fedlab export":
            thread.join()
    return str(leaving._answer.value)


def test_the_selected_run_becomes_a_folder_with_as_many_rounds_as_it_has_made(lab: Lab) -> None:
    assert left(lab) == "Written next to the notebook as fedlab-flower: begin with README.md."
    found = json.loads(Path("fedlab-flower/data/kit_result.json").read_text())["test_accuracy"]
    assert found == pytest.approx([one.test_accuracy for one in lab.histories[0].rounds])
    assert len(found) == 2


def test_a_folder_that_is_there_is_left_alone(lab: Lab) -> None:
    left(lab)
    assert "fedlab-flower-2" in left(lab)


@pytest.mark.parametrize("target", TARGETS)
def test_every_framework_of_the_command_can_be_chosen(lab: Lab, target: str) -> None:
    left(lab, target)
    assert (Path(f"fedlab-{target}") / TARGETS[target].program[0]).exists()


def test_what_the_framework_cannot_express_is_said(lab: Lab) -> None:
    lab._session.restore(SMALL.with_(algorithm="scaffold").link())
    lab.run(1)
    assert "it must be fedavg or fedprox." in left(lab)
    assert not Path("fedlab-flower").exists()


def test_a_run_that_went_on_from_another_one_is_refused(lab: Lab) -> None:
    session = lab._session
    session.fork(session.runs.all[0], 1)
    session.wait()
    assert "This run went on from another one" in left(lab)


def test_without_a_folder_next_to_the_notebook_it_is_one_file(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(TARGETS["flower"], SMALL))) as archive:
        names = archive.namelist()
    assert {"fedlab-flower/README.md", "fedlab-flower/server_app.py", "fedlab-flower/data/test.npz"} <= set(names)
