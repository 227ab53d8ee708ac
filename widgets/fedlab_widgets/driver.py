"""What drives the training: something that calls a session's `turn` as long as a turn says that there is more to do.

Here it is a thread. Where threads do not exist, or what they say does not reach the page, another class with the same
methods takes its place, `Lab(..., driver=Ticks)`, such as one whose clock is the page and calls `turn` at each tick:

    class Ticks:
        def __init__(self, turn, stop): self.turn = turn         # and let a clock call it
        def wake(self): ...                                      # there is something to do: let the clock run
        def wait(self, busy): ...                                # until nothing is left: while busy(): self.turn()
        def close(self): ...
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from fedlab_widgets.threads import begin


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
