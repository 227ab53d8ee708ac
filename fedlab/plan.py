"""What is known of a round before anybody trains: who takes part, what goes out, and what each party has to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from fedlab.algorithms import Algorithm
from fedlab.asynchrony import as_if_from_the_first, first_to_arrive
from fedlab.experiment import Experiment
from fedlab.memories import kept
from fedlab.messages import Message, Upload
from fedlab.party import CannotTrain, Job
from fedlab.prepare import Prepared
from fedlab.roles import ON_THE_WAY
from fedlab.rounds import State
from fedlab.stages import STAGES, Privacy, Stage, Turn
from fedlab.systems import present, reporting
from fedlab.text import say


class Plan(NamedTuple):
    """What is known of a round before anybody trains."""

    stages: dict[str, Any]  # by role
    turn: Turn  # who takes part
    epochs: dict[int, int]  # of each party that will report
    down: Message


def plan_of(prepared: Prepared, state: State) -> Plan:
    """The round after this state."""
    experiment, number = prepared.experiment, state.number + 1
    stages, turn = stages_of(experiment), asked(prepared, number)
    if experiment.algorithm.asynchronous:
        turn = first_to_arrive(prepared, state, turn)
    epochs = reporting(experiment, number, np.array(turn.chosen, int))
    return Plan(stages, turn, epochs, sent(experiment.algorithm, state))  # step 5 of the round before


def rehearsal(plan: Plan) -> Plan:
    """What liars who have agreed do before anybody sends: train honestly, and show each other what came of it."""
    liars = plan.stages["attack"].colluders(plan.turn.at("attack"))
    return plan._replace(stages={}, epochs={party: done for party, done in plan.epochs.items() if party in liars})


def agreed(plan: Plan, shown: Sequence[Upload]) -> Plan:
    """The plan in which the liars send what they have agreed on, once they have shown each other these."""
    if not shown:
        return plan
    attack = plan.stages["attack"].agreed([upload.message for upload in shown], plan.turn)
    return plan._replace(stages={**plan.stages, "attack": attack})


def stages_of(experiment: Experiment) -> dict[str, Any]:
    """What a message passes, by role; nothing where all is in one place, since there it does not travel."""
    if experiment.algorithm.in_one_place:
        return {role: STAGES[role]["none"]() for role in ON_THE_WAY}
    return {role: getattr(experiment, role) for role in ON_THE_WAY}


def turn_of(prepared: Prepared, number: int) -> Turn:
    """Any round, by its number: who takes part, and what each of them counts. Nobody need have trained before it."""
    turn = asked(prepared, number)
    return as_if_from_the_first(prepared, turn) if prepared.experiment.algorithm.asynchronous else turn


def asked(prepared: Prepared, number: int) -> Turn:
    """Who is asked to take part in a round: of an `Asynchronous` algorithm all that are there, at any time."""
    experiment, parties, there = prepared.experiment, len(prepared.training), present(prepared.experiment)
    privacy: Privacy = stages_of(experiment)["privacy"]
    chosen = there[privacy.choose(experiment.seed, number, len(there), experiment.participation)]
    weights = {int(k): len(prepared.training[k]) if privacy.weighs_examples else 1 for k in chosen}
    expected = experiment.participation * len(there)
    return Turn(experiment.seed, number, parties, expected, prepared.dataset.classes, prepared.size, weights)


def arrived(upload: Upload, stages: dict[str, Stage], turn: Turn) -> Upload:
    """What the server takes an upload for: the message as it was before it passed the stages, as far as they tell."""
    message = upload.message
    for role in reversed(stages):
        message = stages[role].on_arrival(message, turn.at(role, upload.party))
    return replace(upload, message=message, examples=turn.weights[upload.party])


def jobs(prepared: Prepared, state: State, plan: Plan) -> Iterator[Job]:
    """What each party of the round has to do; made as they are needed, so that only a few are in memory."""
    experiment, data = prepared.experiment, prepared.seen
    for party, its_epochs in plan.epochs.items():
        own = prepared.training[party]
        yield Job(
            party,
            plan.turn,
            experiment.algorithm,
            plan.stages,
            plan.down,
            state.parties[party],
            data.train_x[own],
            data.train_y[own],
            data.scale,
            its_epochs,
            experiment.batch_size,
            experiment.learning_rate,
            experiment.momentum,
        )


def sent(algorithm: Algorithm, state: State) -> Message:
    """The algorithm's message to all parties of the round, checked: the algorithm may be a learner's own."""
    down = algorithm.send(state.weights, state.server)
    if not isinstance(down, tuple) or not all(isinstance(part, np.ndarray) for part in down):
        raise CannotTrain(
            say(
                "send of {algorithm} must return a message, a tuple of arrays such as (w,).",
                algorithm=type(algorithm).__name__,
            )
        )
    return kept(down)
