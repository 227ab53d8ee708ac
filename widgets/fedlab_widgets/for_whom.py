"""For whom it was worth it: each owner alone, with the shared model, and with one of its own near that."""

from __future__ import annotations

from typing import Any

import numpy as np

import fedlab
from fedlab.diagnostics import by_owner
from fedlab.personal import personal
from fedlab.plots.behind import for_whom
from fedlab.prepare import Prepared
from fedlab.text import say
from fedlab_widgets.brake import Brake
from fedlab_widgets.picture import Picture
from fedlab_widgets.watching import Watched

EPOCHS = 5  # of its own that a party goes on with


def scores(prepared: Prepared, watched: Watched, brake: Brake) -> dict[str, np.ndarray]:
    """By what the way is called, what each party reaches on held-out examples of its own: accuracy or AUC, (K,)."""
    experiment, state, data, model = watched.experiment, watched.ended.state, prepared.dataset, prepared.model
    assert state is not None
    by_itself = experiment.with_(algorithm="alone", attack="none", away=0, dropouts=0.0, participation=1.0, events=())
    *_, last = fedlab.run(by_itself, dataset=data, model=model, between_chunks=brake.check)
    assert last.state is not None
    judged = experiment.algorithm.judged(state.weights, [own.get("algorithm") for own in state.parties])
    has_own = experiment.algorithm.own_training() is not None
    ways = {
        say("alone"): [own["algorithm"] for own in last.state.parties],
        say("shared"): [state.weights] if has_own else judged,
        say("personal"): judged if has_own else personal(experiment, state.weights, EPOCHS, dataset=data, model=model),
    }
    which = 1 if data.measure == "auc" else 0
    return {name: by_owner(experiment, models, data, model)[which] for name, models in ways.items()}


def draw(picture: Picture, prepared: Prepared, found: dict[str, np.ndarray]) -> str:
    """Draw them, and say for whom it was worth it."""
    measure = say("AUC") if prepared.dataset.measure == "auc" else say("accuracy")
    called = prepared.dataset.examples_called
    for_whom(picture.begin()[0], prepared.names, found, say("{measure} on own held-out {called}", measure=measure,
                                                            called=called))  # fmt: skip
    alone, shared, personal = found.values()
    known = ~(np.isnan(alone) | np.isnan(shared))
    told: dict[str, Any] = {
        "gain": int((shared[known] > alone[known]).sum()), "lose": int((shared[known] < alone[known]).sum()),
        "own": int((personal[known] > shared[known]).sum()), "parties": int(known.sum()),
        "measure": measure, "epochs": EPOCHS, "called": called,
    }  # fmt: skip
    sentences = [
        say("By {measure} on held-out {called} of their own, the shared model is better than training alone for {gain} "
            "of {parties} parties, and worse for {lose}.", **told),
        say("The personal model that a party has trained beside the shared one is better than that for {own}.", **told)
        if prepared.experiment.algorithm.own_training() is not None
        else say("The personal model, the shared one after {epochs} epochs more on a party's own data, is better than "
                 "that for {own}.", **told),
        say("With few {called} of an owner one decides little: look at other seeds too.", **told),
    ]  # fmt: skip
    words = " ".join(sentences)
    picture.show(words)
    return words
