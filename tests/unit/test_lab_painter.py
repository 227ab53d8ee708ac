"""Facts about drawing: the newest state, seldom while something trains, and whatever fails in it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from fedlab import Experiment
from fedlab.partitions import Partition
from fedlab_widgets import Lab
from fedlab_widgets.painter import Painter
from fedlab_widgets.session import Session
from fedlab_widgets.view import View


class Drawn(View):
    """A view that does something when it is drawn."""

    follows: ClassVar[tuple[str, ...]] = ("runs", "controls")

    def __init__(self, session: Session, act: Callable[[], Any]):
        super().__init__(session)
        self.act = act

    def draw(self) -> None:
        self.act()


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(Experiment())
    yield session
    session.close()


def trains(session: Session) -> None:
    """Let the session say that it trains, without training."""
    session.training.run = session.runs.begin(session.experiment)


def test_the_newest_state_is_drawn_however_often_it_changes(session: Session) -> None:
    drawn: list[int] = []
    newest = 0
    last = threading.Event()

    def draw() -> None:
        drawn.append(newest)
        if newest == 1000:
            last.set()

    Painter(session, [Drawn(session, draw)])
    trains(session)
    for newest in range(1, 1001):  # noqa: B007
        session.changed("runs")
    assert last.wait(60)
    assert drawn[-1] == 1000
    assert len(drawn) < 1000


def test_while_something_trains_drawing_takes_a_small_part_of_the_time(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture that takes 1 s is followed by so many seconds without one that it takes 6 % of them all."""
    now = [0.0]

    def draw() -> None:
        now[0] += 1.0

    monkeypatch.setattr("fedlab_widgets.painter.time.monotonic", lambda: now[0])
    view = Drawn(session, draw)
    painter = Painter(session, [view])
    trains(session)
    painter.paint(view)
    assert 1 / (1 + painter.pause_before(view)) == pytest.approx(0.06)


def test_what_the_learner_moved_is_drawn_at_once_while_something_trains(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By this clock the second picture would have to wait for ever, as a third that is asked for by a round does."""
    now, drawn_twice = [0.0], threading.Event()

    def draw() -> None:
        now[0] += 1.0
        if now[0] == 2.0:
            drawn_twice.set()

    monkeypatch.setattr("fedlab_widgets.painter.time.monotonic", lambda: now[0])
    painter = Painter(session, [Drawn(session, draw)])
    trains(session)
    painter.paint()
    session.changed("controls")
    assert drawn_twice.wait(60)
    session.changed("runs")
    assert now == [2.0]
    painter.close()


def test_a_drawing_that_fails_says_so_and_the_next_one_is_drawn(session: Session) -> None:
    drawn, told = threading.Event(), threading.Event()

    def draw() -> None:
        if not told.is_set():
            raise IndexError("list index out of range")
        drawn.set()

    session.subscribe(lambda what: told.set() if what == "message" else None)
    Painter(session, [Drawn(session, draw)])
    session.changed("runs")
    assert told.wait(60)
    assert session.message.sentence == "IndexError: list index out of range"
    assert session.message.problem
    assert "Traceback" in session.message.details
    session.changed("runs")
    assert drawn.wait(60)


def test_a_partition_that_does_not_return_is_named_though_it_holds_up_all_drawing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fedlab_widgets.training.SILENCE", 0.1)
    over, told = threading.Event(), threading.Event()

    class Endless(Partition):
        def assign(self, labels: Any, parties: int, rng: Any) -> Any:
            over.wait(120)
            return [[party] for party in range(parties)]

    lab = Lab(Experiment(), partitions=[Endless])
    lab._session.set("partition", Endless)
    lab._session.subscribe(lambda what: told.set() if what == "stuck" else None)
    assert told.wait(60)
    assert "Endless.assign does not return" in lab._transport._status.value
    over.set()
    for thread in threading.enumerate():
        if thread.name == "fedlab painter":
            thread.join(60)
    assert "does not return" not in lab._transport._status.value
    lab.close()


def test_a_view_that_shows_messages_and_fails_does_not_fail_for_ever(session: Session) -> None:
    class Broken(Drawn):
        follows: ClassVar[tuple[str, ...]] = ("runs", "message")

    count: list[int] = []

    def draw() -> None:
        count.append(1)
        raise LookupError

    view = Broken(session, draw)
    painter = Painter(session, [view])
    painter.paint()
    painter.paint()
    for thread in threading.enumerate():
        if thread.name == "fedlab painter":
            thread.join(60)
    assert len(count) <= 4


def test_a_drawing_under_way_is_finished_before_python_ends() -> None:
    """Python would else kill the thread inside of matplotlib's C++ code, which then calls `terminate`."""
    program = (
        "import threading, time\n"
        "from fedlab import Experiment\n"
        "from fedlab_widgets.painter import Painter\n"
        "from fedlab_widgets.session import Session\n"
        "from fedlab_widgets.view import View\n"
        "began = threading.Event()\n"
        "class Slow(View):\n"
        "    follows = ('runs',)\n"
        "    def draw(self):\n"
        "        began.set()\n"
        "        time.sleep(0.5)\n"
        "        print('drawn')\n"
        "session = Session(Experiment())\n"
        "Painter(session, [Slow(session)])\n"
        "session.changed('runs')\n"
        "assert began.wait(60)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], timeout=300, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "drawn\n", "")
