"""One control: a setting's slider or menu, a box to type in, what it teaches, and what is wrong with its value."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from fedlab.settings import About

MOST_STEPS = 20  # of a slider over fractions


class Control:
    """name, about, annotation: the setting, as `settings_of` and the class's fields tell it.

    options: for a menu, text to value; a setting without options gets a slider and a box.
    changed: called when the learner has moved it. sweep: called to run several of its values; None: it has no sweep.
    The value may be any text that was typed: the experiment is who judges it.
    """

    def __init__(
        self,
        name: str,
        about: About,
        annotation: object,
        value: Any,
        *,
        options: dict[str, Any],
        changed: Callable[[], None],
        sweep: Callable[[], None] | None,
    ):
        self.name, self.about = name, about
        self._changed = changed
        self._quiet = False
        self._fixed: str = ""
        symbol = f" <i>{html.escape(about.symbol)}</i>" if about.symbol else ""
        title = name.replace("_", " ") + symbol
        self.help = widgets.HTML()
        self.sweep = widgets.Button(description="sweep", tooltip=f"sweep: run several values of {name} and compare")
        self.sweep.add_class("fedlab-sweep")
        self.sweep.on_click(lambda _: sweep() if sweep else None)
        self.sweep.disabled = sweep is None
        if options:
            self.steps = list(options.values())
            self.picker: Any = widgets.Dropdown(options=list(options.items()), value=value, description=title)
            self.box: widgets.Text | None = None
        else:
            self.steps = steps(about, "int" in str(annotation))
            texts = [(text_of(step), step) for step in self.steps]
            self.picker = widgets.SelectionSlider(options=texts, description=title, readout=False)
            self.box = widgets.Text(continuous_update=False, description=name)
            self.box.observe(self._typed, "value")
        self.picker.style.description_width = "100px"
        self.picker.description_allow_html = True
        self.picker.observe(self._moved, "value")
        row = widgets.HBox([self.picker, *([self.box] if self.box else []), self.sweep])
        row.add_class("fedlab-row")
        self.view = widgets.VBox([row, self.help])
        self.view.add_class("fedlab-control")
        self.view.add_class(f"fedlab-{name.replace('_', '-')}")
        self.set(value)
        self.complain("")

    @property
    def value(self) -> Any:
        """What is chosen or typed."""
        return self.box.value.strip() if self.box else self.picker.value

    def set(self, value: Any) -> None:
        """Show this value without calling `changed`."""
        self._quiet = True
        try:
            if self.box:
                self.box.value = text_of(value)
                self.picker.value = _nearest(self.steps, value)
            else:
                self.picker.value = value
        finally:
            self._quiet = False

    def fix(self, why: str) -> None:
        """Take the control out of the learner's hands, and say why; "" gives it back."""
        if why == self._fixed:
            return
        self._fixed = why
        for widget in (self.picker, self.box, self.sweep):
            if widget is not None:
                widget.disabled = bool(why)
        self.complain("")

    def complain(self, sentence: str) -> None:
        """Show what is wrong with the value, or, if nothing is, what the setting teaches."""
        if sentence:
            self.help.value = f'<div class="fedlab-complaint" role="alert">{html.escape(sentence, quote=False)}</div>'
        else:
            chosen = getattr(self.value, "lesson", "")
            lesson = self._fixed or chosen or self.about.lesson
            self.help.value = f'<div class="fedlab-lesson">{html.escape(lesson, quote=False)}</div>'

    def _moved(self, change: Any) -> None:
        if self._quiet:
            return
        if self.box:
            self.set(self.picker.value)
        self._changed()

    def _typed(self, change: Any) -> None:
        if self._quiet:
            return
        self.set(self.value)
        self._changed()


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
    """A value as one types it."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


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
    except ValueError:
        return next((step for step in every if str(step) == value), every[0])
