"""Behind an accuracy: whom the shared model serves, which labels it knows, where parties go, whom the rule keeps."""

from __future__ import annotations

import ipywidgets as widgets
import numpy as np

from fedlab import diagnostics
from fedlab.plots import behind as plots
from fedlab.prepare import Prepared
from fedlab.text import say
from fedlab_widgets import earning, for_whom
from fedlab_widgets.kept import kept_in
from fedlab_widgets.looking import Looking
from fedlab_widgets.number import Number
from fedlab_widgets.picture import Picture
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.view import lesson
from fedlab_widgets.watching import Watched


class Behind(Looking):
    """The tab that looks behind one round of one run."""

    def __init__(self, session: Session):
        about = say(
            "One number hides who pays for it. Choose a run and a round, and look: how well the shared model serves "
            "each party, which labels it takes for which, where the parties went in that round, and what of their "
            "messages the server's rule kept."
        )
        super().__init__(session, about)
        session.subscribe(lambda what: self.look() if what == "look" else None)
        margins = {"left": 0.17, "right": 0.97, "bottom": 0.16, "top": 0.96}
        self._served, self._confusion = (Picture(340, 270, margins=margins) for _ in range(2))
        self._paths = Picture(340, 270, margins={**margins, "left": 0.23})  # small models differ by numbers like -0.125
        self._kept = Picture(340, 270, (3, 2), margins)
        self._whom = Picture(340, 270, margins={"left": 0.34, "right": 0.97, "bottom": 0.16, "top": 0.9})
        self._earned = Picture(340, 270, margins={"left": 0.34, "right": 0.97, "bottom": 0.16, "top": 0.9})
        pictures = []
        for picture in (self._served, self._confusion, self._paths, self._kept, self._whom, self._earned):
            picture.view = self.make(widgets.HTML)
            pictures.append(picture.view)
        self._about_kept = self.make(widgets.HTML)
        shown = self.make(widgets.HBox, [*pictures[:4], self._about_kept, *pictures[4:]], css="fedlab-behind")
        self._number = self.own(Number(session))
        self.view = self.make(widgets.VBox, [self.tools(), self._text, shown, self._number.view])

    def show(self, run: Run, prepared: Prepared, watched: Watched) -> None:
        session, experiment, state = self.session, watched.experiment, watched.ended.state
        accuracy = watched.ended.test_accuracy
        assert state is not None
        models = experiment.algorithm.judged(state.weights, [own.get("algorithm") for own in state.parties])
        accuracies = diagnostics.party_accuracies(experiment, models, prepared.dataset, session.model)
        table = diagnostics.confusion_on_test(experiment, models, prepared.dataset, session.model)
        plots.served(self._served.begin()[0], accuracies, accuracy, prepared.names)
        named = prepared.dataset.label_names if prepared.dataset.class_names else []
        plots.confusion_matrix(self._confusion.begin()[0], table, named)
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
        shares = zip(prepared.dataset.label_names, diagnostics.recall(table), strict=True)
        recalls = ", ".join(f"{label}: {share:.0%}" for label, share in shares)
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
        if kept := kept_in(prepared, watched):
            kept.draw(self._kept, accuracies)
            self._about_kept.value = lesson(kept.in_words())
        else:
            self._kept.view.value = self._about_kept.value = ""
        told = [
            say("Run {run}, round {round}.", run=run.number + 1, round=watched.ended.number),
            say("Every party is judged with its own model.") if len(models) > 1 else "",
            _in_words(accuracies, table, prepared),
            _disagreement(watched.updates),
            self._for_whom(prepared, watched),
            self._who_earned(prepared, watched),
        ]
        self._say(" ".join(filter(None, told)))
        session.select(behind=watched.ended.number)

    def _for_whom(self, prepared: Prepared, watched: Watched) -> str:
        """Where parties are owners: what each of them has of it."""
        if prepared.owners is None or prepared.dataset.test_owners is None or watched.experiment.algorithm.in_one_place:
            self._whom.view.value = ""
            return ""
        return for_whom.draw(self._whom, prepared, for_whom.scores(prepared, watched, self._brake))

    def _who_earned(self, prepared: Prepared, watched: Watched) -> str:
        """Where it can be told in seconds: what each party has brought."""
        if not earning.is_quick(prepared, watched):
            self._earned.view.value = ""
            return ""
        return earning.draw(self._earned, prepared, watched)


def _in_words(accuracies: np.ndarray, table: np.ndarray, prepared: Prepared) -> str:
    """Who and what is served best and worst."""
    spread, recall = diagnostics.fairness(accuracies), diagnostics.recall(table)
    return say(
        "Own examples right: best party {best:.0%}, median {median:.0%}, worst tenth {worst:.0%}, worst party {party} "
        "with {least:.0%}. Hardest label: {label}, of which {recall:.0%} are recognised.",
        best=spread.best, median=spread.median, worst=spread.worst_tenth,
        party=prepared.names[int(accuracies.argmin())], least=accuracies.min(),
        label=prepared.dataset.label_names[int(np.nanargmin(recall))], recall=np.nanmin(recall),
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
