"""One control: a setting's slider or menu, a box to type in, what it teaches, and what is wrong with its value."""

from __future__ import annotations

import html
import math
from typing import Any

import ipywidgets as widgets

from fedlab import Experiment
from fedlab.differences import title_of
from fedlab.roles import KINDS
from fedlab.settings import About, settings_of
from fedlab.text import say
from fedlab_widgets.session import Session
from fedlab_widgets.view import View, complaint, lesson

MOST_STEPS = 20  # of a slider over fractions
NO_SWEEP = "rounds"  # more rounds continue a curve, they do not make another


class Control(View):
    """name: the setting. owner: the class that declares it: the experiment, or the kind that has it.

    A setting whose choices are words, kinds, or yes and no gets a menu, any other a slider and a box. What is typed may
    be any text: the experiment is who judges it.
    """

    def __init__(self, session: Session, name: str, owner: type):
        super().__init__(session)
        self.name, self.about = name, settings_of(owner)[name]
        options = self._options(owner)
        symbol = f" <i>{html.escape(self.about.symbol)}</i>" if self.about.symbol else ""
        title = html.escape(say(name.replace("_", " "))) + symbol
        style = {"description_width": "100px"}
        if options:
            self.steps = [value for _, value in options]
            self.picker = self.make(
                widgets.Dropdown,
                options=options,
                description=title,
                description_allow_html=True,
                style=style,
            )
            self.box: Any = None
        else:
            self.steps = steps(self.about, "int" in str(owner.model_fields[name].annotation))  # type: ignore[attr-defined]
            self.picker = self.make(
                widgets.SelectionSlider,
                options=[(text_of(step), step) for step in self.steps],
                description=title,
                description_allow_html=True,
                readout=False,
                style=style,
            )
            self.box = self.make(widgets.Text, continuous_update=False, description=say(name.replace("_", " ")))
            self.on_change(self.box, lambda text: session.set(name, text.strip()))
        self.on_change(self.picker, lambda value: session.set(name, value))
        tooltip = say("sweep: run several values of {name} and compare", name=name.replace("_", " "))
        self.sweep = self.button(
            say("sweep"),
            "",
            tooltip,
            lambda: session.sweep(name, sweep_values(self.about, self.steps)),
            "fedlab-sweep",
            soon=True,
        )
        self.help = self.make(widgets.HTML)
        row = self.make(widgets.HBox, [one for one in (self.picker, self.box, self.sweep) if one], css="fedlab-row")
        self.view = self.make(widgets.VBox, [row, self.help], css=f"fedlab-control fedlab-{name.replace('_', '-')}")

    def draw(self) -> None:
        """Show the value, and below it what is wrong with it or, if nothing is, what the setting teaches."""
        wanted, refusal = self.session.wanted, self.session.wanted.refusal
        holder = wanted.fixed().get(self.name)
        value = holder.fixes[self.name] if holder else wanted.value(self.name)
        if self.box:
            self.put(self.box, value=text_of(value))
        self.put(self.picker, value=_nearest(self.steps, value) if self.box else value)
        for widget in (self.picker, self.box, self.sweep):
            if widget:
                self.put(widget, disabled=holder is not None or (widget is self.sweep and self.name == NO_SWEEP))
        if refusal is not None and getattr(refusal, "setting", "") == self.name:
            text = complaint(str(refusal))
        elif holder:
            text = lesson(say("{kind} always uses {value}.", kind=title_of(holder), value=value))
        else:
            text = lesson(say(getattr(value, "lesson", "") or self.about.lesson))
        self.put(self.help, value=text)

    def _options(self, owner: type) -> list[tuple[str, Any]]:
        """For a menu, its entries' texts and values; two classes of the learner's own may have one name."""
        if owner is Experiment and self.name in KINDS:
            return [(say(kind.title), kind) for kind in self.session.kinds[self.name]]
        choices = self.about.choices
        if set(choices) == {True, False}:
            return [(say("yes") if choice else say("no"), choice) for choice in choices]
        words = choices and all(isinstance(choice, str) for choice in choices)
        return [(say(choice), choice) for choice in choices] if words else []


def steps(about: About, whole: bool) -> list[Any]:
    """The values that a slider stops at: the choices, or round numbers over the shown range."""
    if about.choices:
        return list(about.choices)
    low, high = about.shown_range
    if about.scale == "log":
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        values = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
    elif whole:
        values = list(range(int(low), int(high) + 1, max(1, round((high - low) / 200))))
    else:
        width = _round_up((high - low) / MOST_STEPS)
        values = [round(width * place, 10) for place in range(math.ceil(low / width), math.floor(high / width) + 1)]
    values = sorted({low, high, *(value for value in values if low <= value <= high)})
    return [int(value) for value in values] if whole else [float(value) for value in values]


def sweep_values(about: About, every: list[Any]) -> list[Any]:
    """A few of a slider's values, spread over it: all choices, the powers of ten, or four."""
    if about.choices:
        return every
    if about.scale == "log":
        return [value for value in every if math.log10(value).is_integer()]
    return [every[round(place * (len(every) - 1) / 3)] for place in range(4)]


def text_of(value: Any) -> str:
    """A value as one types it: as short as it can be and still be this value."""
    if not isinstance(value, float):
        return str(value)
    short = f"{value:.10g}"
    return short if float(short) == value else repr(value)


def _round_up(width: float) -> float:
    """The next number of the form 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(width))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= width * (1 - 1e-9))


def _nearest(every: list[Any], value: Any) -> Any:
    """The step that shows a value best; the first for one that is no number."""
    if value in every:
        return value
    numbers = [step for step in every if not isinstance(step, str)]
    try:
        return min(numbers, key=lambda step: abs(step - float(value)))
    except (ValueError, TypeError, OverflowError):
        return next((step for step in every if str(step) == value), every[0])
