"""A round of two parties on the plane through the model it began with and the two that it ended with.

    x axis    from party 0's end w_0 to party 1's end w_1
    y axis    at right angles to it, the other direction of the plane through w_t, w_0 and w_1

w_t, both ends and every mean of the ends lie in this plane. All other models are shown where they are nearest to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fedlab.engines import Engine, engine_for
from fedlab.evaluation import cross_entropy, judge, logits_of
from fedlab.experiment import Experiment
from fedlab.federation import run
from fedlab.lessons.steps import walk
from fedlab.models import Softmax
from fedlab.partitions import label_counts
from fedlab.prepare import Prepared, prepare
from fedlab.settings import InvalidSetting
from fedlab.text import say

TWO = Experiment(
    parties=2, examples=1_000, model="softmax", partition="dirichlet", alpha=1.0, batch_size=20, rounds=5, seed=1
)
SHAPE = 1.25  # of the map: how many times as wide as high


@dataclass(frozen=True, eq=False)
class Plane:
    """The plane through three models: the one that a round began with, and where two parties ended."""

    origin: np.ndarray  # (P,)
    axes: np.ndarray  # (2, P), of length 1 and at right angles

    def place(self, models: np.ndarray) -> np.ndarray:
        """(m, 2) where models (m, P) lie, or are nearest to."""
        return (models - self.origin).astype(np.float64) @ self.axes.T

    def model(self, places: np.ndarray) -> np.ndarray:
        """(m, P) the models at these places (m, 2) of the plane."""
        return (self.origin + places @ self.axes).astype(np.float32)

    def off(self, models: np.ndarray) -> np.ndarray:
        """(m,) how far off the plane models lie, as a share of their distance from the origin; 0 at the origin."""
        distance = np.linalg.norm(models - self.origin, axis=1)
        within = np.linalg.norm(self.place(models), axis=1)
        return np.sqrt(np.clip(1 - (within / np.where(distance, distance, 1)) ** 2, 0, 1)) * (distance > 0)


def plane_through(start: np.ndarray, end_0: np.ndarray, end_1: np.ndarray) -> Plane:
    """The plane of three models (P,), with its origin at the first and the ends in its upper half."""
    across = (end_1 - end_0).astype(np.float64)
    across /= np.linalg.norm(across)
    up = (end_0 - start).astype(np.float64)
    up -= (up @ across) * across
    return Plane(start, np.stack([across, up / np.linalg.norm(up)]))


class TwoParties:
    """One round of an experiment's two parties, the one after its `rounds`, with up to so many local epochs.

    Both parties must hold equally many examples. The first rounds, which give the model w_t to start from, are run with
    the experiment's own E.
    """

    def __init__(self, experiment: Experiment = TWO, most_epochs: int = 20):
        if not isinstance(experiment.model, Softmax):
            raise InvalidSetting("model", say("The map of two parties needs the model softmax."))
        *_, last = run(experiment)
        assert last.state is not None
        self.start = last.state.weights
        self.prepared = prepare(experiment.with_(local_epochs=most_epochs))
        number = experiment.rounds + 1
        alone_0, alone_1, together = (
            np.stack(list(walk(self.prepared, self.start, parties, number))) for parties in ([0], [1], [0, 1])
        )
        self.alone = np.stack([alone_0, alone_1])  # (2, steps + 1, P) each on its own
        self.together = together  # (steps + 1, P) averaged after every step
        self.a_pass = (len(together) - 1) // most_epochs  # local steps in one epoch
        counts = label_counts(self.prepared.parties, self.prepared.dataset.train_y, self.prepared.dataset.classes)
        self.digits = [np.flatnonzero(counts.argmax(axis=0) == k).tolist() for k in (0, 1)]  # who holds more of which
        self._planes: dict[int, Plane] = {}
        self._landscapes: dict[int, Landscape] = {}
        self._judged: dict[bytes, tuple[float, float]] = {}

    @cached_property
    def _engine(self) -> Engine:
        return engine_for(self.prepared)

    def average(self, step: int) -> np.ndarray:
        """(P,) the mean of where the two parties are after so many steps; they count the same."""
        return self.alone[:, step].mean(axis=0)

    def plane(self, epochs: int) -> Plane:
        """The plane of the round with E = epochs."""
        if epochs not in self._planes:
            self._planes[epochs] = plane_through(self.start, *self.alone[:, epochs * self.a_pass])
        return self._planes[epochs]

    def landscape(self, epochs: int) -> Landscape:
        """The test loss over the plane of the round with E = epochs, computed once."""
        if epochs not in self._landscapes:
            plane, steps = self.plane(epochs), epochs * self.a_pass + 1
            seen = [*self.alone[:, :steps], self.together[:steps]]
            self._landscapes[epochs] = landscape(self.prepared, self._engine, plane, seen)
        return self._landscapes[epochs]

    def judge(self, model: np.ndarray) -> tuple[float, float]:
        """A model's accuracy and loss on all test examples."""
        key = model.tobytes()
        if key not in self._judged:
            with self._engine.open() as engine:
                self._judged[key] = judge(engine, [model], self.prepared.dataset)
        return self._judged[key]


@dataclass(frozen=True, eq=False)
class Landscape:
    """The test loss over a part of a plane, and the paths on it."""

    x: np.ndarray  # (columns,)
    y: np.ndarray  # (rows,)
    loss: np.ndarray  # (rows, columns), in nats
    paths: list[np.ndarray]  # (steps + 1, 2) each: party 0's, party 1's, and with an average after every step


def landscape(
    prepared: Prepared, engine: Engine, plane: Plane, paths: Sequence[np.ndarray], columns: int = 37, rows: int = 31
) -> Landscape:
    """The loss on a tenth of the test examples over the part of a plane that shows these paths, (steps, P) each.

    The logits of softmax regression are linear in its weights: at (a, b) they are those of the origin, plus a times
    and b times those of the axes.
    """
    places = [plane.place(path) for path in paths]
    low, high = np.concatenate(places).min(axis=0), np.concatenate(places).max(axis=0)
    half = 0.66 * np.maximum(high - low, (high - low)[::-1] * [SHAPE, 1 / SHAPE])  # the map has this shape
    (left, bottom), (right, top) = (low + high) / 2 - half, (low + high) / 2 + half
    x, y = np.linspace(left, right, columns), np.linspace(bottom, top, rows)
    data = prepared.dataset
    images, labels = data.test_x[::10], data.test_y[::10]
    with engine.open() as opened:
        at_origin, of_a, of_b = logits_of(
            opened, [(one.astype(np.float32), images) for one in (plane.origin, *plane.axes)], data.scale
        )
    loss = [[cross_entropy(at_origin + a * of_a + b * of_b, labels).mean() for a in x] for b in y]
    return Landscape(x, y, np.array(loss), places)
