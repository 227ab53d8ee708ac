"""Outcomes: what stands outside a lab and is told of its runs, a question or claims. The lab does not keep it alive."""

from __future__ import annotations

from typing import ClassVar, Protocol
from weakref import WeakSet

from fedlab import History
from fedlab_widgets.predict import Prediction
from fedlab_widgets.session import Session
from fedlab_widgets.view import View


class Follower(Protocol):
    """What wants to be told of a lab's runs: with each change, and when the lab is closed."""

    def follow(self, histories: list[History]) -> None: ...
    def leave(self) -> None: ...


class Outcomes(View):
    """The lab's part of them; it shows nothing itself."""

    follows: ClassVar[tuple[str, ...]] = ("runs", "prediction")

    def __init__(self, session: Session):
        super().__init__(session)
        self._followers: WeakSet[Follower] = WeakSet()
        if session.prediction:
            self._followers.add(session.prediction)

    def add(self, follower: Follower) -> None:
        """Tell it of the runs from now on."""
        self._followers.add(follower)
        if isinstance(follower, Prediction):
            follower.on_answer(self.draw)  # the runs that tell may be there before the answer
        self.draw()

    def draw(self) -> None:
        histories = [run.history for run in self.session.runs.all]
        for follower in list(self._followers):
            follower.follow(histories)

    def close(self) -> None:
        for follower in list(self._followers):
            follower.leave()
        super().close()
