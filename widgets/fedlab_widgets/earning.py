"""Who earns what: each party's share in what a round brought, as bars, where coalitions can be tried in seconds."""

from __future__ import annotations

from fedlab.contributions import MOST_EXACT, ORDERS, earned
from fedlab.plots.behind import earnings
from fedlab.prepare import Prepared
from fedlab.text import say
from fedlab_widgets.picture import Picture
from fedlab_widgets.watching import Watched

MOST_WORK = 2e9  # products of two numbers: some seconds


def is_quick(prepared: Prepared, watched: Watched) -> bool:
    """Whether it makes sense, and takes seconds: images and large models take minutes."""
    parties, algorithm, ended = len(watched.uploads), watched.experiment.algorithm, watched.ended.state
    assert ended is not None
    shared = len(algorithm.judged(ended.weights, [own.get("algorithm") for own in ended.parties])) == 1
    if algorithm.in_one_place or not shared or parties < 2:
        return False
    models = 2**parties if parties <= MOST_EXACT else ORDERS * parties
    everyone = parties == len(watched.counts)
    return everyone and models * len(prepared.dataset.test_y) * prepared.size <= MOST_WORK


def draw(picture: Picture, prepared: Prepared, watched: Watched) -> str:
    """Draw what each has earned in the round that was watched, and say it."""
    began = watched.began.weights
    shapley, left_out = earned(watched.experiment, began, watched.uploads, prepared.dataset)
    names = [prepared.names[upload.party] for upload in watched.uploads]
    earnings(picture.begin()[0], names, shapley, left_out)
    words = say(
        "Who earned what in this round: {best} took most of the test loss away ({most:+.4f} nats by its Shapley "
        "value), {worst} least ({least:+.4f}).",
        best=names[int(shapley.argmax())], most=shapley.max(), worst=names[int(shapley.argmin())], least=shapley.min(),
    )  # fmt: skip
    picture.show(words)
    return words
