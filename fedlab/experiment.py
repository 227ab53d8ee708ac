"""An Experiment: one frozen description of a run, to and from JSON and a short link.

The same names serve in Python, in the lab, on the command line and in files. A partition's or an algorithm's own
settings stand beside the others:

    >>> Experiment(parties=3, examples=3000, algorithm="fedprox", mu=0.2).link()
    'fedlab2:parties=3&examples=3000&algorithm=fedprox&mu=0.2#6b57'
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import field_validator, model_validator

from fedlab.datasets import Dataset, Source
from fedlab.events import Event, checked, events_from, text_of
from fedlab.misplaced import base_of, misplaced, not_of_role
from fedlab.roles import KINDS, is_ours, kind_of
from fedlab.settings import InvalidSetting, named_in, require_there, settings_of, short
from fedlab.text import say
from fedlab.vocabulary import VERSION, Vocabulary

__all__ = ["KINDS", "VERSION", "Experiment"]

# What to do to the settings of an earlier version's file or link, so that they mean in the next what they meant then.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda settings: settings,  # version 2 only adds roles, whose defaults are what version 1 always did
}

COUNTS = {
    name: Vocabulary.model_fields[name].default for name in ("parties", "examples")
}  # a data set may have its own


class Experiment(Vocabulary):
    """What to run. Everything that decides the result is in here; two equal experiments give equal runs."""

    events: tuple[Event, ...] = ()  # what changes while it runs: see `events.py`

    def __init__(self, /, **settings: Any):  # names such as mu=0.1 beside the fields: type checkers must know
        super().__init__(**settings)

    @field_validator("events", mode="before")
    @classmethod
    def _read_events(cls, given: Any) -> tuple[Event, ...]:
        return events_from(given)

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, flat: dict[str, Any]) -> dict[str, Any]:
        """Turn names such as algorithm="fedprox", mu=0.1 into FedProx(mu=0.1)."""
        nested = dict(flat)
        for role in KINDS.keys() & nested.keys():
            kind = kind_of(role, nested[role])
            base = base_of(role)
            if not issubclass(kind, base) or (kind is base and not is_ours(role, kind)):
                raise not_of_role(role, kind)
            if isinstance(nested[role], str):
                own = {name: nested.pop(name) for name in settings_of(kind) if name in nested}
                nested[role] = kind(**own)
        for name in nested.keys() - cls.model_fields.keys():
            raise misplaced(name, nested)
        return {**nested.get("dataset", cls.model_fields["dataset"].default).usual(), **nested}

    @model_validator(mode="before")
    @classmethod
    def _apply_what_kinds_fix(cls, values: dict[str, Any]) -> dict[str, Any]:
        fixed: dict[str, Any] = {}
        for role in KINDS:
            kind = kind_of(role, values.get(role, cls.model_fields[role].default))
            for name, value in kind.fixes.items():
                if fixed.get(name, value) != value:
                    text = say(
                        "{title} always uses {value} for {name}, and another choice {other}: they do not go together.",
                        title=say(kind.title),
                        value=repr(value),
                        name=name,
                        other=repr(fixed[name]),
                    )
                    raise InvalidSetting(role, text)
                if values.get(name, value) != value:
                    raise InvalidSetting(
                        name,
                        say(
                            "{name} is {given}, but {title} always uses {value}: leave it out.",
                            name=name,
                            given=short(values[name]),
                            title=say(kind.title),
                            value=repr(value),
                        ),
                    )
                fixed[name] = value
        return {**values, **fixed}

    def model_post_init(self, context: Any) -> None:
        super().model_post_init(context)
        if self.parties > self.examples:
            raise InvalidSetting(
                "parties",
                say(
                    "{parties:,} parties cannot share {examples:,} examples: "
                    "take at most {examples:,} parties or more examples.",
                    parties=self.parties,
                    examples=self.examples,
                ),
            )
        require_there("away", self.away, self.parties)
        if self.away == self.parties or len(named_in(self.away)) == self.parties:
            raise InvalidSetting("away", say("All parties are away: at least one must be there."))
        names = set(type(self).model_fields)
        for role in KINDS:
            own = settings_of(type(getattr(self, role)))
            for name in names & own.keys():
                raise InvalidSetting(
                    role,
                    say(
                        "The {role} {kind} has a setting {name}, but that name is taken.",
                        role=role,
                        kind=type(getattr(self, role)).__name__,
                        name=name,
                    ),
                )
            names |= own.keys()
        for role in KINDS:
            getattr(self, role).require(self)
        if self.events:
            object.__setattr__(self, "events", checked(self))  # equal experiments have equal events, read or written

    @property
    def fixed(self) -> dict[str, type]:
        """The settings that one of the kinds chosen does not leave open, each with that kind."""
        kinds = [type(getattr(self, role)) for role in KINDS]
        return {name: kind for kind in kinds for name in kind.fixes}

    def data(self) -> Dataset:
        """The examples that the parties share and those that test the result."""
        return self.dataset.load(self.parties, self.seed)

    def with_(self, **changes: Any) -> Experiment:
        """The same experiment with some settings changed.

        Settings that belong to a kind that is left behind fall away, and so do values that the new one fixes.
        """
        kept: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        for role in KINDS:
            present, wanted = kept[role], changes.get(role, kept[role])
            kind = kind_of(role, wanted)
            if isinstance(wanted, str) or role not in changes:
                same = present.model_dump() if type(present) is kind else {}
                own = {name: changes.pop(name) for name in settings_of(kind) if name in changes}
                changes[role] = kind(**{**same, **own})
            for name in kind.fixes if type(present) is not kind else ():
                kept.pop(name, None)
        for name in self.left_as_usual(changes.get("dataset", self.dataset)):
            kept.pop(name, None)  # another data set has other usual numbers
        return Experiment(**{**kept, **changes})

    def left_as_usual(self, dataset: Source) -> list[str]:
        """What is as usual for the present data set, and would be something else for another one."""
        before, after = ({**COUNTS, **one.usual()} for one in (self.dataset, dataset))
        return [name for name in COUNTS if getattr(self, name) == before[name] != after[name]]

    def to_dict(self) -> dict[str, Any]:
        """The settings by name, those of the kinds beside the others; ready for JSON."""
        flat: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            flat[name] = value.name if name in KINDS else value
            if name in KINDS:
                flat |= value.model_dump()
        del flat["events"]
        return {**flat, "events": text_of(self.events)} if self.events else flat

    @property
    def own_kinds(self) -> list[str]:
        """The names of the classes that are the learner's own, and so mean nothing to anybody else."""
        kinds = {role: type(getattr(self, role)) for role in KINDS}
        return [kind.__name__ for role, kind in kinds.items() if not is_ours(role, kind)]

    def to_json(self) -> str:
        """The experiment as JSON, with the version of its vocabulary."""
        return json.dumps(self.to_file(), ensure_ascii=False, indent=2)

    def to_file(self) -> dict[str, Any]:
        """What a file holds of it, as plain values."""
        own = {"own": self.own_kinds} if self.own_kinds else {}
        return {"fedlab": VERSION, **own, "experiment": self.to_dict()}

    @classmethod
    def from_json(cls, text: str) -> Experiment:
        """Read what `to_json` or `History.to_json` wrote; `ValueError` with one sentence if that cannot be done."""
        try:
            content = json.loads(text.removeprefix("\ufeff"))
        except (ValueError, RecursionError):  # a JSONDecodeError, or a number of too many digits
            content = None
        if isinstance(content, dict) and isinstance(content.get("runs"), list):
            raise ValueError(
                say(
                    "This file holds {runs} runs that were compared: give one of them, as fedlab run --json writes it.",
                    runs=len(content["runs"]),
                )
            )
        if not isinstance(content, dict) or "fedlab" not in content or not isinstance(content.get("experiment"), dict):
            raise ValueError(
                say("This is not an experiment of fedlab, or it is damaged: it must be JSON that fedlab wrote.")
            )
        if content.get("own"):
            raise ValueError(
                say(
                    "This was made with {kind}, a class of somebody's own, which a file cannot hold: "
                    "build the experiment in Python, where that class is.",
                    kind=short(content["own"][0] if isinstance(content["own"], list) else content["own"]).strip("'"),
                )
            )
        return cls(**_upgraded(content["fedlab"], content["experiment"]))

    @classmethod
    def load(cls, path: str | Path) -> Experiment:
        """Read an experiment from a file written by `to_json` or by `fedlab run --json`."""
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or say("it is not a text file")
            raise ValueError(
                say("Cannot read {path}: {reason}.", path=short(str(path)).strip("'"), reason=reason)
            ) from None
        return cls.from_json(text)

    def link(self) -> str:
        """A short string that restores the experiment: what differs from the defaults, and a check sum.

        `ValueError` with one sentence if the experiment has a class of the learner's own: a link cannot hold it.
        """
        if self.own_kinds:
            raise ValueError(
                say("A link cannot hold {kind}, a class of your own: share its code instead.", kind=self.own_kinds[0])
            )
        defaults = Experiment().to_dict()
        for role in KINDS:  # one by one: the kinds' defaults need not go together
            defaults |= type(getattr(self, role))().model_dump()
        defaults |= self.dataset.usual()
        fixed = self.fixed
        different = {
            name: value for name, value in self.to_dict().items() if value != defaults.get(name) and name not in fixed
        }
        body = urlencode(different)
        return f"fedlab{VERSION}:{body}#{_check_sum(body)}"

    @classmethod
    def from_link(cls, link: str) -> Experiment:
        """Restore an experiment from its link; `ValueError` with one sentence if that cannot be done."""
        head, colon, rest = link.strip().partition(":")
        body, hash_sign, check_sum = rest.rpartition("#")
        if not head.startswith("fedlab") or not head[6:].isdecimal() or not colon or not hash_sign:
            raise ValueError(say("This is not a link of fedlab: a link looks like fedlab2:parties=3&seed=1#0a1b."))
        version = int(head[6:15])
        _require_known(version)
        if check_sum != _check_sum(body):
            raise ValueError(say("This link is damaged: a part of it is missing or was changed. Copy it again, whole."))
        return cls(**_upgraded(version, dict(parse_qsl(body))))


def _upgraded(version: object, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a file or link of any version that can be read, as the present one writes them."""
    for earlier in range(_require_known(version), VERSION):
        settings = UPGRADES[earlier](settings)
    return settings


def _require_known(version: object) -> int:
    if isinstance(version, int) and not isinstance(version, bool) and (version == VERSION or version in UPGRADES):
        return version
    raise ValueError(
        say(
            "This was made by version {version} of the fedlab vocabulary, which this version {ours} cannot read.",
            version=short(version),
            ours=VERSION,
        )
    )


def _check_sum(body: str) -> str:
    return f"{zlib.crc32(body.encode()) & 0xFFFF:04x}"
