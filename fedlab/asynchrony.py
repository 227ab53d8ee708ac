"""Who arrives next, and when: what a run without rounds needs beside the six steps.

It is no engine of its own. An `Asynchronous` algorithm goes through `federation.py` as all others do; a round is one
step of its server. Two things differ. Who is in it: of all parties, who are always at work, those that arrive first.
And how long it took: until the last of these, on the clock of `costs.py`. Both follow from the state before it, so
such a run can be paused, continued, forked and steered like any other.
"""

from __future__ import annotations

from dataclasses import replace

from fedlab.algorithms.asynchronous import Asynchronous
from fedlab.costs import clock
from fedlab.prepare import Prepared
from fedlab.rounds import CannotTrain, Round, State
from fedlab.stages import Turn
from fedlab.text import say

NUMBER = 4  # bytes of each number of a message


def durations(prepared: Prepared) -> list[float]:
    """What each party takes to get w, to train and to send it, in seconds."""
    each_way = NUMBER * prepared.size, NUMBER * prepared.size
    return [clock(prepared.experiment, {party: len(own)}, each_way) for party, own in enumerate(prepared.training)]


def arrivals(prepared: Prepared, state: State) -> list[float]:
    """The second, since the run began, at which each party's message is there."""
    if not all("algorithm" in own for own in state.parties):
        raise CannotTrain(
            say(
                "{algorithm} needs to know when each party began, and the parties' memories are elsewhere: train them "
                "here, or take an algorithm with rounds.",
                algorithm=say(prepared.experiment.algorithm.title),
            )
        )
    began = [own["algorithm"][2] for own in state.parties]
    return [start + takes for start, takes in zip(began, durations(prepared), strict=True)]


def first_to_arrive(prepared: Prepared, state: State, turn: Turn) -> Turn:
    """The turn of those who are in the server's next step, of those who are there."""
    return _first(prepared, arrivals(prepared, state), turn)


def _first(prepared: Prepared, when: list[float], turn: Turn) -> Turn:
    algorithm = prepared.experiment.algorithm
    assert isinstance(algorithm, Asynchronous)
    needed = algorithm.needed(len(turn.weights))
    first = sorted(turn.weights, key=lambda party: (when[party], party))[:needed]
    return replace(turn, weights={party: turn.weights[party] for party in sorted(first)}, expected=float(needed))


def as_if_from_the_first(prepared: Prepared, turn: Turn) -> Turn:
    """Who is in this step if all steps before it went by the same settings: for pictures of it, without training."""
    takes, now, then = durations(prepared), 0.0, turn
    when = list(takes)
    for _ in range(turn.number):
        then = _first(prepared, when, turn)
        now = max([now, *(when[party] for party in then.chosen)])
        for party in then.chosen:
            when[party] = now + takes[party]
    return then


def answered(prepared: Prepared, before: State, after: Round) -> Round:
    """The round with its time, and with the new model at those who were in it: they begin to train on it at once."""
    assert after.state is not None
    when, (steps, seconds) = arrivals(prepared, before), before.server
    here = [report.party for report in after.parties]
    now = max([seconds, *(when[party] for party in here)])
    parties = list(after.state.parties)
    for party in here:
        parties[party] = {**parties[party], "algorithm": (after.state.weights, steps + 1, now)}
    state = replace(after.state, server=(steps + 1, now), parties=tuple(parties))
    return replace(after, simulated_seconds=now - seconds, state=state)
