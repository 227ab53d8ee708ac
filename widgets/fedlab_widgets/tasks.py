"""Tasks beside a lab's plot: what to try, a button that sets the controls for it, and a tick when it is done."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import ipywidgets as widgets

from fedlab import Experiment, History
from fedlab.differences import differences
from fedlab.text import say
from fedlab_widgets.session import Session
from fedlab_widgets.view import View

MANY = 4  # tasks; of more than these only the next one that is to be done stands there in full, the others as a line


@dataclass(frozen=True)
class Task:
    """Something to try. text: plain, with **bold**. experiment: what is to be run; it is done when all its rounds are.

    done: instead, a function of the lab's histories that says whether it is done. With neither, the learner says so.
    """

    text: str
    experiment: Experiment | None = None
    done: Callable[[list[History]], Any] | None = None


class Tasks(View):
    """The tasks of a lab, as a numbered list."""

    follows: ClassVar[tuple[str, ...]] = ("runs", "state")

    def __init__(self, session: Session, tasks: Sequence[Task]):
        super().__init__(session)
        self._tasks = tasks
        self._by_hand: set[int] = set()  # those that the learner has said are done
        self._texts = [self.make(widgets.HTML, tabbable=False) for _ in tasks]  # a click opens a folded one
        self._status = self.make(widgets.HTML)
        self._rows = [
            self.make(widgets.VBox, [text, *self._buttons(number, task)], css="fedlab-task")
            for number, (text, task) in enumerate(zip(self._texts, tasks, strict=True))
        ]
        css = "fedlab-tasks fedlab-many" if len(tasks) > MANY else "fedlab-tasks"
        self.view = self.make(widgets.VBox, [*self._rows, self._status] if tasks else [], css=css)

    def draw(self) -> None:
        """Tick what is done."""
        histories = [run.history for run in self.session.runs.all]
        ticked = [self._is_done(number, task, histories) for number, task in enumerate(self._tasks)]
        for number, (text, task) in enumerate(zip(self._texts, self._tasks, strict=True)):
            self.put(text, value=_row(number + 1, task, ticked[number]))
        first = ticked.index(False) if False in ticked else None
        for number, row in enumerate(self._rows):
            (row.add_class if number == first else row.remove_class)("fedlab-now")
        count = say("{done} of {tasks} tasks done.", done=sum(ticked), tasks=len(ticked)) if any(ticked) else ""
        self.put(self._status, value=f'<span class="fedlab-note" role="status">{html.escape(count)}</span>')

    def set_up(self, experiment: Experiment) -> None:
        """Set the controls to an experiment, and say what has moved; nothing runs by itself."""
        before = self.session.experiment
        moved = [differences([before, experiment])[1]] if before.with_(rounds=experiment.rounds) != experiment else []
        if before.rounds != experiment.rounds:
            moved.append(say("rounds = {rounds}", rounds=experiment.rounds))
        told = say("The controls are set: {moved}. Now press Run.", moved=", ".join(moved))
        self.session.tell(told if moved else say("The controls are like this already. Press Run."))
        self.session.use(experiment)

    def _buttons(self, number: int, task: Task) -> list[Any]:
        if experiment := task.experiment:
            tooltip = say("set the controls for task {number}; nothing runs by itself", number=number + 1)
            text = say("Set this up for me")
            return [self.button(text, "sliders", tooltip, lambda: self.set_up(experiment), soon=True)]
        if task.done is None:
            tooltip = say("tick task {number}", number=number + 1)
            return [self.button(say("Done"), "check", tooltip, lambda: self._tick(number))]
        return []

    def _tick(self, number: int) -> None:
        self._by_hand ^= {number}
        self.draw()

    def _is_done(self, number: int, task: Task, histories: list[History]) -> bool:
        if task.done is not None:
            try:
                return bool(task.done(histories))
            except Exception as error:
                self.session.report(error)
                return False
        if task.experiment is None:
            return number in self._by_hand
        wanted = task.experiment
        return any(one.is_of(wanted) and len(one) >= wanted.rounds for one in histories)


def _row(number: int, task: Task, done: bool) -> str:
    """A task with its number and its tick, as HTML."""
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", html.escape(say(task.text)))
    sign, word = ("✓", say("done")) if done else (f"{number}", say("task {number}", number=number))
    look = "fedlab-sign fedlab-done" if done else "fedlab-sign"
    return f'<span class="{look}" role="img" aria-label="{html.escape(word)}">{sign}</span> {text}'
