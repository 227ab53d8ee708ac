"""The table of runs, and what one can do with one of them: show, hide, remove, repeat, save, continue."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from fedlab.plots import LINES, style
from fedlab_widgets.runs import Run, Runs
from fedlab_widgets.saving import save
from fedlab_widgets.show_code import code_of

DASHES = dict(zip(LINES, ("", "7 3", "7 3 2 3", "2 3"), strict=True))  # the same lines, in SVG


class Table:
    """changed: called when a run was hidden or removed. use: called with a run whose settings the controls shall take.
    fork: called with a run and a round. picture: the PNG of the plot.
    """

    def __init__(
        self,
        runs: Runs,
        changed: Callable[[], None],
        use: Callable[[Run], None],
        fork: Callable[[Run, int], None],
        picture: Callable[[], bytes],
    ):
        self._runs, self._changed, self._picture = runs, changed, picture
        self._table = widgets.HTML()
        self._choice = widgets.Dropdown(options=[], description="run")
        self._choice.observe(lambda change: self._tell(), "value")
        self._code = widgets.HTML()
        self._files = widgets.HTML()
        self._round = widgets.BoundedIntText(1, min=1, max=1, description="round")
        self._round.add_class("fedlab-number")
        self._hide = _button("Hide", "eye-slash", "take this run's curve out of the plot, or put it back")
        remove = _button("Remove", "trash", "forget this run")
        settings = _button("Use its settings", "sliders", "set the controls to what this run was")
        go = _button(
            "Continue from it",
            "code-fork",
            "a new curve that begins with this run's rounds up to here and goes on with the controls' settings",
        )
        csv, js, png = (
            _button(f"Save {kind}", "save", f"save {what} as {kind}")
            for kind, what in (("CSV", "this run"), ("JSON", "this run"), ("PNG", "the plot"))
        )
        self._on(self._hide, self._toggle)
        self._on(remove, self._remove)
        self._on(settings, use)
        self._on(go, lambda run: fork(run, self._round.value))
        self._on(csv, lambda run: self._save(run, ".csv", run.history.to_csv().encode()))
        self._on(js, lambda run: self._save(run, ".json", run.history.to_json().encode()))
        self._on(png, lambda run: self._save(run, ".png", picture()))
        lines = [[self._choice, self._hide, remove, settings], [self._round, go], [csv, js, png]]
        self._tools = widgets.VBox([*map(widgets.HBox, lines), self._files])
        self._tools.add_class("fedlab-tools")
        self.view = widgets.VBox([self._table, self._tools])
        self.code = widgets.VBox([self._code])
        self.draw()

    def draw(self) -> None:
        """Bring the table up to date."""
        labels = self._runs.labels()
        rows = "".join(_row(run, label) for run, label in labels.items())
        head = "".join(
            f"<th>{text}</th>"
            for text in ("", "run", "what differs", "rounds", "accuracy", "best", "loss", "MB sent", "seconds", "")
        )
        empty = '<p class="fedlab-lesson">No run yet. Each run becomes a line here and a curve above.</p>'
        self._table.value = f'<table class="fedlab-runs"><tr>{head}</tr>{rows}</table>' if rows else empty
        self._tools.layout.display = "" if rows else "none"
        offer(self._choice, labels)
        self._tell()

    def _tell(self) -> None:
        """Bring what is about the chosen run up to date."""
        run: Run | None = self._choice.value
        code = html.escape(code_of(run)) if run else "# Run something first: its code is then here."
        self._code.value = f'<pre class="fedlab-code">{code}</pre>'
        if run:
            self._round.max = max(1, run.done)
            self._hide.description = "Hide" if run.shown else "Show"

    def _on(self, button: widgets.Button, act: Callable[[Run], Any]) -> None:
        button.on_click(lambda _: act(self._choice.value) if self._choice.value else None)

    def _toggle(self, run: Run) -> None:
        run.shown = not run.shown
        self._changed()

    def _remove(self, run: Run) -> None:
        if run.status in ("waiting", "running", "paused"):
            self._files.value = "This run is not over: press Stop first."
            return
        self._runs.remove(run)
        self._changed()

    def _save(self, run: Run, ending: str, content: bytes) -> None:
        stem = "fedlab-plot" if ending == ".png" else f"fedlab-run-{run.number + 1}"
        self._files.value = save(stem, ending, content)


def offer(choice: widgets.Dropdown, labels: Mapping[Run, str]) -> None:
    """Let these runs be chosen from; a new one is chosen at once, otherwise the choice stays."""
    options = [(f"{run.number + 1}: {label}", run) for run, label in labels.items()]
    if tuple(options) != tuple(choice.options):
        chosen = choice.value
        newest = len(options) > len(choice.options) or chosen not in labels
        choice.options = options
        if options:
            choice.value = options[-1][1] if newest else chosen


def _button(text: str, icon: str, tooltip: str) -> widgets.Button:
    return widgets.Button(description=text, icon=icon, tooltip=tooltip)


def _row(run: Run, label: str) -> str:
    """One line of the table, as HTML."""
    rounds = run.history.rounds[: run.done]
    accuracies = [one.test_accuracy for one in rounds]
    numbers = [f"{len(rounds)} of {run.target}"]
    if rounds:
        sent = sum(one.bytes_up + one.bytes_down for one in rounds) / 1e6
        seconds = sum(one.seconds for one in rounds)
        numbers += [f"{accuracies[-1]:.1%}", f"{max(accuracies):.1%}", f"{rounds[-1].test_loss:.3f}"]
        numbers += [f"{sent:,.0f}", f"{seconds:.1f}"]
    numbers += [""] * (6 - len(numbers))
    status = run.status if run.shown else f"{run.status}, hidden"
    cells = [_line(run.number), str(run.number + 1), html.escape(label), *numbers, status]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _line(number: int) -> str:
    """A run's colour and line as in the plot, as SVG."""
    look = style(number)
    return (
        f'<svg width="34" height="10" role="img" aria-label="line of run {number + 1}">'
        f'<line x1="1" y1="5" x2="33" y2="5" stroke="{look["color"]}" stroke-width="3" '
        f'stroke-dasharray="{DASHES[look["linestyle"]]}"/></svg>'
    )
