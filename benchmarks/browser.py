"""The seconds of `felt.py` once more, in JupyterLab and a browser: on the page's own clock, from click to pixels.

And what only a page has: a finger on a slider, a run that follows it, motion, a pointer on the chart.

    python -m benchmarks.browser

`pytest` runs this file, so that it has the JupyterLab, the browser and the lab's page of the browser tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from statistics import median
from typing import Any

import psutil
import pytest

from benchmarks.common import RESULTS, report, save
from fedlab import Experiment, Round
from fedlab_widgets.curves import Curves
from fedlab_widgets.session import Session
from tests.browser.test_chart import PAGE

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
PLOT = "document.querySelector('.fedlab-chart')"
LABEL = f"{PLOT}.getAttribute('aria-label')"
MAP = "document.querySelector('.fedlab-map').getAttribute('aria-label')"
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
    seen["cell run to lab on the page"] = clock(run_all, f"{PLOT} && {LABEL}")
    seen["Run to first plotted round, at once"] = click("run", f"/after \\d+ rounds/.test({LABEL})")
    seen["Stop to halted"] = click("stop", f"/Stopped|Finished/.test({STATUS})")
    notebook.lab().type("seed", 1)
    seen["Run to first plotted round, another seed"] = click("run", f"/after.*; .*after/.test({LABEL})")
    seen["Stop to halted, again"] = click("stop", f"/Stopped|Finished/.test({STATUS})")


JUMPS = 9, 3, 8, 2, 7, 4, 9, 3  # places of the slider whose maps differ in words
MOVE = """
    window.slider = document.querySelector('.fedlab-alpha .fedlab-slider');
    window.before = %s;
    slider.value = %d;
    slider.dispatchEvent(new Event('input'));
"""


def test_finger(open_notebook: Callable[..., Any], seen: dict[str, float]) -> None:
    """Drag alpha without and with "run as I move"; softmax regression, ten parties of 500 images."""
    experiment = "Experiment(partition='dirichlet', model='softmax')"
    notebook = open_notebook([f"from fedlab import Experiment\nfrom fedlab_widgets import Lab\nLab({experiment})"])
    notebook.command("notebook:run-all-cells")
    lab = notebook.lab()
    lab.heat_map.wait_for()

    def moves(label: str) -> list[float]:
        seconds = []
        for step in JUMPS:
            arguments = [MOVE % (label, step), f"{label} !== window.before"]
            seconds.append(float(notebook.page.evaluate(ACT_AND_WAIT, arguments)))
            notebook.page.wait_for_timeout(300)
        return seconds

    lab.heat_map.scroll_into_view_if_needed()
    dragged = moves(MAP)
    seen["a move of alpha to the heat map, fastest"] = min(dragged)
    seen["a move of alpha to the heat map, median"] = median(dragged)
    seen["a move of alpha to the heat map, slowest"] = max(dragged)
    lab.root.locator(".fedlab-follow input").check()
    followed = moves(LABEL)
    seen["a move to the first new point, fastest"] = min(followed)
    seen["a move to the first new point, median"] = median(followed)
    seen["a move to the first new point, slowest"] = max(followed)


KERNEL_CPU = "import time; print(time.process_time())"


def browser_cpu() -> float:
    """CPU seconds of all of the browser's processes so far."""
    processes = [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name().lower()]
    return float(sum(sum(one.cpu_times()[:2]) for one in processes))


def test_motion(open_notebook: Callable[..., Any], seen: dict[str, float]) -> None:
    """Default runs of five seeds with the moving federation in sight and without, in turn: seconds of their rounds.

    And CPU seconds, which a busy machine spoils least: what the browser's processes use more, of what the kernel uses.
    """
    notebook = open_notebook(["from fedlab_widgets import Lab\nlab = Lab()\nlab"])
    notebook.command("notebook:run-all-cells")
    lab = notebook.lab()
    switch = {True: "the federation", False: "who holds what"}
    found: dict[bool, list[float]] = {True: [], False: []}
    page: dict[bool, list[float]] = {True: [], False: []}
    kernel = []
    for seed in range(1, 11):
        moving = bool(seed % 2)
        lab.reset()
        lab.root.get_by_text(switch[moving]).click()
        lab.type("seed", (seed + 1) // 2)
        before, began = float(notebook.execute(KERNEL_CPU)), browser_cpu()
        lab.click("Run")
        lab.plots("after 20 rounds")
        page[moving].append(browser_cpu() - began)
        kernel.append(float(notebook.execute(KERNEL_CPU)) - before)
        found[moving].append(float(notebook.execute("print(sum(lab.histories[-1].column('seconds')))")))
    pairs = zip(found[True], found[False], strict=True)
    seen["share that motion adds to a run"] = median(with_it / without for with_it, without in pairs) - 1
    more = median(with_it - without for with_it, without in zip(page[True], page[False], strict=True))
    seen["CPU seconds of motion in the browser, of those of a run"] = more / median(kernel)


def test_chart(browser: Any, seen: dict[str, float]) -> None:
    """Twelve runs of 200 rounds on a page of their own: milliseconds to answer a pointer, and to add a round."""
    session = Session(Experiment())
    curves = Curves(session)
    for seed in range(12):
        run = session.runs.begin(Experiment(seed=seed))
        for number in range(1, 201):
            run.history.append(Round(number, 1 - 1 / (number + seed), 1 / number, 1.0, (), 10**6, 10**6, 0.1, None))
    curves.draw()
    page = browser.new_page(viewport={"width": 700, "height": 600})
    page.set_content(
        PAGE % (curves.view._css, curves.view._esm.replace("export default", "const part ="),
                json.dumps(curves.view.state), json.dumps(curves.view.rounds))
    )  # fmt: skip
    times = page.evaluate(
        """() => {
            const plot = document.querySelector('.fedlab-plot'), box = plot.getBoundingClientRect();
            const moved = [], added = [], begun = {bytes: [0], simulated_seconds: [0]};
            window.requestAnimationFrame = (act) => act(performance.now());  // what waits for a frame is part of it
            const timed = (act) => {
                const began = performance.now();
                act();
                plot.getBoundingClientRect();  // the layout that it asks for is part of it
                return performance.now() - began;
            };
            for (let x = 60; x < box.width - 20; x += 5)
                moved.push(timed(() => plot.dispatchEvent(new PointerEvent(
                    'pointermove', {clientX: box.x + x, clientY: box.y + 80, bubbles: true}))));
            for (let at = 200; at < 220; at++) {
                const append = {run: 0, at, x: {...begun, rounds: [at + 1]}, accuracy: [0.9], loss: [0.1]};
                added.push(timed(() => model.heard['msg:custom'].forEach(hear => hear({append}))));
            }
            return [moved, added];
        }"""
    )
    for name, found in zip(
        ("a pointer's move on 12 x 200 points", "a round more on 12 x 200 points"), times, strict=True
    ):
        for which, of in (("fastest", min), ("median", median), ("slowest", max)):
            seen[f"ms for {name}, {which}"] = of(found)
    page.close()


WANTED = {
    "a move of alpha to the heat map, median": "0.05",
    "a move to the first new point, median": "0.15",
    "share that motion adds to a run": "0.05",
    "CPU seconds of motion in the browser, of those of a run": "0.05",
    "ms for a pointer's move on 12 x 200 points, slowest": "16",
    "ms for a round more on 12 x 200 points, median": "5",
}


def main() -> None:
    seen = in_browser()
    rows = [[name, f"{value:.3f}", WANTED.get(name, "")] for name, value in seen.items()]
    report("On the page", ["seconds, but for the rows that say otherwise", "", "wanted"], rows)
    save(RESULTS / "browser.json", seen)


if __name__ == "__main__":
    main()
