"""The controls: one for each setting of the experiment, and for those of the algorithm and the partition chosen.

They are made from what the settings say of themselves. A new field of `Experiment`, or a new algorithm with fields of
its own, appears by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import ipywidgets as widgets

from fedlab import Experiment
from fedlab.differences import title_of
from fedlab.experiment import KINDS
from fedlab.settings import InvalidSetting, settings_of, unknown_setting
from fedlab_widgets.control import Control, sweep_values
from fedlab_widgets.kernel import soon

# what a first lab shows; the rest, and whatever is added to `Experiment` later, is one click away
USUAL = (
    "parties", "examples", "partition", "algorithm", "model", "rounds", "participation", "local_epochs", "batch_size",
    "learning_rate", "seed",
)  # fmt: skip
FEW = 6  # controls that leave room for what each one teaches
NO_SWEEP = "rounds"  # more rounds continue a curve, they do not make another


class Controls:
    """experiment: where the controls begin. own: algorithms and partitions of the user's. shown: names of the controls
    to show at first, the usual ones if empty. changed: called when the learner has moved one. sweep: called with the
    experiments of a sweep.
    """

    def __init__(
        self,
        experiment: Experiment,
        own: Iterable[type],
        shown: Sequence[str],
        changed: Callable[[], None],
        sweep: Callable[[list[Experiment]], None],
    ):
        self._changed, self._sweep = changed, sweep
        self.last = experiment  # the newest that was right
        own = [*own, *(type(getattr(experiment, role)) for role in KINDS)]
        self._kinds = {
            role: list(dict.fromkeys([*kinds.values(), *(kind for kind in own if issubclass(kind, _base(role)))]))
            for role, kinds in KINDS.items()
        }
        self._main = {name: self._control(Experiment, name) for name in settings_of(Experiment)}
        self._own: dict[
            type, dict[str, Control]
        ] = {}  # controls of an algorithm or a partition, made when first chosen
        self._slots = {role: widgets.VBox() for role in KINDS}
        for slot in self._slots.values():
            slot.add_class("fedlab-own")
        self.view = widgets.VBox()
        self.view.add_class("fedlab-controls")
        self._check_names(shown)
        self._shown = tuple(shown)
        self._all = widgets.ToggleButton(description="all controls", icon="sliders")
        self._all.add_class("fedlab-all")
        self._all.observe(lambda change: self._lay_out(), "value")
        self.show(experiment)

    @property
    def experiment(self) -> Experiment:
        """What the controls describe; `InvalidSetting` if one of them is wrong."""
        values: dict[str, Any] = {name: control.value for name, control in self._main.items()}
        for role in KINDS:
            kind = values[role]
            values[role] = kind(**{name: control.value for name, control in self._own_controls(kind).items()})
        fixed = values["algorithm"].fixes
        return Experiment(**{name: value for name, value in values.items() if name not in fixed})

    def show(self, experiment: Experiment) -> None:
        """Set all controls to an experiment."""
        for name, control in self._main.items():
            value = getattr(experiment, name)
            control.set(type(value) if name in KINDS else value)
        for role in KINDS:
            chosen = getattr(experiment, role)
            for name, control in self._own_controls(type(chosen)).items():
                control.set(getattr(chosen, name))
        self._lay_out()
        self.check()

    def check(self) -> Experiment | None:
        """The experiment; if there is none, None, and the control that is wrong says why."""
        sentence, wrong, experiment = "", "", None
        try:
            experiment = self.last = self.experiment
        except InvalidSetting as error:
            sentence, wrong = str(error), error.setting
        algorithm = self._main["algorithm"].value
        for name, control in self._visible_settings().items():
            control.fix(
                f"{title_of(algorithm)} always uses {algorithm.fixes[name]}." if name in algorithm.fixes else ""
            )
            control.complain(sentence if name == wrong else "")
        return experiment

    def within_reach(self) -> list[Experiment]:
        """The present experiment, and what becomes of it with each other algorithm, if one may be chosen, or momentum.

        These are the moves for which something has to be compiled, but for another model or batch size.
        """
        found = [self.last]
        kinds = self._kinds["algorithm"] if self._is_wanted("algorithm") else []
        for kind in kinds:
            if kind is not type(self.last.algorithm):
                with suppress(Exception):  # an algorithm of one's own; what is wrong is said when it is chosen
                    found.append(self.last.with_(algorithm=kind()))
        with suppress(InvalidSetting):  # an algorithm may hold it fixed
            found.append(self.last.with_(momentum=0.5))
        return found

    def control(self, name: str) -> Control | None:
        """The control of a setting, if the experiment, or its algorithm or partition, has that setting now."""
        return self._visible_settings().get(name)

    def complain(self, error: ValueError) -> None:
        """Show an error beside the control that it is about, if it is about one that is there."""
        control = self.control(getattr(error, "setting", ""))
        if control:
            control.complain(str(error))

    def _control(self, owner: type, name: str, role: str = "") -> Control:
        field = owner.model_fields[name]  # type: ignore[attr-defined]
        about = settings_of(owner)[name]
        default = field.default
        options: dict[str, Any] = {}
        if name in KINDS and owner is Experiment:
            default = type(default)
            options = {
                getattr(kind, "title", "") if "title" in vars(kind) else kind.__name__: kind
                for kind in self._kinds[name]
            }
        elif about.choices and all(isinstance(choice, str) for choice in about.choices):
            options = {choice: choice for choice in about.choices}
        return Control(
            name,
            about,
            field.annotation,
            default,
            options=options,
            changed=self._moved,
            sweep=None if name == NO_SWEEP else lambda: soon(lambda: self._run_sweep(name)),
        )

    def _own_controls(self, kind: type) -> dict[str, Control]:
        if kind not in self._own:
            self._own[kind] = {name: self._control(kind, name) for name in settings_of(kind)}
        return self._own[kind]

    def _visible_settings(self) -> dict[str, Control]:
        """The controls of all settings that the chosen algorithm and partition have."""
        found = dict(self._main)
        for role in KINDS:
            found |= self._own_controls(self._main[role].value)
        return found

    def _moved(self) -> None:
        self._lay_out()
        self._changed()

    def _lay_out(self) -> None:
        """Put the controls on the page: an algorithm's and a partition's own ones below their menu."""
        every = self._visible_settings()
        wanted = set(every) if self._all.value else {name for name in every if self._is_wanted(name)}
        children: list[widgets.Widget] = []
        for name, control in self._main.items():
            if name in wanted:
                children.append(control.view)
            if name in KINDS:
                own = self._own_controls(control.value)
                inside = tuple(one.view for its_name, one in own.items() if name in wanted or its_name in wanted)
                # the slot stays even when it is empty: JavaScript makes everything below an inserted widget anew
                if self._slots[name].children != inside:
                    self._slots[name].children = inside
                self._slots[name].layout.display = "" if inside else "none"
                children.append(self._slots[name])
        (self.view.add_class if len(wanted) <= FEW else self.view.remove_class)("fedlab-few")
        children.append(self._all)
        if self.view.children != tuple(children):
            self.view.children = children

    def _is_wanted(self, name: str) -> bool:
        """Whether a control is shown without asking for all: it was named, or is a usual one, or not as usual."""
        if self._shown or name not in self._main:
            return name in self._shown
        return name in USUAL or getattr(self.last, name) != Experiment.model_fields[name].default

    def _run_sweep(self, name: str) -> None:
        """Hand over one experiment for each of a few values of a setting; values that are not allowed are left out."""
        control = self._visible_settings()[name]
        held = control.value
        experiments = []
        for value in sweep_values(control.about, control.steps):
            control.set(value)
            try:
                experiments.append(self.experiment)
            except InvalidSetting:
                continue
        control.set(held)
        self._sweep(experiments)

    def _check_names(self, shown: Sequence[str]) -> None:
        known = [*self._main, *(name for kinds in self._kinds.values() for kind in kinds for name in settings_of(kind))]
        for name in shown:
            if name not in known:
                raise unknown_setting(name, list(dict.fromkeys(known)), "The lab")


def _base(role: str) -> Any:
    """The class that all algorithms, or all partitions, come from."""
    return Experiment.model_fields[role].annotation


def with_settings_for(names: Sequence[str], experiment: Experiment) -> Experiment:
    """The experiment, with the first partition or algorithm that has a setting of `names` where its own has it not."""
    for role, kinds in KINDS.items():
        own = settings_of(type(getattr(experiment, role)))
        for name in names:
            owner = next((kind for kind in kinds.values() if name in settings_of(kind)), None)
            if owner and name not in own:
                experiment = experiment.with_(**{role: owner()})
    return experiment
