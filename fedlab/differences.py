"""What differs between experiments, in words: the legend of a plot, the name of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fedlab.events import in_words
from fedlab.experiment import KINDS, Experiment
from fedlab.settings import settings_of
from fedlab.text import say


def differences(experiments: Sequence[Experiment]) -> list[str]:
    """For each experiment, what sets it apart from the others; the algorithm's name if nothing does.

    The number of rounds is left out: the plot shows it. So is what an algorithm (or another kind) fixes by itself.

    >>> differences([Experiment(), Experiment(algorithm="fedprox", mu=1)])
    ['FedAvg', 'FedProx, μ = 1']
    """
    described = [_describe(experiment) for experiment in experiments]
    names = {name for description in described for name in description}
    differing = {name for name in names if _differs(name, experiments, described)}
    texts = [", ".join(text for name, text in one.items() if name in differing) for one in described]
    return [text or title_of(type(experiment.algorithm)) for text, experiment in zip(texts, experiments, strict=True)]


def title_of(kind: type) -> str:
    """The name of an algorithm or another kind for learners, without the part in brackets."""
    return say(str(getattr(kind, "title", kind.__name__))).partition(" (")[0]


def _describe(experiment: Experiment) -> dict[str, str]:
    """Every setting that the experiment leaves open, by name: such as {"parties": "parties = 10"}."""
    described: dict[str, str] = {}
    for name in sorted(settings_of(Experiment), key=lambda name: name != "algorithm"):  # the algorithm first
        value: Any = getattr(experiment, name)
        if name in KINDS:
            described[name] = title_of(type(value))
            for own, its_about in settings_of(type(value)).items():
                described[own] = f"{its_about.symbol or _words(own)} = {_short(getattr(value, own))}"
        elif name != "rounds" and name not in experiment.fixed:
            described[name] = f"{_words(name)} = {_short(value)}"
    if experiment.events:
        described["events"] = "; ".join(in_words(event) for event in experiment.events)
    return described


def _differs(name: str, experiments: Sequence[Experiment], described: list[dict[str, str]]) -> bool:
    """Whether experiments disagree about a setting; those that have it fixed have no say."""
    pairs = zip(experiments, described, strict=True)
    return len({one.get(name) for experiment, one in pairs if name not in experiment.fixed}) > 1


def _words(name: str) -> str:
    """A setting's name in the learner's language: "learning rate"."""
    return say(name.replace("_", " "))


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
