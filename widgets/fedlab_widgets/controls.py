"""The controls: one for each setting of the experiment, and for those of the kinds chosen.

They are made from what the settings say of themselves, when they first come into sight. A new field of `Experiment`, or
a new algorithm with fields of its own, appears by itself.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from fedlab import Experiment
from fedlab.roles import KINDS
from fedlab.settings import settings_of, unknown_setting
from fedlab.text import say
from fedlab_widgets.control import Control
from fedlab_widgets.session import Session
from fedlab_widgets.view import View

# what a first lab shows; the rest stands in the groups, one click away
USUAL = (
    "parties", "examples", "partition", "algorithm", "model", "rounds", "participation", "local_epochs", "batch_size",
    "learning_rate", "seed",
)  # fmt: skip
GROUPS = {
    "data": ("dataset", "partition", "examples", "seed"),
    "parties and devices": (
        "parties", "participation", "stragglers", "dropouts", "slow_parties", "slowdown", "bandwidth", "feature_noise",
        "rotation", "label_noise", "noisy_parties",
    ),
    "algorithm": ("algorithm", "model", "rounds", "local_epochs", "batch_size", "learning_rate", "momentum"),
    "on the way": ("attack", "compression", "privacy", "secure_sum", "aggregation"),
}  # fmt: skip
FEW = 6  # controls that leave room for what each one teaches


class Group(View):
    """Controls that a click shows and hides. names: their settings; of a role, also those of the kind chosen."""

    def __init__(self, session: Session, title: str, names: list[str], opened: Callable[[], None]):
        super().__init__(session)
        self.title, self.names = title, names
        tooltip = say("show or hide these controls")
        self.toggle = self.make(widgets.ToggleButton, icon="caret-right", tooltip=tooltip, css="fedlab-group")
        self.box = self.make(widgets.VBox, css="fedlab-grouped")
        self.box.layout.display = "none"
        self.on_change(self.toggle, lambda value: opened())

    @property
    def is_open(self) -> bool:
        return bool(self.toggle.value)

    def draw(self) -> None:
        """Closed, it says how many of its settings are not as usual."""
        moved = sum(_is_unusual(name, self.session.experiment) for name in self.names)
        title = say(self.title)
        if moved and not self.is_open:
            title = say("{group} ({count} not as usual)", group=title, count=moved)
        self.put(self.toggle, description=title, icon="caret-down" if self.is_open else "caret-right")
        self.box.layout.display = "" if self.is_open else "none"


class Controls(View):
    """shown: names of the controls that are in sight; the usual ones if empty. The others stand in the groups."""

    def __init__(self, session: Session, shown: Sequence[str] = ()):
        super().__init__(session)
        self._shown = tuple(shown)
        self._check_names()
        self._made: dict[tuple[type, str], Control] = {}
        self._slots: dict[tuple[bool, str], Any] = {}
        self._in_sight = [name for name in settings_of(Experiment) if self._is_in_sight(name)]
        hint = html.escape(say("Each control teaches something: move over it, or tab to it, and read it here."))
        self._hint = self.make(widgets.HTML, f'<div class="fedlab-hint">{hint}</div>')
        self._first = self.make(widgets.VBox, css="fedlab-first")
        self.groups = [self.own(Group(session, title, names, self.draw)) for title, names in self._grouped().items()]
        below = [widget for group in self.groups for widget in (group.toggle, group.box)]
        self.view = self.make(widgets.VBox, [self._hint, self._first, *below], css="fedlab-controls")
        self.draw()
        session.subscribe(lambda what: self.draw() if what == "controls" else None)

    def draw(self) -> None:
        """Put the controls on the page that are to be there, and bring them up to date."""
        with self.session.lock:
            self._fill(self._first, list(settings_of(Experiment)), first=True)
            refused = self._role_of(getattr(self.session.wanted.refusal, "setting", ""))
            for group in self.groups:
                if refused in group.names:
                    self.put(group.toggle, value=True)
                if group.is_open:
                    self._fill(group.box, group.names, first=False)
                group.draw()
            owners = self.session.wanted.owners()
            for (owner, name), control in self._made.items():
                if owners.get(name) is owner:
                    control.draw()

    def control(self, name: str) -> Control:
        """The control of a setting that there is with the kinds chosen; made when it is first asked for."""
        owner = self.session.wanted.owners()[name]
        if (owner, name) not in self._made:
            self._made[owner, name] = self.own(Control(self.session, name, owner))
            self._made[owner, name].draw()
        return self._made[owner, name]

    def _fill(self, box: Any, names: Sequence[str], first: bool) -> None:
        """Put the controls of these settings into a box, and below each role's menu those of the kind chosen."""
        children, few = [], 0
        for name in names:
            if not first or name in self._in_sight:
                children.append(self.control(name).view)
                few += 1
            if name in KINDS:
                own = [
                    own for own in settings_of(self.session.wanted.value(name)) if self._is_first(name, own) == first
                ]
                few += len(own)
                children += self._slot(first, name, own)
        self.put(box, children=tuple(children))
        if first:
            (self.view.add_class if few <= FEW else self.view.remove_class)("fedlab-few")

    def _slot(self, first: bool, role: str, names: Sequence[str]) -> list[Any]:
        """Where the settings of a role's kind stand: it stays, for JavaScript makes all below a new widget anew."""
        if (first, role) not in self._slots:
            if not any(settings_of(kind) for kind in self.session.kinds[role]):
                return []
            self._slots[first, role] = self.make(widgets.VBox, css="fedlab-own")
        slot = self._slots[first, role]
        self.put(slot, children=tuple(self.control(name).view for name in names))
        slot.layout.display = "" if names else "none"
        return [slot]

    def _is_in_sight(self, name: str) -> bool:
        """Whether a control is shown first: it was named, or is a usual one, or not as usual."""
        if self._shown:
            return name in self._shown
        return self._is_offered(name) and (name in USUAL or _is_unusual(name, self.session.start))

    def _is_first(self, role: str, own: str) -> bool:
        """Whether a setting of a role's kind is shown among the first."""
        return role in self._in_sight or own in self._shown

    def _is_offered(self, name: str) -> bool:
        """Whether there is anything to choose: not where the learner's own data or model stands."""
        return {"dataset": self.session.dataset, "model": self.session.model}.get(name) is None

    def _grouped(self) -> dict[str, list[str]]:
        """The settings of each group that has any, without those in sight."""
        rest = [name for name in settings_of(Experiment) if name not in self._in_sight and self._is_offered(name)]
        named = {name for names in GROUPS.values() for name in names}
        groups = {**GROUPS, "the rest": tuple(name for name in rest if name not in named)}
        found = {title: [name for name in names if name in rest] for title, names in groups.items()}
        return {title: names for title, names in found.items() if names}

    def _role_of(self, name: str) -> str:
        """The setting of the experiment that this is, or that it belongs to."""
        owner = self.session.wanted.owners().get(name)
        return next((role for role in KINDS if self.session.wanted.value(role) is owner), name)

    def _check_names(self) -> None:
        kinds = [kind for kinds in self.session.kinds.values() for kind in kinds]
        known = [*settings_of(Experiment), *(name for kind in kinds for name in settings_of(kind))]
        for name in self._shown:
            if name not in known:
                raise unknown_setting(name, list(dict.fromkeys(known)), say("The lab"))


def _is_unusual(name: str, experiment: Experiment) -> bool:
    return bool(getattr(experiment, name) != Experiment.model_fields[name].default)
