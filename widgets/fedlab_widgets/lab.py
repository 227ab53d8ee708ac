"""The lab: a session, and the parts of the page that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from fedlab import Experiment, History
from fedlab.algorithms import Algorithm
from fedlab.datasets import Dataset
from fedlab.differences import title_of
from fedlab.lessons import checking
from fedlab.models import Model
from fedlab.partitions import Partition
from fedlab.roles import KINDS
from fedlab.settings import InvalidSetting, Kind, settings_of
from fedlab.text import say
from fedlab_widgets import kernel
from fedlab_widgets.behind import Behind
from fedlab_widgets.controls import Controls
from fedlab_widgets.curves import Curves
from fedlab_widgets.driver import PageDriver, ThreadDriver
from fedlab_widgets.kinds import kinds_with, with_settings_for
from fedlab_widgets.link import Link
from fedlab_widgets.outcomes import Follower, Outcomes
from fedlab_widgets.painter import Painter
from fedlab_widgets.parties import Parties
from fedlab_widgets.predict import Prediction
from fedlab_widgets.saved import Saved
from fedlab_widgets.sees import Sees
from fedlab_widgets.session import Session
from fedlab_widgets.show_code import Code
from fedlab_widgets.still import still
from fedlab_widgets.table import Table
from fedlab_widgets.tasks import Task, Tasks
from fedlab_widgets.threads import begin, exist
from fedlab_widgets.tour import Tour, TourStep
from fedlab_widgets.transport import Transport
from fedlab_widgets.view import View

if TYPE_CHECKING:
    import keras


# JupyterLab takes keys for its cells, arrows and Enter too. Those pressed inside a lab are the lab's, but for what runs
# a cell and what goes with Ctrl, Alt or Cmd.
KEYS = (
    "this.closest('.fedlab-lab').addEventListener('keydown', event =&gt; event.ctrlKey || event.metaKey || "
    "event.altKey || (event.shiftKey &amp;&amp; event.key === 'Enter') || event.stopPropagation())"
)


class Lab:
    """Federated learning with sliders.

    experiment: where the controls begin. controls: the names of those in sight; the others stand in groups.
    algorithms, partitions, kinds: classes of your own, of any role, to choose from beside the kit's.
    dataset, model: your own data, and your own Keras classifier (or a kind of model), instead of the experiment's.
    prediction: a question; Run waits for its answer, which is then drawn into the plot.
    tasks: what to try, each with a button that sets the controls for it and a tick when it is done.
    tour: a walk through the lab itself, stop by stop: see `tour.py`.
    driver: what drives the training: a thread, or the page where there are none; see `driver.py`.

    >>> Lab(Experiment(parties=3, examples=3000), controls=["parties", "alpha"])
    """

    def __init__(
        self,
        experiment: Experiment | None = None,
        *,
        controls: Sequence[str] = (),
        algorithms: Iterable[type[Algorithm]] = (),
        partitions: Iterable[type[Partition]] = (),
        kinds: Iterable[type[Kind]] = (),
        dataset: Dataset | str | None = None,
        model: keras.Model | Model | str | None = None,
        prediction: Prediction | None = None,
        tasks: Sequence[Task] = (),
        tour: Sequence[TourStep] = (),
        driver: Callable[[Callable[[], bool], Callable[[], None]], Any] | None = None,
    ):
        in_tasks = [type(getattr(task.experiment, role)) for task in tasks if task.experiment for role in KINDS]
        own = [*algorithms, *partitions, *kinds, *in_tasks]
        if isinstance(dataset, str):  # one of the kit's: its owners are the parties
            experiment, dataset = (experiment or Experiment()).with_(dataset=dataset), None
            if experiment.dataset.usual():
                experiment = experiment.with_(partition="natural")
        if experiment is None:
            most = len(dataset.train_y) if dataset is not None else settings_of(Experiment)["examples"].high
            usual = Experiment()
            examples = min(usual.examples, int(most or usual.examples))
            experiment = Experiment(examples=examples, parties=min(usual.parties, examples))
            if dataset is not None and dataset.owner_names:
                parties = len(set(dataset.owners.tolist())) if dataset.owners is not None else examples
                experiment = Experiment(examples=int(most or examples), parties=parties, partition="natural")
            experiment = with_settings_for(controls, experiment, kinds_with(own, experiment))
        if isinstance(model, (Model, str)):
            experiment, model = experiment.with_(model=model), None
        elif model is not None and not hasattr(model, "stateless_call"):
            raise InvalidSetting("model", say("model must be a Keras model, or one of the kinds of fedlab.models."))
        drives = driver or (ThreadDriver if exist() else PageDriver)
        self._session = Session(experiment, own=own, dataset=dataset, model=model, prediction=prediction, driver=drives)
        self._page = View(self._session)
        self._curves, self._parties = Curves(self._session), Parties(self._session)
        self._table, self._behind, self._sees = Table(self._session), Behind(self._session), Sees(self._session)
        self._controls = Controls(self._session, controls)
        self._transport, self._code, self._link = Transport(self._session), Code(self._session), Link(self._session)
        self._tasks, self._outcomes = Tasks(self._session, tasks), Outcomes(self._session)
        self._tour = Tour(self._session, tour, self)
        self._saved = Saved(self._session, self._curves.view)
        self._views = [
            self._transport, self._curves, *self._parties.inside, self._table, self._behind, self._sees, self._code,
            self._link, self._tasks, self._outcomes, self._saved, self._tour,
        ]  # fmt: skip
        self._painter = Painter(self._session, self._views)
        self.view = self._lay_out([self._tour.view] if tour else [])
        begin("fedlab data", self._load, lambda: None)
        pictures = self._parties.inside  # the page need not wait for them, nor for the data
        self._painter.paint(*(view for view in self._views if view not in pictures))
        for view in pictures:
            self._painter.ask(view)
        kernel.enrol(self)

    def _load(self) -> None:
        """Have the data here by the time that it is drawn or trained on."""
        self._session.prepared()

    # what a notebook's code may ask for

    @property
    def experiment(self) -> Experiment:
        """What the controls describe now; `InvalidSetting` if one of them is wrong."""
        return self._session.wanted.experiment()

    @property
    def histories(self) -> list[History]:
        """The history of every run, in the order in which they were begun."""
        return [run.history for run in self._session.runs.all]

    @property
    def selected(self) -> dict[str, Any]:
        """What the learner looks at: run, round (0: the newest), x axis, party; and, from the first time on, the round
        that was looked `behind`, and the `step` of a round that the federation was stepped to."""
        return dict(self._session.selected)

    def run(self, rounds: int | None = None) -> History:
        """Press Run (or, with `rounds`, go on until there are so many), wait for the end, and return the history."""
        experiment = self.experiment
        self._session.prepared()  # the data is then here, once
        run = self._session.begin(experiment, rounds or experiment.rounds)
        try:
            self._session.wait()
        except KeyboardInterrupt:
            self.stop()
            raise
        finally:
            self._painter.paint()
        return run.history

    def start(self) -> None:
        """Press Run, and do not wait for it."""
        self._session.run()

    def tell(self, follower: Follower) -> None:
        """Tell a question or claims of the runs, now and whenever there are more."""
        self._outcomes.add(follower)

    def stop(self) -> None:
        """Press Stop: the round under way is dropped, those before it stay."""
        self._session.stop()
        self._behind.stop()
        self._sees.stop()

    def close(self) -> None:
        """Stop for good and take the lab off the page; the histories stay."""
        kernel.forget(self)
        self._behind.stop()
        self._sees.stop()
        self._session.close()
        self._painter.close()
        for view in (self._page, self._controls, self._parties, *self._views):
            view.close()

    def __repr__(self) -> str:
        run = next((run for run in reversed(self._session.runs.all) if run.done), None)
        experiment = run.experiment if run else self._session.start
        about = say(
            "{algorithm}, {parties:,} parties",
            algorithm=title_of(type(experiment.algorithm)),
            parties=experiment.parties,
        )
        if run is None:
            return say("Lab: {about}, no round yet", about=about)
        told = {"about": about, "rounds": run.done, "score": run.history.rounds[-1].score}
        if run.score_name == "auc":
            return say("{about}, {rounds} rounds: test AUC {score:.1%}", **told)
        return say("{about}, {rounds} rounds: test accuracy {score:.1%}", **told)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widgets; for pages without a kernel one line of text and, if there is one by now, the plot."""
        if checking():  # its lessons' outcomes are compared word by word
            self.run()
        else:
            self._saved.begin()
        bundle = {**self.view._repr_mimebundle_(**kwargs), "text/plain": repr(self)}
        if not self._session.runs.shown:
            return bundle, {}
        png, about = still(self._session)
        return {**bundle, "image/png": png}, {"image/png": about}

    def _lay_out(self, tour: list[Any]) -> widgets.VBox:
        make = self._page.make
        css = files("fedlab_widgets").joinpath("style.css").read_text(encoding="utf-8")
        style = make(widgets.HTML, f'<style onload="{KEYS}">{css}</style>', css="fedlab-style")
        pictures = make(widgets.VBox, [self._curves.view, self._parties.view], css="fedlab-pictures")
        left = make(widgets.VBox, [self._tasks.view, self._controls.view], css="fedlab-left")
        middle = make(widgets.HBox, [left, pictures], css="fedlab-middle")
        titles = [say("Runs"), say("Behind the accuracy"), say("What the server sees"), say("Code"), say("Link")]
        inside = [self._table.view, self._behind.view, self._sees.view, self._code.view, self._link.view]
        tabs = make(widgets.Tab, inside, titles=titles, css="fedlab-tabs")
        behind = inside.index(self._behind.view)
        self._session.subscribe(lambda what: setattr(tabs, "selected_index", behind) if what == "look" else None)
        prediction = self._session.prediction
        question = [prediction.in_lab] if prediction else []  # it is its own: it stays when the lab goes
        return make(widgets.VBox, [style, *tour, *question, self._transport.view, middle, tabs], css="fedlab-lab")
