"""A model of one's own from the shared one: after the last round each party goes on with its own data.

    fine-tuning   v_k <- w;  then local steps  v_k <- v_k - η ∇F_k(v_k)
    Ditto         v_k <- w;  then local steps  v_k <- v_k - η (∇F_k(v_k) + λ (v_k - w))

Ditto's λ says how far from the others one may go: with λ = 0 it is fine-tuning, and with λ → ∞ everybody keeps the
shared model. The shared model knows nothing of the v_k, so they can be made when it is done, and a step of theirs is
one of FedProx with μ = λ. (`algorithms/ditto.py` makes them round by round, beside the shared one.)
Source: Li, Hu, Beirami and Smith 2021 (arXiv 2012.04221), algorithm 1 and section 3.1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fedlab.algorithms import FedAvg, FedProx
from fedlab.datasets import Dataset
from fedlab.engines import engine_for
from fedlab.experiment import Experiment
from fedlab.memories import first_state, remembered
from fedlab.plan import jobs, plan_of
from fedlab.prepare import prepare

if TYPE_CHECKING:
    import keras

EVERYBODY: dict[str, Any] = {  # who all work, honestly and at home: nothing travels
    "participation": 1.0, "stragglers": 0.0, "dropouts": 0.0, "away": 0, "attack": "none", "privacy": "none",
    "compression": "none", "secure_sum": "none", "aggregation": "mean", "events": (),
}  # fmt: skip


def personal(
    experiment: Experiment,
    weights: np.ndarray,
    epochs: int = 5,
    pull: float = 0.0,
    dataset: Dataset | None = None,
    model: keras.Model | None = None,
) -> list[np.ndarray]:
    """(P,) for each party: its own model after so many epochs on its own data, beginning with the shared one.

    weights: (P,) the shared model w. pull: λ. Batches and learning rate are the experiment's.
    """
    steps = FedProx(mu=pull) if pull else FedAvg()
    at_home = experiment.with_(algorithm=steps, local_epochs=epochs, **EVERYBODY)
    prepared = prepare(at_home, dataset, model)
    first = remembered(first_state(prepared), prepared)
    state = replace(first, number=experiment.rounds, weights=weights)  # the draws are those of a next round
    with engine_for(prepared).open() as engine:
        return [upload.weights for upload in engine.work(jobs(prepared, state, plan_of(prepared, state)))]
