"""What is running and how long it will take, while a cell works: a bar that is gone when the cell is done.

Nothing is shown while the lessons are being checked, nor where standard error is a file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from IPython.core.getipython import get_ipython
from IPython.display import display
from tqdm import tqdm
from tqdm.notebook import tqdm as tqdm_notebook

from fedlab.experiment import Experiment
from fedlab.federation import Diverged, run
from fedlab.history import History
from fedlab.lessons.switches import checking
from fedlab.text import say

T = TypeVar("T")


def train(experiments: Mapping[str, Experiment], what: str = "") -> dict[str, History]:
    """Train each experiment; the bar counts the rounds of all of them, and says which one is trained.

    what: what all this is for, in front of the experiment's name; "Training" if it is left out.

    >>> runs = train({"E = 1": base, "E = 5": base.with_(local_epochs=5)}, what="Two ways to work")
    """
    histories = {name: History(experiment) for name, experiment in experiments.items()}
    with progress(sum(one.rounds for one in experiments.values()), say("rounds")) as bar:
        for name, history in histories.items():
            bar.set_description(f"{what or say('Training')}: {name}")
            for one in run(history.experiment):
                history.append(one)
                bar.update()
    return histories


def as_far_as_it_goes(experiment: Experiment, goal: float = 2.0) -> History:
    """Train without a bar, until a test accuracy (0 to 1) is reached. What breaks down keeps its rounds until then."""
    history = History(experiment)
    with suppress(Diverged):
        for one in run(experiment):
            history.append(one)
            if one.test_accuracy >= goal:
                break
    return history


def watch(things: Collection[T], what: str) -> Iterator[T]:
    """The things, one after another, with a bar that says how many are done.

    >>> for seed in watch([0, 1, 2], "Training with three seeds"): ...
    """
    with progress(len(things), "") as bar:
        bar.set_description(what)
        for thing in things:
            yield thing
            bar.update()


@contextmanager
def progress(total: int, unit: str) -> Iterator[tqdm]:
    """A bar of so many steps: a widget in a notebook, text in a terminal. It goes away however the work ends."""
    told = say("{n_fmt} of {total_fmt}{unit}, about {remaining} to go")  # tqdm fills these in
    options: dict[str, Any] = {
        "total": total,
        "unit": f" {unit}".rstrip(),
        "bar_format": "{desc} {bar} " + told,
        "leave": False,
    }
    shell = get_ipython()
    if checking() or not hasattr(shell, "kernel"):
        with tqdm(disable=True if checking() else None, **options) as bar:
            yield bar
        return
    bar = tqdm_notebook(display=False, **options)
    place = display(bar.container, display_id=True)
    try:
        yield bar
    finally:
        bar.container.close()
        place.update({}, raw=True)  # a closed widget leaves its words in a saved notebook
