"""Flower's SuperLink, as a child on a leash: what nodes talk to, and what runs the app at the server.

It listens on loopback only, because whoever reaches its port may register nodes and start programs at all of them. Its
database is on disk, so a SuperLink that is started again still knows its nodes.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from fedlab.network import certificates
from fedlab.network.leash import Leashed
from fedlab.text import say

APP = Path(__file__).parent / "app"
ENVIRONMENT = {
    "FLWR_TELEMETRY_ENABLED": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.2",  # seconds between two looks for work: Flower takes 1
    "PYTHONUNBUFFERED": "1",
    "NO_COLOR": "1",
}
COLOURS = ("FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE")  # a kernel of Jupyter's asks for them, in JSON too
START = 60.0  # seconds that it may take to start


class SuperLink:
    """One that is starting; `wait` until it answers. Its certificates are in the folder already."""

    def __init__(self, folder: Path):
        self.folder, home, port = folder, folder / "flower", free_port()
        home.mkdir(exist_ok=True)
        self.url = f"https://127.0.0.1:{port}"
        authority = str(folder / certificates.AUTHORITY)
        (home / "config.toml").write_text(
            f'[superlink]\ndefault = "here"\n\n[superlink.here]\naddress = "127.0.0.1:{port}"\n'
            f"root-certificates = {json.dumps(authority)}\n"
        )
        self._environment = environment(home)
        command = [
            program("flower-superlink"), "--host", "127.0.0.1", "--port", str(port), "--enable-supernode-auth",
            "--ssl-ca-certfile", authority, "--ssl-certfile", str(folder / certificates.CERTIFICATE),
            "--ssl-keyfile", str(folder / certificates.KEY), "--database", str(home / "superlink.db"),
            "--disable-runtime-dependency-installation",
        ]  # fmt: skip
        self._child = Leashed(command, folder / "superlink.log", self._environment)

    @property
    def code(self) -> int | None:
        """How it has ended; None while it runs."""
        return self._child.code

    def wait(self) -> None:
        """Until it answers; `ValueError` if it never does."""
        context = certificates.trusting((self.folder / certificates.AUTHORITY).read_bytes())
        until = time.monotonic() + START
        while time.monotonic() < until and self.code is None:
            try:
                httpx.get(self.url, verify=context, timeout=2, trust_env=False)
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise ValueError(say("Flower's SuperLink did not start: {log} says why.", log=self._child.log))

    def run_app(self) -> None:
        """Start the app at the server; it waits for its parties."""
        app = self.folder / "app"
        shutil.copytree(APP, app, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        self._flwr("run", str(app), "here", "--run-config", f"folder={json.dumps(str(self.folder))}")

    def register(self, number: int, key: str) -> int:
        """Let in the node with this public key, in OpenSSH's form; the node's number at Flower's."""
        path = self.folder / f"party_{number}.pub"
        path.write_text(key)
        return int(self._flwr("supernode", "register", str(path), "here", "--name", f"party-{number}")["node-id"])

    def end(self) -> None:
        self._child.end()

    def _flwr(self, *arguments: str) -> dict[str, Any]:
        """Tell it something by Flower's own command; what it answers."""
        command = [program("flwr"), *arguments, "--format", "json"]
        plain = {name: value for name, value in os.environ.items() if name not in COLOURS} | self._environment
        done = subprocess.run(command, capture_output=True, text=True, env=plain, stdin=subprocess.DEVNULL)
        try:
            answer = json.loads(done.stdout[done.stdout.index("{") :])
        except ValueError:
            answer = {}
        if done.returncode or not answer.get("success"):
            reason = answer.get("error-message") or (done.stderr or done.stdout).strip()
            raise ValueError(say("Flower refused: {reason}", reason=str(reason)[-500:]))
        return dict(answer)


def environment(home: Path) -> dict[str, str]:
    """What Flower's programs start with: a home of their own, no telemetry, and each other on the PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**ENVIRONMENT, "FLWR_HOME": str(home), "PATH": path}


def program(name: str) -> str:
    """Where a command of this environment is."""
    return str(Path(sys.executable).with_name(name))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
