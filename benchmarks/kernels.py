"""What labs take of a machine's memory: several kernels with a lab each, and one whose lab cell is run again and again.

    python -m benchmarks.kernels
    python -m benchmarks.kernels --kernels 30 --cells 0      a class of thirty on one server

Every lab trains its default. Memory is PSS where there is one (Linux): what processes share counts once for all of them
together, so it may be summed; RSS is beside it. The JupyterLab server comes on top: once, or for each learner where
each has a server of their own (JupyterHub).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import click
import psutil

from benchmarks.common import RESULTS, report, save
from benchmarks.frontend import FrontEnd

WANTED = {"together": 3_000, "alive": 1, "growth": 0.05}
SETTLED = 3  # runs of the cell, after which memory should grow no more
ALIVE = """
import gc
from fedlab_widgets import Lab
gc.collect()
print(sum(isinstance(one, Lab) for one in gc.get_objects()))
"""


def memory_mb(process: psutil.Process) -> dict[str, float]:
    """A process's memory in MB (10^6 bytes): what is in it, and its share of that where others have it too."""
    full = process.memory_full_info()
    return {"rss": full.rss / 1e6, "pss": getattr(full, "pss", full.rss) / 1e6}


def side_by_side(kernels: int) -> list[dict[str, float]]:
    """One kernel after another shows a lab and trains its default, and stays: their memory when all are there."""
    with ExitStack() as stack:
        pages = []
        for _ in range(kernels):
            pages.append(stack.enter_context(closing(FrontEnd())))
            pages[-1].show_lab()
            pages[-1].run_default()
        return [memory_mb(page.process) for page in pages]


def server() -> dict[str, float]:
    """The memory of a JupyterLab server that has just started."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--no-browser", "--allow-root", "--port=0", "--LabApp.news_url="]
        command = [sys.executable, "-m", "jupyterlab", *options]
        process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        try:
            if not any("is running at" in line for line in process.stderr):
                raise SystemExit("The JupyterLab server has not started.")
            return memory_mb(psutil.Process(process.pid))
        finally:
            process.terminate()
            process.communicate()


def again_and_again(cells: int) -> list[dict[str, float]]:
    """Run one lab cell so many times, and its lab's default each time: memory and the labs alive after each."""
    found = []
    with closing(FrontEnd()) as page:
        for _ in range(cells):
            page.show_lab()
            page.run_default()
            found.append({"alive": int(page.execute(ALIVE)[1]), **memory_mb(page.process)})
    return found


def growth(found: list[dict[str, float]]) -> float:
    """By what share memory has grown, at most, since the cell's third run."""
    settled = found[SETTLED - 1]["rss"]
    return max(one["rss"] for one in found[SETTLED - 1 :]) / settled - 1


@click.command(help=__doc__)
@click.option("--kernels", default=10, help="Kernels with a lab each.", show_default=True)
@click.option("--cells", default=20, help="Runs of one lab cell; 0 leaves this out.", show_default=True)
@click.option("--json", "path", type=click.Path(path_type=Path), default=RESULTS / "kernels.json", show_default=True)
def main(kernels: int, cells: int, path: Path) -> None:
    results: dict[str, Any] = {}
    rows = []
    if kernels:
        results["kernels"] = found = side_by_side(kernels)
        together = {kind: sum(one[kind] for one in found) for kind in ("pss", "rss")}
        rows += [
            [f"{kernels} kernels with a lab each, PSS", f"{together['pss']:,.0f} MB", f"{WANTED['together']:,} MB"],
            [f"{kernels} kernels with a lab each, RSS", f"{together['rss']:,.0f} MB", ""],
            ["one of them, PSS", f"{together['pss'] / kernels:,.0f} MB", ""],
        ]
        results["server"] = alone = server()
        rows += [["the JupyterLab server, PSS", f"{alone['pss']:,.0f} MB", ""]]
    if cells:
        results["cells"] = found = again_and_again(cells)
        rows += [[f"labs alive after {cells} runs of a lab cell", f"{found[-1]['alive']:.0f}", f"{WANTED['alive']}"]]
        if cells > SETTLED:
            rows += [[f"growth after run {SETTLED}, RSS", f"{growth(found):.1%}", f"{WANTED['growth']:.0%}"]]
        rows += [[f"RSS after run {n}", f"{found[n - 1]['rss']:,.0f} MB", ""] for n in sorted({1, SETTLED, cells})]
    report("Labs and memory", ["", "", "wanted: at most"], rows)
    save(path, results)


if __name__ == "__main__":
    main()
