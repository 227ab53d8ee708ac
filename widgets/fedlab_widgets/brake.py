"""The brake: what Pause and Stop pull, and what a run looks at between two chunks of local steps."""

from __future__ import annotations

import threading


class Stopped(Exception):
    """Training was told to stop; the round it was in is dropped."""


class Brake:
    """`check` is called by the training threads; everything else by whoever holds the buttons.

    A run that pauses waits inside `check`. When Python shuts down, `check` lets go of the threads that train, so that a
    kernel never waits for a round to end.
    """

    def __init__(self) -> None:
        self._going = threading.Event()
        self._stopping = threading.Event()

    def release(self) -> None:
        """Let the next run begin."""
        self._stopping.clear()
        self._going.set()

    def pause(self) -> None:
        """Hold the run at its next check."""
        self._going.clear()

    def resume(self) -> None:
        """Let a paused run go on."""
        self._going.set()

    def stop(self) -> None:
        """End the run at its next check, paused or not."""
        self._stopping.set()
        self._going.set()

    @property
    def paused(self) -> bool:
        return not self._going.is_set()

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def check(self) -> None:
        """Wait while paused; raise `Stopped` if the run is to end."""
        while not self._ends() and not self._going.wait(0.2):
            pass
        if self._ends():
            raise Stopped

    def _ends(self) -> bool:
        return self._stopping.is_set() or not threading.main_thread().is_alive()
