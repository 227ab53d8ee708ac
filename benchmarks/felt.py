"""What the learner feels: the seconds between an action and what it shows, through a real kernel.

    python -m benchmarks.felt                 the kernel alone, with a front end that has no page
    python -m benchmarks.felt --browser       also in JupyterLab, in a browser

Cold: a new kernel each time. Warm: in a lab that has trained its default and shows that curve, a setting is changed and
Run pressed; the clock runs from the press to the first round in the picture. Then Stop, until the lab says that it has
stopped. Last the share of a run that drawing and widgets take: the same runs with and without a lab, in turn.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from statistics import median

import click

from benchmarks.common import RESULTS, report, save
from benchmarks.frontend import FrontEnd
from fedlab_widgets.kernel import GRACE

PEAK, LATER = "peak MB after the default run", "peak MB after all these runs"
STOP = "Stop to halted (slowest)"
SHARE = "share of a run that drawing and widgets take"
# setting, the values to go through, and the seconds that a learner may wait
SWITCHES = [
    ("algorithm", ("FedProx", "SCAFFOLD", "FedSGD", "FedAvgM"), 1.0),
    ("mu", ("0.5", "1"), 1.0),
    ("partition", ("Dirichlet (label skew)",), 1.0),
    ("alpha", ("0.1", "10"), 1.0),
    ("parties", ("3", "50"), 1.0),
    ("participation", ("0.5",), 1.0),
    ("local_epochs", ("2", "5"), 1.0),
    ("learning_rate", ("0.05", "0.3"), 1.0),
    ("seed", ("1", "2"), 1.0),
    ("batch_size", ("10", "64", "all"), 3.0),
    ("model", ("softmax", "cnn"), 3.0),
]
BEFORE = {"mu": ("algorithm", "FedProx"), "alpha": ("partition", "Dirichlet (label skew)")}  # what shows a control
WANTED = {"kernel start to first plotted round": "10", PEAK: "1,200", STOP: "0.5", SHARE: "0.10"}
PAIRS = 15  # runs with and without a lab


def cold() -> dict[str, float]:
    """Seconds from a kernel's start to the lab on the page and, Run pressed at once, to a round in the plot; memory."""
    with closing(FrontEnd()) as page:
        shown = page.show_lab()
        page.click("Run")
        plotted = page.wait(lambda: any(page.curves())) - page.began
        page.wait(lambda: page.status().startswith("Finished"))
        return {
            "kernel start to lab on the page": shown,
            "kernel start to first plotted round": plotted,
            PEAK: page.peak_mb(),
        }


def run_to_plot(page: FrontEnd) -> tuple[float, float]:
    """Press Run and wait for its first round in the plot; press Stop and wait until it has. Seconds for both."""
    before = len(page.curves())
    pressed = page.click("Run")
    plotted = page.wait(lambda: len(page.curves()) > before)
    stopped = page.click("Stop")
    halted = page.wait(lambda: page.status().startswith(("Stopped", "Finished")))
    return plotted - pressed, halted - stopped


def reset(page: FrontEnd) -> None:
    """Forget all runs, and set the controls back to the default."""
    page.click("Reset")
    page.wait(lambda: not page.curves())


def drawing_share() -> float:
    """The share of a run's time that the lab takes: the same experiment with it and without it, in turn.

    Not counted: that after a click the lab waits `GRACE` seconds for what was typed before it.
    """
    with closing(FrontEnd()) as page:
        page.show_lab()
        page.wait(lambda: page.status() == "Ready.")
        page.execute("from fedlab import Experiment, run")
        ratios = []
        for seed in range(PAIRS):
            reset(page)
            page.set("seed", str(seed))
            time.sleep(1)  # the map of who holds what is drawn for this seed: once, not in each run
            pressed = page.click("Run")
            with_lab = page.wait(lambda: page.status().startswith("Finished")) - pressed - GRACE
            alone = page.execute(f"for _ in run(Experiment(seed={seed})): pass")
            ratios.append(alone / with_lab)
        return 1 - median(ratios)


def warm() -> tuple[dict[str, list[float]], list[float], float]:
    """For each setting the seconds from Run to plot, one for each value; the seconds of each Stop; and peak MB."""
    with closing(FrontEnd()) as page:
        page.show_lab()
        page.wait(lambda: page.status() == "Ready.")
        first: dict[str, list[float]] = {}
        stops = []
        for name, values, _ in SWITCHES:
            reset(page)
            if name in BEFORE:
                page.set(*BEFORE[name])
            run_to_plot(page)
            first[name] = []
            for value in values:
                page.set(name, value)
                plotted, halted = run_to_plot(page)
                first[name].append(plotted)
                stops.append(halted)
        return first, stops, page.peak_mb()


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}"


@click.command(help=__doc__)
@click.option("--turns", default=3, help="New kernels for the cold start.", show_default=True)
@click.option("--browser", is_flag=True, help="Also once in JupyterLab (needs Playwright and Chromium or Chrome).")
@click.option("--json", "path", type=click.Path(path_type=Path), default=RESULTS / "felt.json", show_default=True)
def main(turns: int, browser: bool, path: Path) -> None:
    starts = [cold() for _ in range(turns)]
    results: dict[str, object] = {name: [start[name] for start in starts] for name in starts[0]}
    rows = [[name, _number(median(start[name] for start in starts)), WANTED.get(name, "")] for name in starts[0]]
    first, stops, peak = warm()
    share = drawing_share()
    results |= {"run to first plotted round": first, "stop to halted": stops, SHARE: share, LATER: peak}
    rows += [
        [f"Run to first plotted round, another {n}", f"{max(first[n]):.2f}", f"{limit:.0f}"] for n, _, limit in SWITCHES
    ]
    last = {STOP: max(stops), SHARE: share, LATER: peak}
    rows += [[name, _number(value), WANTED.get(name, "")] for name, value in last.items()]
    if browser:
        from benchmarks.browser import in_browser

        results["browser"] = seen = in_browser()
        rows += [[f"Browser: {name}", f"{seconds:.2f}", ""] for name, seconds in seen.items()]
    report("What the learner feels", ["seconds, but for the rows that say otherwise", "", "wanted"], rows)
    save(path, results)


if __name__ == "__main__":
    main()
