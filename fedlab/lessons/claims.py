"""Claims of a lesson, held against what runs or a cell just produced; the learner sees the number each is about."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import fedlab
from fedlab.differences import differences
from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.switches import checking
from fedlab.text import say

MOST_NAMED = 3  # runs that are missing: the tasks say which there are


@dataclass(frozen=True)
class Claim:
    """A sentence, and the number that it is about.

    value: a function of the runs' histories that returns a number (per cent as 0 to 100), or None if there is none,
    such as the round of an accuracy that is never reached. The claim holds if the number is above, below, or equals.

    >>> Claim("It ends above 90 %", lambda run: 100 * run.rounds[-1].test_accuracy, above=90, unit="%")
    """

    sentence: str
    value: Callable[..., float | None]
    _: KW_ONLY
    above: float | None = None
    below: float | None = None
    equals: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if self.above is None and self.below is None and self.equals is None:
            raise ValueError(say("A claim needs a number to hold against: give above, below or equals."))

    def told(self, *histories: History) -> str:
        """The claim with ✓ if it holds for these runs and with ✗ if not, and its number.

        While the lessons are checked, only numbers that must be exact are told.
        """
        value = self._value_of(histories)
        exact = self.equals is not None and value is not None and math.isclose(value, self.equals)
        holds = (
            value is not None
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
            and (self.equals is None or exact)
        )
        claim, number = say(self.sentence), say("never reached") if value is None else figure(value, self.unit)
        if not holds:
            return say("✗ {claim}: {number}, not this time.", claim=claim, number=number)
        return say("✓ {claim}", claim=claim) + ("" if checking() and not exact else f": {number}")

    def _value_of(self, histories: Sequence[History]) -> float | None:
        try:
            return self.value(*histories)
        except TypeError as error:  # it went on to reckon with a None
            if "NoneType" not in str(error):
                raise
            return None


def figure(value: float, unit: str = "") -> str:
    """A number as it stands in a sentence, with its unit: three digits, or all before the point."""
    return (f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}") + (f" {unit}" if unit else "")


def claim(
    sentence: str,
    value: float | None,
    /,
    *,
    above: float | None = None,
    below: float | None = None,
    equals: float | None = None,
    unit: str = "",
    **parts: Any,
) -> None:
    """Print a claim about a number that a cell has just computed, with ✓ if it holds and with ✗ if not; see `Claim`.

    parts: those of the sentence, as `say` takes it.
    """
    print(Claim(say(sentence, **parts), lambda: value, above=above, below=below, equals=equals, unit=unit).told())


def told(histories: Iterable[History], experiments: Sequence[Experiment], statements: Iterable[Claim]) -> list[str]:
    """What the runs make of the claims about these experiments, a line each; or one line that says what is missing.

    While the lessons are checked, what is missing is run.
    """
    histories = list(histories)
    found = [find(histories, experiment) for experiment in experiments]
    if checking():
        pairs = zip(found, experiments, strict=True)
        found = [history or History(experiment, fedlab.run(experiment)) for history, experiment in pairs]
    missing = [
        say("{run} ({rounds} rounds)", run=name, rounds=experiment.rounds)
        for name, experiment, history in zip(differences(experiments), experiments, found, strict=True)
        if history is None
    ]
    if len(missing) > MOST_NAMED:
        missing = [*missing[: MOST_NAMED - 1], say("and {others} others", others=len(missing) - MOST_NAMED + 1)]
    if missing:
        return [say("○ Not run yet: {runs}.", runs="; ".join(missing))]
    return [one.told(*(history for history in found if history)) for one in statements]


def find(histories: Iterable[History], experiment: Experiment) -> History | None:
    """The first so many rounds of this experiment, if they have been run, perhaps with more after them."""
    for history in histories:
        if history.is_of(experiment) and len(history) >= experiment.rounds:
            return history.up_to(experiment.rounds, experiment)
    return None
