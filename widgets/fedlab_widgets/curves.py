"""The live convergence chart: what the page needs to draw the curves of all runs; `page/chart.js` draws them.

The numbers travel once: a round is one small message, and the trait `rounds` grows with it here and on the page:
a page that is loaded anew gets all of them.
"""

from __future__ import annotations

import math
import threading
from typing import Any, ClassVar

import traitlets

from fedlab import History
from fedlab.differences import differences
from fedlab.events import in_words
from fedlab.plots import X_AXES, style
from fedlab.plots.curves import LOG_AXES, WIDTHS
from fedlab.text import say
from fedlab_widgets.part import Part, source
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.view import View

ABOUT_X = {  # what is told of each of X_AXES
    "rounds": "how often the shared model went out and came back",
    "bytes": "all that server and parties sent each other",
    "simulated_seconds": "the time it would take with real devices and a real link: the slowest party of each round "
    "decides; parties and devices says how fast they are",
    "bytes_up": "what the parties sent to the server: this is what compression makes smaller",
    "epsilon": "how much of the parties' privacy is spent: below 1 is strong, above 10 weak",
}
LEFT_OUT = {"epsilon": "Left out, because nothing is promised without noise, so there is no ε: {runs}."}
Columns = dict[str, Any]  # {"x": {axis: [one number a round]}, "accuracy": [...], "loss": [...], "backdoor": [...]}


CHART = "base.js", "scales.js", "rounds.js", "legend.js", "panel.js", "chart.js"


class Chart(Part):
    """rounds: the columns of each run, by its number. It is never sent again as a whole: see `append`."""

    _esm = traitlets.Unicode(source(*CHART)).tag(sync=True)
    _css = traitlets.Unicode(source("chart.css")).tag(sync=True)
    rounds = traitlets.Dict().tag(sync=True, to_json=lambda rounds, _: dict(rounds))

    def append(self, run: int, columns: Columns) -> None:
        """Keep these columns of a run, and send what is new in them."""
        known = self.rounds.get(str(run), columns_of(None))
        at = len(known["accuracy"])
        if columns["accuracy"][:at] != known["accuracy"] or columns["x"].keys() != known["x"].keys():
            at = 0  # another run had this number before
        self.rounds[str(run)] = columns
        if at < len(columns["accuracy"]):
            self.send_from(run, at)

    def send_from(self, run: int, at: int) -> None:
        """Send the rounds of a run after its first `at`."""
        columns = self.rounds[str(run)]
        xs = {name: column[at:] for name, column in columns["x"].items()}
        new = {"x": xs, **{name: columns[name][at:] for name in ("accuracy", "loss", "backdoor")}}
        self.send({"append": {"run": run, "at": at, **new}})


class Curves(View):
    follows: ClassVar[tuple[str, ...]] = ("runs", "controls", "selected", "prediction")
    quick: ClassVar[bool] = True

    def __init__(self, session: Session, empty: str | None = None):
        """empty: what stands where there is no curve yet, if it is not Run that begins one."""
        super().__init__(session)
        self._lock = threading.Lock()
        self._empty = say("press Run") if empty is None else empty
        self.view = self.make(Chart, state=self._frame())
        guard = session.guard
        self.view.answer(
            select=lambda run, round: guard(lambda: self._select(run, round)),
            look=lambda run, round: guard(lambda: self._look(run, round)),
            hide=lambda run, shown: guard(lambda: self._hide(run, shown)),
            x=lambda name: guard(lambda: session.select(x=name)),
            have=self._complete,
        )

    def draw(self) -> None:
        """Send what the page does not have yet: rounds one by one, all else when it has changed."""
        with self._lock:
            runs = [run for run in list(self.session.runs.all) if run.done]
            for run in runs:
                if run.done != len(self.view.rounds.get(str(run.number), {}).get("accuracy", ())):
                    self.view.append(run.number, columns_of(run.history))
            numbers = {str(run.number) for run in runs}
            for gone in self.view.rounds.keys() - numbers:
                del self.view.rounds[gone]
            self.view.state = self._frame()

    def _frame(self) -> dict[str, Any]:
        """All that is drawn but the rounds."""
        session = self.session
        runs = [run for run in list(session.runs.all) if run.done]
        labels = session.runs.labels(runs)
        alike = differences([run.experiment.with_(seed=0) for run in runs])
        groups = list(dict.fromkeys(_group(run) for run in runs))
        selected = session.selected["run"]
        known = sorted({run.untrained[0] for run in runs if run.shown and run.untrained})
        begin = " – ".join(dict.fromkeys(f"{one:.0%}" for one in (known[0], known[-1]))) if known else ""
        promised = session.selected["x"] == "epsilon" or any(
            run.shown and run.experiment.privacy.delta is not None for run in runs
        )
        moved = say("The controls have moved since: press Run for their curve.") if session.moved else ""
        return {
            "x": session.selected["x"],
            "axes": [
                {"name": name, "label": say(label), "short": say(label).partition(",")[0],
                 "about": say(ABOUT_X[name]) if name in ABOUT_X else "", "log": name in LOG_AXES,
                 "left": say(LEFT_OUT.get(name, "Left out, because there is no number for {x}: {runs}."))}
                for name, (label, _) in X_AXES.items()
                if name != "epsilon" or promised
            ],
            "runs": [
                {"id": run.number, "label": labels[run], "alike": what, "shown": run.shown, "pale": run.pale,
                 "group": groups.index(_group(run)), "untrained": run.untrained, **_look(run)}
                for run, what in zip(runs, alike, strict=True)
            ],
            "selected": {"run": selected.number if selected else None, "round": session.selected["round"]},
            "prediction": session.prediction.line() if session.prediction else None,
            "marks": [
                {"run": run.number, "round": run.origin[1],
                 "text": say("from here on it goes its own way: forked from run {run}", run=run.origin[0].number + 1)}
                for run in runs if run.origin
            ] + [
                {"run": run.number, "round": event.after, "text": in_words(event)}
                for run in runs for event in run.experiment.events if event.after <= run.done
            ],
            "moved": moved,
            "untrained": say("untrained: {begin}", begin=begin) if known else "",
            "words": _words(session, {run.score_name for run in runs if run.shown}, self._empty),
        }  # fmt: skip

    def _run(self, number: int) -> Run | None:
        return next((run for run in list(self.session.runs.all) if run.number == number), None)

    def _select(self, number: int, round: int) -> None:
        if run := self._run(number):
            self.session.select(run=run, round=min(max(1, round), run.done))

    def _look(self, number: int, round: int) -> None:
        if run := self._run(number):
            self.session.look(run, min(max(1, round), run.done))

    def _hide(self, number: int, shown: bool) -> None:
        run = self._run(number)
        if run and run.shown != shown:
            self.session.hide(run)

    def _complete(self, rounds: dict[str, int]) -> None:
        """Send the page what it has missed while it was loaded. rounds: how many of each run it has."""
        with self._lock:
            for run, columns in self.view.rounds.items():
                if len(columns["accuracy"]) > rounds.get(run, 0):
                    self.view.send_from(int(run), rounds.get(run, 0))


def columns_of(history: History | None) -> Columns:
    """The numbers of a history that are drawn, short enough to travel; None for what is no number."""
    now = History(history.experiment, list(history.rounds)) if history else None  # the worker may add one meanwhile
    return {
        "x": {name: _short(x_of(now) if now else (), 7) for name, (_, x_of) in X_AXES.items()},
        "accuracy": _short(now.column("score") if now else (), 6),
        "loss": _short(now.column("test_loss") if now else (), 6),
        "backdoor": _short(now.column("backdoor") if now else (), 6),
    }


def _short(values: Any, digits: int) -> list[float | None]:
    numbers = [math.nan if value is None else float(value) for value in values]
    return [float(f"{value:.{digits}g}") if math.isfinite(value) else None for value in numbers]


def _group(run: Run) -> Any:
    """What runs have in common that differ in their seed only."""
    return run.experiment.with_(seed=0, rounds=1), run.origin


def _look(run: Run) -> dict[str, Any]:
    look = style(run.number)
    line = look["linestyle"]
    return {"colour": look["color"], "line": line, "width": WIDTHS[line], "marker": look["marker"]}


def _words(session: Session, measures: set[str], empty: str) -> dict[str, str]:
    """The sentences that the page needs; it fills the gaps that are left in them."""
    if measures == {"auc"}:
        more = {
            "name": say("Test AUC and loss against {x}. {about}."),
            "point": say("round {round}: AUC {accuracy}, loss {loss}"),
            "accuracy": say("AUC"),
            "test_accuracy": say("test AUC"),
        }
    else:
        more = {"test_accuracy": say("test accuracy or AUC")} if "auc" in measures else {}
    return {
        "title": say("Convergence"),
        "against": say("drawn against"),
        "name": say("Test accuracy and loss against {x}. {about}."),
        "told": say("{run}: {accuracy} after {rounds} rounds"),
        "none": say("no run yet"),
        "empty": "" if session.training.busy else empty,
        "keys": say("The curves. Arrows: left and right rounds, up and down runs. Enter chooses; again, looks behind."),
        "look": say("look behind round {round}"),
        "looks": say("Look behind round {round} of {run}: whom it serves, and how one number of its model came about"),
        "legend": say("Runs, to hide or to show"),
        "hide": say("hide this curve, or show it"),
        "point": say("round {round}: accuracy {accuracy}, loss {loss}"),
        "backdoor": say("backdoor: {share} of what bears the trigger"),
        "secret": say("its backdoor"),
        "range": say("from {low} to {high}"),
        "band": say("band over seeds"),
        "about": say("Lines: mean over the seeds; bands: from the lowest to the highest."),
        "seeds": say("{what}, mean of {n} seeds"),
        "table": say("as a table"),
        "caption": say("The numbers of the curves, a line for each round"),
        "round": say("round"),
        "accuracy": say("accuracy"),
        "loss": say("loss"),
        "test_accuracy": say("test accuracy"),
        "test_loss": say("test loss"),
        **more,
    }
