"""The chart on a page without a kernel: the same JavaScript run over the runs' numbers, in one piece of HTML.

It is a second output of the lab's cell, brought up to date whenever training ends, so that a saved notebook holds what
was run. As long as the lab itself is there, the page hides it (`style.css`).
"""

from __future__ import annotations

import base64
import html
import json
from typing import Any, ClassVar
from uuid import uuid4
from weakref import WeakMethod

from IPython import get_ipython
from IPython.display import display

from fedlab.text import say
from fedlab_widgets.curves import Chart
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.still import still
from fedlab_widgets.threads import later
from fedlab_widgets.view import View

QUIET = 2.0  # seconds
EMPTY = '<div class="fedlab-saved"></div>'
MODEL = """(() => {
%s
const values = %s;
const model = { get: (name) => values[name], on() {}, off() {}, send() {} };
const el = document.getElementById("%s");
el.replaceChildren();
part.render({ model, el });
})();"""


def saved(chart: Chart, png: bytes, alt: str) -> str:
    """The chart as HTML that needs nothing else; where scripts do not run, its picture (PNG) is there instead."""
    name = f"fedlab-{uuid4().hex[:8]}"
    values = json.dumps({"state": chart.state, "rounds": chart.rounds}).replace("</", "<\\/")
    script = MODEL % (chart._esm.replace("export default", "const part ="), values, name)
    picture = base64.b64encode(png).decode()
    words = html.escape(say("The controls need a kernel: run this cell to have them."))
    image = f'<img width="660" alt="{html.escape(alt)}" src="data:image/png;base64,{picture}">'
    return (
        f'<style>{chart._css}</style><div class="fedlab-saved"><div id="{name}">{image}</div><p>{words}</p>'
        f"<script>{script}</script></div>"
    )


class Saved(View):
    """The second output of each cell that shows the lab."""

    follows: ClassVar[tuple[str, ...]] = ("runs", "state")

    def __init__(self, session: Session, chart: Chart):
        super().__init__(session)
        self._chart, self._outputs = chart, list[Any]()
        self._held: list[tuple[Run, int]] = []  # what is in it: runs, and how many rounds of each
        self._waiting = False

    def begin(self) -> None:
        """Make the output, empty; called while the lab's cell runs."""
        if get_ipython():
            self._outputs.append(display({"text/html": EMPTY, "text/plain": ""}, raw=True, display_id=True))

    def draw(self) -> None:
        """Bring it up to date, once training is over and nothing new has begun for a while.

        Its picture takes a third of a second, which a run that follows a moving slider cannot spare.
        """
        if self._outputs and not self._waiting and self._is_behind():
            self._waiting = True
            bring = WeakMethod(self._bring_up_to_date)  # to wait for it must not keep a closed lab alive
            later(QUIET, lambda: (act := bring()) and act())

    def _is_behind(self) -> bool:
        return not self.session.training.busy and self._held != self._shown()

    def _shown(self) -> list[tuple[Run, int]]:
        return [(run, run.done) for run in self.session.runs.shown]

    def _bring_up_to_date(self) -> None:
        self._waiting = False
        if not self._is_behind():
            return
        self._held = self._shown()
        self.session.guard(self._put_it_there)

    def _put_it_there(self) -> None:
        page = {"text/html": EMPTY, "text/plain": ""}
        if self._held:
            png, about = still(self.session)
            page = {"text/html": saved(self._chart, png, about["alt"]), "text/plain": about["alt"]}
        for output in self._outputs:
            output.update(page, raw=True)
