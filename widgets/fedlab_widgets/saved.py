"""The chart on a page without a kernel: the same JavaScript run over the runs' numbers, in one piece of HTML."""

from __future__ import annotations

import base64
import html
import json
from uuid import uuid4

from fedlab.text import say
from fedlab_widgets.curves import Chart

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
    return (
        f'<style>{chart._css}</style><div id="{name}"><img alt="{html.escape(alt)}" width="660" '
        f'src="data:image/png;base64,{picture}"></div><p>{words}</p><script>{script}</script>'
    )
