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

from IPython import get_ipython
from IPython.display import display

from fedlab.text import say
from fedlab_widgets.curves import Chart
from fedlab_widgets.session import Session
from fedlab_widgets.still import still
from fedlab_widgets.view import View

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
        self._chart, self._outputs, self._held = chart, list[Any](), 0

    def begin(self) -> None:
        """Make the output, empty; called while the lab's cell runs."""
        if get_ipython():
            self._outputs.append(display({"text/html": EMPTY, "text/plain": ""}, raw=True, display_id=True))

    def draw(self) -> None:
        """Once training is over: put what was run into it."""
        shown = self.session.runs.shown
        rounds = sum(run.done for run in shown)
        if not self._outputs or self.session.training.busy or rounds in (0, self._held):
            return
        self._held = rounds
        png, about = still(self.session)
        page = {"text/html": saved(self._chart, png, about["alt"]), "text/plain": about["alt"]}
        for output in self._outputs:
            output.update(page, raw=True)
