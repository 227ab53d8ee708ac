"""One round, run once more and watched. A run keeps no party's model; but it repeats, to the last bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import fedlab
from fedlab import Experiment, Round, State
from fedlab.federation import first_state, remembered, turn_of
from fedlab.messages import Message, Upload
from fedlab.prepare import Prepared
from fedlab_widgets.brake import Brake

MOST_KEPT = 50  # parties whose models are kept


@dataclass
class Watched:
    """What happened in the round."""

    experiment: Experiment  # as it was in this round, after what had been steered until then
    began: State
    ended: Round
    uploads: list[Upload]  # of the first parties, MOST_KEPT at most, and of the one that was asked for
    average: np.ndarray  # (P,) Σ c_k w_k / Σ c_k over all that reported
    counts: dict[int, int]  # of these by number c_k, what each of them counts in the mean: n_k, or 1
    mean: Message  # what the server's step got

    @property
    def updates(self) -> list[np.ndarray]:
        """(P,) how far each party went from the model that its own training began with."""
        began, experiment = self.began, self.experiment
        return [upload.weights - start_of(experiment, began, upload.party) for upload in self.uploads]


def watch(prepared: Prepared, start: State | None, brake: Brake, party: int | None = None) -> Watched:
    """Run an experiment's last round once more. start: a state before it, to go on from; None begins anew.

    party: one whose upload is kept however many come before it.
    """
    experiment = prepared.experiment
    before = remembered(start or first_state(prepared), prepared)
    ended: Round | None = None
    kept, means, counts = list[Upload](), list[Message](), dict[int, int]()
    weights = turn_of(prepared, experiment.rounds).weights
    total = np.zeros(prepared.size)

    def keep(number: int, upload: Upload) -> None:
        nonlocal total
        if number == experiment.rounds:
            counts[upload.party] = weights[upload.party]
            total += np.multiply(upload.weights, counts[upload.party], dtype=np.float64)
            if len(kept) < MOST_KEPT or upload.party == party:
                kept.append(upload)

    rounds = fedlab.run(
        experiment,
        start=before,
        dataset=prepared.dataset,
        model=prepared.model,
        on_upload=keep,
        on_mean=lambda number, mean: means.append(mean),
        between_chunks=brake.check,
    )
    for one in rounds:
        assert one.state is not None
        if ended is not None and ended.state is not None:
            before = ended.state
        ended = one
    assert ended is not None
    return Watched(experiment, before, ended, kept, total / max(1, sum(counts.values())), counts, means[-1])


def start_of(experiment: Experiment, before: State, party: int) -> np.ndarray:
    """(P,) the model that a party's local training began with: the shared one or, where it trains alone, its own."""
    down = experiment.algorithm.send(before.weights, before.server)
    return experiment.algorithm.start(down, before.parties[party].get("algorithm"))
