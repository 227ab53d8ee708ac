"""The live convergence plot: the curves of all runs that are shown, with a switch for what they are drawn against."""

from __future__ import annotations

import html
from copy import copy
from typing import Any, ClassVar

import ipywidgets as widgets

from fedlab.plots import X_AXES, convergence
from fedlab.text import say
from fedlab_widgets.picture import Picture
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.view import View

SHOWN = {"test_accuracy": 3.0, "test_loss": 2.0}  # one below the other, with the share of the height
ABOUT_X = {  # what is told of each of X_AXES
    "rounds": "how often the shared model went out and came back",
    "bytes": "all that server and parties sent each other",
    "simulated_seconds": "the time it would take with real devices and a real link: the slowest party of each round "
    "decides; parties and devices says how fast they are",
}


class Curves(View):
    follows: ClassVar[tuple[str, ...]] = ("runs", "controls", "selected", "prediction")

    def __init__(self, session: Session):
        super().__init__(session)
        margins = {"left": 0.105, "right": 0.96, "bottom": 0.115, "top": 0.98, "hspace": 0.1}
        self.picture = Picture(660, 370, tuple(SHOWN.values()), margins)
        image = self.make(widgets.HTML, self.picture.paper)
        self.picture.view = image
        axes = [(say(label).partition(",")[0], name) for name, (label, _) in X_AXES.items()]
        about = [say(sentence) for sentence in ABOUT_X.values()]
        self._x = self.make(widgets.ToggleButtons, options=axes, value=session.selected["x"], tooltips=about)
        self.on_change(self._x, lambda x: session.select(x=x))
        self._note = self.make(widgets.HTML)
        caption = (
            f'<span class="fedlab-caption">{html.escape(say("Convergence"))}</span> {html.escape(say("drawn against"))}'
        )
        above = self.make(widgets.HBox, [self.make(widgets.HTML, caption), self._x, self._note], css="fedlab-above")
        self._frame = self.make(widgets.VBox, [image], css="fedlab-frame")
        self.view = self.make(widgets.VBox, [above, self._frame])
        self._drawn: tuple[str, Any, dict[Run, tuple[Any, ...]]] = "", None, {}  # what is in the picture: see `draw`

    @property
    def urgent(self) -> bool:
        """Whether there is a curve that is not in the picture yet."""
        return not set(self.session.runs.shown) <= self._drawn[2].keys()

    def draw(self) -> None:
        """Draw the curves and put them on the page, unless they are there already."""
        self._say_moved()
        session, prediction = self.session, self.session.prediction
        shown = session.runs.shown
        labels = session.runs.labels(shown)
        histories = [copy(run.history) for run in shown]
        for history in histories:
            history.rounds = list(history.rounds)  # as they are now: the worker may add one meanwhile
        x, answer = session.selected["x"], prediction and prediction.answers
        begins = [run.untrained for run in shown]
        lengths = {run: (labels[run], len(one), run.untrained) for run, one in zip(shown, histories, strict=True)}
        first_is_coming = not lengths and not self.picture.png and session.training.busy
        if (x, answer, lengths) == self._drawn or first_is_coming:
            return
        axes = self.picture.begin_again() if shown and self._drawn[0] == x else self.picture.begin()
        names, numbers = [labels[run] for run in shown], [run.number for run in shown]
        for ax, y, place in zip(axes, SHOWN, (0, 1), strict=True):
            convergence(ax, histories, x, y, names, numbers, [begin and begin[place] for begin in begins])
            ax.label_outer()
            ax.yaxis.set_label_coords(-0.085, 0.5)
            if ax is not axes[0] and (legend := ax.get_legend()):
                legend.remove()
        if prediction:
            prediction.draw(axes[0])
        if not shown:
            text = say("press Run")
            axes[0].text(0.5, 0.5, text, transform=axes[0].transAxes, ha="center", va="center", alpha=0.6)
        told = [
            say(
                "{run}: {accuracy:.1%} after {rounds} rounds",
                run=labels[run], accuracy=history.rounds[-1].test_accuracy, rounds=len(history),
            )
            for run, history in zip(shown, histories, strict=True)
        ]  # fmt: skip
        about = "; ".join(told) if told else say("no run yet")
        self.picture.show(say("Test accuracy and loss against {x}. {about}.", x=say(X_AXES[x][0]), about=about))
        session.plot = self.picture.png
        self._drawn = x, answer, lengths

    def _say_moved(self) -> None:
        """Say beside the plot whether the controls have moved since its curves were run."""
        moved = self.session.moved
        text = html.escape(say("The controls have moved since: press Run for their curve.")) if moved else ""
        self.put(self._note, value=f'<span class="fedlab-moved" role="status">{text}</span>')
        (self._frame.add_class if moved else self._frame.remove_class)("fedlab-frame-moved")
