"""The painter: the one thread of a lab that draws. It draws the newest state only, and never for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from fedlab_widgets.threads import begin

SHARE = 0.06  # of the time, at most, goes into drawing a thing while something trains
LEAST = 0.2  # seconds, at least, between two drawings of a thing while something trains


class Painter:
    """Draws what it is asked for, soon. Asking twice before it comes round draws once.

    paints: name to function. busy: whether something trains, so that drawing must be seldom.
    """

    def __init__(self, paints: dict[str, Callable[[], None]], busy: Callable[[], bool]):
        self._paints = paints
        self._busy = busy
        self._asked: dict[str, None] = {}  # a set that keeps its order
        self._due = dict.fromkeys(paints, 0.0)
        self._wake = threading.Condition()
        self._drawing = threading.RLock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, *names: str, at_once: bool = False) -> None:
        """Have these drawn, in the background. at_once: what is new must not wait for its share of the time."""
        with self._wake:
            if self._closed or (self._busy() and not at_once and self._asked.keys() >= set(names)):
                return
            if at_once:
                self._due.update(dict.fromkeys(names, 0.0))
            self._asked.update(dict.fromkeys(names))
            if self._thread is None:
                self._thread = begin("fedlab painter", self._work, self.close)
            self._wake.notify_all()

    def paint(self, *names: str) -> None:
        """Draw these now, on the caller's thread."""
        with self._drawing:
            for name in names:
                began = time.monotonic()
                self._paints[name]()
                ended = time.monotonic()
                self._due[name] = max(ended + (ended - began) * (1 / SHARE - 1), began + LEAST)

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify_all()

    def _work(self) -> None:
        while True:
            with self._wake:
                name, delay = self._next()
                while delay > 0 and not self._closed:
                    self._wake.wait(delay)
                    name, delay = self._next()
                if self._closed:
                    return
                del self._asked[name]
            self.paint(name)

    def _next(self) -> tuple[str, float]:
        """What is to be drawn next, and in how many seconds."""
        if not self._asked:
            return "", 3600.0
        name = min(self._asked, key=self.pause_before)
        return name, self.pause_before(name)

    def pause_before(self, name: str) -> float:
        """The seconds until this may be drawn again: none, unless something trains."""
        return max(0.0, self._due[name] - time.monotonic()) if self._busy() else 0.0
