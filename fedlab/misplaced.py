"""What is said of settings and kinds that stand where they do not belong."""

from __future__ import annotations

from typing import Any

from fedlab.roles import KINDS
from fedlab.settings import InvalidSetting, Kind, settings_of, unknown_setting
from fedlab.text import say
from fedlab.vocabulary import Vocabulary


def base_of(role: str) -> type[Kind]:
    """The class that all kinds of a role come from."""
    base: type[Kind] = Vocabulary.model_fields[role].annotation  # type: ignore[assignment]
    return base


def not_of_role(role: str, kind: type) -> InvalidSetting:
    return InvalidSetting(
        role,
        say(
            "{kind} is no {role} that can run: it must be one of {names}, or a class made from {base}.",
            kind=kind.__name__,
            role=role,
            names=", ".join(KINDS[role]),
            base=base_of(role).__name__,
        ),
    )


def misplaced(name: str, settings: dict[str, Any]) -> InvalidSetting:
    """The error for a setting that the chosen kinds do not have."""
    for role in KINDS:
        chosen = settings.get(role, Vocabulary.model_fields[role].default)
        if name in settings_of(type(chosen)):
            return InvalidSetting(
                name,
                say(
                    "The {role} {chosen} is given whole, with its own {name}: set {name} there.",
                    role=role,
                    chosen=chosen.name,
                    name=name,
                ),
            )
    for role, kinds in KINDS.items():
        owners = [kind.name for kind in kinds.values() if name in settings_of(kind)]
        if owners:
            return InvalidSetting(
                name,
                say(
                    "{name} is a setting of the {role} {owners}, but the {role} here is {chosen}.",
                    name=name,
                    role=role,
                    owners=" or ".join(owners),
                    chosen=settings.get(role, Vocabulary.model_fields[role].default).name,
                ),
            )
    own = (n for kinds in KINDS.values() for kind in kinds.values() for n in settings_of(kind))
    return unknown_setting(name, list(dict.fromkeys([*Vocabulary.model_fields, *own])), say("An experiment"))
