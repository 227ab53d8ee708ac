"""Run, Pause, Step, Stop, Steer, Reset, and how far it is. The buttons never wait: they tell the session."""

from __future__ import annotations

import html
from typing import ClassVar

import ipywidgets as widgets

from fedlab.text import say
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.signal import Message
from fedlab_widgets.steering import steer
from fedlab_widgets.view import View, complaint


class Transport(View):
    """The buttons, the bar, how things stand, and the sentence below."""

    follows: ClassVar[tuple[str, ...]] = ("state", "progress", "runs", "message", "prediction")

    def __init__(self, session: Session):
        super().__init__(session)
        do, css = session, "fedlab-{}".format
        self._run = self.button(
            say("Run"),
            "play",
            say("train with the settings of the controls"),
            lambda: do.beside(do.run),
            css("run"),
            look="primary",
        )
        self._pause = self.button(
            say("Pause"), "pause", say("hold, and go on later with the same button"), do.pause, css("pause")
        )
        self._step = self.button(
            say("Step"), "step-forward", say("train one round"), lambda: do.beside(do.step), css("step")
        )
        self._stop = self.button(
            say("Stop"), "stop", say("end the run now; its finished rounds stay"), do.stop, css("stop")
        )
        self._reset = self.button(
            say("Reset"), "undo", say("forget all runs and set the controls back"), do.reset, css("reset")
        )
        self._steer = self.button(
            say("Steer"),
            "code-fork",
            say("from the selected run's next round, or the round chosen, on: train with what the controls say now"),
            lambda: steer(session),
            css("steer"),
            soon=True,
        )
        self._bar = self.make(widgets.HTML, css="fedlab-progress")
        self._status = self.make(widgets.HTML)
        self._message = self.make(widgets.HTML)
        buttons = [self._run, self._pause, self._step, self._stop, self._steer, self._reset, self._bar, self._status]
        self.view = self.make(
            widgets.VBox, [self.make(widgets.HBox, buttons, css="fedlab-transport"), self._message], css="fedlab-drive"
        )
        session.subscribe(lambda what: self.draw() if what == "stuck" else None)  # it may be what draws that is stuck

    def draw(self) -> None:
        session, training = self.session, self.session.training
        run, locked = session.latest, session.locked
        self.put(self._run, disabled=locked, icon="lock" if locked else "play")
        self.put(self._step, disabled=locked)
        pause = (say("Resume"), "play") if training.paused else (say("Pause"), "pause")
        self.put(self._pause, disabled=training.run is None, description=pause[0], icon=pause[1])
        self.put(self._stop, disabled=not training.busy)
        chosen = session.selected["run"]
        self.put(self._steer, disabled=locked or chosen is None or not (chosen.done or chosen is training.run))
        look = "fedlab-held" if training.paused else "fedlab-failed" if run and run.ended == "failed" else ""
        done, name = progress_of(session, run) if run else 0.0, html.escape(say("rounds done"))
        self.put(self._bar, value=f'<progress value="{done:.3f}" class="{look}" aria-label="{name}"></progress>')
        status = html.escape(status_of(session, run))
        self.put(self._status, value=f'<span class="fedlab-status" role="status">{status}</span>')
        question = Message(say("Answer the question first: then Run unlocks.") if locked else "")
        self.put(self._message, value=_shown(session.message) + _shown(question))


def _shown(message: Message) -> str:
    """A message as HTML."""
    if message.problem or not message.sentence:
        return complaint(message.sentence, message.details)
    return f'<div class="fedlab-note" role="status">{html.escape(message.sentence)}</div>'


def progress_of(session: Session, run: Run) -> float:
    """The share of the run's rounds that is done; of a round, the share of its parties that have reported."""
    part = 0.0
    if run is session.training.run:
        part = session.training.uploads / max(1, round(run.experiment.participation * run.experiment.parties))
    return min(1.0, (run.done + min(part, 1.0)) / max(1, run.planned))


def status_of(session: Session, run: Run | None) -> str:
    """How things stand, in a few words. run: the one that trains, or was the last to."""
    training = session.training
    if training.stuck:
        return say("{method} does not return: if it never does, restart the kernel.", method=training.stuck)
    if run is None:
        return say("Ready.") if not training.busy else say("Please wait.")
    done, rounds, status = run.done, run.planned, training.status(run)
    waiting = len(training.waiting)
    more = say(", {waiting} more waiting", waiting=waiting) if waiting and training.run else ""
    if status == "starting":
        return say("Please wait: TensorFlow is starting{more}.", more=more)
    if training.stopping:
        return say("Stopping.")
    if status == "paused":
        return say("Paused in round {number} of {rounds}{more}.", number=done + 1, rounds=rounds, more=more)
    if status == "running":
        number, left = min(done + 1, rounds), run.seconds_left()
        time = say(", {time} left", time=_time(left)) if left is not None else ""
        return say("Round {number} of {rounds}{time}{more}.", number=number, rounds=rounds, time=time, more=more)
    if status == "stepped":
        return say("Round {number} of {rounds} done.", number=done, rounds=rounds)
    if status == "finished":
        return say("Finished after {number} of {rounds} rounds.", number=done, rounds=rounds)
    if status == "stopped":
        return say("Stopped after {number} of {rounds} rounds.", number=done, rounds=rounds)
    if status == "failed":
        return say("Failed after {number} of {rounds} rounds.", number=done, rounds=rounds)
    return say("Please wait.")


def _time(seconds: float) -> str:
    if seconds < 100:
        return say("about {seconds} s", seconds=max(1, round(seconds)))
    if seconds < 6000:
        return say("about {minutes:.0f} min", minutes=seconds / 60)
    return say("about {hours:.0f} h", hours=seconds / 3600)
