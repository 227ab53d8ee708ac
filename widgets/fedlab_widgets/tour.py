"""A tour of the lab itself: it lights up a part, says what to do there, waits until the learner has done it.

Lab(tour=[TourStep(".fedlab-run", "Press Run.", done=lambda lab: lab.histories), ...])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import traitlets

from fedlab.settings import InvalidSetting
from fedlab.text import say
from fedlab_widgets.part import Part, source
from fedlab_widgets.session import Session
from fedlab_widgets.view import View


@dataclass(frozen=True)
class TourStep:
    """One stop of a tour. say: one or two plain sentences.

    at: what to light up: a `data-part` of the lab ("control-alpha", "follow", "group-data"), or a CSS selector that
    begins with a dot (".fedlab-chart"). done: a function of the lab that says whether the learner has done it; without
    one, Next counts.
    """

    at: str
    say: str
    done: Callable[[Any], Any] | None = None


class Guide(Part):
    """The tour on the page. state: the stop it is at, and the words."""

    _esm = traitlets.Unicode(source("base.js", "tour.js")).tag(sync=True)
    _css = traitlets.Unicode(source("tour.css")).tag(sync=True)


class Tour(View):
    """Where the learner is, and which stops are ticked: a tick stays, whatever is moved later."""

    follows: ClassVar[tuple[str, ...]] = ("controls", "runs", "state", "selected", "prediction")

    def __init__(self, session: Session, steps: Sequence[TourStep], lab: Any):
        super().__init__(session)
        self._steps, self._lab = steps, lab
        self._at, self._open = 0, True
        self._ticked: set[int] = set()
        self._broken: set[int] = set()  # their `done` stopped with an error, which was told: Next counts
        self.view = self.make(Guide, css="fedlab-tour")
        do = session.guard
        self.view.answer(
            go=lambda to: do(lambda: self.go(int(to))), leave=lambda: do(self.leave), come=lambda: do(self.come_back)
        )

    def go(self, to: int) -> None:
        """Go to the stop of this number, from 0; behind the last one the tour ends, and would begin anew."""
        self._open = to < len(self._steps)
        self._at = max(0, to) if self._open else 0
        self.draw()

    def leave(self) -> None:
        """Leave the tour; `come_back` goes on at the same stop."""
        self._open = False
        self.draw()

    def come_back(self) -> None:
        self._open = True
        self.draw()

    def draw(self) -> None:
        """Tick the present stop if it is done, and tell the page."""
        if not self._steps:
            return
        at = self._at
        if self._open and at not in self._ticked and self._is_done(at):
            self._ticked.add(at)
        with self.session.lock:
            self.put(self.view, state=self._state())

    def _is_done(self, number: int) -> bool:
        """A setting that is not right yet is told beside its control, and is nothing done."""
        done = self._steps[number].done
        if done is None or number in self._broken:
            return False
        try:
            return bool(done(self._lab))
        except InvalidSetting:
            return False
        except Exception as error:
            self._broken.add(number)
            self.session.report(error)
            return False

    def _state(self) -> dict[str, Any]:
        at, step = self._at, self._steps[self._at]
        waits = step.done is not None and at not in self._ticked | self._broken
        last = at == len(self._steps) - 1
        return {
            "open": self._open,
            "at": at,
            "light": step.at,
            "text": say(step.say),
            "count": say("{number} of {steps}", number=at + 1, steps=len(self._steps)),
            "done": say("Done.") if at in self._ticked else "",
            "next": say("Skip") if waits else say("Finish") if last else say("Next"),
            "waits": waits,
            "words": {"tour": say("Tour"), "back": say("Back"), "leave": say("Leave the tour")},
        }
