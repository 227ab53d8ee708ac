"""A front end without a page: starts a real kernel, shows a lab, presses its buttons, and reads what it draws."""

from __future__ import annotations

import os
import queue
import re
import time
from collections.abc import Callable
from typing import Any

import psutil
from jupyter_client.manager import KernelManager

from benchmarks.common import ROOT
from benchmarks.worker import peak_mb
from fedlab.cli.jupyter import ENVIRONMENT

PATIENCE = 120.0  # seconds
LAB = "from fedlab_widgets import Lab\nlab = Lab()\nlab"


class FrontEnd:
    """The widgets of a kernel as a page sees them: their states by id, changed by the messages that arrive."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        path = os.pathsep.join([str(ROOT), str(ROOT / "widgets")])
        self.manager = KernelManager(transport="ipc")
        self.manager.start_kernel(env=ENVIRONMENT | os.environ | {"PYTHONPATH": path})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.states: dict[str, dict[str, Any]] = {}
        self.shown = False  # whether a cell has put a widget on the page

    def execute(self, code: str) -> tuple[float, str]:
        """Run a cell; seconds until it is done, and what it has printed."""
        began = time.perf_counter()
        request, printed = self.client.execute(code, store_history=True), list[str]()

        def done(message: dict[str, Any]) -> bool:
            if message["msg_type"] == "stream" and message["parent_header"].get("msg_id") == request:
                printed.append(message["content"]["text"])
            return _is_idle(message, request)

        self._read_until(done)
        return time.perf_counter() - began, "".join(printed)

    def show_lab(self) -> float:
        """Run the lesson's first cell; seconds from the kernel's start until the lab is on the page.

        Run again, it closes the lab that it made before.
        """
        self.shown = False
        self.client.execute(LAB)
        self.wait(lambda: self.shown)
        return time.perf_counter() - self.began

    def run_default(self) -> float:
        """Press Run and wait until all rounds are done and drawn; when Run was pressed."""
        before = len(self.curves())
        pressed = self.click("Run")
        self.wait(lambda: len(self.curves()) > before and self.status().startswith("Finished"))
        return pressed

    def click(self, button: str) -> float:
        """Press a button of the lab; when that was."""
        self._send(self._find(lambda state: state.get("description") == button), "custom", {"event": "click"})
        return time.perf_counter()

    def set(self, control: str, value: str) -> None:
        """Choose a value in a menu of the lab, or type it into a control's box."""
        panel = self._find(lambda state: "schema" in state)
        schema = self.states[panel]["schema"]
        specs = [*schema["first"], *(spec for group in schema["groups"] for spec in group["controls"])]
        specs += [own for spec in specs for kind in spec.get("own", ()) for own in kind]
        options = next(spec for spec in specs if spec["name"] == control).get("options")
        what = {"step": options.index(value)} if options else {"text": value}
        self._send(panel, "custom", {"do": "set", "name": control, **what})

    def curves(self) -> list[int]:
        """How many rounds each curve has that is on the page now, as the chart has been told."""
        chart = next(state for state in self.states.values() if "rounds" in state and "_esm" in state)
        shown = [run["id"] for run in chart["state"]["runs"] if run["shown"]]
        return [len(chart["rounds"].get(str(run), {}).get("accuracy", ())) for run in shown]

    def status(self) -> str:
        """The line beside the buttons."""
        texts = [str(state.get("value", "")) for state in self.states.values()]
        return next(re.sub("<.*?>", "", text) for text in texts if "fedlab-status" in text)

    def wait(self, is_so: Callable[[], bool]) -> float:
        """Read messages until it is so; when that was."""
        if not is_so():
            self._read_until(lambda message: is_so())
        return time.perf_counter()

    @property
    def process(self) -> psutil.Process:
        """The kernel's."""
        return psutil.Process(self.manager.provisioner.pid)  # type: ignore[union-attr]

    def cpu_seconds(self) -> float:
        """What the kernel's process has used so far, over all its threads."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def peak_mb(self) -> float:
        return peak_mb(self.process.pid)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def _read_until(self, enough: Callable[[dict[str, Any]], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            self._take(message)
            if enough(message):
                return
        said = f"{self.status()} {self.curves()}" if self.shown else "There is no lab yet."
        raise TimeoutError(f"What was waited for has not come within {PATIENCE:.0f} s. The lab says: {said}")

    def _take(self, message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "comm_open":
            self.states[content["comm_id"]] = dict(content["data"].get("state", {}))
        elif message["msg_type"] == "comm_msg" and content["comm_id"] in self.states:
            state = self.states[content["comm_id"]]
            state.update(content["data"].get("state", {}))
            if new := content["data"].get("content", {}).get("append"):
                rounds = state["rounds"].setdefault(str(new["run"]), {"accuracy": []})
                rounds["accuracy"][new["at"] :] = new["accuracy"]
        elif message["msg_type"] == "comm_close":
            self.states.pop(content["comm_id"], None)
        elif message["msg_type"] in ("display_data", "execute_result"):
            self.shown = self.shown or "application/vnd.jupyter.widget-view+json" in content["data"]
        elif message["msg_type"] == "error":
            raise RuntimeError("\n".join(content["traceback"]))

    def _send(self, comm: str, method: str, what: dict[str, Any]) -> None:
        key = "content" if method == "custom" else "state"
        content = {"comm_id": comm, "data": {"method": method, key: what, "buffer_paths": []}}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", content))

    def _find(self, wanted: Callable[[dict[str, Any]], bool]) -> str:
        return next(comm for comm, state in self.states.items() if wanted(state))


def _is_idle(message: dict[str, Any], request: str) -> bool:
    idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
    return idle and message["parent_header"].get("msg_id") == request
