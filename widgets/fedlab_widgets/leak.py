"""How many images can be read from what a party sends? Sliders, and the images beside what linear algebra recovers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

import ipywidgets as widgets
import numpy as np

from fedlab import Experiment, State, run
from fedlab import attacks_on_privacy as attack
from fedlab.engines.numpy import one_blas_thread
from fedlab.messages import Upload
from fedlab.prepare import prepare
from fedlab.settings import InvalidSetting
from fedlab.text import say
from fedlab_widgets import kernel
from fedlab_widgets.lab import KEYS
from fedlab_widgets.problems import in_one_sentence
from fedlab_widgets.reading import Page, Reading, blind, how_many, pairs, read
from fedlab_widgets.whose_turn import nothing_travels

PARTIES = Experiment(parties=12, examples=96, batch_size="all", local_epochs=1, rounds=1)
JUDGED = 10  # test examples: nobody looks at the accuracy of these rounds
TRAINING = {"parties": 10, "examples": 6_000, "batch_size": 10, "local_epochs": 1}  # what comes before, if anything

SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
STEPS = (1, 2, 3, 5, 10, 20)
TRAINED = (0, 1, 5)
SEEDS = range(5)
NOISE = (0.0, 0.00001, 0.0001, 0.001, 0.01, 0.1, 1.0)


class Leak:
    """experiment: whose model, algorithm, learning rate and number of parties are taken; the sliders set the rest.

    >>> Leak()
    """

    def __init__(self, experiment: Experiment | None = None):
        self._base = (experiment or PARTIES).with_(batch_size="all", rounds=1, participation=1.0, partition="iid")
        if nothing_travels(self._base.algorithm):
            raise InvalidSetting("algorithm", say("With this algorithm no party sends anything: take another one."))
        data = self._base.data()
        self._data = replace(data, test_x=data.test_x[:JUDGED], test_y=data.test_y[:JUDGED])
        shapes = prepare(self._base.with_(examples=self._base.parties), self._data).shapes
        attack.candidates(np.zeros(sum(map(np.prod, shapes)), np.float32), shapes)  # refuses what this cannot read
        self._lock = threading.Lock()
        self._models: dict[tuple[int, int], State] = {}  # by rounds and seed
        self._at = {"size": 3, "steps": 0, "trained": 0, "noise": 0, "party": 0, "seed": 0}
        self._page = Page()
        self._page.answer(set=self._move)
        css = files("fedlab_widgets").joinpath("style.css").read_text(encoding="utf-8")
        style = widgets.HTML(f'<style onload="{KEYS}">{css}</style>', _dom_classes=("fedlab-style",))
        self.view = widgets.VBox([style, self._page], _dom_classes=("fedlab-lab", "fedlab-leak"))
        kernel.answer_beside_cells(self._page)
        self._draw()
        kernel.enrol(self)

    def show(self, **at: float) -> None:
        """Move sliders to values: `show(size=16, steps=5, trained=5, noise=0.1, party=3, seed=1)`."""
        self._at |= {name: self._offered[name].index(value) for name, value in at.items()}
        self._draw()

    def stop(self) -> None:
        """Nothing here goes on by itself."""

    def close(self) -> None:
        """Take it off the page."""
        kernel.forget(self)
        for widget in (self._page, *self.view.children, self.view):
            widget.close()

    @property
    def _offered(self) -> dict[str, Sequence[Any]]:
        """What each slider offers."""
        parties = range(self._base.parties)
        return {"size": SIZES, "steps": STEPS, "trained": TRAINED, "noise": NOISE, "party": parties, "seed": SEEDS}

    def _value(self, name: str) -> Any:
        return self._offered[name][self._at[name]]

    def _move(self, name: str, at: int) -> None:
        if name in self._at:
            self._at[name] = min(max(0, int(at)), len(self._offered[name]) - 1)
            self._draw()

    def _choices(self) -> list[dict[str, Any]]:
        """The sliders, as the page makes them."""
        labels = {
            "size": say("images of a party, B"),
            "steps": say("steps on them, E"),
            "trained": say("rounds trained before"),
            "noise": say("its own noise, σ (clip 1)"),
            "party": say("party"),
            "seed": say("seed"),
        }
        return [
            {"name": name, "label": labels[name], "texts": [_short(one) for one in offered], "at": self._at[name]}
            for name, offered in self._offered.items()
        ]

    def _draw(self) -> None:
        with self._lock:
            shown: dict[str, Any] = {"facts": [], "unit": None, "choices": self._choices()}
            try:
                with one_blas_thread():  # its products are small: several threads would wait for each other
                    part = self._read()
            except Exception as error:  # a learner's own settings may ask for anything
                part = {"title": "", "pairs": None, "says": [in_one_sentence(error)]}
            self._page.state = {**shown, "parts": [part]}

    def _read(self) -> dict[str, Any]:
        """Run the round, attack every party's upload, and say what came of it."""
        size, noise, seed = self._value("size"), self._value("noise"), self._value("seed")
        settings = {"examples": size * self._base.parties, "local_epochs": self._value("steps"), "seed": seed}
        experiment = self._base.with_(**settings)
        if noise:
            experiment = experiment.with_(privacy="dp", dp_clip=1.0, dp_noise=noise, dp_where="party")
        sent: list[Upload] = []
        start = self._trained(self._value("trained"), seed)
        (after,) = run(
            experiment, start=start, dataset=self._data, on_upload=lambda number, upload: sent.append(upload)
        )
        prepared = prepare(experiment, self._data)
        readings = [read(one.message[0], prepared, [one.party]) for one in sent]
        own = readings[self._value("party")]
        told = [how_many(own), blind(own), _mean(readings, seed)]
        if after.epsilon is not None:
            told.append(_promise(after.epsilon, prepared.experiment.privacy.delta))
            told.append(say("Other attacks read through more noise than this one: only ε speaks of all of them."))
        return {
            "title": "",
            "pairs": pairs(own, self._data.train_x.shape[1:]),
            "says": [one for one in told if one],
        }

    def _trained(self, rounds: int, seed: int) -> State | None:
        """The shared model after so many rounds of federated training; None for the first one."""
        if rounds and (rounds, seed) not in self._models:
            *_, last = run(self._base.with_(**TRAINING, rounds=rounds, seed=seed), dataset=self._data)
            assert last.state is not None
            self._models[rounds, seed] = State(0, last.state.weights)
        return self._models.get((rounds, seed))

    def __repr__(self) -> str:
        return say(
            "The images of a party beside what is read from what it sends, with sliders for B, E, the rounds of "
            "training before, noise and the party."
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widgets; for pages without a kernel what this is."""
        return {**self.view._repr_mimebundle_(**kwargs), "text/plain": repr(self)}


def _short(value: float) -> str:
    """A number without an exponent: 0.00001."""
    return f"{value:.5f}".rstrip("0").rstrip(".")


def _mean(readings: list[Reading], seed: int) -> str:
    """One party is one draw: all of them together say more."""
    shares = [float(one.same.mean()) for one in readings]
    return say(
        "All {parties} parties of seed {seed}: {mean:.3g} % on average, from {least:.3g} to {most:.3g} %.",
        parties=len(shares), seed=seed, mean=100 * sum(shares) / len(shares), least=100 * min(shares),
        most=100 * max(shares),
    )  # fmt: skip


def _promise(epsilon: float, delta: float | None) -> str:
    """What that noise promises after one round."""
    if epsilon > 1e6:
        return say("This noise promises nothing: after one round ε is above a million, at δ = {delta:g}.", delta=delta)
    return say(
        "What this noise promises after one round: ε = {epsilon:,.3g} at δ = {delta:g}; above 10 is weak.",
        epsilon=epsilon, delta=delta,
    )  # fmt: skip
