"""Facts about a lab where there are no threads, as in a browser's kernel: the page is its clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from fedlab import Experiment, History, run
from fedlab_widgets.driver import TICK, PageDriver
from fedlab_widgets.lab import Lab

FEW = Experiment(parties=3, examples=300, rounds=3)
MANY = Experiment(parties=2, examples=2_000, rounds=1_000, local_epochs=100)


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab that dies of every thread that is begun."""

    def none(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    for place in ("threads", "lab", "painter"):
        monkeypatch.setattr(f"fedlab_widgets.{place}.exist", lambda: False)
    monkeypatch.setattr("fedlab.engines.base.processors", lambda: 1)
    monkeypatch.setattr(threading.Thread, "start", none)
    lab = Lab(FEW)
    yield lab
    lab.close()


def tick(lab: Lab) -> bool:
    """What the page does: say "tick", as long as the clock goes. Whether it does."""
    clock = lab._session.driver._clock
    going: bool = clock.state["going"]
    if going:
        clock._handle_custom_msg({"do": "tick", "number": 1}, [])
    return going


def test_the_page_drives_the_training(lab: Lab) -> None:
    assert isinstance(lab._session.driver, PageDriver)
    assert not tick(lab)
    lab._session.run()
    while tick(lab):
        pass
    assert lab.histories[0].column("test_accuracy") == History(FEW, run(FEW, threads=1)).column("test_accuracy")
    assert lab._session.message.sentence == ""


def test_a_tick_gives_the_page_its_turn_in_the_middle_of_a_round(lab: Lab) -> None:
    """A party's 100 passes over 1,000 images take seconds: one tick ends before its round does."""
    lab._session.use(MANY)
    lab._session.run()
    began = time.monotonic()
    while time.monotonic() < began + 2 * TICK:
        assert tick(lab)
    assert lab._session.training.busy
    assert not lab.histories[0].rounds


def test_pause_holds_the_clock_and_stop_ends_the_run_at_the_next_tick(lab: Lab) -> None:
    lab._session.use(MANY)
    lab._session.run()
    tick(lab)
    lab._session.pause()
    tick(lab)
    assert not tick(lab), "the clock stands while the run is paused"
    assert lab._session.training.busy
    lab._session.stop()
    tick(lab)
    assert not lab._session.training.busy


def test_a_cell_may_wait_for_a_run(lab: Lab) -> None:
    assert len(lab.run()) == FEW.rounds
