"""What happens to a federation while it runs: after some round, settings are other ones.

    Experiment(events=[(7, {"attack": "sign_flip", "attackers": 2}), (12, {"aggregation": "median"})])

After round 7 two parties turn bad, after round 12 the server takes the median. In files, in links and on the command
line an event is text:

    7: attack=sign_flip attackers=2; 12: aggregation=median

So a run that was steered is one experiment like any other: it repeats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fedlab.settings import InvalidSetting, Kind, short
from fedlab.text import say

if TYPE_CHECKING:
    from fedlab.experiment import Experiment

NEVER = ("rounds", "seed", "dataset", "examples", "parties", "model", "events")  # what no event can change


class Event(NamedTuple):
    """From the round after `after` on, these settings hold."""

    after: int
    changes: tuple[tuple[str, Any], ...]  # names and values

    def __str__(self) -> str:
        return f"{self.after}: " + " ".join(f"{name}={value}" for name, value in self.changes)


def events_from(given: Any) -> tuple[Event, ...]:
    """Events out of text, or out of pairs (after, {name: value}); in the order of their rounds, one for each round."""
    pairs = _read(given) if isinstance(given, str) else given
    merged: dict[int, dict[str, Any]] = {}
    try:
        for after, changes in pairs:
            if isinstance(after, bool) or not isinstance(after, int) or after < 1:
                raise InvalidSetting("events", say("An event comes after a round, 1 or a later one, not after {after}.",
                                                   after=short(after)))  # fmt: skip
            merged.setdefault(after, {}).update(changes)
    except (TypeError, ValueError) as error:
        if isinstance(error, InvalidSetting):
            raise
        raise _unreadable(given) from None
    return tuple(Event(after, tuple(changes.items())) for after, changes in sorted(merged.items()))


def in_words(event: Event) -> str:
    """For a learner: "after round 7: attack sign_flip, attackers 2"."""
    changes = ", ".join(f"{say(name.replace('_', ' '))} {value}" for name, value in event.changes)
    return say("after round {after}: {changes}", after=event.after, changes=changes)


def text_of(events: Sequence[Event]) -> str:
    """The events as `events_from` reads them."""
    return "; ".join(map(str, events))


def checked(experiment: Experiment) -> tuple[Event, ...]:
    """The events with their values as the experiment has them; `InvalidSetting` if one of them cannot be."""
    now, found = experiment.with_(events=()), list[Event]()
    for event in experiment.events:
        never = next((name for name, _ in event.changes if name in NEVER), None)
        if never:
            raise InvalidSetting(
                "events",
                say("{name} stays as it is while a run goes on: an event cannot change it.", name=never),
            )
        whole = next((name for name, value in event.changes if isinstance(value, Kind)), None)
        if whole:
            raise InvalidSetting(
                "events",
                say("An event says {role} by a name of the kit's, and its settings beside it.", role=whole),
            )
        try:
            now = now.with_(**dict(event.changes))
        except InvalidSetting as error:
            sentence = say("After round {after}: {problem}", after=event.after, problem=str(error))
            raise InvalidSetting("events", sentence) from None
        values = now.to_dict()
        found.append(Event(event.after, tuple((name, values[name]) for name, _ in event.changes)))
    return tuple(found)


def at(experiment: Experiment, number: int) -> Experiment:
    """What holds in the round of this number, as an experiment without events."""
    now = experiment.with_(events=())
    for event in experiment.events:
        if event.after < number:
            now = now.with_(**dict(event.changes))
    return now


def steered(experiment: Experiment, after: int, changes: Mapping[str, Any]) -> Experiment:
    """The same up to round `after`; from then on with these changes, and without the events that came later."""
    earlier = [event for event in experiment.events if event.after <= after]
    return experiment.with_(events=[*earlier, (after, dict(changes))])


def legs(experiment: Experiment, done: int = 0) -> Iterator[tuple[Experiment, int]]:
    """What holds from the round after `done` on, and until which round, and so on to the last."""
    turns = [event.after for event in experiment.events if done < event.after < experiment.rounds]
    for last in [*turns, experiment.rounds]:
        yield at(experiment, last), last


def _read(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    for one in filter(None, (part.strip() for part in text.split(";"))):
        after, colon, rest = one.partition(":")
        changes = [word.partition("=") for word in rest.split()]
        if not colon or not changes or not all(name and sign and value for name, sign, value in changes):
            raise _unreadable(text)
        yield int(after), {name: value for name, _, value in changes}


def _unreadable(given: object) -> InvalidSetting:
    return InvalidSetting(
        "events",
        say(
            "{given} is no event: write a round and what changes after it, such as 7: attack=sign_flip attackers=2.",
            given=short(given),
        ),
    )
