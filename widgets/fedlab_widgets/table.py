"""The table of runs, and what one can do with one of them: show, hide, remove, repeat, continue."""

from __future__ import annotations

import html
from typing import Any, ClassVar

import ipywidgets as widgets

from fedlab.plots import LINES, style
from fedlab.text import say
from fedlab_widgets.runs import Run
from fedlab_widgets.saving import Files
from fedlab_widgets.session import Session
from fedlab_widgets.view import View, lesson

DASHES = dict(zip(LINES, ("", "7 3", "7 3 2 3", "2 3"), strict=True))  # the same lines, in SVG


class RunMenu(View):
    """The run that is selected, and one of its rounds, to choose from all; the same in each place."""

    def __init__(self, session: Session):
        super().__init__(session)
        self.run = self.make(widgets.Dropdown, options=[], description=say("run"))
        self.on_change(self.run, lambda run: session.select(run=run))
        self.round = self.make(widgets.BoundedIntText, 1, min=1, max=1, description=say("round"), css="fedlab-number")
        self.on_change(self.round, lambda number: session.select(round=number if number < self.round.max else 0))

    def draw(self) -> None:
        """Offer the runs that there are now, and the round that is looked at."""
        labels, selected = self.session.runs.labels(), self.session.selected["run"]
        self.put(self.run, options=tuple((f"{run.number + 1}: {label}", run) for run, label in labels.items()))
        if selected in labels:
            self.put(self.run, value=selected)
        self.put(self.round, max=max(1, selected.done) if selected else 1)
        self.put(self.round, value=self.session.round_of(selected))


class Table(View):
    follows: ClassVar[tuple[str, ...]] = ("runs", "state", "selected")

    def __init__(self, session: Session):
        super().__init__(session)
        self._table = self.make(widgets.HTML, tabbable=True, css="fedlab-slides")
        self._menu = self.own(RunMenu(session))
        self._files = self.own(Files(session, self._menu.round))
        self._hide = self._act(
            say("Hide"), "eye-slash", say("take this run's curve out of the plot, or put it back"), session.hide
        )
        remove = self._act(say("Remove"), "trash", say("forget this run"), session.remove)
        settings = self._act(
            say("Use its settings"), "sliders", say("set the controls to what this run was"),
            lambda run: session.use(run.experiment),
        )  # fmt: skip
        go = self._act(
            say("Continue from it"),
            "code-fork",
            say("a new curve that begins with this run's rounds up to here and goes on with the controls' settings"),
            lambda run: session.fork(run, self._menu.round.value),
            soon=True,
        )
        lines = [[self._menu.run, self._hide, remove, settings], [self._menu.round, go]]
        rows = [self.make(widgets.HBox, line) for line in lines]
        self._tools = self.make(widgets.VBox, [*rows, self._files.view], css="fedlab-tools")
        self.view = self.make(widgets.VBox, [self._table, self._tools])

    def draw(self) -> None:
        labels, session = self.session.runs.labels(), self.session
        private = any(_spent(run) is not None for run in labels)
        rows = "".join(_row(run, label, session.training.status(run), private) for run, label in labels.items())
        measures = {run.score_name for run in labels}
        measure = (
            say("AUC") if measures == {"auc"} else say("accuracy, or AUC") if "auc" in measures else say("accuracy")
        )
        titles = {
            say("line"): "", say("run"): "", say("what differs"): "",
            say("rounds"): say("rounds done, of those planned"),
            measure: say("of the newest shared model, on the test examples"),
            say("best"): say("the best of any round so far"),
            say("loss"): say("mean cross-entropy on the test examples, in nats: guessing among ten is 2.3"),
            say("MB sent"): say("by server and parties together"),
            say("seconds here"): say("that this computer has trained; the plot's simulated seconds are something else"),
            **({say("ε"): say("privacy spent so far, at its δ: below 1 is strong, above 10 weak")} if private else {}),
            say("how it stands"): "",
        }  # fmt: skip
        head = "".join(f'<th title="{html.escape(about)}">{html.escape(title)}</th>' for title, about in titles.items())
        empty = lesson(say("No run yet. Each run becomes a line here and a curve above."))
        self.put(self._table, value=f'<table class="fedlab-runs"><tr>{head}</tr>{rows}</table>' if rows else empty)
        self._tools.layout.display = "" if rows else "none"
        self._menu.draw()
        selected = session.selected["run"]
        self.put(self._hide, description=say("Show") if selected and not selected.shown else say("Hide"))

    def _act(self, text: str, icon: str, tooltip: str, act: Any, soon: bool = False) -> Any:
        """A button that does something with the selected run, if there is one."""

        def do() -> None:
            if run := self.session.selected["run"]:
                act(run)

        return self.button(text, icon, tooltip, do, soon=soon)


def _spent(run: Run) -> float | None:
    """ε after the last round; None where there is no privacy."""
    return run.history.rounds[run.done - 1].epsilon if run.done else None


def _row(run: Run, label: str, status: str, private: bool) -> str:
    """One line of the table, as HTML. private: with a column for ε."""
    rounds = run.history.rounds[: run.done]
    accuracies = [one.score for one in rounds]
    numbers = [say("{done} of {rounds}", done=len(rounds), rounds=run.planned)]
    if rounds:
        sent = sum(one.bytes_up + one.bytes_down for one in rounds) / 1e6
        seconds = sum(one.seconds for one in rounds)
        numbers += [f"{accuracies[-1]:.1%}", f"{max(accuracies):.1%}", f"{rounds[-1].test_loss:.3f}"]
        numbers += [f"{sent:,.0f}", f"{seconds:.1f}"]
    numbers += [""] * (6 - len(numbers))
    if private:
        spent = _spent(run)
        numbers.append("" if spent is None else f"{spent:.2f}")
    word = say(status)
    stands = word if run.shown else say("{status}, hidden", status=word)
    cells = [line_of(run.number), str(run.number + 1), html.escape(label), *numbers, html.escape(stands)]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def line_of(number: int) -> str:
    """A run's colour and line as in the plot, as SVG."""
    look = style(number)
    label = html.escape(say("line of run {number}", number=number + 1))
    return (
        f'<svg width="34" height="10" role="img" aria-label="{label}">'
        f'<line x1="1" y1="5" x2="33" y2="5" stroke="{look["color"]}" stroke-width="3" '
        f'stroke-dasharray="{DASHES[look["linestyle"]]}"/></svg>'
    )
