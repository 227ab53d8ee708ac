"""The cost calculator: what a lab's runs take until an accuracy, at the learner's own prices of sending and computing.

The formula is in `fedlab/costs.py`; here are the boxes for its prices and the words for what comes out.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from importlib.resources import files
from typing import Any

import ipywidgets as widgets

from fedlab import History
from fedlab.costs import Cost, Prices, clock_prices, first_by_speed, until
from fedlab.plots.costs import time_by_speed
from fedlab.text import say
from fedlab_widgets import kernel, reckoning
from fedlab_widgets.lab import Lab
from fedlab_widgets.picture import Picture
from fedlab_widgets.view import complaint

UNITS = {"MB/s": 1.0, "kB/s": 1e-3}
GOAL, SPEED, STEP = 85.0, 1.0, 0.02  # per cent, megabytes a second, seconds


class Costs:
    """results: a lab, whose later runs are reckoned by themselves, or histories.

    >>> Costs(lab)
    """

    def __init__(self, results: Lab | Iterable[History]):
        self._histories: list[History] = []
        self._lock = threading.RLock()  # the lab tells of its runs on one thread, the boxes of theirs on another
        self._goal = self._box(say("goal, %"), GOAL)
        self._down, self._down_unit = self._box(say("download"), SPEED), self._unit(say("unit of the download"))
        self._up, self._up_unit = self._box(say("upload"), SPEED), self._unit(say("unit of the upload"))
        self._shared = widgets.Checkbox(False, description=say("all parties of a round share the line"), indent=False)
        self._step = self._box(say("seconds a step"), STEP)
        self._image = self._box(say("seconds an image"), 0)
        self._wait = self._box(say("waiting, s a round"), 0)
        self._clock = widgets.Button(
            description=say("as simulated seconds"), tooltip=say("the prices that the lab's own clock goes by")
        )
        self._said, self._table = widgets.HTML(), widgets.HTML()
        self._picture = Picture(620, 250, margins={"left": 0.11, "right": 0.98, "bottom": 0.19, "top": 0.97})
        self._picture.view = widgets.HTML()
        css = files("fedlab_widgets").joinpath("costs.css").read_text(encoding="utf-8")
        style = widgets.HTML(f"<style>{css}</style>", layout={"display": "none"})
        rows = [
            [self._goal, self._down, self._down_unit, self._up, self._up_unit],
            [self._step, self._image, self._wait],
            [self._shared, self._clock],
        ]
        boxes = [widgets.HBox(row, _dom_classes=("fedlab-prices",)) for row in rows]
        shown = [style, *boxes, self._table, self._said, self._picture.view]
        self.view = widgets.VBox(shown, _dom_classes=("fedlab-costs",))
        self._inputs = [one for row in rows for one in row]
        for one in self._inputs:
            kernel.answer_beside_cells(one)
            if one is not self._clock:
                one.observe(lambda change: self.draw(), "value")
        self._clock.on_click(lambda _: self._as_clock())
        kernel.enrol(self)
        if isinstance(results, Lab):
            results.tell(self)
        else:
            self.follow(list(results))

    def follow(self, histories: list[History]) -> None:
        """Reckon these runs from now on, without their models."""
        with self._lock:
            fresh = [_without_models(history) for history in histories]
            same = [(one.experiment, len(one)) for one in fresh] == [(o.experiment, len(o)) for o in self._histories]
            self._histories = fresh
        if not same or not self._said.value:
            self.draw()

    def leave(self) -> None:
        """The lab is closed: its runs so far stay."""

    def stop(self) -> None:
        """Nothing trains here."""

    def close(self) -> None:
        """Take it off the page."""
        kernel.forget(self)
        for widget in (*self._inputs, self._said, self._table, self._picture.view, *self.view.children, self.view):
            widget.close()

    @property
    def prices(self) -> Prices:
        """What the boxes say; `ValueError` with one sentence if one of them is wrong."""
        return Prices(
            _number(self._down, positive=True) * UNITS[self._down_unit.value],
            _number(self._up, positive=True) * UNITS[self._up_unit.value],
            self._shared.value,
            _number(self._step),
            _number(self._image),
            _number(self._wait),
        )

    @property
    def goal(self) -> float:
        """The accuracy to reach, 0 to 1; `ValueError` with one sentence if it is none."""
        goal = _number(self._goal, positive=True)
        if goal > 100:
            raise ValueError(say("The goal is a share of the test images: at most 100 %, not {goal:g}.", goal=goal))
        return goal / 100

    def draw(self) -> None:
        """Reckon anew, and show what comes out."""
        with self._lock:
            try:
                goal, prices = self.goal, self.prices
            except ValueError as error:
                self._said.value = complaint(str(error))
                self._table.value = self._picture.view.value = ""
                return
            started = [(number, one) for number, one in enumerate(self._histories) if len(one)]
            runs = [history for _, history in started]
            names, costs = reckoning.names_of(runs), [until(history, goal, prices) for history in runs]
            there = [place for place, cost in enumerate(costs) if cost]
            reached = [cost for cost in costs if cost]
            order = first_by_speed(reached) if reached else []
            first = there[reckoning.first_now(order)] if reached else None
            self._table.value = reckoning.table(started, names, costs, first)
            lines = [
                reckoning.formula(names[place], runs[place], cost, prices)
                for place, cost in zip(there, reached, strict=True)
            ]
            lines += [reckoning.verdict([names[place] for place in there], reached, order, prices)] if reached else []
            if not reached:
                text = say("No run has reached {goal:g} % yet. Each that does is reckoned here.", goal=100 * goal)
                lines.append(html.escape(text))
            self._said.value = f'<div role="status">{"".join(lines)}</div>'
            self._draw_picture(reached, [names[place] for place in there], [started[place][0] for place in there])

    def _draw_picture(self, costs: Sequence[Cost], names: Sequence[str], numbers: Sequence[int]) -> None:
        if not costs:
            self._picture.view.value = ""
            return
        label = say("speed of the line, as a multiple of the present one")
        time_by_speed(self._picture.begin()[0], costs, names, numbers, label)
        times = "; ".join(
            f"{name}: {reckoning.duration(cost.seconds.total)}" for name, cost in zip(names, costs, strict=True)
        )
        self._picture.show(say("Seconds to the goal against the speed of the line. Now: {times}.", times=times))

    def _as_clock(self) -> None:
        """Set the boxes to the prices of the lab's clock."""
        with self._lock:
            if not self._histories:
                return
            prices = clock_prices(self._histories[-1].experiment)
        self._shared.value, self._down_unit.value, self._up_unit.value = False, "MB/s", "MB/s"
        for box, price in (
            (self._down, prices.down), (self._up, prices.up), (self._step, prices.step), (self._image, prices.image),
            (self._wait, prices.wait),
        ):  # fmt: skip
            box.value = f"{price:g}"

    def _box(self, title: str, value: float) -> Any:
        style = {"description_width": "initial"}
        return widgets.Text(f"{value:g}", description=title, continuous_update=False, style=style)

    def _unit(self, title: str) -> Any:
        return widgets.Dropdown(options=list(UNITS), description=title, _dom_classes=("fedlab-unit",))

    def __repr__(self) -> str:
        runs = sum(1 for one in self._histories if len(one))
        return say("The cost calculator: {runs} of the lab's runs to reckon.", runs=runs)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widgets; for pages without a kernel what this is."""
        return {**self.view._repr_mimebundle_(**kwargs), "text/plain": repr(self)}


def _number(box: Any, positive: bool = False) -> float:
    try:
        value = float(box.value.replace(",", "."))
    except ValueError:
        value = float("nan")
    allowed = 0 < value < float("inf") if positive else 0 <= value < float("inf")
    if not allowed:
        parts = {"name": box.description, "value": box.value.strip() or say("nothing")}
        if positive:
            raise ValueError(say("“{name}” must be a number above 0, but it is {value}.", **parts))
        raise ValueError(say("“{name}” must be a number, 0 or more, but it is {value}.", **parts))
    return value


def _without_models(history: History) -> History:
    light = copy(history)
    light.rounds = [replace(one, state=None) for one in history.rounds]
    return light
