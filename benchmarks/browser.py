"""The seconds of `felt.py` once more, in JupyterLab and a browser: on the page's own clock, from click to pixels.

`pytest` runs this file, so that it has the JupyterLab, the browser and the lab's page of the browser tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CLICK_AND_WAIT = """([lab, [button, wanted]]) => new Promise(done => {
    const said = () => lab.querySelector('.fedlab-frame img').alt + lab.querySelector('.fedlab-status').textContent;
    const began = performance.now();
    const watch = new MutationObserver(() => {
        if (!new RegExp(wanted).test(said())) return;
        watch.disconnect();
        requestAnimationFrame(() => done((performance.now() - began) / 1000));
    });
    watch.observe(lab, {subtree: true, childList: true, attributes: true, characterData: true});
    lab.querySelector('.fedlab-transport .fedlab-' + button).click();
})"""
RUN_AND_WAIT = """() => new Promise(done => {
    const began = performance.now();
    const watch = new MutationObserver(() => {
        const image = document.querySelector('.fedlab-frame img');
        if (!image || !image.complete) return;
        watch.disconnect();
        requestAnimationFrame(() => done((performance.now() - began) / 1000));
    });
    watch.observe(document.body, {subtree: true, childList: true, attributes: true});
    window.jupyterapp.commands.execute('notebook:run-all-cells');
})"""
HALTED = "Stopped after|Finished after"


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
    seen["cell run to lab on the page"] = notebook.page.evaluate(RUN_AND_WAIT)
    lab = notebook.lab()

    def click(button: str, wanted: str) -> float:
        return float(lab.root.evaluate(f"(lab, what) => ({CLICK_AND_WAIT})([lab, what])", [button, wanted]))

    seen["Run to first plotted round, at once"] = click("run", r"after \d+ rounds")
    seen["Stop to halted"] = click("stop", HALTED)
    lab.type("seed", 1)
    seen["Run to first plotted round, another seed"] = click("run", r"after \d+ rounds.*after \d+ rounds")
    seen["Stop to halted, again"] = click("stop", HALTED)
