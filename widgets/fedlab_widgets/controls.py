"""The controls: one for each setting of the experiment, and for those of the kinds chosen.

They are made from what the settings say of themselves. A new field of `Experiment`, or a new algorithm with fields of
its own, appears by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets

from fedlab import Experiment
from fedlab.differences import title_of
from fedlab.roles import KINDS
from fedlab.settings import settings_of, unknown_setting
from fedlab.text import say
from fedlab_widgets.control import Control
from fedlab_widgets.part import Part, source
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
        "parties", "participation", "away", "stragglers", "dropouts", "slow_parties", "slowdown", "bandwidth", "uplink",
        "feature_noise", "rotation", "label_noise", "noisy_parties",
    ),
    "algorithm": ("algorithm", "model", "rounds", "local_epochs", "batch_size", "learning_rate", "momentum"),
    "on the way": ("attack", "compression", "privacy", "secure_sum", "aggregation"),
}  # fmt: skip
FEW = 6  # controls that leave room for what each one teaches


class Panel(Part):
    """All controls. schema: what there is to set, and where; it never changes. state: the values, with each move."""

    _esm = traitlets.Unicode(source("base.js", "controls.js")).tag(sync=True)
    _css = traitlets.Unicode(source("controls.css")).tag(sync=True)
    schema = traitlets.Dict().tag(sync=True)


class Controls(View):
    """shown: names of the controls that are in sight; the usual ones if empty. The others stand in the groups."""

    def __init__(self, session: Session, shown: Sequence[str] = ()):
        super().__init__(session)
        self._shown = tuple(shown)
        self._check_names()
        self._made: dict[tuple[type, str], Control] = {}
        self.in_sight = [name for name in settings_of(Experiment) if self._is_in_sight(name)]
        self.groups = self._grouped()
        self._open: set[str] = set()
        self.view = self.make(Panel, css="fedlab-controls", schema=self._schema(), state=self._state())
        do = session.guard
        self.view.answer(
            set=lambda **move: do(lambda: self._set(**move)),
            sweep=lambda name: session.beside(lambda _: session.sweep(name, self.control(name).sweep)),
            group=lambda title, open: do(lambda: self.open(title, open)),
            follow=lambda on: do(lambda: session.follow_moves(on)),
        )
        session.subscribe(lambda what: self.draw() if what in ("controls", "prediction") else None)

    def draw(self) -> None:
        """Tell the page the values that the controls have now, and what is wrong with them."""
        with self.session.lock:
            refused = self._role_of(getattr(self.session.wanted.refusal, "setting", ""))
            self._open |= {title for title, names in self.groups.items() if refused in names}
            self.put(self.view, state=self._state())

    def open(self, title: str, open: bool = True) -> None:
        """Show the controls of a group, or hide them."""
        (self._open.add if open else self._open.discard)(title)
        self.draw()

    def control(self, name: str) -> Control:
        """The control of a setting that there is with the kinds chosen."""
        return self._control(self.session.wanted.owners()[name], name)

    def _control(self, owner: type, name: str) -> Control:
        if (owner, name) not in self._made:
            self._made[owner, name] = Control(name, owner, self.session.kinds)
        return self._made[owner, name]

    def _set(self, name: str, step: int | None = None, text: str = "") -> None:
        """The learner has moved a control to one of its steps, or typed a text into its box."""
        self.session.set(name, text.strip() if step is None else self.control(name).steps[step])

    def _schema(self) -> dict[str, Any]:
        words = {
            "hint": say("Each control teaches something: move over it, or tab to it, and read it here."),
            "sweep": say("sweep"),
            "runs": say("Runs these values one after another, and compares:"),
            "go": say("Run them"),
            "group": say("show or hide these controls"),
            "follow": say("run as I move"),
            "following": say("Every move begins a new run; the one before turns pale, older ones go."),
            "silent": say("Python does not answer: it is busy, or this page has none. What is set here may be lost."),
        }
        return {
            "words": words,
            "few": FEW,
            "first": [self._spec(name, first=True) for name in settings_of(Experiment) if self._has_first(name)],
            "groups": [
                {"name": title, "title": say(title), "controls": [self._spec(name, first=False) for name in names]}
                for title, names in self.groups.items()
            ],
        }

    def _spec(self, name: str, first: bool) -> dict[str, Any]:
        """A control for the page; of a role also those of each of its kinds. Not first: those that the groups hold."""
        spec = self._control(Experiment, name).spec()
        if name in KINDS:
            spec["own"] = [
                [self._control(kind, own).spec() for own in settings_of(kind) if self._is_first(name, own) == first]
                for kind in self.session.kinds[name]
            ]
            spec["hidden"] = first and name not in self.in_sight
        return spec

    def _state(self) -> dict[str, Any]:
        wanted, values, fixed = self.session.wanted, {}, {}
        holders, refusal = wanted.fixed(), wanted.refusal
        for name, owner in wanted.owners().items():
            holder = holders.get(name)
            value = holder.fixes[name] if holder else wanted.value(name)
            values[name] = self._control(owner, name).shown(value)
            if holder:
                fixed[name] = say("{kind} always uses {value}.", kind=title_of(holder), value=value)
        name = getattr(refusal, "setting", "")
        return {
            "values": values,
            "fixed": fixed,
            "refused": {name: str(refusal)} if name in values else {},
            "open": sorted(self._open),
            "closed": {title: self._closed_title(title) for title in self.groups},
            "follows": self.session.follows_moves,
            "locked": self.session.locked,
        }

    def _closed_title(self, title: str) -> str:
        """What a closed group says: also how many of its settings are not as usual."""
        moved = sum(_is_unusual(name, self.session.experiment) for name in self.groups[title])
        if not moved:
            return say(title)
        return say("{group} ({count} not as usual)", group=say(title), count=moved)

    def _has_first(self, name: str) -> bool:
        """Whether a setting, or one of its kinds' own, stands among the first."""
        kinds = self.session.kinds[name] if name in KINDS else []
        return name in self.in_sight or any(own in self._shown for kind in kinds for own in settings_of(kind))

    def _is_in_sight(self, name: str) -> bool:
        """Whether a control is shown first: it was named, or is a usual one, or not as usual."""
        if self._shown:
            return name in self._shown
        return self._is_offered(name) and (name in USUAL or _is_unusual(name, self.session.start))

    def _is_first(self, role: str, own: str) -> bool:
        """Whether a setting of a role's kind is shown among the first."""
        return role in self.in_sight or own in self._shown

    def _is_offered(self, name: str) -> bool:
        """Whether there is anything to choose: not where the learner's own data or model stands."""
        return {"dataset": self.session.dataset, "model": self.session.model}.get(name) is None

    def _grouped(self) -> dict[str, list[str]]:
        """The settings of each group that has any, without those in sight."""
        rest = [name for name in settings_of(Experiment) if name not in self.in_sight and self._is_offered(name)]
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
