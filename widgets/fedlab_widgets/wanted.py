"""What the controls say: a value for each setting, or the text that was typed; the experiment is who judges it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fedlab import Experiment
from fedlab.datasets import Dataset
from fedlab.experiment import COUNTS
from fedlab.prepare import Prepared, prepare
from fedlab.roles import KINDS
from fedlab.settings import InvalidSetting, Kind, settings_of

if TYPE_CHECKING:
    import keras


class Wanted:
    """Values by name. Each kind keeps its own settings, so that they are still there when it is chosen again.

    dataset, model: the learner's own, instead of the experiment's.
    """

    def __init__(self, experiment: Experiment, dataset: Dataset | None = None, model: keras.Model | None = None):
        self._dataset, self._model = dataset, model
        self._values: dict[str, Any] = {}
        self._own: dict[type[Kind], dict[str, Any]] = {}
        self._prepared: tuple[Experiment | None, Prepared | None] = None, None
        self._preparing = threading.Lock()  # or two threads load the data twice
        self.newest = experiment  # the newest experiment that was right
        self.refusal: ValueError | None = None  # why what is wanted now cannot be run
        self.take(experiment)

    def take(self, experiment: Experiment, anew: bool = False) -> None:
        """Want what this experiment is. anew: and forget what the kinds that it has not were set to."""
        values, kinds = ({}, {}) if anew else (dict(self._values), dict(self._own))
        for name in Experiment.model_fields:
            value = getattr(experiment, name)
            if name in KINDS:
                kinds[type(value)] = {own: getattr(value, own) for own in settings_of(type(value))}
            if name not in experiment.fixed:  # what a kind fixes is not what the learner has chosen
                values[name] = type(value) if name in KINDS else value
            else:
                values.setdefault(name, Experiment.model_fields[name].default)
        self._values, self._own = values, kinds
        self._judge()

    def set(self, name: str, value: Any) -> None:
        """Want another value for one setting. Numbers that were as usual for the data are as usual for the new data."""
        before = self._usual()
        self._place(name)[name] = value
        for number, usual in self._usual().items():
            if number != name and self._values[number] == before[number]:
                self._values[number] = usual
        self._judge()

    def _usual(self) -> dict[str, Any]:
        """How many parties and examples are usual with the data that is chosen; COUNTS if its settings are wrong."""
        kind = self._values["dataset"]
        try:
            return {**COUNTS, **kind(**self._settings_of(kind)).usual()}
        except InvalidSetting:
            return COUNTS

    def prepared(self) -> Prepared | None:
        """The newest experiment with its data dealt out; None, and a `refusal`, if that cannot be done."""
        with self._preparing:
            experiment = self.newest
            if self._prepared[0] is not experiment:
                try:
                    self._prepared = experiment, prepare(experiment, self._dataset, self._model)
                except ValueError as error:
                    if experiment is self.newest and self.refusal is None:
                        self.refusal = error
                    return None
            return self._prepared[1]

    def forget(self) -> None:
        """Let go of the data."""
        self._prepared = None, None

    def _judge(self) -> None:
        self.refusal = None
        try:
            self.newest = self.experiment()
        except InvalidSetting as error:
            self.refusal = error

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

    def variants(self, name: str, values: Iterable[Any]) -> dict[Any, Experiment]:
        """The experiment with each of these values for one setting; values that are not allowed are left out."""
        found = {}
        for value in values:
            with suppress(ValueError):
                experiment = self.experiment({name: value})
                prepare(experiment, self._dataset, self._model)
                found[value] = experiment
        return found

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
