"""An exported program as tests run it: in its framework's environment, with a network and processes of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from benchmarks.bridges import NAMESPACE

ROOT = Path(__file__).parents[2]


@cache
def can_be_alone() -> bool:
    """Whether a program can have a network and processes of its own here."""
    return (
        shutil.which("unshare") is not None
        and subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode == 0
    )


def needs(framework: str) -> pytest.MarkDecorator:
    """A mark for a test that runs a program in the environment which `make bridge-FRAMEWORK` makes."""
    here = (ROOT / f".venv-{framework}" / "stamp").exists()
    reason = "this user can make no namespaces here" if here else f"make bridge-{framework} installs what it needs"
    return pytest.mark.skipif(not here or not can_be_alone(), reason=reason)


def run_alone(framework: str, folder: Path, code: str, *arguments: str) -> None:
    """Run Python code in the folder; it must end well, say nothing that is wrong, and leave nothing elsewhere."""
    home, scratch = folder.parent / "home", folder.parent / "scratch"
    for one in (home, scratch):
        one.mkdir(exist_ok=True)
    done = subprocess.run(
        [*NAMESPACE, str(ROOT / f".venv-{framework}" / "bin/python"), "-B", "-c", code, *arguments],
        cwd=folder, env=os.environ | {"HOME": str(home), "TMPDIR": str(scratch)}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr == ""
    assert [*home.rglob("*"), *scratch.rglob("*")] == []
