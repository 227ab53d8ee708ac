"""What a lesson claims of the runs of its lab, below the lab: it changes by itself when they are done."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

import ipywidgets as widgets

from fedlab import Experiment, History
from fedlab.lessons import checking
from fedlab.lessons.claims import Claim, told
from fedlab.text import say
from fedlab_widgets import kernel
from fedlab_widgets.lab import Lab


class Claims:
    """Claims about a lab's runs of some experiments. The lab tells it of its runs, and neither keeps the other alive.

    A cell that runs again makes new ones; those before it are then taken off the page.
    """

    def __init__(self, experiments: Sequence[Experiment], statements: Sequence[Claim]):
        self._experiments, self._statements = experiments, statements
        self._lines: list[str] = []
        self.view = widgets.HTML(_dom_classes=("fedlab-claims",))
        kernel.answer_beside_cells(self.view)
        kernel.enrol(self)

    def follow(self, histories: list[History]) -> None:
        """Say what these runs make of the claims."""
        lines = told(histories, self._experiments, self._statements)
        waits = lines[:1] == [line for line in lines if line.startswith("○")]
        self._show([*lines, say("What we claim shows here by itself when it is done.")] if waits else lines)

    def leave(self) -> None:
        """The lab is closed: what its runs gave stays, but no more will come."""
        if self._lines and self._lines[0].startswith("○"):
            self._show([say("○ The lab that this waited for is gone: run this cell again.")])

    def stop(self) -> None:
        """Nothing trains here."""

    def close(self) -> None:
        """Take it off the page."""
        kernel.forget(self)
        for widget in (self.view.layout, self.view.style, self.view):
            widget.close()

    def _show(self, lines: list[str]) -> None:
        if lines != self._lines:
            self._lines = lines
            self.view.value = f'<div role="status">{"<br>".join(map(html.escape, lines))}</div>'

    def __repr__(self) -> str:
        return "\n".join(self._lines)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widget; for pages without a kernel its lines as they are now."""
        return {**self.view._repr_mimebundle_(**kwargs), "text/plain": repr(self)}


def claims(
    results: Lab | Iterable[History], experiments: Sequence[Experiment], statements: Sequence[Claim]
) -> Claims | None:
    """Hold claims against the runs of some experiments; the last line of a cell.

    results: a lab, whose later runs count too, or histories. experiments: those that the claims are about: their values
    get one history for each, in this order. What has not been run is named, so that the learner can run it; while the
    lessons are being checked (`FEDLAB_CHECK=1`) it is run here.

    >>> claims(lab, [experiment], [Claim("It ends above 90 %", last_accuracy, above=90, unit="%")])
    """
    histories = results.histories if isinstance(results, Lab) else list(results)
    if isinstance(results, Lab) and not checking():
        shown = Claims(experiments, statements)
        results.tell(shown)
        return shown
    print("\n".join(told(histories, experiments, statements)))
    return None
