"""The kinds that a lab offers in each role: the kit's, and the learner's own, whose role their base class tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fedlab import Experiment
from fedlab.misplaced import base_of
from fedlab.roles import KINDS
from fedlab.settings import InvalidSetting, Kind, settings_of
from fedlab.text import say

Kinds = dict[str, list[type[Kind]]]  # by role, what there is to choose from


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
