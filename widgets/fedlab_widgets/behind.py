"""Behind an accuracy: whom the shared model serves, which digits it knows, and how far the parties drift in a round.

A run keeps no party's model. It repeats exactly, so the round in question is simply run once more, and watched.
"""

from __future__ import annotations

import html
import threading
from functools import partial

import ipywidgets as widgets
import numpy as np

import fedlab
from fedlab import diagnostics
from fedlab.federation import first_state, prepare
from fedlab.messages import Upload
from fedlab.plots import behind as plots_behind
from fedlab_widgets.brake import Brake, Stopped
from fedlab_widgets.picture import Picture
from fedlab_widgets.runs import Run, Runs
from fedlab_widgets.table import offer
from fedlab_widgets.threads import begin

LESSON = (
    "One number hides who pays for it. Choose a run and a round, and look: how well the shared model serves each "
    "party, which digits it takes for which, and where the parties went in that round."
)
MOST_DRIFT = 50  # parties whose models are kept for the picture of a round


class Behind:
    """The tab that looks behind one round of one run."""

    def __init__(self, runs: Runs):
        self._runs = runs
        self._brake = Brake()
        self._thread: threading.Thread | None = None
        self._choice = widgets.Dropdown(options=[], description="run")
        self._choice.observe(lambda change: self._limit(), "value")
        self._round = widgets.BoundedIntText(1, min=1, max=1, description="round")
        self._round.add_class("fedlab-number")
        self._look = widgets.Button(description="Look", icon="search", tooltip="run this round once more, and watch it")
        self._look.disabled = True
        self._look.on_click(lambda button: self.look())
        self._text = widgets.HTML(f'<div class="fedlab-lesson">{LESSON}</div>')
        margins = {"left": 0.17, "right": 0.97, "bottom": 0.16, "top": 0.96}
        self._served, self._confusion, self._drift = (Picture(340, 270, margins=margins) for _ in range(3))
        pictures = widgets.HBox([picture.view for picture in (self._served, self._confusion, self._drift)])
        pictures.add_class("fedlab-behind")
        tools = widgets.HBox([self._choice, self._round, self._look])
        tools.add_class("fedlab-tools")
        self.view = widgets.VBox([tools, self._text, pictures])

    def draw(self) -> None:
        """Offer the runs that there are now."""
        done = {run: label for run, label in self._runs.labels().items() if run.done}
        offer(self._choice, done)
        self._look.disabled = not done
        self._limit()

    def look(self) -> None:
        """Begin to look behind the chosen round, in the background."""
        run = self._choice.value
        if run is None or (self._thread is not None and self._thread.is_alive()):
            return
        self._brake.release()
        self._text.value = '<div class="fedlab-lesson">Running that round once more …</div>'
        self._thread = begin("fedlab behind", partial(self._watch, run, self._round.value), self.stop)

    def wait(self) -> None:
        """Wait until the look under way is over."""
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """End the look under way."""
        self._brake.stop()

    def _limit(self) -> None:
        run: Run | None = self._choice.value
        if run and run.done != self._round.max:
            newest = self._round.value == self._round.max
            self._round.max = run.done
            self._round.value = run.done if newest else min(self._round.value, run.done)

    def _watch(self, run: Run, number: int) -> None:
        try:
            self._show(run, number)
        except Stopped:
            self._text.value = '<div class="fedlab-lesson">Stopped.</div>'
        except Exception as error:
            self._text.value = f'<div class="fedlab-complaint" role="alert">{html.escape(str(error))}</div>'

    def _show(self, run: Run, number: int) -> None:
        while run.origin and number <= run.origin[1]:  # a fork's first rounds are another run's
            run = run.origin[0]
        experiment, data = run.experiment.with_(rounds=number), run.experiment.data()
        sent: list[np.ndarray] = []

        def keep(at: int, result: Upload) -> None:
            if at == number and len(sent) < MOST_DRIFT:
                sent.append(result.weights)

        start = run.history.state_at(number - 1)
        before = first_state(prepare(experiment, data)) if start is None else start
        for one in fedlab.run(experiment, start=start, on_upload=keep, between_chunks=self._brake.check):
            assert one.state is not None
            began, before = before, one.state
        models = experiment.algorithm.judged(before.weights, [own.get("algorithm") for own in before.parties])
        accuracies = diagnostics.party_accuracies(experiment, models, data)
        table = diagnostics.confusion_on_test(experiment, models, data)
        plots_behind.served(self._served.begin()[0], accuracies, one.test_accuracy)
        plots_behind.confusion_matrix(self._confusion.begin()[0], table)
        explained = plots_behind.drift(self._drift.begin()[0], began.weights, before.weights, sent)
        self._served.show(
            f"How much of its own data each of {len(accuracies)} parties has right, from {accuracies.min():.0%} to "
            f"{accuracies.max():.0%}; dashed, the test accuracy {one.test_accuracy:.0%}."
        )
        recalls = ", ".join(f"{label}: {share:.0%}" for label, share in enumerate(diagnostics.recall(table)))
        self._confusion.show(f"Confusion matrix on the test examples. Recall of each label: {recalls}.")
        self._drift.show(
            f"Where {len(sent)} parties went in this round from the shared model, and where the server put it then, in "
            f"a plane that shows {explained:.0%} of the spread."
        )
        whose = " Every party is judged with its own model." if len(models) > 1 else ""
        text = f"Run {run.number + 1}, round {number}.{whose} {_in_words(accuracies, table)} "
        text += _agreement(began.weights, sent)
        self._text.value = f'<div class="fedlab-lesson">{text}</div>'


def _in_words(accuracies: np.ndarray, table: np.ndarray) -> str:
    """Who and what is served best and worst."""
    spread, recall = diagnostics.fairness(accuracies), diagnostics.recall(table)
    return (
        f"Own examples right: best party {spread.best:.0%}, median {spread.median:.0%}, worst tenth "
        f"{spread.worst_tenth:.0%}. Hardest label: {np.nanargmin(recall)}, "
        f"of which {np.nanmin(recall):.0%} are recognised."
    )


def _agreement(began: np.ndarray, sent: list[np.ndarray]) -> str:
    """How far the parties' updates point the same way."""
    if len(sent) < 2:
        return ""
    cosines = diagnostics.cosines([weights - began for weights in sent])
    mean = np.nanmean(cosines[~np.eye(len(sent), dtype=bool)])
    return f"Mean cosine of the parties' updates: {mean:.2f} (1 is the same way, 0 at right angles)."
