"""What the learner feels: the seconds between an action and what it shows, through a real kernel.

    python -m benchmarks.felt                 the kernel alone, with a front end that has no page
    python -m benchmarks.felt --browser       also in JupyterLab, in a browser

Cold: a new kernel each time, and a new process for the command line. Warm: in a lab that has trained its default and
shows that curve, a setting is changed and Run pressed; the clock runs from the press to the first round in the picture.
Then Stop, until the lab says that it has stopped. The CNN comes last: it starts TensorFlow. At the end the share of a
run that drawing and widgets take: the same runs with and without a lab, in turn.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median

import click

from benchmarks.common import RESULTS, report, save
from benchmarks.frontend import FrontEnd
from fedlab_widgets.kernel import GRACE

PLOTTED, COMMAND = "kernel start to first plotted round", "fedlab run --rounds 1"
PEAK, LATER, LAST = (
    "peak MB after the default run",
    "peak MB after all the dense runs",
    "peak MB after the CNN's runs too",
)
STOP = "Stop to halted (slowest)"
SHARE = "share of a run that drawing and widgets take"
CPU_SHARE = "the same in the kernel's CPU seconds"
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
    ("batch_size", ("10", "64", "all"), 0.5),
    ("model", ("Softmax regression",), 0.5),
]
CNN = ("model", ("Small CNN",), 10.0)
BEFORE = {"mu": ("algorithm", "FedProx"), "alpha": ("partition", "Dirichlet (label skew)")}  # what shows a control
WANTED = {PLOTTED: "1.5", COMMAND: "1.5", PEAK: "250", STOP: "0.5", SHARE: "0.03", CPU_SHARE: "0.03"}
PAIRS = 15  # runs with and without a lab


def cold() -> dict[str, float]:
    """Seconds from a kernel's start to the lab on the page and, Run pressed at once, to a round in the plot; memory."""
    with closing(FrontEnd()) as page:
        shown = page.show_lab()
        page.click("Run")
        plotted = page.wait(lambda: any(page.curves())) - page.began
        page.wait(lambda: page.status().startswith("Finished"))
        return {"kernel start to lab on the page": shown, PLOTTED: plotted, PEAK: page.peak_mb(), COMMAND: command()}


def command() -> float:
    """Seconds that the command line takes for one round of the lab's default, Python's start and end included."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        line = [sys.executable, "-m", "fedlab", "run", "--rounds", "1"]
        subprocess.run(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began


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


def drawing_share() -> dict[str, float]:
    """The share of a run's time that the lab takes: the same experiment with it and without it, in turn.

    On the clock, where it is not counted that after a click the lab waits `GRACE` seconds for what was typed before it;
    and in CPU seconds, which a busy machine spoils least.
    """
    with closing(FrontEnd()) as page:
        page.show_lab()
        page.run_default()
        page.execute("from fedlab import Experiment, run")
        ratios, cpu_ratios = [], []
        for seed in range(PAIRS):
            reset(page)
            page.set("seed", str(seed))
            time.sleep(1)  # the map of who holds what is drawn for this seed: once, not in each run
            before = page.cpu_seconds()
            pressed = page.run_default()
            with_lab, between = time.perf_counter() - pressed - GRACE, page.cpu_seconds()
            alone, _ = page.execute(f"for _ in run(Experiment(seed={seed})): pass")
            ratios.append(alone / with_lab)
            cpu_ratios.append((page.cpu_seconds() - between) / (between - before))
        return {SHARE: 1 - median(ratios), CPU_SHARE: 1 - median(cpu_ratios)}


def warm() -> tuple[dict[str, list[float]], list[float], dict[str, float]]:
    """For each setting the seconds from Run to plot, one for each value; the seconds of each Stop; and peak MB."""
    first: dict[str, list[float]] = {}
    stops = []
    with closing(FrontEnd()) as page:
        page.show_lab()

        def switch(setting: str, values: tuple[str, ...]) -> list[float]:
            reset(page)
            if setting in BEFORE:
                page.set(*BEFORE[setting])
            run_to_plot(page)
            seconds = []
            for value in values:
                page.set(setting, value)
                plotted, halted = run_to_plot(page)
                seconds.append(plotted)
                stops.append(halted)
            return seconds

        page.run_default()
        for name, values, _ in SWITCHES:
            first[name] = switch(name, values)
        peak = {LATER: page.peak_mb()}
        first["model (CNN)"] = switch(*CNN[:2])
        return first, stops, peak | {LAST: page.peak_mb()}


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
    first, stops, peaks = warm()
    shares = drawing_share()
    results |= {"run to first plotted round": first, "stop to halted": stops, **shares, **peaks}
    limits = {name: limit for name, _, limit in SWITCHES} | {"model (CNN)": CNN[2]}
    rows += [
        [f"Run to first plotted round, another {name}", f"{max(seconds):.2f}", f"{limits[name]:.1f}"]
        for name, seconds in first.items()
    ]
    rows += [[n, _number(value), WANTED.get(n, "")] for n, value in {STOP: max(stops), **shares, **peaks}.items()]
    if browser:
        from benchmarks.browser import in_browser

        results["browser"] = seen = in_browser()
        rows += [[f"Browser: {name}", f"{seconds:.2f}", ""] for name, seconds in seen.items()]
    report("What the learner feels", ["seconds, but for the rows that say otherwise", "", "wanted"], rows)
    save(path, results)


if __name__ == "__main__":
    main()
