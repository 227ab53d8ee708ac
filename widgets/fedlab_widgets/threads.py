"""The lab's own threads. None keeps Python alive, and none is killed by its end: C++ code does not survive that."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable

PATIENCE = 5.0  # seconds that an ending Python waits for each thread

_stops: dict[threading.Thread, Callable[[], None]] = {}


def begin(name: str, work: Callable[[], None], stop: Callable[[], None]) -> threading.Thread:
    """Do `work` on a new thread. stop: makes it end soon; called when Python ends before the work does."""
    for thread in [thread for thread in _stops if not thread.is_alive()]:
        del _stops[thread]
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    _stops[thread] = stop
    return thread


@atexit.register
def _end_all() -> None:
    threads = dict(_stops)
    for stop in threads.values():
        stop()
    for thread in threads:
        thread.join(PATIENCE)
