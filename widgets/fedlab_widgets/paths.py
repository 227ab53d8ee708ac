"""Why can accuracy fall in a round? A map of two parties' paths and their average, one local step at a time."""

from __future__ import annotations

import html
import threading
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import ipywidgets as widgets

from fedlab.experiment import Experiment
from fedlab.lessons.switches import checking
from fedlab.lessons.two_parties import TWO, TwoParties
from fedlab.text import say
from fedlab_widgets import kernel
from fedlab_widgets.picture import Picture
from fedlab_widgets.threads import begin

EPOCHS = (1, 2, 3, 5, 10, 20)
FRAMES = 25  # in which Play goes through a round
INTERVAL = 250  # milliseconds for each of them


class Paths:
    """experiment: two parties that hold equally many examples, with softmax; its rounds come before the one on the map.

    epochs: the values of E that the slider offers.

    >>> Paths()
    """

    def __init__(self, experiment: Experiment = TWO, epochs: Sequence[int] = EPOCHS):
        self.two = TwoParties(experiment, max(epochs))
        self._epochs = epochs
        self._drawing = threading.Lock()
        self._drawn = 0  # the E of the map that is in the picture
        self._gone = threading.Event()
        self._picture = Picture(640, 470, margins={"left": 0.09, "right": 0.96, "bottom": 0.11, "top": 0.94})
        self._picture.view = widgets.HTML(self._picture.paper)
        self._text = widgets.HTML()
        first = epochs[0]
        self._e = widgets.SelectionSlider(
            options=list(epochs),
            value=first,
            description="E",
            layout={"width": "230px"},
            style={"description_width": "20px"},
        )
        steps = first * self.two.a_pass
        self._step = widgets.IntSlider(steps, 0, steps, description=say("local step"), layout={"width": "320px"})
        self._play = widgets.Play(value=steps, min=0, max=steps, step=max(1, steps // FRAMES), interval=INTERVAL)
        widgets.jslink((self._play, "value"), (self._step, "value"))
        self._e.observe(lambda change: self._change_epochs(change["new"]), "value")
        self._step.observe(lambda change: self._draw(), "value")
        self._play.observe(lambda change: self._begin_anew(), "playing")
        css = files("fedlab_widgets").joinpath("style.css").read_text(encoding="utf-8")
        style = widgets.HTML(f"<style>{css}</style>", _dom_classes=("fedlab-style",))
        tools = widgets.HBox([self._e, self._play, self._step], layout={"flex_flow": "row wrap"})
        parts = [style, tools, self._picture.view, self._text]
        self.view = widgets.VBox(parts, layout={"max_width": "720px"}, _dom_classes=("fedlab-lab",))
        for widget in (self._e, self._step, self._play, self._picture.view, self._text):
            kernel.answer_beside_cells(widget)
        self._draw()
        begin("fedlab maps", self._draw_up_maps, self.stop)
        kernel.enrol(self)

    def show(self, epochs: int, step: int | None = None) -> None:
        """Move the sliders: to a number of local epochs, and to a local step (None: the last)."""
        self._e.value = epochs
        if step is not None:
            self._step.value = step

    def stop(self) -> None:
        """Draw up no more maps."""
        self._gone.set()

    def close(self) -> None:
        """Take it off the page."""
        self.stop()
        kernel.forget(self)
        for widget in (self._e, self._step, self._play, self._picture.view, self._text, self.view):
            widget.close()

    def _draw_up_maps(self) -> None:
        """Have the maps of all E ready before the slider gets there."""
        for epochs in self._epochs:
            if self._gone.is_set():
                return
            with self._drawing:
                self.two.landscape(epochs)

    def _change_epochs(self, epochs: int) -> None:
        """Show the whole round with this E."""
        steps = epochs * self.two.a_pass
        before = self._step.value
        with self._play.hold_sync(), self._step.hold_sync():
            self._play.max = self._step.max = steps
            self._play.step = max(1, steps // FRAMES)
            self._play.value = self._step.value = steps
        if before == steps:
            self._draw()

    def _begin_anew(self) -> None:
        """Play from the first step on where no whole frame is left."""
        if self._play.playing and self._play.value > self._play.max - self._play.step:
            self._play.value = 0

    def _draw(self) -> None:
        with self._drawing:
            from fedlab.lessons.pictures_03 import map_of  # with matplotlib: half a second, not before it is needed

            epochs, step = self._e.value, self._step.value
            again = self._drawn == epochs
            ax = (self._picture.begin_again() if again else self._picture.begin())[0]
            map_of(ax, self.two, epochs, step, again)
            self._drawn = epochs
            told = _in_words(self.two, epochs, step)
            self._picture.show(told[0])
            self._text.value = "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in told)

    def __repr__(self) -> str:
        return say("Two parties' paths and their average on a map of the test loss, with sliders for E and the step.")

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widgets; for pages without a kernel one sentence and the picture."""
        bundle = {**self.view._repr_mimebundle_(**kwargs), "text/plain": repr(self)}
        if checking():
            return bundle, {}
        png, about = self._picture.still()
        return {**bundle, "image/png": png}, {"image/png": about}


def _in_words(two: TwoParties, epochs: int, step: int) -> list[str]:
    """What the map shows at a local step."""
    last = epochs * two.a_pass
    start, average = (100 * two.judge(model)[0] for model in (two.start, two.average(step)))
    party_0, party_1 = (100 * two.judge(path[step])[0] for path in two.alone)
    often = 100 * two.judge(two.together[step])[0]
    parts = {"start": start, "party_0": party_0, "party_1": party_1, "average": average, "step": step, "last": last}
    if step == last:
        told = say(
            "Test accuracy at w_t: {start:.1f} %. After {last} local steps (E = {epochs}) at party 0's end "
            "{party_0:.1f} %, at party 1's end {party_1:.1f} %, at their average, the new shared model, "
            "{average:.1f} %:",
            epochs=epochs, **parts,
        )  # fmt: skip
        points = say("it rose by {points:.1f} points.", points=average - start)
        if average < start:
            points = say("it fell by {points:.1f} points.", points=start - average)
        told = f"{told} {points}"
    else:
        told = say(
            "After {step} of {last} local steps: party 0 has {party_0:.1f} % of the test images right, party 1 "
            "{party_1:.1f} %, their average {average:.1f} %. At w_t it was {start:.1f} %.",
            **parts,
        )  # fmt: skip
    off = two.plane(epochs).off
    shares = [100 * off(model[None])[0] for model in (*two.alone[:, step], two.together[step])]
    return [
        told,
        say("With an average after every step, of the same images, it would be {often:.1f} %.", often=often),
        say(
            "Both ends of the round and their average lie in the plane of the map; other points are shown where they "
            "are nearest to it. Of its way from w_t, party 0's point is {party_0:.0f} % off the plane, party 1's "
            "{party_1:.0f} %, that of averages after every step {often:.0f} %.",
            party_0=shares[0], party_1=shares[1], often=shares[2],
        ),
    ]  # fmt: skip
