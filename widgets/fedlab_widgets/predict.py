"""Predict, then run: a question before a run, and its answer, kept and put beside the result.

    guess = predict("How many of the test images will it get right after 10 rounds?", unit="%", rounds=10)
    guess

A lab that is given the prediction, `Lab(..., prediction=guess)`, does not run before it is answered, draws the answer
into its plot, and says what came of it. `FEDLAB_PREDICT=0` lets it run at once.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakMethod

import ipywidgets as widgets

from fedlab import History
from fedlab.lessons.switches import predictions_lock
from fedlab.text import say
from fedlab_widgets import kernel
from fedlab_widgets.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Truth = Callable[[list[History]], Any]

_kept: dict[str, Any] = {}  # answers by question: running the cell again does not forget them


def accuracy_after(rounds: int) -> Truth:
    """The test accuracy after so many rounds, in per cent, of the first run that has them."""

    def truth(histories: list[History]) -> float | None:
        long_enough = (history for history in histories if len(history) >= rounds)
        return next((100 * history.rounds[rounds - 1].test_accuracy for history in long_enough), None)

    return truth


class Prediction:
    """A question and its answer: a number of a `unit`, or one of `choices`; None before it is answered."""

    def __init__(self, question: str, choices: Sequence[str], unit: str, low: float, high: float, truth: Truth):
        self.question, self.choices, self.unit, self._truth = question, list(choices), unit, truth
        self._low, self._high = low, high
        self._followers: list[
            WeakMethod[Callable[[], None]]
        ] = []  # weak: a question outlives the labs that wait for it
        if choices:
            shown = [(say(choice), choice) for choice in self.choices]
            self._input: Any = widgets.RadioButtons(options=shown, value=None, layout={"width": "auto"})
        else:
            self._input = widgets.Text(
                placeholder=say("{low:g} to {high:g}", low=low, high=high), layout={"width": "110px"}
            )
            self._input.on_msg(lambda _, message, buffers: self._enter(message))
        self._unit = widgets.HTML(html.escape(unit))
        self._button = widgets.Button(description=say("This is my prediction"), icon="check", button_style="primary")
        self._button.layout.width = "auto"
        self._button.on_click(lambda _: self._press())
        self._said = widgets.HTML()
        row = (widgets.VBox if choices else widgets.HBox)([self._input, self._unit, self._button])
        predict = html.escape(say("Predict."))
        text = widgets.HTML(f'<p class="fedlab-question"><b>{predict}</b> {html.escape(question)}</p>')
        self.view = widgets.VBox([text, row, self._said])
        self.in_lab = widgets.VBox([text, row, self._said])  # the same once more, above the lab; later the result alone
        for widget in (self._input, self._button):
            kernel.answer_beside_cells(widget)
        self.answer: Any = None
        if question in _kept:
            self.answer_with(_kept[question])

    @property
    def locks(self) -> bool:
        """Whether a run has to wait for the answer."""
        return self.answer is None and predictions_lock()

    def answer_with(self, value: Any) -> None:
        """Keep this answer; it stays, so that it is still there beside the result."""
        self.answer = _kept[self.question] = value
        self._input.value = value if self.choices else f"{value:g}"
        self._input.disabled = self._button.disabled = True
        self.in_lab.children = [self._said]
        self._say(say("You predict {answer}. Now run it and see.", answer=self._words(value)))
        for follower in self._followers:
            if tell := follower():
                tell()

    def on_answer(self, tell: Callable[[], None]) -> None:
        """Call `tell`, a method, when the answer is there; its object is not kept alive for that."""
        self._followers = [follower for follower in self._followers if follower()] + [WeakMethod(tell)]

    def follow(self, histories: list[History]) -> None:
        """Say what the runs so far make of the answer."""
        if self.answer is not None and (truth := self._truth(histories)) is not None:
            self._say(self.sentence(truth))

    def sentence(self, truth: Any) -> str:
        """The answer beside the truth, in one sentence."""
        if self.answer is None:
            return say("It is {truth}. You made no prediction.", truth=self._words(truth))
        if self.answer == truth:
            return say("You predicted {answer}, and so it is.", answer=self._words(self.answer))
        return say("You predicted {answer}. It is {truth}.", answer=self._words(self.answer), truth=self._words(truth))

    def compare(self, truth: Any) -> None:
        """Print `sentence`: for results of a cell instead of a lab."""
        print(self.sentence(truth))

    def draw(self, ax: Axes) -> None:
        """Draw a number into a plot of accuracies (0 to 1) as a line."""
        if self.answer is not None and self.unit == "%":
            label = say("you predicted {answer}", answer=self._words(self.answer))
            ax.axhline(self.answer / 100, color="0.35", lw=1.2, ls=(0, (1, 2)))
            ax.annotate(
                label,
                (0.01, self.answer / 100),
                xycoords=("axes fraction", "data"),
                xytext=(0, 3),
                textcoords="offset points",
                fontsize="small",
                color="0.25",
            )

    def _enter(self, message: dict[str, Any]) -> None:
        if message.get("event") == "submit":
            kernel.soon(self._press)

    def _press(self) -> None:
        value = self._input.value
        if self.choices:
            if value is None:
                self._say(say("Choose an answer first: a wrong one is as good, you will see why."))
            else:
                self.answer_with(value)
            return
        try:
            number = float(value.replace(",", ".").removesuffix(self.unit))
        except ValueError:
            number = float("nan")
        if self._low <= number <= self._high:
            self.answer_with(number)
        else:
            self._say(
                say(
                    "Type a number from {low:g} to {high:g}: a wrong one is as good, you will see why.",
                    low=self._low,
                    high=self._high,
                )
            )

    def _words(self, value: Any) -> str:
        return f"“{say(value)}”" if self.choices else f"{value:.3g} {self.unit}".strip()

    def _say(self, sentence: str) -> None:
        self._said.value = f'<p role="status">{html.escape(sentence)}</p>'

    def __repr__(self) -> str:
        return say("Predict. {question}", question=self.question) + "".join(
            f"\n  - {choice}" for choice in self.choices
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widgets; for pages without a kernel the question."""
        return {**self.view._repr_mimebundle_(**kwargs), "text/plain": repr(self)}


class Result(View):
    """The lab's part of a prediction: what the runs so far make of it."""

    follows: ClassVar[tuple[str, ...]] = ("runs", "prediction")

    def draw(self) -> None:
        if self.session.prediction:
            self.session.prediction.follow([run.history for run in self.session.runs.all])


def predict(
    question: str,
    choices: Sequence[str] = (),
    *,
    unit: str = "",
    low: float = 0.0,
    high: float = 100.0,
    rounds: int | None = None,
    truth: Truth | None = None,
) -> Prediction:
    """Ask a question before a run.

    choices: the answers to choose from; without them a number from `low` to `high` is asked, in `unit`.
    rounds: the question is about the test accuracy, in "%", after so many rounds of the lab.
    truth: for other questions: gets a lab's histories, returns the right answer, or None as long as they do not tell.
    Without either, use `compare`.
    """
    default: Truth = accuracy_after(rounds) if rounds else lambda histories: None
    return Prediction(question, choices, unit, low, high, truth or default)
