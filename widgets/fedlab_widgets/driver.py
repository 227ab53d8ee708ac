"""What drives the training: something that calls a session's `turn` as long as a turn says that there is more to do.

Usually it is a thread. Where threads do not exist, or what they say does not reach the page, it is the page itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import traitlets

from fedlab_widgets import kernel
from fedlab_widgets.part import Part, source
from fedlab_widgets.threads import begin

TICK = 0.1  # seconds of work, at most, before the page gets its turn


class ThreadDriver:
    """Calls `turn` on a thread, which lives only while there is something to do.

    turn: trains one round of what is due, and says whether it is to be called again. stop: ends a round under way.
    """

    def __init__(self, turn: Callable[[], bool], stop: Callable[[], None]):
        self._turn, self._stop = turn, stop
        self._lock = threading.Lock()
        self._due = self._going = self._closed = False

    def wake(self) -> None:
        """There is something to do."""
        with self._lock:
            self._due = True
            if self._going or self._closed:
                return
            self._going = True
        begin("fedlab worker", self._work, self._stop)

    def wait(self, busy: Callable[[], bool]) -> None:
        """Wait until nothing is left to do."""
        while busy() and not self._closed:
            time.sleep(0.02)

    def close(self) -> None:
        """Call `turn` no more."""
        self._closed = True

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._due or self._closed:
                    self._going = False
                    return
                self._due = False
            while not self._closed and self._turn():
                pass


class Clock(Part):
    """A clock on the page, without a face: while `going`, it says "tick", and again when Python is done with that."""

    _esm = traitlets.Unicode(source("base.js", "clock.js")).tag(sync=True)


class PageDriver:
    """Calls `turn` at each tick of the page's clock, for `TICK` seconds. turn: trains a piece of what is due."""

    def __init__(self, turn: Callable[[], bool], stop: Callable[[], None]):
        self._turn = turn
        self._closed = False
        self._clock: Any = Clock(state={"going": False})
        kernel.answer_beside_cells(self._clock)
        self._clock.answer(tick=self._tick)

    def wake(self) -> None:
        """There is something to do: let the clock go."""
        if not self._closed:
            self._clock.state = {"going": True}

    def wait(self, busy: Callable[[], bool]) -> None:
        """Do all that is left."""
        while busy() and not self._closed:
            self._turn()

    def close(self) -> None:
        """Call `turn` no more."""
        self._closed = True
        self._clock.close()

    def _tick(self) -> None:
        until = time.monotonic() + TICK
        while not self._closed and self._turn():
            if time.monotonic() >= until:
                return
        self._clock.state = {"going": False}
