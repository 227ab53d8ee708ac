"""Facts about what a saved notebook keeps of a lab: the runs that are shown, once nothing trains any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fedlab import Experiment
from fedlab_widgets import saved
from fedlab_widgets.curves import Curves
from fedlab_widgets.saved import Saved
from fedlab_widgets.session import Session

SMALL = Experiment(parties=2, examples=100, model="softmax", rounds=2)


class Output:
    """What IPython gives for an output that can be changed."""

    def __init__(self) -> None:
        self.pages: list[str] = []

    def update(self, page: dict[str, str], raw: bool) -> None:
        self.pages.append(page["text/plain"])


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A session, what brings its output up to date when a while has gone by, and the output."""
    waiting: list[Any] = []
    monkeypatch.setattr(saved, "later", lambda seconds, act: waiting.append(act))
    session, output = Session(SMALL), Output()
    view = Saved(session, Curves(session).view)
    view._outputs.append(output)

    def while_goes_by() -> None:
        view.draw()
        for act in [waiting.pop() for _ in range(len(waiting))]:
            act()

    yield session, while_goes_by, output
    session.close()


def test_it_holds_the_curves_in_words_too(kept: Any) -> None:
    session, while_goes_by, output = kept
    session.run()
    session.wait()
    while_goes_by()
    assert "FedAvg: " in output.pages[-1]
    assert "after 2 rounds" in output.pages[-1]


def test_a_run_that_takes_the_place_of_another_with_as_many_rounds_takes_it_there_too(kept: Any) -> None:
    session, while_goes_by, output = kept
    session.run()
    session.wait()
    while_goes_by()
    session.reset()
    while_goes_by()
    assert output.pages[-1] == ""
    session.set("algorithm", session.kinds["algorithm"][2])
    session.run()
    session.wait()
    while_goes_by()
    assert f"{session.kinds['algorithm'][2].title}: " in output.pages[-1]


def test_what_changes_within_a_while_is_drawn_once(kept: Any) -> None:
    session, while_goes_by, output = kept
    for seed in range(3):
        session.set("seed", seed)
        session.run()
        session.wait()
    while_goes_by()
    assert len(output.pages) == 1
    assert output.pages[0].count("after 2 rounds") == 3
