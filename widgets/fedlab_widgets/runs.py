"""One run of the lab: its history, how far it shall go, and how it ended; and all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fedlab import Experiment, History
from fedlab.differences import differences
from fedlab.events import steered
from fedlab.text import say


@dataclass(eq=False)
class Run:
    """A curve in the plot, finished or on its way.

    `target` is how many rounds it shall have now, `planned` how many in the end: a step is one round of those.
    `origin` is the run and the round that it was forked from.
    """

    history: History
    number: int  # its place in the order of runs, which decides its colour
    target: int
    planned: int = 0
    origin: tuple[Run, int] | None = None
    ended: str = "stopped"  # how it stands when nothing trains it; see `Training.status`
    shown: bool = True
    passing: bool = False  # begun by a move of a control and not by Run: it goes when two newer ones are there
    pale: bool = False  # the one before the run that the last move began
    untrained: tuple[float, float] | None = None  # test accuracy (or AUC) and loss before round 1, once known
    problem: str = ""  # one sentence
    details: str = ""  # the traceback behind it

    @property
    def experiment(self) -> Experiment:
        return self.history.experiment

    @property
    def done(self) -> int:
        """Rounds finished."""
        return len(self.history)

    @property
    def score_name(self) -> str:
        """What its curve is of: "accuracy", or "auc"."""
        return "auc" if self.history.rounds and self.history.rounds[0].test_auc is not None else "accuracy"

    def aim(self, rounds: int, planned: int = 0) -> None:
        """Let the run go on until it has `rounds` rounds, of `planned` if that is more; those that it has stay."""
        self.target = max(rounds, self.done)
        self.planned = max(self.target, planned)
        self.history.experiment = self.experiment.with_(rounds=max(1, self.planned))

    def is_of(self, experiment: Experiment) -> bool:
        """Whether this run, from its first round, is that experiment; how many rounds either has does not matter."""
        return self.history.is_of(experiment)

    def seconds_left(self) -> float | None:
        """How long the rounds to come will take, going by the last few; None before there is one to go by."""
        recent = sorted(self.history.column("seconds")[-5:])
        return recent[len(recent) // 2] * (self.target - self.done) if recent else None


@dataclass
class Runs:
    """All the runs of a lab, in the order in which they were begun."""

    all: list[Run] = field(default_factory=list)
    begun: int = 0

    def of(self, experiment: Experiment) -> Run | None:
        """The run of this experiment, if there is one: it is continued or shown again, never repeated."""
        return next((run for run in self.all if run.is_of(experiment)), None)

    def begin(self, experiment: Experiment) -> Run:
        """A new run without rounds."""
        return self._add(History(experiment), None)

    def anew(self, experiment: Experiment, last: Run | None) -> Run:
        """The run that a move of a control begins; if there is one of this experiment, that.

        The last one turns pale, or, if it has no round, the pale one stays. All others that moves have begun go, and
        the new run gets the number of one of them, and so its colour.
        """
        run = self.of(experiment)
        pale = last if last and last.done else next((one for one in self.all if one.pale), None)
        gone = [one for one in self.all if one.passing and one not in (run, pale)]
        for one in gone:
            self.all.remove(one)
        if run is None:
            run = self.begin(experiment)
            run.passing = True
            if gone:
                run.number, self.begun = gone[0].number, run.number
        for one in self.all:
            one.pale = one is pale and one is not run
        return run

    def fork(self, run: Run, number: int, experiment: Experiment) -> Run:
        """A new run of `experiment` that begins with another's first `number` rounds; `ValueError` if it cannot.

        It begins with fewer if the model after that round is not kept any more.
        """
        begins = _kept_round(run, number)
        if experiment.model != run.experiment.model:
            raise ValueError(
                say(
                    "The model {model} cannot go on with the weights of a {other}: take the same model.",
                    model=experiment.model.name,
                    other=run.experiment.model.name,
                )
            )
        history = run.history.up_to(begins, experiment.with_(rounds=max(experiment.rounds, begins + 1)))
        fork = self._add(history, (run, history.forked_at))
        fork.untrained = run.untrained
        return fork

    def branch(self, run: Run, number: int, changes: Mapping[str, Any]) -> Run:
        """A new run: the first `number` rounds of another, and then these changes; `ValueError` if it cannot be.

        It begins with fewer if the model after that round is not kept any more, and goes on for as many rounds as the
        other was to have, or for as many again where none of them are left.
        """
        begins = _kept_round(run, number)
        experiment = steered(run.experiment, begins, changes)
        rounds = run.planned if run.planned > begins else begins + run.planned
        history = History(experiment.with_(rounds=rounds), run.history.rounds[:begins])
        history.forked_at = run.history.forked_at
        branch = self._add(history, run.origin)
        branch.untrained = run.untrained
        return branch

    def _add(self, history: History, origin: tuple[Run, int] | None) -> Run:
        run = Run(history, self.begun, history.experiment.rounds, history.experiment.rounds, origin)
        self.begun += 1
        self.all.append(run)
        return run

    def remove(self, run: Run) -> None:
        """Forget a run; its colour is not given to another while others are left."""
        self.all.remove(run)
        self.begun = self.begun if self.all else 0

    def clear(self) -> None:
        """Forget all runs."""
        self.all.clear()
        self.begun = 0

    @property
    def shown(self) -> list[Run]:
        """The runs whose curves are drawn: those that have a round and are not hidden."""
        return [run for run in list(self.all) if run.shown and run.done]

    def labels(self, some: Sequence[Run] | None = None) -> dict[Run, str]:
        """For each of some runs (all if None) what differs between them, and where a fork began."""
        runs = list(self.all if some is None else some)  # as it is now: a button may add one meanwhile
        texts = differences([run.experiment for run in runs])
        return {run: _with_origin(run, text) for run, text in zip(runs, texts, strict=True)}


def _kept_round(run: Run, number: int) -> int:
    """This round or, if the model after it is not kept any more, the newest before it that is; `ValueError` if none."""
    state = run.history.state_at(number)
    if state is None or state.number < 1:
        raise ValueError(say("There is no earlier round to continue from: run at least one round first."))
    return state.number


def _with_origin(run: Run, text: str) -> str:
    if run.origin is None:
        return text
    other, number = run.origin
    return say("{what}, from round {number} of run {run}", what=text, number=number, run=other.number + 1)
