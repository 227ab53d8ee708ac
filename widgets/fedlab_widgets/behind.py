"""Behind an accuracy: whom the shared model serves, which digits it knows, and where the parties go in a round.

A run keeps no party's model. It repeats exactly, so the round in question is simply run once more, and watched.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import ClassVar

import ipywidgets as widgets
import numpy as np

from fedlab import diagnostics
from fedlab.plots import behind as plots
from fedlab.prepare import prepare
from fedlab.text import say
from fedlab_widgets.brake import Brake, Stopped
from fedlab_widgets.number import Number
from fedlab_widgets.picture import Picture
from fedlab_widgets.problems import in_one_sentence
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.starting import needs_tensorflow, start_tensorflow
from fedlab_widgets.table import RunMenu
from fedlab_widgets.threads import begin
from fedlab_widgets.view import View, complaint, lesson
from fedlab_widgets.watching import watch


class Behind(View):
    """The tab that looks behind one round of one run."""

    follows: ClassVar[tuple[str, ...]] = ("runs", "selected")

    def __init__(self, session: Session):
        super().__init__(session)
        self._brake = Brake()
        self._thread: threading.Thread | None = None
        session.subscribe(lambda what: self.look() if what == "look" else None)
        self._menu = self.own(RunMenu(session))
        self._look = self.button(say("Look"), "search", say("run this round once more, and watch it"), self.look)
        about = say(
            "One number hides who pays for it. Choose a run and a round, and look: how well the shared model serves "
            "each party, which digits it takes for which, and where the parties went in that round."
        )
        self._text = self.make(widgets.HTML, lesson(about))
        margins = {"left": 0.17, "right": 0.97, "bottom": 0.16, "top": 0.96}
        self._served, self._confusion, self._paths = (Picture(340, 270, margins=margins) for _ in range(3))
        pictures = []
        for picture in (self._served, self._confusion, self._paths):
            picture.view = self.make(widgets.HTML)
            pictures.append(picture.view)
        tools = self.make(widgets.HBox, [self._menu.run, self._menu.round, self._look], css="fedlab-tools")
        shown = self.make(widgets.HBox, pictures, css="fedlab-behind")
        self._number = self.own(Number(session))
        self.view = self.make(widgets.VBox, [tools, self._text, shown, self._number.view])

    def draw(self) -> None:
        """Offer the runs that there are now."""
        self._menu.draw()
        run = self.session.selected["run"]
        self.put(self._look, disabled=run is None or not run.done)

    def look(self) -> None:
        """Begin to look behind the chosen round, in the background."""
        run = self.session.selected["run"]
        if run is None or not run.done or (self._thread is not None and self._thread.is_alive()):
            return
        self._brake.release()
        self._say(say("Running that round once more …"))
        self._thread = begin("fedlab behind", partial(self._watch, run, self.session.round_of(run)), self.stop)

    def wait(self) -> None:
        """Wait until the look under way is over."""
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """End the look under way."""
        self._brake.stop()

    def _say(self, sentence: str) -> None:
        self._text.value = lesson(sentence)

    def _watch(self, run: Run, number: int) -> None:
        try:
            self._show(run, number)
        except Stopped:
            self._say(say("Stopped."))
        except BaseException as error:  # a learner's own code may raise anything
            self._text.value = complaint(in_one_sentence(error))

    def _show(self, run: Run, number: int) -> None:
        shown = run
        while run.origin and number <= run.origin[1]:  # a fork's first rounds are another run's
            run = run.origin[0]
        session, experiment = self.session, run.experiment.with_(rounds=number)
        if needs_tensorflow(experiment, session.model):
            self._say(say("Please wait: TensorFlow is starting."))
            start_tensorflow()
        prepared = prepare(experiment, session.dataset, session.model)
        watched = watch(prepared, run.history.state_at(number - 1), self._brake)
        state, accuracy = watched.ended.state, watched.ended.test_accuracy
        assert state is not None
        models = experiment.algorithm.judged(state.weights, [own.get("algorithm") for own in state.parties])
        accuracies = diagnostics.party_accuracies(experiment, models, prepared.dataset, session.model)
        table = diagnostics.confusion_on_test(experiment, models, prepared.dataset, session.model)
        plots.served(self._served.begin()[0], accuracies, accuracy)
        plots.confusion_matrix(self._confusion.begin()[0], table)
        self._number.show(prepared, watched)
        ends = [watched.began.weights + update for update in watched.updates]  # as if all had begun at one point
        explained = plots.one_round(self._paths.begin()[0], watched.began.weights, state.weights, ends)
        self._served.show(
            say(
                "How much of its own data each of {parties} parties has right, from {worst:.0%} to {best:.0%}; dashed, "
                "the test accuracy {accuracy:.0%}.",
                parties=len(accuracies), worst=accuracies.min(), best=accuracies.max(), accuracy=accuracy,
            )
        )  # fmt: skip
        recalls = ", ".join(f"{label}: {share:.0%}" for label, share in enumerate(diagnostics.recall(table)))
        self._confusion.show(
            say("Confusion matrix on the test examples. Recall of each label: {recalls}.", recalls=recalls)
        )
        self._paths.show(
            say(
                "Where {parties} parties went in this round from the model that each began with, and where the server "
                "put the shared one then, in a plane that shows {explained:.0%} of the spread.",
                parties=len(ends), explained=explained,
            )
        )  # fmt: skip
        told = [
            say("Run {run}, round {round}.", run=shown.number + 1, round=number),
            say("Every party is judged with its own model.") if len(models) > 1 else "",
            _in_words(accuracies, table),
            _disagreement(watched.updates),
        ]
        self._say(" ".join(filter(None, told)))
        session.select(behind=number)


def _in_words(accuracies: np.ndarray, table: np.ndarray) -> str:
    """Who and what is served best and worst."""
    spread, recall = diagnostics.fairness(accuracies), diagnostics.recall(table)
    return say(
        "Own examples right: best party {best:.0%}, median {median:.0%}, worst tenth {worst:.0%}, worst party {party} "
        "with {least:.0%}. Hardest label: {label}, of which {recall:.0%} are recognised.",
        best=spread.best, median=spread.median, worst=spread.worst_tenth, party=accuracies.argmin(),
        least=accuracies.min(), label=np.nanargmin(recall), recall=np.nanmin(recall),
    )  # fmt: skip


def _disagreement(updates: list[np.ndarray]) -> str:
    """How far the parties' updates point different ways."""
    if len(updates) < 2:
        return ""
    cosines = diagnostics.cosines(updates)
    mean = np.nanmean(cosines[~np.eye(len(updates), dtype=bool)])
    return say(
        "Disagreement of the parties' updates: {disagreement:.2f} (1 minus the mean cosine of two of them: 0 is all "
        "the same way, 1 at right angles).",
        disagreement=1 - mean,
    )
