"""Parties that hold different columns: alone, together, all in one place; and what the cut between them gives away."""

from __future__ import annotations

import html
import threading
import time
from importlib.resources import files
from typing import Any

import ipywidgets as widgets
import numpy as np

from fedlab.engines.numpy import one_blas_thread
from fedlab.lessons.switches import checking
from fedlab.text import say
from fedlab.vertical import HOLDERS, Columns, CutRound, run
from fedlab.vertical.worth import alone, last_score, wide
from fedlab_widgets import kernel
from fedlab_widgets.columns_in_words import in_words, title_of
from fedlab_widgets.picture import Picture
from fedlab_widgets.problems import in_one_sentence
from fedlab_widgets.reading import Page
from fedlab_widgets.threads import begin

FOLDS = 5
SLIDERS: dict[str, tuple[float, ...]] = {
    "cut": (1, 2, 4, 8, 16),
    "overlap": (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0),
    "noise": (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0),
    "rounds": (1, 2, 5, 10, 20, 50, 100),
}
PICTURES: dict[str, Any] = {"people": 1_000, "batch_size": 50, "learning_rate": 0.2}  # so that they answer in a second
OWN = ".fedlab-columns select { min-height: 28px; }"
OFTEN = 0.3  # seconds between two drawings of what is not finished


class Left(Exception):
    """The sliders have moved on."""


class Vertical:
    """columns: what the sliders stand at first; its seed, people, batch size and learning rate stay.

    >>> Vertical()
    """

    def __init__(self, columns: Columns | None = None):
        first = columns or Columns()
        self._base = first
        self._lock = threading.Lock()
        self._wanted, self._done = 0, 0  # numbers of the settings asked for, and of those drawn
        self._working = self._gone = False
        self._quiet = False  # while several controls move together
        self._make_controls(first)
        margins = {"left": 0.13, "right": 0.99, "bottom": 0.2, "top": 0.97}
        self._bars, self._curve = Picture(440, 280, margins=margins), Picture(400, 280, margins=margins)
        for picture in (self._bars, self._curve):
            picture.view = widgets.HTML(picture.paper, layout={"flex": "1 1 330px", "max_width": "460px"})
        self._says = widgets.HTML()
        css = files("fedlab_widgets").joinpath("style.css").read_text(encoding="utf-8")
        style = widgets.HTML(f"<style>{css}{OWN}</style>", _dom_classes=("fedlab-style",))
        flow = {"flex_flow": "row wrap", "overflow": "visible", "grid_gap": "2px 14px"}
        boxes = [widgets.HBox(row, layout=flow) for row in ([self._data, self._model, self._holder], [*self._parties])]
        pictures = widgets.HBox([self._bars.view, self._curve.view], layout={"flex_flow": "row wrap"})
        parts = [style, *boxes, self._page, pictures, self._says]
        self.view = widgets.VBox(parts, _dom_classes=("fedlab-lab", "fedlab-columns"))
        self._show_sliders()
        for widget in (*self._controls, self._page, self._bars.view, self._curve.view, self._says):
            kernel.answer_beside_cells(widget)
        for control in self._controls:
            control.observe(self._moved, "value")
        self._begin()
        kernel.enrol(self)

    def _make_controls(self, first: Columns) -> None:
        def menu(title: str, options: list[tuple[str, str]], value: str) -> Any:
            style = {"description_width": "initial"}
            return widgets.Dropdown(
                options=options, value=value, description=title, style=style, layout={"width": "auto", "height": "auto"}
            )

        self._data = menu(say("data"), [(title_of(name), name) for name in HOLDERS], first.data)
        models = [(say("logistic regression"), "logistic"), (say("split network"), "network")]
        self._model = menu(say("model"), models, first.model)
        most = max(map(len, HOLDERS.values()))
        self._parties = [widgets.Checkbox(True, indent=False, layout={"width": "auto"}) for _ in range(most)]
        self._holder = menu(say("who knows the label"), [("", "")], "")
        self._name_parties(first)
        self._controls = [self._data, self._model, self._holder, *self._parties]
        self._page = Page()
        self._page.answer(set=self._slide)
        self._values: dict[str, Any] = {name: getattr(first, name) for name in SLIDERS}

    def _name_parties(self, columns: Columns) -> None:
        """Set boxes and menu to the parties of these settings."""
        names = [*HOLDERS[columns.data]]
        for place, box in enumerate(self._parties):
            there = place < len(names)
            box.layout.display = "" if there else "none"
            box.description = title_of(names[place]) if there else ""
            box.value = there and names[place] in columns.parties
        self._holder.options = [(title_of(name), name) for name in names]
        self._holder.value = columns.holder

    def show(self, **settings: Any) -> None:
        """Set the controls: `show(data="heart", who="doctor,imaging", noise=1.0)`; settings that they lack as well."""
        before = {"who": "all", "label_holder": "first"} if "data" in settings else {}
        columns = self._columns().with_(**{**before, **settings})
        self._base, self._quiet = columns, True
        self._data.value, self._model.value = columns.data, columns.model
        self._name_parties(columns)
        self._values = {name: getattr(columns, name) for name in SLIDERS}
        self._quiet = False
        self._show_sliders()
        self._begin()

    def wait(self, seconds: float = 60) -> bool:
        """Wait until what the controls ask for is drawn; False if it takes longer."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self._lock:
                if self._done == self._wanted:
                    return True
            time.sleep(0.01)
        return False

    def stop(self) -> None:
        """Give up what is being trained; the next move of a control trains again."""
        with self._lock:
            self._wanted += 1
            self._done = self._wanted

    def close(self) -> None:
        """Take it off the page."""
        self._gone = True
        self.stop()
        kernel.forget(self)
        for widget in (*self._controls, *self.view.children, self.view):
            widget.close()

    def _columns(self) -> Columns:
        """What the controls say. `InvalidSetting` if that cannot be."""
        names = [*HOLDERS[self._data.value]]
        who = ",".join(name for name, box in zip(names, self._parties, strict=False) if box.value)
        moved = {
            "data": self._data.value, "model": self._model.value, "who": who, "label_holder": self._holder.value,
            **self._values,
        }  # fmt: skip
        return self._base.with_(**({} if self._data.value == "heart" else PICTURES), **moved)

    def _moved(self, change: dict[str, Any]) -> None:
        if self._quiet:
            return
        if change["owner"] is self._data:
            self._quiet = True
            self._name_parties(Columns(data=self._data.value))
            self._quiet = False
        self._show_sliders()
        self._begin()

    def _offered(self, name: str) -> list[Any]:
        """What a slider offers, and where it stands in between."""
        return sorted({*SLIDERS[name], self._values[name]})

    def _slide(self, name: str, at: int) -> None:
        if name in SLIDERS:
            offered = self._offered(name)
            self._values[name] = offered[min(max(0, int(at)), len(offered) - 1)]
            self._show_sliders()
            self._begin()

    def _show_sliders(self) -> None:
        """Logistic regression sends one logit for each label: it has no width to choose."""
        labels = {
            "cut": say("numbers over the cut, c"), "overlap": say("share of people whom all know"),
            "noise": say("noise on the way back, t"), "rounds": say("rounds, T"),
        }  # fmt: skip
        choices = [
            {
                "name": name,
                "label": labels[name],
                "texts": [f"{one:g}" for one in self._offered(name)],
                "at": self._offered(name).index(value),
            }
            for name, value in self._values.items()
            if name != "cut" or self._model.value == "network"
        ]
        self._page.state = {"facts": [], "unit": None, "parts": [], "choices": choices}

    def _begin(self) -> None:
        """Train what the controls ask for, on a thread of its own."""
        with self._lock:
            self._wanted += 1
            if self._working or self._gone:
                return
            self._working = True
        begin("fedlab columns", self._work, self.stop)

    def _work(self) -> None:
        while True:
            with self._lock:
                number = self._wanted
                if self._gone or self._done == number:
                    self._working = False
                    return
            try:
                with one_blas_thread():
                    self._train(self._columns(), number)
            except Left:
                continue
            except Exception as error:
                for picture in (self._bars, self._curve):
                    picture.view.value = picture.paper
                self._says.value = (
                    f'<p class="fedlab-complaint" role="status">{html.escape(in_one_sentence(error))}</p>'
                )
            with self._lock:
                self._done = number

    def _train(self, columns: Columns, number: int) -> None:
        """Fold by fold; the first is shown at once."""
        together: list[list[CutRound]] = []
        scores: dict[str, list[float]] = {title_of(name): [] for name in columns.parties}
        one_place, drawn = list[float](), 0.0
        for fold in range(FOLDS):
            present = columns.with_(fold=fold)
            rounds = list[CutRound]()
            for one in run(present):
                rounds.append(one)
                self._require_wanted(number)
            together.append(rounds)
            for name in columns.parties:
                scores[title_of(name)].append(last_score(alone(present, name)))
                self._require_wanted(number)
            one_place.append(last_score(wide(present), in_one_place=True))
            if fold == FOLDS - 1 or time.monotonic() - drawn > OFTEN:
                self._draw(columns, scores, together, one_place)
                drawn = time.monotonic()

    def _require_wanted(self, number: int) -> None:
        if self._gone or self._wanted != number:
            raise Left

    def _draw(
        self, columns: Columns, alone: dict[str, list[float]], together: list[list[CutRound]], one_place: list[float]
    ) -> None:
        from fedlab.plots.columns import by_round, three_bars  # with matplotlib: half a second, when it is needed

        measure, chance = (say("AUC"), 0.5) if columns.data == "heart" else (say("share right"), 0.1)
        ends = [rounds[-1].score for rounds in together]
        bars = {**alone, say("together"): ends, say("one place"): one_place}
        solid = [title_of(columns.holder), say("together"), say("one place")]
        three_bars(self._bars.begin()[0], bars, solid, chance, measure)
        score, leak = (np.array([[getattr(one, name) for one in rounds] for rounds in together]).mean(axis=0)
                       for name in ("score", "leak"))  # fmt: skip
        by_round(self._curve.begin()[0], score, leak, chance, measure)
        told = in_words(columns, alone, together, one_place)
        heights = "; ".join(f"{name} {np.mean(one):.3f}" for name, one in bars.items())
        self._bars.show(say("{measure}: {heights}.", measure=measure, heights=heights))
        self._curve.show(say("{measure} by round: from {first:.3f} to {last:.3f}.", measure=measure,
                             first=score[0], last=score[-1]))  # fmt: skip
        lines = "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in told)
        self._says.value = f'<div role="status">{lines}</div>'

    def __repr__(self) -> str:
        return say("What parties with different columns reach alone, together and in one place, with sliders.")

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widgets; for pages without a kernel one sentence and the bars."""
        bundle = {**self.view._repr_mimebundle_(**kwargs), "text/plain": repr(self)}
        if checking() or not self._bars.png:
            return bundle, {}
        png, about = self._bars.still()
        return {**bundle, "image/png": png}, {"image/png": about}
