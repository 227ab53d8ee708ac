"""What a learner may set: one declaration per setting, checked by pydantic, read by the lab, the CLI and the tests.

A setting carries its allowed range, its symbol in the literature and one sentence that says what moving it teaches.
The lab makes a slider from it, the command line a flag, the property tests a strategy. Nothing else describes it.
A `Kind` is a named set of settings: one of the data sets, partitions, algorithms, ... that an experiment chooses from.
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Integral
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from fedlab.text import say


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
    unit: str = ""  # what a number counts, for those who only hear it, for example "degrees"
    named: bool = False  # whether parties may be named instead of counted: see `Who`

    @property
    def shown_range(self) -> tuple[float, float]:
        """What the lab's slider spans."""
        if self.slider is not None:
            return self.slider
        if self.low is None or self.high is None:
            raise ValueError(say("A setting without choices needs a low and a high for its slider."))
        return self.low, self.high

    def allowed(self, kind: object) -> str:
        """The allowed values in words, for messages and help texts."""
        if self.low is None or self.high is None:
            choices = (str(choice).lower() if isinstance(choice, bool) else str(choice) for choice in self.choices)
            return say("one of {choices}", choices=", ".join(choices))
        whole = "int" in str(kind)
        low, high = (f"{end:{'d' if whole else 'g'}}" for end in (self.low, self.high))
        words = [str(choice) for choice in self.choices if isinstance(choice, str)]
        if self.named:
            words.append(say("parties by their numbers, such as #0,#3"))
        number = (
            say("a whole number from {low} to {high}", low=low, high=high)
            if whole
            else say("a number from {low} to {high}", low=low, high=high)
        )
        return say("{number}, or {words}", number=number, words=", ".join(words)) if words else number


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
    unit: str = "",
    named: bool = False,
) -> Any:
    """Declare one setting: its default, its range (both ends allowed) and what it teaches."""
    about = About(symbol, lesson, low, high, slider, scale, choices, unit, named)
    return Field(default, description=lesson, json_schema_extra={"about": about})  # type: ignore[dict-item]


def _who(given: Any) -> int | str:
    """How many parties, or which: 2 or "2" are two of them, "#2" or (2,) is party 2, and (5, 0) is "#0,#5"."""
    if isinstance(given, str) and given.strip().isdecimal():
        return int(given)
    if isinstance(given, str) and given.startswith("#"):
        given = [int(one.strip().removeprefix("#")) for one in given.split(",")]
    if isinstance(given, tuple | list) and given and all(_is_number(one) and one >= 0 for one in given):
        return ",".join(f"#{number}" for number in sorted(set(given)))
    if _is_number(given):
        return int(given)
    raise ValueError


def _is_number(one: Any) -> bool:
    return isinstance(one, Integral) and not isinstance(one, bool)


Who = Annotated[int | str, BeforeValidator(_who)]  # a number of parties, to be drawn by lot, or which: "#0,#3"


def named_in(who: int | str) -> list[int]:
    """The numbers of the parties that are named; none where they are only counted."""
    return [int(one[1:]) for one in who.split(",")] if isinstance(who, str) else []


def require_there(setting: str, who: int | str, parties: int) -> None:
    """Raise `InvalidSetting` if more parties are asked for than there are, or one that there is not."""
    if isinstance(who, int) and who > parties:
        raise InvalidSetting(
            setting,
            say(
                "{setting} is {who:,}, but there are only {parties:,} parties: take at most so many.",
                setting=setting, who=who, parties=parties,
            ),
        )  # fmt: skip
    if strangers := [number for number in named_in(who) if number >= parties]:
        raise InvalidSetting(
            setting,
            say(
                "{setting} names party {number}, but the {parties:,} parties have the numbers from 0 to {last}.",
                setting=setting, number=strangers[0], parties=parties, last=parties - 1,
            ),
        )  # fmt: skip


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


class Kind(Settings):
    """One of the kinds that a role of an experiment chooses from; a class of the learner's own is one as well.

    A kind that states no name or title goes by its class's name, in files, links and legends.
    """

    name: ClassVar[str]  # as written in files, links and on the command line
    title: ClassVar[str]  # as shown to a learner
    lesson: ClassVar[str]  # one sentence: what choosing it teaches
    fixes: ClassVar[dict[str, Any]] = {}  # settings of the experiment that this kind does not leave open

    def require(self, experiment: Any) -> None:
        """Raise `InvalidSetting` if this kind does not go with the experiment's other choices."""

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        for said in ("name", "title"):
            if said not in vars(cls):
                setattr(cls, said, cls.__name__)
        plain = cls.model_fields.keys() - settings_of(cls).keys()
        if plain:
            raise TypeError(
                say(
                    "{kind} has {name} as a plain field: write {name}: type = setting(default, what it teaches), so "
                    "that it gets a slider, or {name}: ClassVar = ..., if nobody is to move it.",
                    kind=cls.__name__,
                    name=min(plain),
                )
            )


def short(value: object) -> str:
    """A value as one reads it in a sentence, however long it is."""
    brief = reprlib.Repr()  # its limits as arguments: from Python 3.12
    brief.maxother = brief.maxstring = brief.maxlong = 40
    brief.maxlevel = 2
    try:
        return brief.repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return say("a number of thousands of digits")


def _sentence(owner: type[Settings], name: str, value: object) -> str:
    """The sentence about a setting's value, in the learner's words."""
    kind = owner.model_fields[name].annotation
    allowed = settings_of(owner)[name].allowed(kind)
    return say("{name} is {value}, but it must be {allowed}.", name=name, value=short(value), allowed=allowed)


def unknown_setting(name: str, known: list[str], owner: str) -> InvalidSetting:
    """The error for a name that nobody declared, with the nearest declared name."""
    close = get_close_matches(name, known, n=1)
    if close:
        text = say(
            "{owner} has no setting {name}: did you mean {close}?", owner=owner, name=short_name(name), close=close[0]
        )
    elif not known:
        text = say("{owner} has no setting {name}: it has no settings.", owner=owner, name=short_name(name))
    elif len(known) > 15:
        text = say(
            "{owner} has no setting {name}: it has {some} and others.",
            owner=owner, name=short_name(name), some=", ".join(known[:15]),
        )  # fmt: skip
    else:
        text = say(
            "{owner} has no setting {name}: it has {some}.", owner=owner, name=short_name(name), some=", ".join(known)
        )
    return InvalidSetting(name, text)


def short_name(name: str) -> str:
    """A name that may be any text at all, cut where it gets too long for a sentence."""
    return name if len(name) <= 40 else name[:37] + "..."


def settings_of(owner: type[BaseModel]) -> dict[str, About]:
    """The settings that a class declares, in order: name to `About`."""
    found = {}
    for name, field in owner.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and isinstance(extra.get("about"), About):
            found[name] = extra["about"]
    return found  # type: ignore[return-value]
