"""The lab's own threads. None keeps Python alive, and none is killed by its end: C++ code does not survive that."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable

PATIENCE = 5.0  # seconds that an ending Python waits for each thread

_lock = threading.Lock()
_stops: dict[threading.Thread, Callable[[], None]] = {}  # of the threads that are at work


def begin(name: str, work: Callable[[], None], stop: Callable[[], None]) -> threading.Thread:
    """Do `work` on a new thread. stop: makes it end soon; called when Python ends before the work does."""

    def all_of_it() -> None:
        try:
            work()
        finally:
            with _lock:
                _stops.pop(threading.current_thread(), None)

    thread = threading.Thread(target=all_of_it, name=name, daemon=True)
    with _lock:
        _stops[thread] = stop
    thread.start()
    return thread


@atexit.register
def _end_all() -> None:
    with _lock:
        threads = dict(_stops)
    for stop in threads.values():
        stop()
    for thread in threads:
        thread.join(PATIENCE)
