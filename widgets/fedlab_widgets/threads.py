"""The lab's own threads. None keeps Python alive, and none is killed by its end: C++ code does not survive that.

A kernel in a browser has none, and on Colab nothing that they say reaches the page: there what a thread would do is
done at once, and training goes by the page's clock (`driver.py`).
"""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Callable

PATIENCE = 5.0  # seconds that an ending Python waits for each thread

_lock = threading.Lock()
_stops: dict[threading.Thread, Callable[[], None]] = {}  # of the threads that are at work


def exist() -> bool:
    """Whether there are threads here, and what they say reaches the page."""
    return sys.platform not in ("emscripten", "wasi") and "google.colab" not in sys.modules


def begin(name: str, work: Callable[[], None], stop: Callable[[], None]) -> threading.Thread | None:
    """Do `work` on a new thread. stop: makes it end soon; called when Python ends before the work does."""
    if not exist():
        work()
        return None

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


def later(seconds: float, act: Callable[[], None]) -> None:
    """Do something after so many seconds."""
    if not exist():
        act()
        return
    timer = threading.Timer(seconds, act)
    timer.name, timer.daemon = "fedlab click", True
    timer.start()


@atexit.register
def _end_all() -> None:
    with _lock:
        threads = dict(_stops)
    for stop in threads.values():
        stop()
    for thread in threads:
        thread.join(PATIENCE)
