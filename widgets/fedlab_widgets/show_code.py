"""The Python that repeats a run without the lab."""

from __future__ import annotations

import html
from typing import Any, ClassVar

import ipywidgets as widgets

from fedlab import Experiment
from fedlab.events import text_of
from fedlab.roles import KINDS, is_ours
from fedlab.settings import settings_of
from fedlab.text import say
from fedlab_widgets.leaving import Leaving
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.view import View

ALWAYS = ("parties", "examples", "partition", "algorithm", "model", "rounds", "seed")


class Code(View):
    """The program of the selected run."""

    follows: ClassVar[tuple[str, ...]] = ("runs", "selected")

    def __init__(self, session: Session):
        super().__init__(session)
        self._code = self.make(widgets.HTML)
        self._leaving = self.own(Leaving(session))
        self.view = self.make(widgets.VBox, [self._code, self._leaving.view])

    def draw(self) -> None:
        run, session = self.session.selected["run"], self.session
        given = [name for name in ("dataset", "model") if getattr(session, name) is not None]
        code = code_of(run, given) if run else "# " + say("Run something first: its code is then here.")
        self._leaving.draw()
        self.put(self._code, value=f'<pre class="fedlab-code">{html.escape(code)}</pre>')


def code_of(run: Run, given: list[str] | None = None) -> str:
    """A program that ends with `history`, equal to the run's; a fork repeats the run it came from first.

    given: "dataset" and "model", where they are the learner's own.
    """
    given = given or []
    lines = _begin(run, run.done, "".join(f", {name}={name}" for name in given))
    takes = any("islice" in line for line in lines)
    own = [f"# {name} " + say("is your own: define it here, or import it") for name in (*_own_kinds(run), *given)]
    imports = [*(["from itertools import islice", ""] if takes else []), "from fedlab import Experiment, History, run"]
    return "\n".join([*imports, *own, "", *lines, "print(history.column('test_accuracy'))"]) + "\n"


def _begin(run: Run, rounds: int, given: str) -> list[str]:
    """The lines that repeat the first `rounds` rounds of a run."""
    while run.origin and rounds <= run.origin[1]:  # a fork's first rounds are another run's
        run = run.origin[0]
    lines = _construct(run.experiment)
    if run.origin is None:
        return [*lines, f"history = History(experiment, {_first(rounds, run, f'run(experiment{given})')})"]
    before, number = run.origin
    rest = _first(rounds - number, run, f"run(experiment, start=start{given})", rounds)
    return [
        *_begin(before, number, given),
        "",
        *lines,
        "start = history.rounds[-1].state",
        f"history = history.up_to({number}, experiment)",
        f"for one in {rest}:",
        "    history.append(one)",
    ]


def _first(rounds: int, run: Run, rounds_of: str, last: int = 0) -> str:
    """So many rounds of a generator of the run's rounds."""
    return rounds_of if (last or rounds) == run.experiment.rounds else f"islice({rounds_of}, {rounds})"


def _construct(experiment: Experiment) -> list[str]:
    """The lines that make the experiment: what is not as usual, and what one always wants to know."""
    settings: dict[str, str] = {}
    for name in Experiment.model_fields:
        value: Any = getattr(experiment, name)
        usual = value == Experiment.model_fields[name].default
        if name in experiment.fixed or (usual and name not in ALWAYS):
            continue
        if name == "events":
            settings[name] = repr(text_of(value))
        elif name not in KINDS:
            settings[name] = repr(value)
        elif is_ours(name, type(value)):
            settings[name] = repr(value.name)
            settings |= {own: repr(getattr(value, own)) for own in settings_of(type(value))}
        else:
            own_values = ", ".join(f"{own}={getattr(value, own)!r}" for own in settings_of(type(value)))
            settings[name] = f"{type(value).__name__}({own_values})"
    return ["experiment = Experiment(", *(f"    {name}={text}," for name, text in settings.items()), ")"]


def _own_kinds(run: Run) -> list[str]:
    """The classes of the learner's own that the program needs."""
    earlier = _own_kinds(run.origin[0]) if run.origin else []
    return list(dict.fromkeys([*earlier, *run.experiment.own_kinds]))
