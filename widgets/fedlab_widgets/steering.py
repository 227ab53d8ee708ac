"""Steering: settings that change while a run goes on, or from any round of it on.

A run that was steered is an experiment with events (`fedlab.events`), so its link and its code repeat it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fedlab import Experiment
from fedlab.events import NEVER, at, in_words, steered
from fedlab.randomness import Choice, these
from fedlab.settings import InvalidSetting
from fedlab.stages.attack import Lying
from fedlab.text import say
from fedlab_widgets.runs import Run

if TYPE_CHECKING:
    from fedlab_widgets.session import Session

TURNS_BAD = {"attack": "sign_flip", "attack_strength": 5.0}  # where the controls name no attack


def steer(session: Session, changes: Mapping[str, Any] | None = None) -> None:
    """From the next round of the selected run on these settings hold; None: what the controls say.

    The run that trains is changed itself, unless an earlier round of it is looked at. Of any other a new one is made,
    which begins with its rounds.
    """
    experiment = session.ready()
    with session.lock:
        if experiment is None or not (point := turning_point(session)):
            return
        run, number = point
        try:
            changes = changes_to(experiment, holds_after(run, number)) if changes is None else changes
            if not changes:
                session.tell(say("Nothing differs from what holds already: move a control first."), problem=True)
                return
            if number > run.done:
                run.history.experiment = steered(run.experiment, number, changes)
                run.aim(max(run.target, number + 1), run.planned)
            else:
                run = session.runs.branch(run, number, changes)
                session.go_on(run, run.planned)
        except ValueError as error:
            session.tell(str(error), problem=True)
            return
        session.wanted.take(holds_after(run, max(number, run.done)).with_(rounds=experiment.rounds))
    session.tell(in_words(run.experiment.events[-1]))
    session.changed("controls")
    session.changed("runs")


def change_party(session: Session, change: Callable[[Experiment, int], dict[str, Any]], party: int) -> None:
    """Let a party turn bad or good, leave or come: in the selected run or, if there is none, in the next."""
    with session.lock:
        changes = change(holds_next(session), party)
        if turning_point(session):
            return steer(session, changes)
        try:
            session.use(session.experiment.with_(**changes))
        except ValueError as error:
            session.tell(str(error), problem=True)


def holds_next(session: Session) -> Experiment:
    """What holds where the run would be steered now or, if there is none, in the first round of the next."""
    point = turning_point(session)
    return holds_after(*point) if point else session.experiment


def turning_point(session: Session) -> tuple[Run, int] | None:
    """The run to steer and the round after which: the one under way, unless an earlier one is looked at."""
    run = session.selected["run"]
    if run is None or run not in session.runs.all:
        return None
    trains = run is session.training.run and not session.training.stopping
    number = run.done + 1 if trains and not session.selected["round"] else session.round_of(run)
    while run.origin and number <= run.origin[1]:  # a fork's first rounds are another run's
        run = run.origin[0]
    return run, number


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
