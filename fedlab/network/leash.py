"""Children on a leash: a process and all that it starts end when whoever holds the other end is gone, however it went.

    python -m fedlab.network.leash LOG COMMAND...

The leash is a pipe: its parent holds one end, and never writes. When the parent ends, even by SIGKILL, the pipe closes,
and the command is ended with all that it has started. (Flower's processes start others, in groups of their own, and
these start again what is ended alone: only all together go for good.)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

GRACE = 3.0  # seconds that a group has to end by itself


class Leashed:
    """A command that runs in a process group of its own, with what it says going to a log."""

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str]):
        self.log = log
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fedlab.network.leash", str(log), *command],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, **environment}, start_new_session=True,
        )  # fmt: skip

    @property
    def code(self) -> int | None:
        """How the command has ended; None while it runs."""
        return self.process.poll()

    def end(self) -> None:
        """End the command and all that it has started."""
        if self.process.stdin:
            with suppress(OSError):
                self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(2 * GRACE + 5)
        with suppress(ProcessLookupError, PermissionError):
            self.process.kill()
        self.process.wait()


def hold(log: str, command: Sequence[str]) -> int:
    """Run the command until it ends or nobody holds the leash; its exit code."""
    with open(log, "ab") as file:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    let_go = threading.Event()

    def wait_for_the_end_of_the_leash() -> None:
        with suppress(OSError):
            sys.stdin.buffer.read()
        let_go.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: let_go.set())
    threading.Thread(target=wait_for_the_end_of_the_leash, daemon=True).start()
    while child.poll() is None and not let_go.wait(0.1):
        pass
    _end_all(child)
    return child.returncode or 0


def _end_all(child: subprocess.Popen[bytes]) -> None:
    """End the command and whatever it has started, those too that have left its process group."""
    with suppress(psutil.NoSuchProcess):
        began = psutil.Process(child.pid).children(recursive=True)
        began.append(psutil.Process(child.pid))
        for process in began:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, left = psutil.wait_procs(began, GRACE)
        for process in [*left, *(later for one in left for later in _children(one))]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


if __name__ == "__main__":
    os._exit(hold(sys.argv[1], sys.argv[2:]) & 0xFF)
