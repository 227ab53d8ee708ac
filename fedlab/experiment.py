"""An Experiment: one frozen description of a run, to and from JSON and a short link.

The same names serve in Python, in the lab, on the command line and in files. A partition's or an algorithm's own
settings stand beside the others:

    >>> Experiment(parties=3, examples=3000, algorithm="fedprox", mu=0.1).link()
    'fedlab1:parties=3&examples=3000&algorithm=fedprox&mu=0.1#2f9d'
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import model_validator

from fedlab.algorithms import ALGORITHMS
from fedlab.datasets import Dataset
from fedlab.settings import InvalidSetting, settings_of, unknown_setting
from fedlab.vocabulary import KINDS, VERSION, Vocabulary

__all__ = ["KINDS", "VERSION", "Experiment"]


class Experiment(Vocabulary):
    """What to run. Everything that decides the result is in here; two equal experiments give equal runs."""

    def __init__(self, /, **settings: Any):  # names such as mu=0.1 beside the fields: type checkers must know
        super().__init__(**settings)

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, flat: dict[str, Any]) -> dict[str, Any]:
        """Turn names such as algorithm="fedprox", mu=0.1 into FedProx(mu=0.1)."""
        nested = dict(flat)
        for role, kinds in KINDS.items():
            if isinstance(nested.get(role), str):
                kind = kinds.get(nested[role])
                if kind is None:
                    raise InvalidSetting(role, f"{role} is {nested[role]!r}, but it must be one of {', '.join(kinds)}.")
                own = {name: nested.pop(name) for name in settings_of(kind) if name in nested}
                nested[role] = kind(**own)
        for name in nested.keys() - cls.model_fields.keys():
            raise _misplaced(name, nested)
        return nested

    @model_validator(mode="before")
    @classmethod
    def _apply_what_the_algorithm_fixes(cls, values: dict[str, Any]) -> dict[str, Any]:
        algorithm = values.get("algorithm")
        kind = ALGORITHMS.get(algorithm) if isinstance(algorithm, str) else type(algorithm)
        fixed = getattr(kind, "fixes", {})
        for name, value in fixed.items():
            if values.get(name, value) != value:
                title = getattr(kind, "title", "")
                raise InvalidSetting(
                    name, f"{name} is {values[name]!r}, but {title} always uses {value!r}: leave it out."
                )
        return {**values, **fixed}

    def model_post_init(self, context: Any) -> None:
        super().model_post_init(context)
        if self.parties > self.examples:
            raise InvalidSetting(
                "parties",
                f"{self.parties:,} parties cannot share {self.examples:,} examples: "
                f"take at most {self.examples:,} parties or more examples.",
            )
        names = set(type(self).model_fields)
        for role in KINDS:
            own = settings_of(type(getattr(self, role)))
            for name in names & own.keys():
                raise InvalidSetting(
                    role,
                    f"The {role} {type(getattr(self, role)).__name__} has a setting {name}, but that name is taken.",
                )
            names |= own.keys()

    def data(self) -> Dataset:
        """The examples that the parties share and those that test the result."""
        return self.dataset.load(self.parties, self.seed)

    def with_(self, **changes: Any) -> Experiment:
        """The same experiment with some settings changed.

        Settings that belong to a data set, partition or algorithm that is left behind fall away, and so do values that
        the new algorithm fixes.
        """
        flat = self.to_dict()
        for role, kinds in KINDS.items():
            if role in changes and changes[role] != flat[role]:
                for name in settings_of(type(getattr(self, role))):
                    flat.pop(name)
                kind = kinds.get(changes[role]) if isinstance(changes[role], str) else type(changes[role])
                for name in getattr(kind, "fixes", {}):
                    flat.pop(name)
            elif type(getattr(self, role)) is not kinds.get(flat[role]):  # a kind of the user's own
                for name in settings_of(type(getattr(self, role))):
                    flat.pop(name)
                flat[role] = getattr(self, role)
        return Experiment(**{**flat, **changes})

    def to_dict(self) -> dict[str, Any]:
        """The settings by name, a partition's and an algorithm's own beside the others; ready for JSON."""
        flat: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            flat[name] = value.name if name in KINDS else value
            if name in KINDS:
                flat |= value.model_dump()
        return flat

    def to_json(self) -> str:
        """The experiment as JSON, with the version of its vocabulary."""
        return json.dumps({"fedlab": VERSION, "experiment": self.to_dict()}, ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Experiment:
        """Read what `to_json` or `History.to_json` wrote; `ValueError` with one sentence if that cannot be done."""
        try:
            content = json.loads(text)
            version, settings = content["fedlab"], dict(content["experiment"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ValueError(
                "This is not an experiment of fedlab, or it is damaged: it must be JSON that fedlab wrote."
            ) from None
        _require_version(version)
        return cls(**settings)

    @classmethod
    def load(cls, path: str | Path) -> Experiment:
        """Read an experiment from a file written by `to_json` or by `fedlab run --json`."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not a text file"
            raise ValueError(f"Cannot read {path}: {reason}.") from None
        return cls.from_json(text)

    def link(self) -> str:
        """A short string that restores the experiment: what differs from the defaults, and a check sum."""
        defaults = Experiment(**{role: getattr(self, role).name for role in KINDS}).to_dict()
        defaults |= {role: getattr(Experiment(), role).name for role in KINDS}
        fixed = self.algorithm.fixes
        different = {
            name: value for name, value in self.to_dict().items() if value != defaults[name] and name not in fixed
        }
        body = urlencode(different)
        return f"fedlab{VERSION}:{body}#{_check_sum(body)}"

    @classmethod
    def from_link(cls, link: str) -> Experiment:
        """Restore an experiment from its link; `ValueError` with one sentence if that cannot be done."""
        head, colon, rest = link.strip().partition(":")
        body, hash_sign, check_sum = rest.rpartition("#")
        if not head.startswith("fedlab") or not head[6:].isdecimal() or not colon or not hash_sign:
            raise ValueError("This is not a link of fedlab: a link looks like fedlab1:parties=3&seed=1#0a1b.")
        _require_version(int(head[6:]))
        if check_sum != _check_sum(body):
            raise ValueError("This link is damaged: a part of it is missing or was changed. Copy it again, whole.")
        return cls(**dict(parse_qsl(body)))


def _misplaced(name: str, settings: dict[str, Any]) -> InvalidSetting:
    """The error for a setting that the chosen data set, partition and algorithm do not have."""
    for role, kinds in KINDS.items():
        owners = [kind.name for kind in kinds.values() if name in settings_of(kind)]
        if owners:
            chosen = getattr(settings.get(role, Experiment.model_fields[role].default), "name", "")
            if chosen in owners:
                return InvalidSetting(
                    name, f"The {role} {chosen} is given whole, with its own {name}: set {name} there."
                )
            return InvalidSetting(
                name, f"{name} is a setting of the {role} {' or '.join(owners)}, but the {role} here is {chosen}."
            )
    own = (n for kinds in KINDS.values() for kind in kinds.values() for n in settings_of(kind))
    return unknown_setting(name, list(dict.fromkeys([*Experiment.model_fields, *own])), "An experiment")


def _require_version(version: object) -> None:
    if version != VERSION:
        raise ValueError(
            f"This was made by version {version} of the fedlab vocabulary, which this version {VERSION} cannot read."
        )


def _check_sum(body: str) -> str:
    return f"{zlib.crc32(body.encode()) & 0xFFFF:04x}"
