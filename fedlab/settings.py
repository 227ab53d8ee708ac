"""What a learner may set: one declaration per setting, checked by pydantic, read by the lab, the CLI and the tests.

A setting carries its allowed range, its symbol in the literature and one sentence that says what moving it teaches.
The lab makes a slider from it, the command line a flag, the property tests a strategy. Nothing else describes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class InvalidSetting(ValueError):
    """A value that is not allowed; its text is one sentence that says what is wrong and what is allowed.

    `setting` is the name of the offending setting, so that the lab can show the sentence beside its control.
    """

    def __init__(self, setting: str, sentence: str):
        super().__init__(sentence)
        self.setting = setting


@dataclass(frozen=True)
class About:
    """How a setting presents itself to a learner."""

    symbol: str  # as papers write it, for example "μ"
    lesson: str  # one sentence: what moving it teaches
    low: float | None = None  # smallest value allowed
    high: float | None = None  # largest value allowed
    slider: tuple[float, float] | None = None  # the part of the range that the lab offers; None: all of it
    scale: Literal["linear", "log"] = "linear"
    choices: tuple[Any, ...] = ()  # offered by the lab as steps of a slider or entries of a menu

    @property
    def shown_range(self) -> tuple[float, float]:
        """What the lab's slider spans."""
        if self.slider is not None:
            return self.slider
        if self.low is None or self.high is None:
            raise ValueError("a setting without choices needs a low and a high for its slider")
        return self.low, self.high

    def allowed(self, kind: object) -> str:
        """The allowed values in words, for messages and help texts."""
        if self.low is None or self.high is None:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        whole = "int" in str(kind)
        low, high = (f"{end:{'d' if whole else 'g'}}" for end in (self.low, self.high))
        extra = [str(choice) for choice in self.choices if isinstance(choice, str)]
        return f"a {'whole ' * whole}number from {low} to {high}" + "".join(f", or {choice}" for choice in extra)


def setting(
    default: Any,
    lesson: str,
    *,
    symbol: str = "",
    low: float | None = None,
    high: float | None = None,
    slider: tuple[float, float] | None = None,
    scale: Literal["linear", "log"] = "linear",
    choices: tuple[Any, ...] = (),
) -> Any:
    """Declare one setting: its default, its range (both ends allowed) and what it teaches."""
    about = About(symbol, lesson, low, high, slider, scale, choices)
    return Field(default, description=lesson, json_schema_extra={"about": about})  # type: ignore[dict-item]


class Settings(BaseModel):
    """A frozen set of settings; a value out of range raises `InvalidSetting` with one clear sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)

    def __init__(self, /, **values: Any):
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise self._in_one_sentence(error) from None

    def model_post_init(self, context: Any) -> None:
        for name, about in settings_of(type(self)).items():
            value = getattr(self, name)
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if is_number and about.low is not None and about.high is not None and not about.low <= value <= about.high:
                raise InvalidSetting(name, _sentence(type(self), name, value))

    @classmethod
    def _in_one_sentence(cls, error: ValidationError) -> InvalidSetting:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, InvalidSetting):
            return cause
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            return unknown_setting(name, list(cls.model_fields), cls.__name__)
        return InvalidSetting(name, _sentence(cls, name, first["input"]))


def _sentence(owner: type[Settings], name: str, value: object) -> str:
    """The sentence about a setting's value, in the learner's words."""
    kind = owner.model_fields[name].annotation
    return f"{name} is {value!r}, but it must be {settings_of(owner)[name].allowed(kind)}."


def unknown_setting(name: str, known: list[str], owner: str) -> InvalidSetting:
    """The error for a name that nobody declared, with the nearest declared name."""
    close = get_close_matches(name, known, n=1)
    some = ", ".join(known[:15]) + (" and others" if len(known) > 15 else "")
    hint = f"did you mean {close[0]}?" if close else f"it has {some or 'no settings'}."
    return InvalidSetting(name, f"{owner} has no setting {name}: {hint}")


def settings_of(owner: type[BaseModel]) -> dict[str, About]:
    """The settings that a class declares, in order: name to `About`."""
    found = {}
    for name, field in owner.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and isinstance(extra.get("about"), About):
            found[name] = extra["about"]
    return found  # type: ignore[return-value]
