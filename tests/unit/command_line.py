"""The command line as tests call it: in this process, or in one of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from click.testing import CliRunner, Result

from fedlab.cli import main

SMALL = ["--model", "softmax", "--examples", "300", "--parties", "3", "--rounds", "2"]
ENDLESS = [*SMALL[:-1], "100000"]
PROGRAM = "from fedlab.cli import main; main()"


def fedlab_(*arguments: str) -> Result:
    """Call the command line in this process."""
    return CliRunner().invoke(main, arguments)


def in_a_new_process(*arguments: str, code: str = PROGRAM, **options: Any) -> Any:
    """Start the command line in a process of its own."""
    command = [sys.executable, "-c", code, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, text=True, **{"stdout": pipe, "stderr": pipe, **options})


def wait_for(process: Any, start: str) -> None:
    """Read what a process prints up to a line that starts so; fail if it ends before."""
    while not process.stdout.readline().startswith(start):
        assert process.poll() is None, process.stderr.read()
