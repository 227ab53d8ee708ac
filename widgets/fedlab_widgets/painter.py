"""The painter: the one thread of a lab that draws. It draws the newest state only, and never for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from fedlab_widgets.session import Session
from fedlab_widgets.threads import begin, exist
from fedlab_widgets.view import View

SHARE = 0.06  # of the time, at most, goes into drawing a view while something trains
LEAST = 0.2  # seconds, at least, between two drawings of a view while something trains
AT_ONCE = ("controls", "selected", "prediction", "message")  # what the learner has done waits for no share of the time


class Painter:
    """Draws views soon after something has changed that they follow. Two changes before it comes round are one drawing.

    A drawing that fails says so below the buttons; the next one is tried again.
    """

    def __init__(self, session: Session, views: Sequence[View]):
        self._session, self._views = session, views
        self._asked: dict[View, None] = {}  # a set that keeps its order
        self._due = dict.fromkeys(views, 0.0)
        self._wake = threading.Condition()
        self._drawing = threading.RLock()
        self._going = self._closed = False
        session.subscribe(self._heard)

    def ask(self, view: View, at_once: bool = False) -> None:
        """Have a view drawn, in the background. at_once: it must not wait for its share of the time."""
        with self._wake:
            if self._closed or (view in self._asked and self._going and not at_once):
                return
            if at_once:
                self._due[view] = 0.0
            self._asked[view] = None
            if self._going:
                self._wake.notify_all()
                return
            self._going = True
        begin("fedlab painter", self._work, self.close)

    def paint(self, *views: View) -> None:
        """Draw these, or all, now and on the caller's thread."""
        with self._drawing:
            for view in views or self._views:
                began = time.monotonic()
                self._session.guard(view.draw)
                ended = time.monotonic()
                self._due[view] = max(ended + (ended - began) * (1 / SHARE - 1), began + LEAST)

    def pause_before(self, view: View) -> float:
        """The seconds until this may be drawn again: none, unless something trains."""
        training = self._session.training
        busy = training.run is not None and not training.paused
        return max(0.0, self._due[view] - time.monotonic()) if busy else 0.0

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify_all()

    def _heard(self, what: str) -> None:
        for view in self._views:
            if what in view.follows and view.quick:
                self._session.guard(view.draw)
            elif what in view.follows:
                self.ask(view, at_once=what in AT_ONCE)

    def _work(self) -> None:
        while True:
            with self._wake:
                while self._asked and not self._closed:
                    view = min(self._asked, key=self.pause_before)
                    delay = self.pause_before(view)
                    if not delay or not exist():
                        break
                    self._wake.wait(delay)
                if not self._asked or self._closed or (delay and not exist()):  # its time comes with a later change
                    self._going = False
                    return
                del self._asked[view]
            self.paint(view)
