"""Settings as flags: one flag for each setting of the experiment, the partitions and the algorithms.

Nothing about a setting is written down here: name, default, range and lesson come from its field. That is why this is
click and not typer, cyclopts or argparse: the first two read flags from a function's signature, the last has no test
runner and no "did you mean".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from itertools import product
from pathlib import Path
from typing import Any

import click

from fedlab.experiment import KINDS, Experiment
from fedlab.settings import Settings, settings_of


class Refused(click.ClickException):
    """Something that was asked for cannot be done; one sentence, exit code 2."""

    exit_code = 2


def setting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the flags; the command gets `experiments`, one for each combination of their values."""

    @wraps(command)
    def with_experiments(origin: str | None, **options: Any) -> None:
        given = {name: options.pop(name) for name in owners()}
        try:
            experiments = combinations(opened(origin), {name: values for name, values in given.items() if values})
        except ValueError as error:
            raise Refused(str(error)) from None
        command(experiments=experiments, **options)

    help_from = "Begin with a saved experiment, a saved run, or a link; other flags change it."
    add = click.option("--from", "origin", metavar="FILE|LINK", help=help_from)
    for name, kinds in reversed(owners().items()):
        flag = "--" + name.replace("_", "-")
        option = click.option(flag, name, type=value_of, metavar="VALUE", multiple=True, help=help_of(name, kinds))
        with_experiments = option(with_experiments)
    return add(with_experiments)


def owners() -> dict[str, list[type[Settings]]]:
    """Every setting's name, and the classes that have it."""
    found: dict[str, list[type[Settings]]] = {}
    for owner in (Experiment, *(kind for kinds in KINDS.values() for kind in kinds.values())):
        for name in settings_of(owner):
            found.setdefault(name, []).append(owner)
    return found


def help_of(name: str, kinds: list[type[Any]]) -> str:
    """A setting's lesson, and for each class that has it what is allowed and the default."""
    ranges: dict[str, list[str]] = {}
    for kind in kinds:
        field, about = kind.model_fields[name], settings_of(kind)[name]
        default = getattr(field.default, "name", field.default)
        ranges.setdefault(f"{about.allowed(field.annotation)}; default {default}", []).append(getattr(kind, "name", ""))
    texts = (", ".join(filter(None, names)) + ": " + text for text, names in ranges.items())
    return f"{settings_of(kinds[0])[name].lesson} [{'; '.join(texts).removeprefix(': ')}]"


def value_of(text: str) -> int | float | str:
    """A flag's text as a whole number, else as a number, else as it stands; the experiment says if it will not do."""
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def opened(origin: str | None) -> Experiment:
    """The experiment in a file or a link; the default one without either."""
    if origin is None:
        return Experiment()
    if origin.startswith("fedlab") and ":" in origin and not Path(origin).exists():
        return Experiment.from_link(origin)
    return Experiment.load(origin)


def combinations(start: Experiment, given: dict[str, tuple[Any, ...]]) -> list[Experiment]:
    """`start` with every combination of the given values, each experiment once.

    A setting that only some partitions or algorithms have goes to those; one that none of them has is an error.
    """
    experiments: dict[Experiment, None] = {}
    used: set[str] = set()
    for values in product(*given.values()):
        wanted = dict(zip(given, values, strict=True))
        changes = {name: value for name, value in wanted.items() if is_open(name, wanted, start)}
        experiments[start.with_(**changes)] = None
        used |= changes.keys()
    if used != given.keys():
        start.with_(**wanted)  # says whose setting it is
    return list(experiments)


def is_open(name: str, wanted: dict[str, Any], start: Experiment) -> bool:
    """Whether the wanted partition and algorithm have this setting, or leave it open."""
    for role, kinds in KINDS.items():
        chosen = kinds.get(wanted.get(role, getattr(start, role).name))
        having = [kind for kind in kinds.values() if name in settings_of(kind)]
        if (having and chosen not in having) or name in getattr(chosen, "fixes", {}):
            return False
    return True


def described(experiment: Experiment) -> str:
    """All settings in one line."""
    return " ".join(f"{name}={value}" for name, value in experiment.to_dict().items())
