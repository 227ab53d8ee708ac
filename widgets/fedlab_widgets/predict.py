"""Predict, then run: a question before a run, its answer put beside the result, and a second question after it.

    then = predict("And with α = 0.1?", unit="%", rounds=10, about=skewed)
    guess = predict("How many of the test images?", unit="%", rounds=10, about=experiment, why="…", then=then)
    guess

A lab that is given the prediction, `Lab(..., prediction=guess)`, does not run before it is answered, draws the answer
into its plot, and says what came of it. `FEDLAB_PREDICT=0` lets it run at once.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod, WeakSet

import ipywidgets as widgets
from IPython.display import display

from fedlab import Experiment, History
from fedlab.lessons.claims import figure
from fedlab.lessons.switches import predictions_lock
from fedlab.plots.guess import guess_line
from fedlab.text import say
from fedlab_widgets import kernel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Truth = Callable[[list[History]], Any]
CLOSE = 3.0  # units: a number that is not further off was right

_kept: dict[str, Any] = {}  # answers by question: running the cell again does not forget them
_there: WeakSet[Prediction] = WeakSet()  # a lab may still ask what its cell, run again, asks anew


def accuracy_after(rounds: int) -> Truth:
    """The test accuracy after so many rounds, in per cent, of the first run that has them."""

    def truth(histories: list[History]) -> float | None:
        long_enough = (history for history in histories if len(history) >= rounds)
        return next((100 * history.rounds[rounds - 1].test_accuracy for history in long_enough), None)

    return truth


class Prediction:
    """A question and its answer: a number of a `unit`, or one of `choices`; None before it is answered."""

    def __init__(
        self,
        question: str,
        choices: Sequence[str],
        unit: str,
        low: float,
        high: float,
        truth: Truth | None,
        about: Experiment | None,
        why: str | Mapping[str, str],
        then: Prediction | None,
        rounds: int | None = None,
    ):
        self.question, self.choices, self.unit = question, list(choices), unit
        self.rounds = rounds
        self._low, self._high, self._truth, self._about, self._why, self._then = low, high, truth, about, why, then
        self._outcome_is_known = False  # it is then time for the next question
        self._followers: list[
            WeakMethod[Callable[[], None]]
        ] = []  # weak: a question outlives the labs that wait for it
        if choices:
            shown = [(say(choice), choice) for choice in self.choices]
            self._input: Any = widgets.RadioButtons(options=shown, value=None, layout={"width": "auto"})
        else:
            hint = say("{low:g} to {high:g}", low=low, high=high)
            self._input = widgets.Text(placeholder=hint, layout={"width": "110px"})
            self._input.on_msg(lambda _, message, buffers: self._enter(message))
        self._unit = widgets.HTML(html.escape(unit))
        self._button = widgets.Button(
            description=say("This is my prediction"), icon="check", button_style="primary",
            layout={"width": "auto", "align_self": "flex-start"},
        )  # fmt: skip
        self._button.on_click(lambda _: self._press())
        self._said = widgets.HTML()
        parts = [self._input, self._unit, self._button]
        row = widgets.VBox(parts) if choices else widgets.HBox(parts, layout={"align_items": "center"})
        predict = html.escape(say("Predict."))
        self._text = widgets.HTML(f'<p class="fedlab-question"><b>{predict}</b> {html.escape(say(question))}</p>')
        self.view = widgets.VBox([self._text, row, self._said])
        self.in_lab = widgets.VBox([self._text, row, self._said])  # the same once more, above the lab
        for widget in (self._input, self._button):
            kernel.answer_beside_cells(widget)
        self._below: Any = None  # where the result of a cell waits for the answer
        self.answer: Any = None
        _there.add(self)
        if question in _kept:
            self.answer_with(_kept[question])

    @property
    def asked(self) -> list[Prediction]:
        """This question and, as soon as its outcome is known, the one that comes then."""
        return [self, *(self._then.asked if self._then and self._outcome_is_known else [])]

    @property
    def answers(self) -> list[Any]:
        """What has been answered so far, in order."""
        return [one.answer for one in self.asked]

    @property
    def locks(self) -> bool:
        """Whether a run has to wait for an answer."""
        return None in self.answers and predictions_lock()

    def answer_with(self, value: Any) -> None:
        """Keep this answer; it stays, so that it is still there beside the result."""
        self.answer = _kept[self.question] = value
        self._input.value = value if self.choices else f"{value:g}"
        self._input.disabled = self._button.disabled = True
        self.in_lab.children = [self._text, self._said]
        next_step = say("Now run it and see.") if self._truth else say("Now read on and see.")
        self._say(say("You predict {answer}.", answer=self._words(value)) + " " + next_step)
        self._tell_followers()
        if self._below and self._truth:
            self._say(self.sentence(self._truth([])))
            self._below.children = [self._said, *([self._then.view] if self._then else [])]
        for same in [one for one in _there if one.question == self.question and one.answer is None]:
            same.answer_with(value)

    def on_answer(self, tell: Callable[[], None]) -> None:
        """Call `tell`, a method, when this or the next is asked or answered; its object is not kept alive for that."""
        self._followers = [follower for follower in self._followers if follower()] + [WeakMethod(tell)]
        if self._then:
            self._then.on_answer(tell)

    def follow(self, histories: list[History]) -> None:
        """Say what the runs so far make of the answer, and ask the next question when they tell."""
        counted = [one for one in histories if self._about is None or one.is_of(self._about)]
        truth = self._truth(counted) if self._truth else None
        if self.answer is None or truth is None:
            return
        self._say(self.sentence(truth))
        if self._then is None:
            return
        if not self._outcome_is_known:
            self._outcome_is_known = True
            self.view.children = [*self.view.children, self._then.view]
            self.in_lab.children = [*self.in_lab.children, self._then.in_lab]
            self._tell_followers()
        self._then.follow(histories)

    def leave(self) -> None:
        """A lab that told of its runs is closed; another one may come."""

    def sentence(self, truth: Any) -> str:
        """The answer beside the truth, and why it was off if it was."""
        if self.answer is None:
            return say("It is {truth}. You made no prediction.", truth=self._words(truth))
        answer, is_so = self._words(self.answer), self._words(truth)
        if answer == is_so:
            return say("You predicted {answer}, and so it is.", answer=answer)
        if not self.choices and abs(self.answer - truth) <= CLOSE:
            return say("You predicted {answer}. It is {truth}: you were close.", answer=answer, truth=is_so)
        why = self._why
        if not isinstance(why, str):
            why = why.get(self.answer if self.choices else "more" if self.answer > truth else "less", "")
        told = say("You predicted {answer}. It is {truth}.", answer=answer, truth=is_so)
        return f"{told} {say(why)}" if why else told

    def compare(self, truth: Any) -> None:
        """Say what came of the answer, and ask the next question below: for results of a cell instead of a lab.

        With *Run All* the cell is done before the learner has answered. It then waits, and gives nothing away.
        """
        self._truth = lambda histories: truth
        if self.answer is None and predictions_lock():
            waits = say("○ Not answered yet: what came of it shows here when you have answered the question above.")
            self._below = widgets.VBox([widgets.HTML(html.escape(waits))])
            display({**self._below._repr_mimebundle_(), "text/plain": waits}, raw=True)
            return
        print(self.sentence(truth))
        if self._then:
            display(self._then)

    def line(self) -> dict[str, Any] | None:
        """The newest answer that is an accuracy: its value (0 to 1), the round that it is about, and what to say."""
        numbers = [one for one in self.asked if one.answer is not None and one.unit == "%"]
        if not numbers:
            return None
        newest = numbers[-1]
        label = say("you predicted {answer}", answer=newest._words(newest.answer))
        return {"value": newest.answer / 100, "round": newest.rounds, "text": label}

    def draw(self, ax: Axes) -> None:
        """Draw it into a plot of accuracies as a line."""
        if line := self.line():
            guess_line(ax, line["value"], line["text"])

    def _tell_followers(self) -> None:
        for follower in self._followers:
            if tell := follower():
                tell()

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
        return f"“{say(value)}”" if self.choices else figure(value, self.unit)

    def _say(self, sentence: str) -> None:
        self._said.value = f'<p role="status">{html.escape(sentence)}</p>'

    def __repr__(self) -> str:
        return say("Predict. {question}", question=say(self.question)) + "".join(
            f"\n  - {say(choice)}" for choice in self.choices
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widgets; for pages without a kernel the question."""
        return {**self.view._repr_mimebundle_(**kwargs), "text/plain": repr(self)}


def predict(
    question: str,
    choices: Sequence[str] = (),
    *,
    unit: str = "",
    low: float = 0.0,
    high: float = 100.0,
    rounds: int | None = None,
    about: Experiment | None = None,
    truth: Truth | None = None,
    why: str | Mapping[str, str] | None = None,
    then: Prediction | None = None,
) -> Prediction:
    """Ask a question before a run.

    choices: the answers to choose from; without them a number from `low` to `high` is asked, in `unit`.
    about: the experiment asked about. Only its runs count, however many rounds they have; no forks.
    rounds: the question is about the test accuracy, in "%", after so many rounds of that run.
    truth: for other questions: gets the histories that count, returns the right answer, or None as long as they do not
    tell. Without `rounds` and `truth`, use `compare`.
    why: told when the answer was off: a sentence, one for each wrong choice, or one each for a number that was more and
    less by over 3 units.
    then: what to ask as soon as the outcome is known.
    """
    allowed = list(choices) or ["more", "less"]
    why = why or {}
    if not isinstance(why, str) and (wrong := [key for key in why if key not in allowed]):
        raise ValueError(
            say("{key} is no answer that why could explain: it must be one of {allowed}.", key=repr(wrong[0]),
                allowed=", ".join(allowed))
        )  # fmt: skip
    if rounds and truth is None:
        if about is None:
            raise ValueError(say("A question about rounds needs to know of which experiment: give about."))
        truth = accuracy_after(rounds)
    return Prediction(question, choices, unit, low, high, truth, about, why, then, rounds)
