"""Settings as flags: one for each setting of the experiment and of the kinds that it chooses from.

Nothing about a setting is written down here: name, default, range and lesson come from its field. That is why this is
click and not typer, cyclopts or argparse: the first two read flags from a function's signature, the last has no test
runner and no "did you mean".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import wraps
from itertools import product
from typing import Any

import click

from fedlab.cli.errors import Refused
from fedlab.datasets import csv_source
from fedlab.engines import ENGINES, require_known
from fedlab.events import text_of
from fedlab.experiment import KINDS, Experiment
from fedlab.settings import Settings, settings_of
from fedlab.text import say


def setting_options(command: Callable[..., None], table: bool = False) -> Callable[..., None]:
    """Add the flags; the command gets `engine` and `experiments`, one for each combination of the flags' values.

    table: whether data may also come from a table of the learner's own, which stays on this machine.
    """

    @wraps(command)
    def with_experiments(
        origin: str | None,
        engine: str | None,
        event: tuple[str, ...],
        data: str | None = None,
        owner: str | None = None,
        label: str | None = None,
        **options: Any,
    ) -> None:
        given = {name: options.pop(name) for name in owners()}
        try:
            start = with_table(opened(origin), data, owner, label)
            experiments = combinations(start, {name: values for name, values in given.items() if values})
            if event:
                experiments = [one.with_(events="; ".join([text_of(one.events), *event])) for one in experiments]
        except ValueError as error:
            raise Refused(str(error)) from None
        command(experiments=experiments, engine=engine, **options)

    options = [
        click.option(
            "--from",
            "origin",
            metavar=say("FILE|LINK"),
            help=say("Begin with a saved experiment, a saved run, or a link; other flags change it."),
        ),
        click.option(
            "--event",
            metavar=say("EVENT"),
            multiple=True,
            help=say('What changes after a round, such as "7: attack=sign_flip attackers=2"; may be given again.'),
        ),
        click.option(
            "--engine",
            metavar="|".join(ENGINES),
            callback=known_engine,
            help=say(
                "What trains: numpy takes dense models, keras any, flower has each party train in another process; "
                "without this flag the first that can."
            ),
        ),
    ]
    options += table_options() if table else []
    for name, kinds in owners().items():
        flag = "--" + name.replace("_", "-")
        options.append(
            click.option(flag, name, type=value_of, metavar=say("VALUE"), multiple=True, help=help_of(name, kinds))
        )
    for option in reversed(options):
        with_experiments = option(with_experiments)
    return with_experiments


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
        text = say("{allowed}; default {default}", allowed=about.allowed(field.annotation), default=default)
        ranges.setdefault(text, []).append(getattr(kind, "name", ""))
    texts = (", ".join(filter(None, names)) + ": " + text for text, names in ranges.items())
    return say(settings_of(kinds[0])[name].lesson) + f" [{'; '.join(texts).removeprefix(': ')}]"


def value_of(text: str) -> int | float | str:
    """A flag's text as a whole number, else as a number, else as it stands; the experiment says if it will not do."""
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def known_engine(context: click.Context, option: click.Parameter, name: str | None) -> str | None:
    """The engine's name, if there is one of that name."""
    try:
        if name is not None:
            require_known(name)
    except ValueError as error:
        raise Refused(str(error)) from None
    return name


def table_options() -> list[Callable[..., Any]]:
    """The flags of a table of the learner's own."""
    return [
        click.option(
            "--data",
            metavar=say("FILE"),
            help=say("A table of your own, .csv with names in its first line; --label names the column to predict."),
        ),
        click.option("--label", metavar=say("COLUMN"), help=say("With --data: what there is to predict.")),
        click.option(
            "--owner",
            metavar=say("COLUMN"),
            help=say(
                "With --data: whose each line is; then every owner is a party, unless another partition is given."
            ),
        ),
    ]


def with_table(start: Experiment, data: str | None, owner: str | None, label: str | None) -> Experiment:
    """The experiment with a table of the learner's own, if one is given."""
    if data is None:
        if owner or label:
            raise ValueError(say("--owner and --label go with --data and a file."))
        return start
    if label is None:
        raise ValueError(say("--data needs --label and the name of the column to predict."))
    natural = {"partition": "natural"} if owner else {}
    return start.with_(dataset=csv_source(data, label, owner), **natural)


def opened(origin: str | None) -> Experiment:
    """The experiment in a file or a link; the default one without either."""
    if origin is None:
        return Experiment()
    if re.match(r"\s*fedlab\w*:", origin):
        return Experiment.from_link(origin)
    return Experiment.load(origin)


def combinations(start: Experiment, given: dict[str, tuple[Any, ...]]) -> list[Experiment]:
    """`start` with every combination of the given values, each experiment once.

    A setting that only some kinds have goes to those; one that none of them has is an error.
    """
    experiments: dict[Experiment, None] = {}
    used: set[str] = set()
    for values in product(*given.values()):
        wanted = dict(zip(given, values, strict=True))
        chosen = {role: kinds.get(wanted.get(role, ""), type(getattr(start, role))) for role, kinds in KINDS.items()}
        changes = {name: value for name, value in wanted.items() if is_open(name, chosen.values())}
        experiments[start.with_(**changes)] = None
        used |= changes.keys()
    if used != given.keys():
        start.with_(**wanted)  # says whose setting it is
    return list(experiments)


def is_open(name: str, chosen: Collection[type[Any]]) -> bool:
    """Whether an experiment of these kinds has this setting, and leaves it open."""
    classes: list[type[Any]] = [Experiment, *chosen]
    return any(name in settings_of(one) for one in classes) and not any(name in kind.fixes for kind in chosen)


def described(experiment: Experiment) -> str:
    """All settings in one line."""
    return " ".join(f"{name}={value}" for name, value in experiment.to_dict().items())
