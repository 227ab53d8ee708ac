"""What the controls say: a value for each setting, or the text that was typed; the experiment is who judges it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fedlab import Experiment
from fedlab.roles import KINDS
from fedlab.settings import InvalidSetting, Kind, settings_of
from fedlab.text import say

Kinds = dict[str, list[type[Kind]]]  # by role, what there is to choose from


class Wanted:
    """Values by name. Each kind keeps its own settings, so that they are still there when it is chosen again."""

    def __init__(self, experiment: Experiment):
        self._values: dict[str, Any] = {}
        self._own: dict[type[Kind], dict[str, Any]] = {}
        self.take(experiment)

    def take(self, experiment: Experiment) -> None:
        """Say what this experiment says."""
        for name in Experiment.model_fields:
            value = getattr(experiment, name)
            if name in KINDS:
                self._own[type(value)] = {own: getattr(value, own) for own in settings_of(type(value))}
            if name not in experiment.fixed:  # what a kind fixes is not what the learner has chosen
                self._values[name] = type(value) if name in KINDS else value
            else:
                self._values.setdefault(name, Experiment.model_fields[name].default)

    def owners(self) -> dict[str, type]:
        """Every setting that there is with the kinds chosen, in order, and the class that declares it."""
        found: dict[str, type] = {}
        for name in settings_of(Experiment):
            found[name] = Experiment
            if name in KINDS:
                found |= dict.fromkeys(settings_of(self._values[name]), self._values[name])
        return found

    def value(self, name: str) -> Any:
        """The value of a setting; of a role the kind that is chosen."""
        return self._place(name)[name]

    def set(self, name: str, value: Any) -> None:
        self._place(name)[name] = value

    def experiment(self, instead: Mapping[str, Any] | None = None) -> Experiment:
        """The experiment that these are, perhaps with other values for some; `InvalidSetting` if they are none."""
        instead = instead or {}
        values = {**self._values, **{name: instead[name] for name in instead if name in self._values}}
        kinds = {role: values[role] for role in KINDS}
        for role, kind in kinds.items():
            own = self._settings_of(kind)
            values[role] = kind(**{**own, **{name: instead[name] for name in own if name in instead}})
        fixed = {name for kind in kinds.values() for name in kind.fixes}
        return Experiment(**{name: value for name, value in values.items() if name not in fixed})

    def fixed(self) -> dict[str, type[Kind]]:
        """The settings that a chosen kind does not leave open, each with that kind."""
        return {name: self._values[role] for role in KINDS for name in self._values[role].fixes}

    def _settings_of(self, kind: type[Kind]) -> dict[str, Any]:
        if kind not in self._own:
            self._own[kind] = {name: kind.model_fields[name].default for name in settings_of(kind)}
        return self._own[kind]

    def _place(self, name: str) -> dict[str, Any]:
        if name in self._values:
            return self._values
        return next(own for own in (self._settings_of(self._values[role]) for role in KINDS) if name in own)


def base_of(role: str) -> type[Kind]:
    """The class that all kinds of a role come from."""
    base: type[Kind] = Experiment.model_fields[role].annotation  # type: ignore[assignment]
    return base


def kinds_with(own: Iterable[type[Kind]], experiment: Experiment) -> Kinds:
    """What there is to choose from in each role: the kit's kinds, the learner's own, and those of the experiment."""
    kinds: Kinds = {role: list(known.values()) for role, known in KINDS.items()}
    for kind in [*own, *(type(getattr(experiment, role)) for role in KINDS)]:
        role = next((role for role in KINDS if isinstance(kind, type) and issubclass(kind, base_of(role))), None)
        if role is None:
            raise InvalidSetting(
                "kinds",
                say(
                    "{kind} is no kind that a lab can offer: it must be a class made from one of {bases}.",
                    kind=getattr(kind, "__name__", type(kind).__name__),
                    bases=", ".join(dict.fromkeys(base_of(role).__name__ for role in KINDS)),
                ),
            )
        if kind not in kinds[role]:
            kinds[role].append(kind)
    return kinds


def with_settings_for(names: Sequence[str], experiment: Experiment, kinds: Kinds) -> Experiment:
    """The experiment, with the first kind that has a setting of `names` where its own has it not."""
    for role, known in kinds.items():
        own = settings_of(type(getattr(experiment, role)))
        for name in names:
            owner = next((kind for kind in known if name in settings_of(kind)), None)
            if owner and name not in own:
                experiment = experiment.with_(**{role: owner()})
    return experiment
