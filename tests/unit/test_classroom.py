"""The class as the federation, in the notebook: what a teacher and a student see and can do. No Flower runs here."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fedlab import Experiment, History, run

pytest.importorskip("flwr", reason="Flower is not installed")

from fedlab import network
from fedlab.network import Party, Refusal
from fedlab.network.ledger import EXAMPLES, save_examples
from fedlab.parcels import Parcel, save
from fedlab_widgets import Classroom, join

TINY = Experiment(parties=2, examples=60, model="softmax", rounds=2, learning_rate=0.05)


class FakeFederation:
    """One whose rounds are run here, when a test says so."""

    def __init__(self, experiment: Experiment, **options: Any):
        self.options, self.state, self.address = options, "waiting", "127.0.0.1:9"
        self.told: list[str] = []
        self.silent: list[dict[str, Any]] = []
        self.history = History(experiment)
        self.parties = [
            Party(0, "Ann", "waiting", 30, 0, "fedlab1:A"),
            Party(1, "party 1", "not joined", 0, 0, "fedlab1:B"),
        ]
        self.codes = [party.code for party in self.parties]
        self.did: list[Any] = []

    def start(self) -> None:
        self.state = "running"

    def pause(self) -> None:
        self.state = "paused"

    def stop(self) -> None:
        self.state = "stopped"

    def kick(self, number: int) -> None:
        self.parties[number] = replace(self.parties[number], state="kicked")

    def close(self) -> None:
        self.did.append("closed")


def until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def press(desk: Any, act: str, **values: Any) -> None:
    """What the page says when the learner presses a button: only one that is there and not grey."""
    shown = desk._page.state
    cells = [one for block in shown["blocks"] if "table" in block for row in block["table"]["rows"] for one in row]
    buttons = [*shown["buttons"], *(one for one in cells if isinstance(one, dict))]
    (button,) = [one for one in buttons if one["act"] == act and one["values"] == values]
    assert not button["off"]
    desk._page._handle_custom_msg({"do": act, **values}, [])


@pytest.fixture
def classroom(monkeypatch: pytest.MonkeyPatch) -> Iterator[Classroom]:
    monkeypatch.setattr(network, "host", FakeFederation)
    classroom = Classroom(TINY, port=8443)
    yield classroom
    classroom.close()


def opened(classroom: Classroom) -> FakeFederation:
    press(classroom, "open")
    until(lambda: classroom.federation)
    until(lambda: classroom._page.state["buttons"][0]["act"] == "start")
    return classroom.federation  # type: ignore[return-value]


def test_nothing_starts_before_the_doors_are_opened(classroom: Classroom) -> None:
    assert classroom.federation is None
    assert [one["act"] for one in classroom._page.state["buttons"]] == ["open"]
    assert opened(classroom).options == {"port": 8443}


def test_a_code_is_shown_until_its_party_has_come(classroom: Classroom) -> None:
    opened(classroom)
    (class_,) = [block["table"] for block in classroom._page.state["blocks"] if "table" in block]
    ann, nobody = class_["rows"]
    assert (ann[0], ann[-1]) == ("Ann", "")
    assert (nobody[0], nobody[-1]) == ("party 1", "fedlab1:B")


def test_a_teacher_starts_pauses_goes_on_stops_and_puts_out(classroom: Classroom) -> None:
    federation = opened(classroom)
    press(classroom, "start")
    assert federation.state == "running"
    press(classroom, "pause")
    assert classroom._page.state["title"].startswith("Paused after round 0 of 2")
    assert classroom._page.state["buttons"][0]["label"] == "Go on"
    press(classroom, "kick", party=0)
    assert "✗ put out" in str(classroom._page.state["blocks"])
    press(classroom, "stop")
    assert federation.state == "stopped"
    assert all(one["off"] for one in classroom._page.state["buttons"])


def test_the_curve_grows_with_the_rounds_of_the_class(classroom: Classroom) -> None:
    federation = opened(classroom)
    for number, one in enumerate(run(TINY), 1):
        federation.history.append(one)
        until(lambda: len(classroom._curves.view.rounds.get("0", {}).get("accuracy", [])) == number)  # noqa: B023
    shown = classroom._curves.view.rounds["0"]["accuracy"]
    assert shown == pytest.approx([one.test_accuracy for one in federation.history])


def test_whoever_is_turned_away_or_silent_is_told(classroom: Classroom) -> None:
    federation = opened(classroom)
    federation.told.append("10.0.0.9 was turned away: its key is unknown.")
    federation.silent.append({"round": 2, "party": 0, "reason": "it is not there"})
    until(lambda: "its key is unknown" in str(classroom._page.state["blocks"]))
    assert "Round 2 went on without Ann: it is not there." in str(classroom._page.state["blocks"])


def test_what_goes_wrong_is_said_and_the_doors_stay_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any, **options: Any) -> Any:
        raise ValueError("Cannot listen on 10.0.0.1:80: not allowed.")

    monkeypatch.setattr(network, "host", refuse)
    classroom = Classroom(TINY)
    press(classroom, "open")
    until(lambda: "Cannot listen" in classroom._page.state["complaint"])
    (open_the_doors,) = classroom._page.state["buttons"]
    assert not open_the_doors["off"]
    classroom.close()


def test_closing_a_classroom_ends_its_federation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "host", FakeFederation)
    classroom = Classroom(TINY)
    federation = opened(classroom)
    classroom.close()
    assert federation.did == ["closed"]


INVITATION = SimpleNamespace(
    experiment=TINY, party=1, parties=2, shape=(28, 28), classes=10,
    runs_here=[("fedlab", "0.1.0"), ("app.py", "12ab")],
    leaves_here=[("each round", "7,850 numbers"), ("never", "an example")],
)  # fmt: skip


class FakeMembership:
    def __init__(self, folder: Path, data: Any):
        self.folder, self.data, self.state = folder, data, "taking part"
        (folder / "examples.npz").write_bytes(b"0" * 1000)
        self.rounds: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.server: dict[str, Any] | None = {"state": "running", "round": 0, "accuracy": None}

    def news(self) -> dict[str, Any] | None:
        return self.server

    def leave(self) -> None:
        self.state = "ended"


@pytest.fixture
def takes_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[FakeMembership]:
    made: list[FakeMembership] = []

    def take_part(invitation: Any, data: Any = None, **options: Any) -> FakeMembership:
        made.append(FakeMembership(tmp_path, data))
        return made[-1]

    monkeypatch.setattr(network, "look_at", lambda code: INVITATION)
    monkeypatch.setattr(network, "join", take_part)
    return made


def asked(joining: Any) -> None:
    until(lambda: [one["act"] for one in joining._page.state["buttons"]] == ["approve", "refuse"])


def test_before_anything_runs_a_student_sees_what_would_run_and_what_would_leave(
    takes_part: list[FakeMembership],
) -> None:
    joining = join("fedlab1:B")
    asked(joining)
    shown = str(joining._page.state["blocks"])
    for one in (*INVITATION.runs_here, *INVITATION.leaves_here):
        assert all(word in shown for word in one)
    assert takes_part == []
    joining.close()


def test_a_student_who_refuses_has_run_nothing(takes_part: list[FakeMembership]) -> None:
    joining = join("fedlab1:B")
    asked(joining)
    press(joining, "refuse")
    assert "Nothing has run here" in joining._page.state["title"]
    assert joining._page.state["buttons"] == []
    assert takes_part == []
    with pytest.raises(ValueError, match="nothing to agree to"):
        joining.approve()
    joining.close()


def test_a_student_who_agrees_sees_the_own_loss_and_what_has_left(takes_part: list[FakeMembership]) -> None:
    joining = join("fedlab1:B", data=SimpleNamespace(x=np.zeros((2, 28, 28), np.uint8), y=np.array([1, 2])))
    asked(joining)
    press(joining, "approve")
    until(lambda: takes_part and joining._page.state["title"] == "You take part.")
    x, y = takes_part[0].data
    assert (x.shape, list(y)) == ((2, 28, 28), [1, 2])
    takes_part[0].sent.append({"bytes": 31_400})
    takes_part[0].rounds.append({"round": 1, "shared model on own": 0.5, "own training loss": 2.25, "bytes up": 31_400})
    until(lambda: "50.0 %" in str(joining._page.state["blocks"]))
    shown = str(joining._page.state["blocks"])
    assert "2.250" in shown
    assert "What has left so far: 31.4 kB" in shown
    press(joining, "leave")
    until(lambda: takes_part[0].state == "ended" and "You have left" in joining._page.state["title"])
    press(joining, "again")
    until(lambda: len(takes_part) == 2)
    joining.close()
    assert takes_part[1].state == "ended"


def test_the_update_that_left_is_shown_below_the_images_that_stay(takes_part: list[FakeMembership]) -> None:
    """Softmax has 784 x 10 weights: ten images of 28 x 28. One party with three images shows three above them."""
    joining = join("fedlab1:B")
    asked(joining)
    press(joining, "approve")
    until(lambda: joining._page.state["title"] == "You take part.")
    folder = takes_part[0].folder
    save_examples(folder / EXAMPLES, np.full((3, 28, 28), 200, np.uint8), np.array([1, 2, 3]), 255.0)
    save(folder / "last.npz", Parcel({"round": 1}, (np.linspace(-1, 1, 7_850, dtype=np.float32),)))
    assert not joining._picture.png
    takes_part[0].rounds.append({"round": 1, "shared model on own": 0.5, "own training loss": 2.25, "bytes up": 31_400})
    until(lambda: "Second row: the update that left last" in str(joining._page.state["blocks"]))
    page = np.asarray(Image.open(io.BytesIO(joining._picture.png)).convert("LA"), float)
    dark = (page[..., 0] < 120) & (page[..., 1] > 0)
    above = dark[: len(dark) // 2].any(axis=0)
    assert 0.2 < above.mean() < 0.35  # of the width: three of ten, less their margins
    joining.close()


def test_a_student_hears_when_the_server_is_silent_and_when_the_run_is_over(
    takes_part: list[FakeMembership], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedlab_widgets.joining.ASK", 0.1)
    joining = join("fedlab1:B")
    asked(joining)
    press(joining, "approve")
    until(lambda: takes_part)
    takes_part[0].server = None
    until(lambda: "does not answer just now" in joining._page.state["title"])
    takes_part[0].server = {"state": "finished", "round": 2, "accuracy": 0.875}
    until(lambda: "87.5 % of the server's test images" in joining._page.state["title"])
    assert takes_part[0].state == "ended"
    joining.close()


def test_a_code_that_leads_nowhere_or_a_refusal_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(code: str) -> Any:
        raise Refusal("This server does not know the token in your code: ask for a new code.")

    monkeypatch.setattr(network, "look_at", refuse)
    joining = join("fedlab1:B")
    until(lambda: "does not know the token" in joining._page.state["complaint"])
    joining.close()
    monkeypatch.undo()
    joining = join("what the teacher wrote on the board")
    until(lambda: "is no join code" in joining._page.state["complaint"])
    joining.close()
