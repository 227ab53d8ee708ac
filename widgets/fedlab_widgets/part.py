"""A part of the page with JavaScript and CSS of our own: `page/NAME.js` and `page/NAME.css`, below what they share.

Its `state` goes to the page as one value; JavaScript draws it (`render`), and tells what the learner does with it as
messages {"do": name, ...}. It works wherever anywidget does: JupyterLab, Notebook, Voilà, VS Code, Colab.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import anywidget
import traitlets


def source(*names: str) -> str:
    """The text of these files of `page/`, one after the other: a module without an address cannot import others."""
    folder = files("fedlab_widgets") / "page"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


class Part(anywidget.AnyWidget):
    """state: what there is to show, as plain values. Set it whole: a value that is changed inside is not sent.

    A subclass names its files:  _esm, _css = source("base.js", "chart.js"), source("chart.css")
    """

    state = traitlets.Dict().tag(sync=True)

    def answer(self, **acts: Any) -> None:
        """What to do with messages: `answer(set=f)` calls f(name=n) when the page says {do: "set", name: n}.

        When it is done the page is told: it then sends the newest of many values and not each (`newest` in base.js).
        """

        def heard(part: Part, message: dict[str, Any], buffers: Any) -> None:
            message = dict(message)
            act, number = acts.get(message.pop("do", "")), message.pop("number", None)
            if act is None:
                return
            try:
                act(**message)
            finally:
                if number is not None:
                    self.send({"done": number})

        self.on_msg(heard)
