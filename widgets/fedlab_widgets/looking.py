"""A view that looks closer at one round of one run: menus, a button, and the round run once more in the background.

A run keeps no party's model and no upload. It repeats exactly, so the round in question is simply run once more, and
watched.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import Any, ClassVar

import ipywidgets as widgets

import fedlab
from fedlab.events import at
from fedlab.prepare import Prepared, prepare
from fedlab.text import say
from fedlab_widgets.brake import Brake, Stopped
from fedlab_widgets.problems import in_one_sentence
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.starting import needs_tensorflow, start_tensorflow
from fedlab_widgets.table import RunMenu
from fedlab_widgets.threads import begin
from fedlab_widgets.view import View, complaint, lesson
from fedlab_widgets.watching import Watched, watch


class Looking(View):
    """A subclass lays out `menus`, `button_look` and `text`, and shows what was watched."""

    follows: ClassVar[tuple[str, ...]] = ("runs", "selected")

    def __init__(self, session: Session, about: str):
        super().__init__(session)
        self._brake = Brake()
        self._thread: threading.Thread | None = None
        self._menu = self.own(RunMenu(session))
        self._look = self.button(say("Look"), "search", say("run this round once more, and watch it"), self.look)
        self._text = self.make(widgets.HTML, lesson(about))

    def show(self, run: Run, prepared: Prepared, watched: Watched) -> None:
        """Show what happened in the round. run: the one that was chosen."""
        raise NotImplementedError

    def tools(self, *more: Any) -> Any:
        """The menus and the button, with what else there is to choose between them, in one line."""
        return self.make(widgets.HBox, [self._menu.run, self._menu.round, *more, self._look], css="fedlab-tools")

    def draw(self) -> None:
        """Offer the runs that there are now."""
        self._menu.draw()
        run = self.session.selected["run"]
        self.put(self._look, disabled=run is None or not run.done)

    def look(self) -> None:
        """Begin to look at the chosen round, in the background."""
        run = self.session.selected["run"]
        if run is None or not run.done or (self._thread is not None and self._thread.is_alive()):
            return
        self._brake.release()
        self._say(say("Running that round once more …"))
        self._thread = begin("fedlab look", partial(self._work, run, self.session.round_of(run)), self.stop)

    def wait(self) -> None:
        """Wait until the look under way is over."""
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """End the look under way."""
        self._brake.stop()

    def _say(self, sentence: str) -> None:
        self._text.value = lesson(sentence)

    def _work(self, run: Run, number: int) -> None:
        try:
            self.show(run, *self._again(run, number))
        except Stopped:
            self._say(say("Stopped."))
        except BaseException as error:  # a learner's own code may raise anything
            self._text.value = complaint(in_one_sentence(error))

    def _again(self, run: Run, number: int) -> tuple[Prepared, Watched]:
        """Run the round once more, with the settings that held in it."""
        while run.origin and number <= run.origin[1]:  # a fork's first rounds are another run's
            run = run.origin[0]
        experiment, data, model = run.experiment, self.session.dataset, self.session.model
        if needs_tensorflow(experiment, model):
            self._say(say("Please wait: TensorFlow is starting."))
            start_tensorflow()
        start = run.history.state_at(number - 1)
        if number > 1 and (start is None or start.number < number - 1):  # that state is not kept: get there again
            before = experiment.with_(rounds=number - 1)
            *_, last = fedlab.run(before, start=start, dataset=data, model=model, between_chunks=self._brake.check)
            start = last.state
        prepared = prepare(at(experiment, number).with_(rounds=number), data, model)
        return prepared, watch(prepared, start, self._brake, self.session.selected["party"])
