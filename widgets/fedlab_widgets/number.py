"""One number: a single weight of the shared model, and what the parties of a round have made of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import traitlets

from fedlab.differences import title_of
from fedlab.prepare import Prepared
from fedlab.roles import ON_THE_WAY
from fedlab.text import say
from fedlab_widgets.part import Part, source
from fedlab_widgets.session import Session
from fedlab_widgets.view import View
from fedlab_widgets.watching import Watched
from fedlab_widgets.whose_turn import nothing_travels

IN_FULL = 6  # parties that a sum is written out for


@dataclass(frozen=True)
class Weighed:
    """One weight in one round."""

    before: float  # in the model that went out
    after: float  # in the new shared model
    values: list[float]  # w_k, of the parties that are kept
    shares: list[float]  # p_k = c_k / Σ c_k
    total: float  # Σ p_k w_k over all that reported
    mean: float | None  # what the server's step got, where that is one number for each weight

    def same(self, one: float, other: float) -> bool:
        """Whether two numbers differ only by the rounding of float32, in which the parties and the server work."""
        size = max(map(abs, (self.before, self.after, one, other, *self.values)))
        return abs(one - other) <= 8 * float(np.finfo(np.float32).eps) * size


def weigh(watched: Watched, place: int) -> Weighed:
    """The weight at this place of the flat vector of all weights."""
    assert watched.ended.state is not None
    first = watched.mean[0] if watched.mean and watched.mean[0].shape == watched.average.shape else None
    counted = sum(watched.counts.values())
    return Weighed(
        float(watched.began.weights[place]),
        float(watched.ended.state.weights[place]),
        [float(upload.weights[place]) for upload in watched.uploads],
        [watched.counts[upload.party] / counted for upload in watched.uploads],
        float(watched.average[place]),
        None if first is None else float(first[place]),
    )


class Opened(Part):
    _esm = traitlets.Unicode(source("base.js", "images.js", "number.js")).tag(sync=True)
    _css = traitlets.Unicode(source("holdings.css", "number.css")).tag(sync=True)


class Number(View):
    """It shows a weight of the round that was watched last; which one, the learner says."""

    def __init__(self, session: Session):
        super().__init__(session)
        self.view = self.make(Opened)
        self.view.answer(choose=lambda layer, index: session.guard(lambda: self.choose(layer, index)))
        self._shown: tuple[Prepared, Watched] | None = None

    def show(self, prepared: Prepared, watched: Watched) -> None:
        """Begin with the weight that has moved the most, of those that can be seen in a picture if there are such."""
        self._shown = prepared, watched
        assert watched.ended.state is not None
        moved = np.abs(watched.ended.state.weights - watched.began.weights)
        self._tell(int(moved[: prod(prepared.shapes[0])].argmax()))

    def choose(self, layer: int, index: list[int]) -> None:
        """Another weight: of a tensor of the model, by its place in it."""
        if self._shown is None:
            return
        shapes = self._shown[0].shapes
        layer = min(max(0, int(layer)), len(shapes) - 1)
        shape = shapes[layer]
        index = (list(index) + [0] * len(shape))[: len(shape)]
        inside = [min(max(0, int(one)), size - 1) for one, size in zip(index, shape, strict=True)]
        self._tell(sum(map(prod, shapes[:layer])) + int(np.ravel_multi_index(inside, shape)))

    def _tell(self, place: int) -> None:
        if self._shown is not None:
            prepared, watched = self._shown
            self.view.state = _state(prepared, watched, place)


def _state(prepared: Prepared, watched: Watched, place: int) -> dict[str, Any]:
    """All that the page shows of one weight."""
    weighed, shapes = weigh(watched, place), prepared.shapes
    ends = np.cumsum([prod(shape) for shape in shapes])
    layer = int(np.searchsorted(ends, place, side="right"))
    index = [int(one) for one in np.unravel_index(place - (ends[layer] - prod(shapes[layer])), shapes[layer])]
    rows = [
        [f"{upload.party:,}", f"{upload.examples:,}", f"{share:.4f}", f"{value:+.5f}", f"{share * value:+.6f}"]
        for upload, share, value in zip(watched.uploads, weighed.shares, weighed.values, strict=True)
    ]
    return {
        "layer": layer,
        "index": index,
        "layers": [_layer(number, shape) for number, shape in enumerate(shapes)],
        "sizes": list(shapes[layer]),
        "rows": rows,
        "sum": written_out(weighed, len(watched.counts)) if _averages(watched) else "",
        "says": told(watched, weighed),
        **_picture(prepared, watched, layer, index),
        "words": {
            "title": say("One number of round {number}", number=watched.ended.number),
            "layer": say("layer"), "index": [say("from"), say("to")] if len(shapes[layer]) == 2 else [],
            "place": say("place"), "weight": say("weight"),
            "head": [say("party"), say("examples n_k"), say("share p_k"), say("its weight w_k"), say("p_k · w_k")],
        },
    }  # fmt: skip


def _layer(number: int, shape: tuple[int, ...]) -> str:
    """A tensor of the model, by its shape."""
    if len(shape) == 1:
        return say("{number}: {units:,} biases", number=number + 1, units=shape[0])
    return say("{number}: {shape} weights", number=number + 1, shape=" × ".join(map(str, shape)))


def _picture(prepared: Prepared, watched: Watched, layer: int, index: list[int]) -> dict[str, Any]:
    """How the round has changed all weights of one unit that looks at an image: 128 is not at all."""
    x, shape = prepared.dataset.train_x, prepared.shapes[0]
    if layer or x.ndim != 3 or len(shape) != 2 or watched.ended.state is None:
        return {"changes": b"", "tall": 0, "wide": 0, "alt": ""}
    moved = (watched.ended.state.weights - watched.began.weights)[: prod(shape)].reshape(shape)[:, index[1]]
    most = float(np.abs(moved).max()) or 1.0
    alt = say(
        "How this round changed the weights from each pixel to unit {unit}: orange up, blue down. Click one.",
        unit=index[1],
    )
    levels = (128 + 127 * moved / most).round().astype(np.uint8)
    return {"changes": levels.tobytes(), "tall": x.shape[1], "wide": x.shape[2], "alt": alt}


def _averages(watched: Watched) -> bool:
    """Whether the parties' models come together at all."""
    return bool(watched.counts) and (watched.experiment.algorithm.in_one_place or bool(watched.mean))


def written_out(weighed: Weighed, reported: int) -> str:
    """Σ p_k w_k as on a blackboard: 0.2 · 0.31 + 0.5 · 0.28 + 0.3 · 0.40 = 0.322."""
    pairs = zip(weighed.shares, weighed.values, strict=True)
    products = [f"{share:.3g}\u00a0·\u00a0{value:.5f}".replace("-", "−") for share, value in pairs]  # kept on one line
    if reported > IN_FULL:
        others = say("({others:,} more)", others=reported - IN_FULL + 1)
        products = [*products[: IN_FULL - 1], others]
    total = f"{weighed.total:.5f}".replace("-", "−")
    return f"{' + '.join(products)} = {total}"


def told(watched: Watched, weighed: Weighed) -> list[str]:
    """What becomes of the sum, in sentences that hold for any algorithm and anything on the way."""
    experiment = watched.experiment
    title = title_of(type(experiment.algorithm))
    if not _averages(watched):
        if watched.counts and nothing_travels(experiment.algorithm):
            return [say("Nothing is averaged: every party keeps its own weight, and the shared model stays as drawn.")]
        return [say("Nobody reported in this round, so there is nothing to average.")]
    if weighed.same(weighed.total, weighed.after):
        return [
            say(
                "And the new shared model has {after:.5f} there: the same, to the rounding of 32-bit numbers (they "
                "differ by {off:.1e}).",
                after=weighed.after, off=abs(weighed.total - weighed.after),
            )
        ]  # fmt: skip
    sentences = []
    if on_the_way := _on_the_way(watched):
        sentences.append(
            say("That is what the parties have. It is not what arrives: on the way there is {stages}.",
                stages=", ".join(on_the_way))
        )  # fmt: skip
    if weighed.mean is None:
        arrived = ""
    elif weighed.same(weighed.before + weighed.mean, weighed.after):
        arrived = say(
            "The server takes the model that it sent, {before:.5f}, and adds what arrived, {mean:+.6f}: "
            "the new shared model has {after:.5f} there.",
            before=weighed.before, mean=weighed.mean, after=weighed.after,
        )  # fmt: skip
        return [*sentences, arrived]
    else:
        arrived = say("{mean:+.6f} arrived of this weight.", mean=weighed.mean)
    server = say(
        "The model that went out had {before:.5f}, and {algorithm}'s server step makes {after:.5f} of it, which is "
        "{off:+.1e} beside the sum.",
        before=weighed.before, algorithm=title, after=weighed.after, off=weighed.after - weighed.total,
    )  # fmt: skip
    return [*sentences, *filter(None, [arrived]), server]


def _on_the_way(watched: Watched) -> list[str]:
    """The titles of what can change a message, or weigh it differently, in this experiment."""
    if watched.experiment.algorithm.in_one_place:
        return []
    stages = [getattr(watched.experiment, role) for role in ON_THE_WAY] + [watched.experiment.aggregation]
    return [say(stage.title) for stage in dict.fromkeys(stages) if stage.name not in ("none", "mean")]
