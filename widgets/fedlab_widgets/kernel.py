"""What a lab has to know of its kernel: which cell made it, when that cell runs again, when someone interrupts.

Nothing of this happens outside of IPython; there a lab simply lives until it is closed.
"""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable
from typing import Any, Protocol

import ipywidgets as widgets
from IPython import get_ipython

from fedlab_widgets.starting import importing
from fedlab_widgets.threads import later

GRACE = 0.15  # seconds


class Living(Protocol):
    """What this file needs of a lab."""

    def stop(self) -> None: ...
    def close(self) -> None: ...


_labs: dict[Living, tuple[str, str]] = {}  # each with the cell that made it, and that cell's run
_watched: list[Any] = []  # the IPython shell whose events we get
_replaced: list[str] = []  # cells that have replaced their lab and are still running


def soon(act: Callable[[], None]) -> None:
    """Do what a click asks for when everything that was typed before the click has arrived.

    A click may overtake it: ipywidgets holds a widget's second change back until the kernel has answered the first.
    """
    later(GRACE, act)


def answer_beside_cells(widget: widgets.Widget) -> None:
    """Let a widget answer while a cell runs, in the order in which it and others are used.

    JupyterLab sends what widgets say to a thread of their own (a subshell). ipykernel 7.4 alone sends it back to the
    thread that last changed the widget: buttons then wait for the cell, and overtake sliders.
    """
    if hasattr(widget.comm, "_reply_subshell_for"):
        widget.comm._reply_subshell_for = _where_it_was_sent


def _where_it_was_sent(data: Any, subshell: str | None) -> str | None:
    """The subshell that the page asks for, if there is one: after a restart a page may still ask for that of before."""
    channel = getattr(getattr(get_ipython(), "kernel", None), "shell_channel_thread", None)
    manager = getattr(channel, "manager", None)
    return subshell if manager is None or subshell in manager.list_subshell() else None


def enrol(lab: Living) -> None:
    """Take care of a new lab, and close the one that an earlier run of its cell made."""
    shell = get_ipython()
    if shell is None:
        return
    cell, turn = _present_cell(shell)
    for old, (its_cell, its_turn) in list(_labs.items()):
        if its_cell == cell and its_turn != turn:
            old.close()
            _forget_outputs(shell, old)
            _replaced.append(cell)
    _labs[lab] = cell, turn
    if shell not in _watched:
        _watched.append(shell)
        shell.events.register("pre_run_cell", _before_a_cell)
        shell.events.register("post_run_cell", _after_a_cell)
    _catch_interrupts_when_idle(shell)


def forget(lab: Living) -> None:
    """Let go of a lab that was closed."""
    _labs.pop(lab, None)


def _forget_outputs(shell: Any, old: Living) -> None:
    """Let go of what IPython keeps of a cell's result: `Out`, `_`, `__`, `___` and `_1`, `_2`, ..."""
    outputs = shell.user_ns.get("_oh", {})
    for number in [number for number, result in outputs.items() if result is old]:
        del outputs[number]
    for names in (shell.user_ns, shell.user_ns_hidden, vars(shell.displayhook)):
        for name in [name for name, value in names.items() if value is old and not name.strip("_0123456789")]:
            names[name] = ""


def _present_cell(shell: Any) -> tuple[str, str]:
    """The running cell and this run of it. A notebook tells its cells' ids; elsewhere the cell's text has to do."""
    kernel = getattr(shell, "kernel", None)
    request = kernel.get_parent("shell") if kernel else {}
    cell = request.get("metadata", {}).get("cellId") or shell.user_ns.get("In", [""])[-1]
    return str(cell), str(request.get("header", {}).get("msg_id", shell.execution_count))


def _before_a_cell(info: Any) -> None:
    with importing:  # the cell may import TensorFlow too
        pass


def _after_a_cell(result: Any) -> None:
    if isinstance(result.error_in_exec, KeyboardInterrupt):
        stop_all()
    if _replaced:  # a lab is large and full of circles: what it held is free now, and not at some later time
        _replaced.clear()
        gc.collect()


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
