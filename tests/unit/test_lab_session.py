"""Facts about what the buttons do, and about what is left when a lab is gone."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ipywidgets.widgets.widget import _instances

from fedlab import Experiment
from fedlab.algorithms import FedAvg
from fedlab.settings import setting
from fedlab_widgets import Lab, kernel, predict
from fedlab_widgets.session import Session
from fedlab_widgets.transport import Transport, progress_of, status_of
from fedlab_widgets.view import View

SMALL = Experiment(parties=3, examples=300, model="softmax", rounds=10)


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(SMALL)
    yield session
    session.close()


@pytest.fixture
def clicks(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What was clicked and waits for what was typed before it."""
    waiting: list[Callable[[], None]] = []
    monkeypatch.setattr(kernel, "soon", waiting.append)
    return waiting


def status(session: Session) -> str:
    return status_of(session, session.latest)


def test_a_step_of_a_run_of_ten_is_one_round_of_ten(session: Session) -> None:
    session.step()
    session.wait()
    assert status(session) == "Round 1 of 10 done."
    assert progress_of(session, session.runs.all[0]) == 0.1
    assert session.runs.all[0].experiment.rounds == 10
    session.run()
    session.wait()
    assert status(session) == "Finished after 10 of 10 rounds."
    assert len(session.runs.all) == 1


def test_a_step_after_the_last_round_makes_it_one_more(session: Session) -> None:
    told = set()
    session.subscribe(lambda what: told.add(status(session)))
    session.set("rounds", 2)
    session.run()
    session.wait()
    session.step()
    session.wait()
    assert status(session) == "Finished after 3 of 3 rounds."
    assert not any("Round 3 of 2" in one for one in told)


def test_a_sweep_does_not_say_that_the_controls_have_moved_and_moving_one_does(session: Session) -> None:
    moved = []
    session.set("rounds", 1)
    session.sweep("learning_rate", [0.01, 0.5])
    moved.append(session.moved)
    session.wait()
    moved.append(session.moved)
    session.set("learning_rate", 0.2)
    moved.append(session.moved)
    session.set("learning_rate", 0.5)  # there is a curve of that
    moved.append(session.moved)
    assert moved == [False, False, True, False]


def test_a_fork_is_of_the_controls_so_they_have_not_moved_since(session: Session) -> None:
    session.set("rounds", 1)
    session.run()
    session.wait()
    session.set("learning_rate", 0.2)
    session.fork(session.runs.all[0], 1)
    assert not session.moved


def test_a_fork_of_a_round_that_is_not_kept_says_where_it_begins(session: Session) -> None:
    from dataclasses import replace

    session.set("rounds", 3)
    session.run()
    session.wait()
    rounds = session.runs.all[0].history.rounds
    rounds[1] = replace(rounds[1], state=None)
    session.set("learning_rate", 0.2)
    session.fork(session.runs.all[0], 2)
    session.wait()
    assert session.runs.all[1].history.forked_at == 1
    assert "Round 2 is not kept any more: this goes on from round 1." in session.message.sentence


def test_a_fork_needs_a_round_and_the_same_model(session: Session) -> None:
    empty = session.runs.begin(SMALL)
    session.fork(empty, 1)
    assert "run at least one round first" in session.message.sentence
    session.set("rounds", 1)
    session.run()
    session.wait()
    session.set("model", session.kinds["model"][1])
    session.fork(session.runs.all[0], 1)
    assert "take the same model" in session.message.sentence
    assert len(session.runs.all) == 1


def test_buttons_on_a_run_that_is_gone_do_nothing(session: Session) -> None:
    session.set("rounds", 1)
    session.run()
    session.wait()
    gone = session.runs.all[0]
    session.remove(gone)
    for act in (session.remove, session.hide, lambda run: session.fork(run, 1)):
        act(gone)
    assert session.runs.all == []


@pytest.mark.parametrize("button", ["stop", "reset"])
def test_stop_and_reset_cancel_a_run_that_was_clicked_just_before(
    session: Session, clicks: list[Callable[[], None]], button: str
) -> None:
    session.soon(session.run)
    session.soon(lambda: session.sweep("seed", [1, 2]))
    getattr(session, button)()
    for click in clicks:
        click()
    assert session.runs.all == []
    session.soon(session.run)
    clicks[-1]()
    assert len(session.runs.all) == 1
    session.stop()


def test_a_click_that_goes_wrong_on_a_thread_of_its_own_says_so(session: Session) -> None:
    told = threading.Event()
    session.subscribe(lambda what: told.set() if what == "message" else None)

    def broken() -> None:
        raise LookupError("nothing there")

    session.soon(broken)
    assert told.wait(60)
    assert session.message.sentence == "LookupError: nothing there"


def test_an_own_algorithm_with_a_plain_field_is_refused_when_it_is_made() -> None:
    with pytest.raises(TypeError, match=r"Own has k as a plain field: write k: type = setting\("):

        class Own(FedAvg):
            k: int = 3

    class Right(FedAvg):
        k: int = setting(3, "Something.", low=0, high=9)

    session = Session(SMALL, own=[Right])
    session.set("algorithm", Right)
    session.set("rounds", 1)
    session.run()
    session.wait()
    assert session.runs.all[0].ended == "finished"
    session.close()


def test_a_run_that_is_here_already_is_told_as_a_remark(session: Session) -> None:
    session.set("rounds", 1)
    session.run()
    session.wait()
    session.run()
    assert "already here" in session.message.sentence
    assert not session.message.problem
    assert len(session.runs.all) == 1


def test_a_failure_says_nothing_of_being_ready() -> None:
    class Broken(FedAvg):
        def step(self, w: Any, mean: Any, share: float, server: Any) -> Any:
            raise ValueError("shapes do not fit")

    session = Session(SMALL.with_(algorithm=Broken()))
    transport = Transport(session)
    session.run()
    session.wait()
    transport.draw()
    assert "Failed after 0 of 10 rounds." in transport._status.value
    assert "Broken.step stopped with ValueError: shapes do not fit." in transport._message.value
    transport.close()
    session.close()


def test_closing_a_lab_closes_every_widget_that_it_made() -> None:
    """Also those that were never on the page, and the layouts and styles of all."""
    Lab(SMALL).close()
    before = set(_instances)
    lab = Lab(SMALL, controls=["parties"])
    lab._painter.paint()
    for kind in lab._session.kinds["algorithm"]:
        lab._session.set("algorithm", kind)
    assert len(set(_instances) - before) > 100
    lab.close()
    assert set(_instances) == before


def test_a_cell_that_is_run_eight_times_leaves_one_lab() -> None:
    """In IPython, whose `Out`, `_`, `__` and `_1` keep what a cell gave, with a question that all labs wait for."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    labs: list[weakref.ref[Any]] = []
    sessions: list[weakref.ref[Any]] = []

    def made(*values: Any, **named: Any) -> Lab:
        lab = Lab(*values, **named)
        labs.append(weakref.ref(lab))
        sessions.append(weakref.ref(lab._session))
        return lab

    shell.push({"made": made, "SMALL": SMALL, "guess": predict("How many?", unit="%", rounds=1, about=SMALL)})
    cell = "lab = made(SMALL, prediction=guess)\nlab.run(1)\nlab"
    counts = []
    try:
        for _ in range(8):
            result = shell.run_cell(cell, store_history=True)
            result.raise_error()
            del result
            gc.collect()
            counts.append(len(_instances))
        assert sum(lab() is not None for lab in labs) == 1
        assert len(set(counts[2:])) == 1
        assert sum(session() is not None for session in sessions) == 1
    finally:
        shell.user_ns["lab"].close()
        shell.reset()
        InteractiveShell.clear_instance()


def test_a_question_does_not_keep_a_lab_alive() -> None:
    guess = predict("How many of them?", unit="%", rounds=1, about=SMALL)
    lab = Lab(SMALL, prediction=guess)
    session = weakref.ref(lab._session)
    lab.close()
    del lab
    while busy := [thread for thread in threading.enumerate() if thread.name.startswith("fedlab ")]:
        busy[0].join()  # one may begin another
    busy.clear()
    gc.collect()
    assert session() is None
    guess.answer_with(50.0)


def test_after_a_restart_what_a_page_says_to_a_thread_that_is_gone_is_heard_by_the_main_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Manager:
        def list_subshell(self) -> list[str]:
            return ["present"]

    class Shell:
        kernel = type("Kernel", (), {"shell_channel_thread": type("Channel", (), {"manager": Manager()})})

    monkeypatch.setattr(kernel, "get_ipython", Shell)
    assert kernel._where_it_was_sent({}, "present") == "present"
    assert kernel._where_it_was_sent({}, "of the kernel before") is None
    assert kernel._where_it_was_sent({}, None) is None


def test_a_view_ends_with_the_views_inside_it(session: Session) -> None:
    before = set(_instances)
    outer = View(session)
    inner = outer.own(View(session))
    inner.make(type(outer.button("a", "", "b", lambda: None)))
    outer.close()
    assert set(_instances) == before


def test_run_takes_what_the_controls_said_when_it_was_clicked() -> None:
    """Not what is chosen a moment later, while Run is still looking at the data."""
    session = Session(SMALL)
    session.beside(session.run)
    session.set("seed", 7)
    while not session.runs.all:
        time.sleep(0.01)
    session.wait()
    assert session.runs.all[0].experiment.seed == SMALL.seed
    session.close()


def test_a_point_that_is_clicked_is_the_round_of_every_menu_until_a_run_begins() -> None:
    lab = Lab(SMALL)
    lab.run()
    menus = lab._table._menu, lab._behind._menu
    assert [menu.round.value for menu in menus] == [10, 10]
    lab._session.select(round=1)
    lab._painter.paint()
    assert [menu.round.value for menu in menus] == [1, 1]
    menus[0].round.value = 4
    lab._painter.paint()
    assert [menu.round.value for menu in menus] == [4, 4]
    lab.run(12)
    assert [menu.round.value for menu in menus] == [12, 12]
    lab.close()
