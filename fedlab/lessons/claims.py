"""Claims of a lesson, held against what the run just produced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import fedlab
from fedlab.differences import differences
from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.lessons.switches import checking
from fedlab.text import say


def claim(sentence: str, holds: Any, /, **parts: Any) -> None:
    """Print a statement about what a cell has just computed, with ✓ if it holds and with ✗ if it does not.

    sentence: as `say` takes it, with its parts.
    """
    told = say(sentence, **parts)
    print("✓ " + told if holds else "✗ " + say("{claim}: not this time.", claim=told))


def claims(results: Any, experiments: Sequence[Experiment], statements: Mapping[str, Callable[..., Any]]) -> None:
    """Print each statement with ✓ if it holds for these experiments' runs, with ✗ if it does not.

    results: a lab, or histories. experiments: those that the statements are about. statements: a sentence, and a
    function that gets one history for each experiment, in their order, and says whether the sentence holds.
    An experiment that has not been run is named, so that the learner can run it; while the lessons are being checked
    (`FEDLAB_CHECK=1`) it is run here.

    >>> claims(lab, [experiment], {"It ends above 90 %": lambda h: h.rounds[-1].test_accuracy > 0.9})
    """
    found = [_find(getattr(results, "histories", results), experiment) for experiment in experiments]
    if checking():
        pairs = zip(found, experiments, strict=True)
        found = [history or History(experiment, fedlab.run(experiment)) for history, experiment in pairs]
    missing = [name for name, history in zip(differences(experiments), found, strict=True) if history is None]
    if missing:
        told = say(
            "Not run yet, all its rounds: {runs}. Run it above, then run this cell again.", runs="; ".join(missing)
        )
        print("○", told)
        return
    for sentence, holds in statements.items():
        claim(sentence, _true(holds, found))


def _true(holds: Callable[..., Any], histories: Sequence[History | None]) -> bool:
    try:
        return bool(holds(*histories))
    except TypeError:  # a comparison with `rounds_to`, which is None where an accuracy is never reached
        return False


def _find(histories: Iterable[History], experiment: Experiment) -> History | None:
    """The first so many rounds of this experiment, if they have been run, perhaps with more after them."""
    for history in histories:
        same = not history.forked_at and history.experiment.with_(rounds=experiment.rounds) == experiment
        if same and len(history) >= experiment.rounds:
            return history.up_to(experiment.rounds, experiment)
    return None
