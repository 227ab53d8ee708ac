"""The live convergence plot: the curves of all runs that are shown, with a switch for what they are drawn against."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import ipywidgets as widgets

from fedlab.plots import X_AXES, convergence
from fedlab_widgets.picture import Picture
from fedlab_widgets.predict import Prediction
from fedlab_widgets.runs import Run, Runs

SHOWN = {"test_accuracy": 3.0, "test_loss": 2.0}  # one below the other, with the share of the height
CAPTION = '<span class="fedlab-caption">Convergence</span> drawn against'


class Curves:
    """paint: ask for the plot to be drawn anew. prediction: drawn into it, when there is one."""

    def __init__(self, runs: Runs, paint: Callable[[], None], prediction: Prediction | None = None):
        self._runs = runs
        self._prediction = prediction
        margins = {"left": 0.105, "right": 0.99, "bottom": 0.115, "top": 0.98, "hspace": 0.1}
        self.picture = Picture(660, 370, tuple(SHOWN.values()), margins)
        self._x = widgets.ToggleButtons(
            options=[(label.partition(",")[0], name) for name, (label, _) in X_AXES.items()]
        )
        self._x.observe(lambda change: paint(), "value")
        self._note = widgets.HTML()
        self._frame = widgets.VBox([self.picture.view])
        self._frame.add_class("fedlab-frame")
        above = widgets.HBox([widgets.HTML(CAPTION), self._x, self._note])
        above.add_class("fedlab-above")
        self.view = widgets.VBox([above, self._frame])
        self._drawn: tuple[str, Any, dict[Run, tuple[str, int]]] = "", None, {}  # what is in the picture: see `draw`

    @property
    def lacks_one(self) -> bool:
        """Whether there is a curve that is not in the picture yet."""
        return not set(self._runs.shown) <= self._drawn[2].keys()

    def draw(self) -> None:
        """Draw the curves and put them on the page, unless they are there already."""
        shown = self._runs.shown
        labels = self._runs.labels(shown)
        histories = [copy(run.history) for run in shown]
        for history in histories:
            history.rounds = list(history.rounds)  # as they are now: the worker may add one meanwhile
        x, answer = self._x.value, self._prediction and self._prediction.answer
        wanted = x, answer, {run: (labels[run], len(history)) for run, history in zip(shown, histories, strict=True)}
        if wanted == self._drawn:
            return
        axes = self.picture.begin_again() if shown and self._drawn[0] == x else self.picture.begin()
        self._drawn = wanted
        for ax, y in zip(axes, SHOWN, strict=True):
            convergence(ax, histories, x, y, [labels[run] for run in shown], [run.number for run in shown])
            ax.label_outer()
            ax.yaxis.set_label_coords(-0.085, 0.5)
            if ax is not axes[0] and (legend := ax.get_legend()):
                legend.remove()
        if self._prediction:
            self._prediction.draw(axes[0])
        if not shown:
            axes[0].text(0.5, 0.5, "press Run", transform=axes[0].transAxes, ha="center", va="center", alpha=0.6)
        told = [f"{labels[run]}: {run.history.rounds[-1].test_accuracy:.1%} after {run.done} rounds" for run in shown]
        about = "; ".join(told) if told else "no run yet"
        self.picture.show(f"Test accuracy and loss against {X_AXES[x][0]}. {about}.")

    def say_moved(self, moved: bool) -> None:
        """Say beside the plot whether the controls have moved since its curves were run."""
        text = "The controls have moved since: press Run for their curve." if moved else ""
        self._note.value = f'<span class="fedlab-moved" role="status">{text}</span>'
        (self._frame.add_class if moved else self._frame.remove_class)("fedlab-frame-moved")
