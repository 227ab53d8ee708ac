"""The seconds of `felt.py` once more, in JupyterLab and a browser: on the page's own clock, from click to pixels.

`pytest` runs this file, so that it has the JupyterLab, the browser and the lab's page of the browser tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

# act, then look at each frame that the browser paints until what is wanted is there; seconds
ACT_AND_WAIT = """([act, isThere]) => new Promise((done, fail) => {
    const began = performance.now();
    const look = () => {
        const seconds = (performance.now() - began) / 1000;
        if (eval(isThere)) done(seconds);
        else if (seconds > 120) fail(new Error(isThere + ' is not so after 120 s'));
        else requestAnimationFrame(look);
    };
    eval(act);
    look();
})"""
PLOT = "document.querySelector('.fedlab-frame img')"
STATUS = "document.querySelector('.fedlab-status').textContent"


def in_browser() -> dict[str, float]:
    """Seconds by name; raises if the page did not do what it should."""
    seen: dict[str, float] = {}

    class Sink:
        @pytest.fixture
        def seen(self) -> dict[str, float]:
            return seen

    if pytest.main(["-q", "-p", "tests.browser.conftest", __file__], plugins=[Sink()]):
        raise SystemExit("The measurement in the browser broke down.")
    return seen


def test_felt(open_notebook: Callable[..., Any], seen: dict[str, float]) -> None:
    notebook = open_notebook(["from fedlab_widgets import Lab\nLab()"])

    def clock(act: str, is_there: str) -> float:
        return float(notebook.page.evaluate(ACT_AND_WAIT, [act, is_there]))

    def click(button: str, is_there: str) -> float:
        return clock(f"document.querySelector('.fedlab-transport .fedlab-{button}').click()", is_there)

    run_all = "window.jupyterapp.commands.execute('notebook:run-all-cells')"
    seen["cell run to lab on the page"] = clock(run_all, f"{PLOT}?.complete")
    seen["Run to first plotted round, at once"] = click("run", f"/after \\d+ rounds/.test({PLOT}.alt)")
    seen["Stop to halted"] = click("stop", f"/Stopped|Finished/.test({STATUS})")
    notebook.lab().type("seed", 1)
    seen["Run to first plotted round, another seed"] = click("run", f"/after.*; .*after/.test({PLOT}.alt)")
    seen["Stop to halted, again"] = click("stop", f"/Stopped|Finished/.test({STATUS})")
