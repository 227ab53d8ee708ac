"""What a lab has to know of its kernel: which cell made it, when that cell runs again, when someone interrupts.

Nothing of this happens outside of IPython; there a lab simply lives until it is closed.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import ipywidgets as widgets
from IPython import get_ipython

GRACE = 0.15  # seconds


class Living(Protocol):
    """What this file needs of a lab."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...


_labs: dict[Living, tuple[str, str]] = {}  # each with the cell that made it, and that cell's run
_fresh: list[Living] = []  # labs whose cell is still running
_watched: list[Any] = []  # the IPython shell whose events we get


def soon(act: Callable[[], None]) -> None:
    """Do what a click asks for when everything that was typed before the click has arrived.

    A click may overtake it: ipywidgets holds a widget's second change back until the kernel has answered the first.
    """
    timer = threading.Timer(GRACE, act)
    timer.daemon = True
    timer.start()


def answer_beside_cells(view: widgets.Widget) -> None:
    """Let these widgets answer while a cell runs, and all in the order in which they are used.

    JupyterLab sends what widgets say to a thread of their own (a subshell). ipykernel 7.4 alone sends it back to the
    thread that last changed the widget: buttons then wait for the cell, and overtake sliders.
    """
    for widget in every(view):
        if hasattr(widget.comm, "_reply_subshell_for"):
            widget.comm._reply_subshell_for = lambda data, subshell: subshell


def every(widget: widgets.Widget) -> list[widgets.Widget]:
    """A widget and all that is inside it."""
    return [widget, *(one for child in getattr(widget, "children", ()) for one in every(child))]


def enrol(lab: Living) -> None:
    """Take care of a new lab: close the one that an earlier run of its cell made, start it when its cell is done.

    `lab.start` imports TensorFlow on a thread. That begins after the cell, so that the lab is painted first, and
    is over before the next cell begins: Python breaks when two threads import TensorFlow at the same time.
    """
    shell = get_ipython()
    if shell is None:
        return
    cell, turn = _present_cell(shell)
    for old, (its_cell, its_turn) in list(_labs.items()):
        if its_cell == cell and its_turn != turn:
            old.close()
    _labs[lab] = cell, turn
    _fresh.append(lab)
    if shell not in _watched:
        _watched.append(shell)
        shell.events.register("pre_run_cell", _before_a_cell)
        shell.events.register("post_run_cell", _after_a_cell)
    _catch_interrupts_when_idle(shell)


def forget(lab: Living) -> None:
    """Let go of a lab that was closed."""
    _labs.pop(lab, None)


def _present_cell(shell: Any) -> tuple[str, str]:
    """The running cell and this run of it. A notebook tells its cells' ids; elsewhere the cell's text has to do."""
    kernel = getattr(shell, "kernel", None)
    request = kernel.get_parent("shell") if kernel else {}
    cell = request.get("metadata", {}).get("cellId") or shell.user_ns.get("In", [""])[-1]
    return str(cell), str(request.get("header", {}).get("msg_id", shell.execution_count))


def _before_a_cell(info: Any) -> None:
    if _labs:
        from fedlab.engines.tensorflow_setup import load_tensorflow

        with suppress(Exception, KeyboardInterrupt):  # the lab says what went wrong
            load_tensorflow()


def _after_a_cell(result: Any) -> None:
    while _fresh:
        _fresh.pop().start()
    if isinstance(result.error_in_exec, KeyboardInterrupt):
        stop_all()


def stop_all() -> None:
    """Stop what trains in every lab."""
    for lab in list(_labs):
        lab.stop()


def _catch_interrupts_when_idle(shell: Any) -> None:
    """Let an interrupt stop the labs while no cell runs; ipykernel ignores it then.

    While it handles a request, ipykernel keeps the handler for idle times in `saved_sigint_handler`.
    """
    kernel = getattr(shell, "kernel", None)
    in_main = threading.current_thread() is threading.main_thread()
    if kernel and in_main and getattr(kernel, "saved_sigint_handler", None) == signal.SIG_IGN:
        kernel.saved_sigint_handler = lambda number, frame: stop_all()
