"""Facts about the live plot: it is drawn on axes that are kept, and nothing of an earlier drawing may stay on them."""

from __future__ import annotations

import pytest

from fedlab import Experiment, Round
from fedlab_widgets.curves import Curves
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session


def learn(run: Run, rounds: int, best: float) -> None:
    """So many more rounds, whose accuracies rise to `best`."""
    for _ in range(rounds):
        number = run.done + 1
        run.history.append(Round(number, best - 0.5 / number, 1 / number, 1 / number, (), 10**6, 10**6, 0.1, None))


@pytest.mark.parametrize("x", ["rounds", "bytes"])
def test_a_plot_drawn_again_is_the_plot_drawn_anew(x: str) -> None:
    """More rounds, another run over it, a run taken away: each time as if the plot had never been drawn before."""
    session = Session(Experiment())
    runs, curves = session.runs, Curves(session)
    session.select(x=x)

    def is_as_drawn_anew() -> bool:
        curves.draw()
        anew = Curves(session)
        anew.draw()
        return curves.picture.png == anew.picture.png

    first, second = runs.begin(Experiment()), runs.begin(Experiment(algorithm="fedprox"))
    learn(first, 1, best=0.9)
    assert is_as_drawn_anew()
    learn(first, 30, best=0.9)
    assert is_as_drawn_anew()
    learn(second, 5, best=0.7)
    assert is_as_drawn_anew()
    runs.remove(first)
    assert is_as_drawn_anew()
    runs.clear()
    assert is_as_drawn_anew()


def test_a_plot_drawn_against_something_else_is_drawn_anew() -> None:
    session = Session(Experiment())
    runs, curves = session.runs, Curves(session)
    learn(runs.begin(Experiment()), 3, best=0.9)
    curves.draw()
    before = curves.picture.png
    session.select(x="bytes")
    curves.draw()
    assert curves.picture.png != before
    session.select(x="rounds")
    curves.draw()
    assert curves.picture.png == before


def test_a_curve_is_missed_until_it_is_drawn() -> None:
    session = Session(Experiment())
    runs, curves = session.runs, Curves(session)
    learn(runs.begin(Experiment()), 1, best=0.9)
    assert curves.urgent
    curves.draw()
    assert not curves.urgent
