"""The session: everything that a lab is but its looks.

What the controls want, the runs, what trains, what is selected, and the learner's own data, model and kinds. Everything
that a button does is a method here. The session says `changed(what)`, and the parts of the page, which know nothing but
the session, draw what it is then. What may change:

    controls     what is wanted, or why it cannot be
    runs         a run or a round more, or less; what is shown
    state        what trains, and how it stands;   progress     a party has reported;   stuck   a method does not return
    selected     the run, the round, the axis, ... that is looked at
    message      the sentence below the buttons;   prediction   the question is answered
    look         the learner wants to see what is behind the selected round
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fedlab import Experiment
from fedlab.datasets import Dataset
from fedlab.differences import title_of
from fedlab.prepare import Prepared
from fedlab.roles import KINDS
from fedlab.settings import Kind
from fedlab.text import say
from fedlab_widgets import kernel
from fedlab_widgets.control import text_of
from fedlab_widgets.driver import ThreadDriver
from fedlab_widgets.kinds import kinds_with
from fedlab_widgets.runs import Run, Runs
from fedlab_widgets.signal import Signal
from fedlab_widgets.steering import holds_after
from fedlab_widgets.threads import begin
from fedlab_widgets.training import Training
from fedlab_widgets.wanted import Wanted

if TYPE_CHECKING:
    import keras

    from fedlab_widgets.predict import Prediction


class Session(Signal):
    """experiment: where the controls begin. own: classes of the learner's own, of any role.

    dataset, model: the learner's own, instead of the experiment's. driver: what drives the training; see `driver.py`.
    """

    def __init__(
        self,
        experiment: Experiment,
        *,
        own: Iterable[type[Kind]] = (),
        dataset: Dataset | None = None,
        model: keras.Model | None = None,
        prediction: Prediction | None = None,
        driver: Callable[[Callable[[], bool], Callable[[], None]], Any] = ThreadDriver,
    ):
        super().__init__()
        self.lock = threading.RLock()  # guards everything here; held only for moments
        self.start = experiment
        self.kinds = kinds_with(own, experiment)
        self.wanted = Wanted(experiment, dataset, model)
        self.dataset, self.model, self.prediction = dataset, model, prediction
        self.runs = Runs()
        self.training = Training(self.lock, self.changed, self._failed, dataset, model)
        self.driver = driver(self.turn, self.stop)
        self.selected: dict[str, Any] = {"run": None, "round": 0, "x": "rounds", "party": 0}  # round 0: the newest
        self._moved = False  # whether the learner has moved a control since something was begun
        self.follows_moves = False  # whether each move of a control begins a run
        self._stops = 0  # Stop and Reset cancel what was clicked before them and has not begun
        if prediction:
            prediction.on_answer(self._answered)

    def soon(self, act: Callable[[], Any]) -> None:
        """Do it when all that was typed before the click has arrived, unless Stop or Reset comes first."""
        asked = self._stops
        kernel.soon(lambda: self.guard(act) if asked == self._stops else None)

    def beside(self, act: Callable[[Experiment], Any]) -> None:
        """Do it with what the controls say now, while the page's next message comes through: it may take long."""
        experiment = self.experiment
        begin("fedlab click", lambda: self.guard(lambda: act(experiment)), lambda: None)

    # what the controls want

    @property
    def experiment(self) -> Experiment:
        """The newest that was right."""
        return self.wanted.newest

    def set(self, name: str, value: Any) -> None:
        """The learner has moved a control."""
        with self.lock:
            self.wanted.set(name, value)
            self._moved = True
        self.changed("controls")
        if self.follows_moves and self.wanted.refusal is None:
            self._run_anew()

    def follow_moves(self, on: bool) -> None:
        """Whether each move of a control begins a run, in place of the one that the move before began."""
        self.follows_moves = on
        self.changed("controls")

    def use(self, experiment: Experiment) -> None:
        """Set the controls."""
        with self.lock:
            self.wanted.take(experiment)
            self._moved = True
        self.changed("controls")

    def restore(self, link: str) -> None:
        """Set the controls to what a link holds; `ValueError` with one sentence if it holds nothing."""
        self.use(Experiment.from_link(link))

    @property
    def moved(self) -> bool:
        """Whether the learner has moved the controls to something that no curve is of."""
        if not self._moved or not self.runs.all or self.runs.of(self.experiment):
            return False
        holds = [holds_after(run, run.done).with_(rounds=self.experiment.rounds) for run in self.runs.all]
        return self.experiment not in holds

    def prepared(self) -> Prepared | None:
        """The newest experiment with its data dealt out; None if that cannot be done: a control then says why."""
        before = self.wanted.refusal
        with self.training.watched():
            prepared = self.wanted.prepared()
        if self.wanted.refusal is not before:
            self.changed("controls")
        return prepared

    @property
    def locked(self) -> bool:
        """Whether a prediction is still to be made."""
        return self.prediction is not None and self.prediction.locks

    def ready(self, asked: Experiment | None = None) -> Experiment | None:
        """The experiment to run; None, and a word about it, if something is in its way."""
        if self.locked:
            return None
        if self.wanted.refusal is None:
            self.prepared()
        refusal = self.wanted.refusal
        if refusal is None:
            self.tell("")
            return asked or self.experiment
        beside = getattr(refusal, "setting", "") in self.wanted.owners()
        self.tell(say("A control is not right yet: it says why.") if beside else str(refusal), problem=True)
        return None

    # what trains

    def turn(self) -> bool:
        """Train one round of what is due. Whether to be called again: not while paused, nor when nothing is left."""
        more = self.training.turn()
        self._forget_empty()
        return more

    def _failed(self, run: Run) -> None:
        self.tell(run.problem, run.details, problem=True)

    @property
    def latest(self) -> Run | None:
        """The run that trains, or was the last to train."""
        run = self.training.run or self.training.latest
        return run if run in self.runs.all else self.runs.all[-1] if self.runs.all else None

    def begin(self, experiment: Experiment, rounds: int, planned: int = 0) -> Run:
        """Train this experiment until it has so many rounds; what it has of them already is kept."""
        with self.lock:
            run = self.runs.of(experiment) or self.runs.begin(experiment)
            self.go_on(run, rounds, planned)
        return run

    def go_on(self, run: Run, rounds: int, planned: int = 0) -> None:
        """Train this run until it has so many rounds."""
        run.shown, self._moved = True, False
        self.selected |= {"run": run, "round": 0}
        self.training.add(run, rounds, planned)
        self.driver.wake()
        self.changed("runs")

    def run(self, asked: Experiment | None = None) -> None:
        """Run what the controls say, or said when it was asked."""
        if experiment := self.ready(asked):
            self.resume()
            with self.lock:
                run = self.begin(experiment, experiment.rounds)
                run.passing = run.pale = False
                is_here = self.training.status(run) == "finished"
            if is_here:
                self.tell(say("This run is already here, so its curve is shown again instead of being trained again."))

    def _run_anew(self) -> None:
        """Run what the controls say in place of what the move before began; what Run has begun goes on first."""
        if experiment := self.ready():
            with self.lock:
                last = self.latest
                if last is None or last is not self.training.run or not last.is_of(experiment):
                    self.training.give_way()
                run = self.runs.anew(experiment, last)
                self.go_on(run, experiment.rounds)
                waits = run in self.training.waiting and any(not one.passing for one in self.training.due)
            if waits:
                self.tell(say("What Run has begun is not cut short: the run of this move comes after it."))

    def step(self, asked: Experiment | None = None) -> None:
        """Train one round: the one under way, or the next of what the controls say, or said when it was asked."""
        if self.training.run:
            self.training.step()
            self.resume()
        elif experiment := self.ready(asked):
            run = self.runs.of(experiment)
            self.begin(experiment, run.done + 1 if run else 1, planned=experiment.rounds)

    def pause(self) -> None:
        """Hold the run where it is; the second time, let it go on."""
        if self.training.paused:
            self.resume()
        else:
            self.training.pause()
            self.changed("state")

    def resume(self) -> None:
        self.training.resume()
        self.driver.wake()
        self.changed("state")

    def stop(self) -> None:
        """End the run under way within a chunk, and forget what waits; finished rounds stay."""
        self._stops += 1
        self.training.stop()
        self.driver.wake()
        self._forget_empty()

    def reset(self) -> None:
        """Forget all runs, and set the controls back."""
        with self.lock:
            self.stop()
            self.runs.clear()
            self.selected["run"] = None
            self.wanted.take(self.start, anew=True)
        self.tell("")
        self.changed("controls")
        self.changed("runs")

    def sweep(self, name: str, values: Iterable[Any]) -> None:
        """Run several values of one setting, and leave the controls alone; values that are not allowed are left out."""
        if self.locked:
            return
        variants = self.wanted.variants(name, values)
        told = ", ".join(title_of(one) if name in KINDS else text_of(one) for one in variants)
        self.tell(say("Sweep: {name} = {values}.", name=name.replace("_", " "), values=told))
        for experiment in variants.values():
            self.begin(experiment, experiment.rounds)

    def wait(self) -> None:
        """Wait until nothing is left to train."""
        self.driver.wait(lambda: self.training.busy)

    # what is done with a run

    def select(self, **what: Any) -> None:
        """Look at another run, round, axis or party."""
        self.selected |= what
        self.changed("selected")

    def look(self, run: Run, number: int) -> None:
        """Look behind a round of a run."""
        self.select(run=run, round=number)
        self.changed("look")

    def round_of(self, run: Run | None) -> int:
        """The round of a run that is looked at: the selected one or, if none is, the newest; 1 if there is none yet."""
        newest = max(1, run.done) if run else 1
        return min(self.selected["round"], newest) or newest

    def hide(self, run: Run) -> None:
        """Take a run's curve out of the plot, or put it back."""
        run.shown = not run.shown
        self.changed("runs")

    def remove(self, run: Run) -> None:
        """Forget a run that is over."""
        with self.lock:
            if run not in self.runs.all:
                return
            if run is self.training.run or run in self.training.waiting:
                self.tell(say("This run is not over: press Stop first."), problem=True)
                return
            self._forget(run)
        self.changed("runs")

    def fork(self, run: Run, number: int) -> None:
        """A new run that begins with the first rounds of another, and goes on with what the controls say."""
        experiment = self.ready()
        with self.lock:
            if experiment is None or run not in self.runs.all:
                return
            try:
                fork = self.runs.fork(run, number, experiment)
            except ValueError as error:
                self.tell(str(error), problem=True)
                return
            self.go_on(fork, fork.target)
        if fork.history.forked_at < number:
            kept = fork.history.forked_at
            self.tell(
                say("Round {number} is not kept any more: this goes on from round {kept}.", number=number, kept=kept)
            )

    def _forget_empty(self) -> None:
        """Forget the runs that were stopped before their first round was over."""
        with self.lock:
            for run in [run for run in self.runs.all if not run.done and self.training.status(run) == "stopped"]:
                self._forget(run)
        self.changed("runs")

    def _forget(self, run: Run) -> None:
        self.runs.remove(run)
        if self.selected["run"] is run:
            self.selected["run"] = self.runs.all[-1] if self.runs.all else None

    def _answered(self) -> None:
        self.changed("prediction")

    def close(self) -> None:
        """Stop for good."""
        self.driver.close()
        self.stop()
        self.listeners.clear()
        self.wanted.forget()
