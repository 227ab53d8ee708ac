"""Steering: settings that change while a run goes on, or from any round of it on.

A run that was steered is an experiment with events (`fedlab.events`), so its link and its code repeat it.
"""

from __future__ import annotations

from typing import Any

from fedlab import Experiment
from fedlab.events import NEVER, at
from fedlab.randomness import Choice, these
from fedlab.settings import InvalidSetting
from fedlab.stages.attack import Lying
from fedlab.text import say
from fedlab_widgets.runs import Run

TURNS_BAD = {"attack": "sign_flip", "attack_strength": 5.0}  # where the controls name no attack


def changes_to(wanted: Experiment, now: Experiment) -> dict[str, Any]:
    """The settings in which what is wanted differs from what holds now; `InvalidSetting` if one must stay as it is."""
    before = now.to_dict()
    after = wanted.with_(events=(), rounds=now.rounds).to_dict()
    changes = {name: value for name, value in after.items() if before.get(name) != value}
    never = next((name for name in changes if name in NEVER), None)
    if never:
        raise InvalidSetting(
            never,
            say(
                "A run that has begun keeps its {name}, which is {before}: set it back, or press Run for a new one.",
                name=say(never.replace("_", " ")),
                before=before[never],
            ),
        )
    if wanted.own_kinds != now.own_kinds:
        raise InvalidSetting(
            "events", say("A class of your own cannot come in while a run goes on: begin with it, by Run.")
        )
    return changes


def holds_after(run: Run, number: int) -> Experiment:
    """What holds in the round after this one of a run."""
    return at(run.experiment, number + 1)


def liars(now: Experiment) -> set[int]:
    """The parties that lie, by number."""
    attack = now.attack
    return these(attack.attackers, now.seed, Choice.ATTACK, now.parties) if isinstance(attack, Lying) else set()


def away(now: Experiment) -> set[int]:
    """The parties that are not there, by number."""
    return these(now.away, now.seed, Choice.AWAY, now.parties)


def turned(now: Experiment, party: int) -> dict[str, Any]:
    """What changes when a party turns bad or, if it is bad, good."""
    bad = liars(now) ^ {party}
    if not bad:
        return {"attack": "none"}
    return {**({} if isinstance(now.attack, Lying) else TURNS_BAD), "attackers": tuple(sorted(bad))}


def moved(now: Experiment, party: int) -> dict[str, Any]:
    """What changes when a party leaves or, if it is away, comes."""
    return {"away": tuple(sorted(away(now) ^ {party})) or 0}
