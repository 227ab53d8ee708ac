"""What server and parties remember from one round to the next."""

from __future__ import annotations

from typing import Any

from fedlab.messages import arrays_in
from fedlab.prepare import Prepared
from fedlab.roles import ON_THE_WAY
from fedlab.rounds import State
from fedlab.text import say


def first_state(prepared: Prepared) -> State:
    """The state before round 1: the first shared model, and nobody remembers anything."""
    return State(0, kept(prepared.first_weights()))


def remembered(state: State, prepared: Prepared) -> State:
    """The state with memories of these kinds about these parties: those it has where they fit, new ones elsewhere."""
    experiment = prepared.experiment
    if len(state.weights) != prepared.size:
        raise ValueError(
            say(
                "The state has {has:,} weights, but the model has {wants:,}.",
                has=len(state.weights),
                wants=prepared.size,
            )
        )
    kinds = tuple(type(getattr(experiment, role)) for role in ("algorithm", *ON_THE_WAY))
    same_parties = state.fingerprint == prepared.fingerprint and len(state.parties) == len(prepared.training)
    fits = {
        role: same_parties and state.kinds[place : place + 1] == (kinds[place],)
        for place, role in enumerate(("algorithm", *ON_THE_WAY))
    }
    server = state.server if fits["algorithm"] else kept(experiment.algorithm.server_memory(state.weights))
    first = {"algorithm": kept(experiment.algorithm.party_memory(state.weights))}
    first = {role: memory for role, memory in first.items() if memory is not None}
    before = state.parties if same_parties else ({},) * len(prepared.training)
    parties = tuple(first | {role: memory for role, memory in own.items() if fits[role]} for own in before)
    return State(state.number, kept(state.weights), server, parties, kinds, prepared.fingerprint, state.releases)


def kept(memory: Any) -> Any:
    """The same, with its arrays read-only: a round's state is never changed by a later one."""
    for array in arrays_in(memory):
        array.setflags(write=False)
    return memory
