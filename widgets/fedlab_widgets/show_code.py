"""The Python that repeats a run without the lab."""

from __future__ import annotations

from typing import Any

from fedlab import Experiment
from fedlab.experiment import KINDS
from fedlab.settings import settings_of
from fedlab_widgets.runs import Run

ALWAYS = ("parties", "examples", "partition", "algorithm", "model", "rounds", "seed")


def code_of(run: Run) -> str:
    """A program that ends with `history`, equal to the run's; a fork repeats the run it came from first."""
    lines = [
        "from fedlab import Experiment, History, run",
        *_imports(run),
        "",
        *_begin(run),
        "print(history.column('test_accuracy'))",
    ]
    return "\n".join(lines) + "\n"


def _begin(run: Run) -> list[str]:
    experiment = run.experiment.with_(rounds=max(1, run.done))
    if run.origin is None:
        return [*_construct(experiment), "history = History(experiment, run(experiment))"]
    before, number = run.origin
    return [
        *_begin(before),
        "",
        *_construct(experiment),
        f"start = history.state_at({number})",
        f"history = history.up_to({number}, experiment)",
        "for one in run(experiment, start=start):",
        "    history.append(one)",
    ]


def _construct(experiment: Experiment) -> list[str]:
    """The lines that make the experiment: what is not as usual, and what one always wants to know."""
    settings: dict[str, str] = {}
    for name in Experiment.model_fields:
        value: Any = getattr(experiment, name)
        usual = value == Experiment.model_fields[name].default
        if name in experiment.algorithm.fixes or (usual and name not in ALWAYS):
            continue
        if name not in KINDS:
            settings[name] = repr(value)
        elif is_ours(name, value):
            settings[name] = repr(value.name)
            settings |= {own: repr(getattr(value, own)) for own in settings_of(type(value))}
        else:
            own_values = ", ".join(f"{own}={getattr(value, own)!r}" for own in settings_of(type(value)))
            settings[name] = f"{type(value).__name__}({own_values})"
    return ["experiment = Experiment(", *(f"    {name}={text}," for name, text in settings.items()), ")"]


def _imports(run: Run) -> list[str]:
    """A word about classes of the learner's own, which the program needs."""
    values = [getattr(run.experiment, role) for role in KINDS if not is_ours(role, getattr(run.experiment, role))]
    earlier = _imports(run.origin[0]) if run.origin else []
    own = [f"# {type(value).__name__} is your own: define it here, or import it" for value in values]
    return list(dict.fromkeys([*earlier, *own]))


def is_ours(role: str, value: Any) -> bool:
    """Whether an algorithm or a partition is the kit's, and so has a name that everyone knows."""
    return KINDS[role].get(value.name) is type(value)
