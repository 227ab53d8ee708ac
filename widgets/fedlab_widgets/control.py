"""One control: the values that a setting's slider or menu stops at, and all that the page has to know to make it."""

from __future__ import annotations

import math
from typing import Any

from fedlab import Experiment
from fedlab.differences import title_of
from fedlab.roles import KINDS
from fedlab.settings import About, settings_of
from fedlab.text import say
from fedlab_widgets.kinds import Kinds

MOST_STEPS = 20  # of a slider over fractions
NO_SWEEP = "rounds"  # more rounds continue a curve, they do not make another


class Control:
    """name: the setting. owner: the class that declares it: the experiment, or the kind that has it.

    A setting whose choices are words, kinds, or yes and no gets a menu, any other a slider and a box. What is typed may
    be any text: the experiment is who judges it.
    """

    def __init__(self, name: str, owner: type, kinds: Kinds):
        self.name, self.about = name, settings_of(owner)[name]
        self.annotation = owner.model_fields[name].annotation  # type: ignore[attr-defined]
        self.kinds = kinds[name] if owner is Experiment and name in KINDS else []
        self.options = self._options()
        whole = "int" in str(self.annotation)
        self.steps = [value for _, value in self.options] if self.options else steps(self.about, whole)
        self.sweep = [] if name == NO_SWEEP else sweep_values(self.about, self.steps)

    def spec(self) -> dict[str, Any]:
        """What the page makes the control from; it stays as it is."""
        about, title = self.about, say(self.name.replace("_", " "))
        spec: dict[str, Any] = {
            "name": self.name,
            "title": title,
            "symbol": about.symbol,
            "lesson": say(about.lesson),
        }
        if self.options:
            spec["options"] = [text for text, _ in self.options]
            spec["lessons"] = [say(getattr(kind, "lesson", "") or about.lesson) for kind in self.kinds]
        else:
            spec["steps"] = [text_of(step) for step in self.steps]
            spec["unit"] = say(about.unit) if about.unit else ""
            spec["typed"] = say("{name}, typed", name=title)
            spec["limits"] = say("Allowed: {limits}.", limits=about.allowed(self.annotation))
        if self.sweep:
            spec["sweep"] = say("sweep {name}: {values}", name=title, values=", ".join(map(self._told, self.sweep)))
        return spec

    def shown(self, value: Any) -> int | str:
        """A value as the page gets it: the place in the menu (-1 for none of its entries), or the text in the box."""
        if not self.options:
            return text_of(value)
        return next((place for place, step in enumerate(self.steps) if step == value), -1)

    def _options(self) -> list[tuple[str, Any]]:
        """For a menu, its entries' texts and values; two classes of the learner's own may have one name."""
        if self.kinds:
            return [(say(kind.title), kind) for kind in self.kinds]
        choices = self.about.choices
        if set(choices) == {True, False}:
            return [(say("yes") if choice else say("no"), choice) for choice in choices]
        words = choices and all(isinstance(choice, str) for choice in choices)
        return [(say(choice), choice) for choice in choices] if words else []

    def _told(self, value: Any) -> str:
        """A value in the list of those that a sweep runs."""
        if self.kinds:
            return title_of(value)
        return next((text for text, step in self.options if step is value), text_of(value))


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
