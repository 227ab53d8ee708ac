"""A pad for digits of one's own: draw, see what the model sees and reads, keep, and take part with them."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np
import traitlets

from fedlab import Experiment
from fedlab.engines import engine_for
from fedlab.files import write
from fedlab.handwriting import SIDE, digit, with_own
from fedlab.prepare import Prepared, prepare
from fedlab.text import say
from fedlab_widgets import kernel
from fedlab_widgets.lab import KEYS, Lab
from fedlab_widgets.part import Part, source
from fedlab_widgets.problems import in_one_sentence

if TYPE_CHECKING:
    from fedlab_widgets.runs import Run

MOST = 200  # digits that are kept


class Paper(Part):
    """state: what the pad shows beside the strokes, which are the page's; see `page/digits.js`."""

    _esm = traitlets.Unicode(source("base.js", "images.js", "digits.js")).tag(sync=True)
    _css = traitlets.Unicode(source("digits.css")).tag(sync=True)


class DigitPad:
    """lab: the model of the run and the round that is looked at there reads along; None for a pad alone.

    `x` (n, 28, 28) uint8 and `y` (n,) are what was kept; `save` writes them for `fedlab federation join --data`.

    >>> DigitPad(lab)
    """

    def __init__(self, lab: Lab | None = None):
        self._lab = lab
        self._prepared: dict[Experiment, Prepared] = {}
        self._weights: tuple[Experiment, np.ndarray, str] | None = None  # what `ask` was given
        self._image: np.ndarray | None = None
        self._label: int | None = None
        self._kept: list[tuple[np.ndarray, int]] = []
        self._complaint, self._wiped = "", 0
        self._below = widgets.VBox([], layout={"overflow": "visible"})
        self.own_lab: Lab | None = None  # the one that *make these my data* has made
        self._paper = Paper()
        self._draw()
        self._paper.answer(
            draw=self._drawn, label=self._choose, keep=self.keep, remove=self.remove, mine=self.take_part
        )
        css = files("fedlab_widgets").joinpath("style.css").read_text(encoding="utf-8")
        style = widgets.HTML(f'<style onload="{KEYS}">{css}</style>', _dom_classes=("fedlab-style",))
        pad = widgets.VBox([style, self._paper], _dom_classes=("fedlab-lab",))
        self.view = widgets.VBox([pad, self._below], layout={"overflow": "visible"})
        kernel.answer_beside_cells(self._paper)
        if lab is not None:
            lab._session.subscribe(self._lab_changed)
        kernel.enrol(self)

    # what a notebook's code may ask for

    @property
    def image(self) -> np.ndarray | None:
        """(28, 28) uint8: what is drawn now, as the model sees it; None if nothing is."""
        return self._image

    @property
    def x(self) -> np.ndarray:
        """(n, 28, 28) uint8: the digits that were kept."""
        return np.array([image for image, _ in self._kept], np.uint8).reshape(-1, SIDE, SIDE)

    @property
    def y(self) -> np.ndarray:
        """(n,) int64: their labels."""
        return np.array([label for _, label in self._kept], np.int64)

    def save(self, path: str | Path) -> None:
        """Write the digits that were kept to an .npz with the arrays x and y."""
        file = io.BytesIO()
        np.savez_compressed(file, x=self.x, y=self.y)
        write(path, file.getvalue())

    def ask(self, experiment: Experiment, weights: np.ndarray, what: str = "") -> None:
        """Let this model read along. what: its name, for those who look."""
        self._weights = experiment, weights, what or say("the model that you gave")
        self._draw()

    def keep(self) -> None:
        """Keep what is drawn, with the label that is chosen."""
        try:
            if self._image is None:
                raise ValueError(say("Nothing is drawn yet: draw a digit first."))
            if self._label is None:
                raise ValueError(say("Which digit is it? Choose 0 to 9 first."))
            if len(self._kept) == MOST:
                raise ValueError(say("{most} digits are enough: remove some first.", most=MOST))
            self._kept.append((self._image, self._label))
            self._complaint, self._image = "", None
            self._wiped += 1
        except ValueError as error:
            self._complaint = str(error)
        self._draw()

    def remove(self, at: int) -> None:
        """Throw away a digit that was kept, by its place."""
        if 0 <= at < len(self._kept):
            del self._kept[at]
        self._draw()

    def take_part(self) -> None:
        """Make these my data: below the pad a lab appears in which one party more holds them."""
        try:
            start = self._lab.experiment if self._lab else Experiment(parties=4, examples=1_000, rounds=10)
            experiment, data = with_own(start, self.x, self.y)
            if self.own_lab:
                self.own_lab.close()
            self.own_lab = Lab(experiment, dataset=data, controls=["rounds", "local_epochs"])
            self.own_lab._session.select(party=experiment.parties - 1)
            self.own_lab._session.subscribe(self._lab_changed)
            text = say("Party {party} is you. Your digits: {count}. Press Run.", party=experiment.parties - 1,
                       count=len(self._kept))  # fmt: skip
            self._below.children = [widgets.HTML(f"<p><b>{text}</b></p>"), self.own_lab.view]
            self._complaint = ""
        except ValueError as error:
            self._complaint = str(error)
        self._draw()

    def stop(self) -> None:
        """Nothing here goes on by itself."""

    def close(self) -> None:
        """Take it off the page."""
        kernel.forget(self)
        if self.own_lab:
            self.own_lab.close()
        for widget in (self._paper, *self.view.children, self.view):
            widget.close()

    def _drawn(self, strokes: list[list[list[float]]]) -> None:
        try:
            self._image = digit(strokes)
        except ValueError:
            self._image = None
        self._complaint = ""
        self._draw()

    def _choose(self, label: int) -> None:
        self._label = int(label) % 10
        self._complaint = ""
        self._draw()

    def _lab_changed(self, what: str) -> None:
        if what in ("runs", "selected"):
            self._draw()

    def _reader(self) -> tuple[Experiment, np.ndarray, str] | None:
        """Who reads: the run and round that are looked at in the newest lab, if its model is still there."""
        for lab in (self.own_lab, self._lab):
            if lab is None:
                continue
            runs, at = lab._session.runs, lab._session.selected
            run: Run | None = next((one for one in runs.all if one.number == at["run"]), None)
            run = run or next((one for one in reversed(runs.shown) if one.done), None)
            state = run.history.state_at(at["round"] or run.done) if run and run.done else None
            if run and state is not None:
                asked = say(
                    "Asked: the shared model of run {run} after round {round}.", run=run.number + 1, round=state.number
                )
                return run.experiment, state.weights, asked
        return self._weights

    def _read(self, experiment: Experiment, weights: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(n, classes) how sure the model is of each label."""
        key = experiment.with_(seed=0, rounds=1)
        if key not in self._prepared:
            self._prepared = {key: prepare(Experiment(parties=1, examples=1, model=experiment.model))}
        prepared = self._prepared[key]
        with (engine := engine_for(prepared)).open(1):
            logits = engine.answer(weights, x, prepared.dataset.scale).astype(float)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)

    def _draw(self) -> None:
        bars, told, asked = None, say("No model reads along."), ""
        try:
            if reader := self._reader():
                experiment, weights, asked = reader
                if self._image is not None:
                    bars = self._read(experiment, weights, self._image[None])[0]
                    best = int(bars.argmax())
                    told = say("It reads a {digit}, and is {percent:.0f} % sure.", digit=best, percent=100 * bars[best])
                    asked = f"{told} {asked}"
                if self._kept:
                    right = int((self._read(experiment, weights, self.x).argmax(axis=1) == self.y).sum())
                    asked += " " + say(
                        "Read right of the digits below: {right} of {count}.", count=len(self._kept), right=right
                    )
        except Exception as error:  # a learner's own model may do anything
            asked = in_one_sentence(error)
        self._paper.state = {
            "words": words(), "label": self._label, "image": b"" if self._image is None else self._image.tobytes(),
            "bars": None if bars is None else bars.tolist(), "told": told, "asked": asked, "complaint": self._complaint,
            "wiped": self._wiped, "kept": [_kept(image, label) for image, label in self._kept],
            "acts": [{"act": "mine", "label": say("Make these my data")}] if self._kept else [],
        }  # fmt: skip

    def __repr__(self) -> str:
        return say("A pad to draw digits on; {count} kept.", count=len(self._kept))

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widgets; for pages without a kernel what this is."""
        return {**self.view._repr_mimebundle_(**kwargs), "text/plain": repr(self)}


def _kept(image: np.ndarray, label: int) -> dict[str, Any]:
    return {
        "image": image.tobytes(),
        "text": str(label),
        "about": say("A {digit}: click to throw it away", digit=label),
    }


def words() -> dict[str, str]:
    """What the page says."""
    return {
        "pad": say(
            "Draw a digit here. With the keyboard: arrow keys move, Space puts the pen down and lifts it, a digit "
            "names what you draw, Enter keeps it, Backspace takes a stroke back."
        ),
        "undo": say("Take back"), "clear": say("Clear"), "keep": say("Keep"), "label": say("This is a"),
        "sees": say("What the model sees"), "reads": say("What it reads"), "kept": say("Digits that you have kept"),
        "down": say("Pen down."), "up": say("Pen up."), "at": say("Column {column}, row {row}."),
    }  # fmt: skip
