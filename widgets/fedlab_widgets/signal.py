"""How a session speaks: it says what has changed to whoever listens, and a sentence to the learner."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fedlab_widgets.problems import in_one_sentence, shortened


@dataclass(frozen=True)
class Message:
    """One sentence for the learner, with what lies behind it to fold out. problem: it is not just a remark."""

    sentence: str = ""
    details: str = ""
    problem: bool = False


class Signal:
    """Something that others listen to."""

    def __init__(self) -> None:
        self.message = Message()
        self.listeners: list[Callable[[str], None]] = []

    def subscribe(self, listen: Callable[[str], None]) -> None:
        """Call `listen` with the name of whatever changes, on whatever thread that happens."""
        self.listeners.append(listen)

    def changed(self, what: str) -> None:
        for listen in list(self.listeners):
            listen(what)

    def tell(self, sentence: str, details: str = "", problem: bool = False) -> None:
        """Say a sentence below the buttons; "" takes it away."""
        message = Message(shortened(sentence), details, problem)
        if message.sentence != self.message.sentence:
            self.message = message
            self.changed("message")

    def report(self, error: BaseException) -> None:
        """Say what went wrong."""
        self.tell(in_one_sentence(error), "".join(traceback.format_exception(error)), problem=True)

    def guard(self, act: Callable[[], Any]) -> None:
        """Do something that was clicked; what goes wrong is said and ends nothing else."""
        try:
            act()
        except Exception as error:
            self.report(error)
