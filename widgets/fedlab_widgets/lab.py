"""The lab: controls make an experiment, a worker runs it, a painter draws what happens."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

import ipywidgets as widgets

from fedlab import Experiment, History
from fedlab.algorithms import Algorithm
from fedlab.differences import title_of
from fedlab.lessons import checking
from fedlab.partitions import Partition
from fedlab_widgets import kernel
from fedlab_widgets.behind import Behind
from fedlab_widgets.controls import Controls, with_settings_for
from fedlab_widgets.curves import Curves
from fedlab_widgets.holdings import Holdings
from fedlab_widgets.link import Link
from fedlab_widgets.painter import Painter
from fedlab_widgets.predict import Prediction
from fedlab_widgets.runs import Run, Runs
from fedlab_widgets.table import Table
from fedlab_widgets.transport import Transport
from fedlab_widgets.worker import Worker


class Lab:
    """Federated learning with sliders.

    experiment: where the controls begin. controls: the names of those to show at first, the others one click away.
    algorithms, partitions: classes of your own, to choose from beside the kit's.
    prediction: a question; Run waits for its answer, which is then drawn into the plot.

    >>> Lab(Experiment(parties=3, examples=3000), controls=["parties", "alpha"])
    """

    def __init__(
        self,
        experiment: Experiment | None = None,
        *,
        controls: Sequence[str] = (),
        algorithms: Iterable[type[Algorithm]] = (),
        partitions: Iterable[type[Partition]] = (),
        prediction: Prediction | None = None,
    ):
        self._start = experiment or with_settings_for(controls, Experiment())
        self._lock = threading.RLock()
        self._runs = Runs()
        self._worker = Worker(
            self._lock,
            self._refresh,
            lambda: self._painter.ask("state"),
            lambda: [] if checking() else self._controls.within_reach(),
        )
        self._controls = Controls(self._start, [*algorithms, *partitions], controls, self._moved, self._sweep)
        self._transport = Transport(
            run=lambda: kernel.soon(self._press_run),
            pause=self._pause,
            step=lambda: kernel.soon(self._step),
            stop=self.stop,
            reset=self._reset,
        )
        self._prediction = prediction
        self._curves = Curves(self._runs, lambda: self._painter.ask("curves"), prediction)
        self._holdings = Holdings(self._start, lambda: self._painter.ask("holdings"), self._controls.complain)
        self._table = Table(
            self._runs,
            self._refresh,
            lambda run: self._use(run.experiment),
            self._fork,
            lambda: self._curves.picture.png,
        )
        self._behind = Behind(self._runs)
        self._link = Link(self._use)
        self._painter = Painter(
            {
                "state": self._draw_state,
                "curves": self._curves.draw,
                "table": self._table.draw,
                "behind": self._behind.draw,
                "holdings": self._holdings.draw,
            },
            busy=lambda: self._worker.run is not None and not self._worker.paused,
        )
        self.view = self._lay_out()
        kernel.answer_beside_cells(self.view)
        self._link.show(self._start)
        self._painter.paint("state", "curves", "holdings")
        if prediction:
            prediction.on_answer(self._refresh)
        kernel.enrol(self)

    # what a notebook's code may ask for

    @property
    def experiment(self) -> Experiment:
        """What the controls describe now."""
        return self._controls.experiment

    @property
    def histories(self) -> list[History]:
        """The history of every run, in the order in which they were begun."""
        return [run.history for run in self._runs.all]

    def run(self, rounds: int | None = None) -> History:
        """Press Run (or, with `rounds`, go on until there are so many), wait for the end, and return the history."""
        experiment = self.experiment
        run = self._train(experiment, rounds or experiment.rounds)
        try:
            self._worker.wait()
        except KeyboardInterrupt:
            self.stop()
            raise
        finally:
            self._painter.paint("state", "curves", "table", "behind")
        return run.history

    def start(self) -> None:
        """Begin to load TensorFlow in the background."""
        self._worker.start()

    def stop(self) -> None:
        """Press Stop: the round under way is dropped, those before it stay."""
        self._worker.stop()
        self._behind.stop()

    def close(self) -> None:
        """Stop for good and take the lab off the page; the histories stay."""
        kernel.forget(self)
        self._worker.close()
        self._behind.stop()
        self._painter.close()
        lent = kernel.every(self._prediction.in_lab) if self._prediction else []
        for widget in kernel.every(self.view):
            if widget not in lent:
                widget.close()

    def __repr__(self) -> str:
        run = next((run for run in reversed(self._runs.all) if run.done), None)
        experiment = run.experiment if run else self._start
        about = f"{title_of(type(experiment.algorithm))}, {experiment.parties:,} parties"
        if run is None:
            return f"Lab: {about}, no round yet"
        return f"{about}, {run.done} rounds: test accuracy {run.history.rounds[-1].test_accuracy:.1%}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widgets; for pages without a kernel the plot as it is now, and one line of text."""
        if checking():
            self.run()
        bundle = dict(self.view._repr_mimebundle_(**kwargs))
        png, about = self._curves.picture.still()
        return {**bundle, "text/plain": repr(self), "image/png": png}, {"image/png": about}

    # what the buttons and the controls do

    def _press_run(self) -> None:
        experiment = self._wanted()
        if experiment:
            self._worker.resume()
            run = self._train(experiment, experiment.rounds)
            if run.status == "finished":
                self._transport.say(
                    "This run is already here, so its curve is shown again instead of being trained again."
                )

    def _step(self) -> None:
        if self._worker.run:
            self._worker.step()
        elif experiment := self._wanted():
            run = self._runs.of(experiment)
            self._train(experiment, run.done + 1 if run else 1)

    def _pause(self) -> None:
        (self._worker.resume if self._worker.paused else self._worker.pause)()

    def _sweep(self, experiments: list[Experiment]) -> None:
        if self._locked:
            return
        self._transport.say("")
        for experiment in experiments:
            self._train(experiment, experiment.rounds)

    def _fork(self, origin: Run, number: int) -> None:
        experiment = self._wanted()
        if experiment is None:
            return
        try:
            with self._lock:
                run = self._runs.fork(origin, number, experiment)
                self._worker.train(run, run.target)
        except ValueError as error:
            self._transport.say(str(error))
        self._refresh()

    def _reset(self) -> None:
        with self._lock:
            self._worker.stop()
            self._runs.clear()
        self._transport.say("")
        self._use(self._start)

    def _use(self, experiment: Experiment) -> None:
        """Set the controls."""
        self._controls.show(experiment)
        self._moved()

    def _moved(self) -> None:
        kernel.answer_beside_cells(self.view)  # an algorithm chosen for the first time has brought new controls
        experiment = self._controls.check()
        if experiment:
            self._holdings.follow(experiment)
            self._link.show(experiment)
            self._painter.ask("holdings")
        self._refresh()

    def _wanted(self) -> Experiment | None:
        """The experiment to run; None, and a word about it, if a control is wrong; None before the prediction."""
        if self._locked:
            return None
        experiment = self._controls.check()
        self._transport.say("" if experiment else "A control is not right yet: it says why.")
        return experiment

    @property
    def _locked(self) -> bool:
        """Whether a prediction is still to be made."""
        return self._prediction is not None and self._prediction.locks

    def _train(self, experiment: Experiment, rounds: int) -> Run:
        with self._lock:
            run = self._runs.of(experiment) or self._runs.begin(experiment)
            run.shown = True
            self._worker.train(run, rounds)
        self._refresh()
        return run

    # what is drawn

    def _refresh(self) -> None:
        """Something has changed: draw it soon."""
        with self._lock:
            for run in [run for run in self._runs.all if run.status == "stopped" and not run.done]:
                self._runs.remove(run)
        self._painter.ask("state", "table", "behind")
        self._painter.ask("curves", at_once=self._curves.lacks_one)

    def _draw_state(self) -> None:
        runs = self._runs.all
        self._transport.draw(self._worker, runs[-1] if runs else None, self._locked)
        if self._prediction:
            self._prediction.follow(self.histories)
        self._curves.say_moved(bool(runs) and self._runs.of(self._controls.last) is None)

    def _lay_out(self) -> widgets.VBox:
        style = widgets.HTML(
            f"<style>{files('fedlab_widgets').joinpath('style.css').read_text(encoding='utf-8')}</style>"
        )
        style.add_class("fedlab-style")
        pictures = widgets.VBox([self._curves.view, self._holdings.view])
        pictures.add_class("fedlab-pictures")
        tabs = widgets.Tab(
            [self._table.view, self._behind.view, self._table.code, self._link.view],
            titles=["Runs", "Behind the accuracy", "Code", "Link"],
        )
        tabs.add_class("fedlab-tabs")
        middle = widgets.HBox([self._controls.view, pictures])
        middle.add_class("fedlab-middle")
        question = [self._prediction.in_lab] if self._prediction else []
        view = widgets.VBox([style, *question, self._transport.view, middle, tabs])
        view.add_class("fedlab-lab")
        return view
