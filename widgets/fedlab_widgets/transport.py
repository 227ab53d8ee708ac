"""Run, Pause, Step, Stop, Reset, and how far it is. The buttons never wait: they tell the worker."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as widgets

from fedlab_widgets.runs import Run
from fedlab_widgets.worker import Worker

Act = Callable[[], None]

LOCKED = '<div class="fedlab-lesson" role="status">Answer the question first: then Run unlocks.</div>'


class Transport:
    """The functions are what each button does."""

    def __init__(self, *, run: Act, pause: Act, step: Act, stop: Act, reset: Act):
        self._run = _button("Run", "play", "train with the settings of the controls", run, "primary")
        self._pause = _button("Pause", "pause", "hold, and go on later with the same button", pause)
        self._step = _button("Step", "step-forward", "train one round", step)
        self._stop = _button("Stop", "stop", "end the run now; its finished rounds stay", stop)
        self._reset = _button("Reset", "undo", "forget all runs and set the controls back", reset)
        self._bar = widgets.FloatProgress(0, min=0, max=1)
        self._bar.add_class("fedlab-progress")
        self._status = widgets.HTML()
        self._message = widgets.HTML()
        buttons = widgets.HBox([self._run, self._pause, self._step, self._stop, self._reset, self._bar, self._status])
        buttons.add_class("fedlab-transport")
        self.view = widgets.VBox([buttons, self._message])

    def draw(self, worker: Worker, latest: Run | None, locked: bool = False) -> None:
        """Show how things stand. locked: there is a question to answer before anything may run."""
        self._run.disabled = self._step.disabled = locked
        self._run.icon = "lock" if locked else "play"
        run = worker.run or latest
        self._pause.disabled = worker.run is None
        self._pause.description, self._pause.icon = ("Resume", "play") if worker.paused else ("Pause", "pause")
        self._stop.disabled = worker.run is None and not worker.waiting
        self._bar.value = progress_of(worker, run) if run else 0
        self._bar.bar_style = "warning" if worker.paused else "danger" if run and run.problem else "info"
        self._status.value = f'<span class="fedlab-status" role="status">{html.escape(status_of(worker, run))}</span>'
        if locked:
            self._message.value = LOCKED
        elif self._message.value == LOCKED:
            self.say("")
        if worker.problem:
            self.say(worker.problem)
        elif run and run.problem:
            self.say(run.problem, run.details)

    def say(self, sentence: str, details: str = "") -> None:
        """Show one sentence below the buttons, with details to fold out; "" takes it away."""
        folded = f"<details><summary>details</summary><pre>{html.escape(details)}</pre></details>" if details else ""
        text = f'<div class="fedlab-complaint" role="alert">{html.escape(sentence)}{folded}</div>' if sentence else ""
        if self._message.value != text:
            self._message.value = text


def progress_of(worker: Worker, run: Run) -> float:
    """The share of the run's rounds that is done; of a round, the share of its parties that have reported."""
    part = 0.0
    if run is worker.run:
        part = worker.uploads / max(1, round(run.experiment.participation * run.experiment.parties))
    return min(1.0, (run.done + min(part, 1.0)) / max(1, run.target))


def status_of(worker: Worker, run: Run | None) -> str:
    """How things stand, in a few words."""
    waiting = len(worker.waiting)
    queue = f", {waiting} more waiting" if waiting and worker.run else ""
    if not worker.ready:
        return "Please wait: TensorFlow is starting." if waiting else "TensorFlow starts in the background."
    if worker.run is None and waiting:
        return "Please wait: the model is being compiled."
    if run is None:
        return "Ready. The algorithms are compiled in the background." if worker.compiling_ahead else "Ready."
    if worker.run is None:
        ends = {"finished": "Finished", "stopped": "Stopped", "failed": "Failed"}
        return f"{ends.get(run.status, 'Ready')} after {run.done} of {run.target} rounds."
    if worker.stopping:
        return "Stopping."
    if worker.paused:
        return f"Paused in round {run.done + 1} of {run.target}{queue}."
    if worker.preparing:
        return f"Please wait: the model is being compiled{queue}."
    left = run.seconds_left()
    return f"Round {run.done + 1} of {run.target}" + (f", {_time(left)} left" if left is not None else "") + f"{queue}."


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"about {max(1, round(seconds))} s"
    return f"about {seconds / 60:.0f} min" if seconds < 6000 else f"about {seconds / 3600:.0f} h"


def _button(text: str, icon: str, tooltip: str, act: Act, look: str = "") -> widgets.Button:
    button = widgets.Button(description=text, icon=icon, tooltip=tooltip, button_style=look)
    button.on_click(lambda _: act())
    button.add_class(f"fedlab-{text.lower()}")
    return button
