"""What an installation takes, in both sizes: disk, seconds, and that it runs. Each in a new virtual environment.

    python -m benchmarks.install

Nothing comes from the cache of pip. Where packages come over a network, its seconds are among those that are measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks.common import RESULTS, ROOT, report, save

SIZES = {"without TensorFlow": "lab", "with all": "tensorflow,lab,flower,privacy"}


def measure(extras: str, folder: Path) -> dict[str, float]:
    """Install `.[extras]` into a new environment in `folder`; raises if it does not run an experiment."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    pip = [python, "-m", "pip", "-qq", "--disable-pip-version-check", "--no-cache-dir", "install"]
    began = time.perf_counter()
    subprocess.run([*pip, "--constraint", "constraints.txt", "--editable", f".[{extras}]"], cwd=ROOT, check=True)
    seconds = time.perf_counter() - began
    subprocess.run([python, "-m", "pip", "--quiet", "check"], check=True)
    subprocess.run([python, "-m", "fedlab", "run", "--rounds", "1", "--examples", "100"], cwd=folder, check=True)
    return {"seconds": seconds, "mb": disk_mb(folder), "packages": len(list(folder.rglob("*.dist-info")))}


def disk_mb(folder: Path) -> float:
    """What `du` would say, in MB (10^6 bytes)."""
    found = [path.lstat() for path in folder.rglob("*")]
    return sum(512 * one.st_blocks if hasattr(one, "st_blocks") else one.st_size for one in found) / 1e6


@click.command(help=__doc__)
@click.option("--json", "path", type=click.Path(path_type=Path), default=RESULTS / "install.json", show_default=True)
def main(path: Path) -> None:
    results = {}
    for extras in SIZES.values():
        with tempfile.TemporaryDirectory() as folder:
            results[f".[{extras}]"] = measure(extras, Path(folder) / "venv")
    rows = [
        [name, f".[{extras}]", f"{one['mb']:,.0f}", f"{one['seconds']:.0f}", str(one["packages"])]
        for (name, extras), one in zip(SIZES.items(), results.values(), strict=True)
    ]
    report("An installation", ["", "pip install", "MB on disk", "seconds", "packages"], rows)
    save(path, results)


if __name__ == "__main__":
    main()
