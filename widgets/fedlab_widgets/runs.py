"""One run of the lab: its history, how far it shall go, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fedlab import Experiment, History
from fedlab.differences import differences


@dataclass(eq=False)
class Run:
    """A curve in the plot, finished or on its way.

    `target` is how many rounds it shall have. `origin` is the run and the round that it was forked from.
    """

    history: History
    number: int  # its place in the order of runs, which decides its colour
    target: int
    origin: tuple[Run, int] | None = None
    status: str = "waiting"  # or starting, running, paused, stopped, finished, failed
    shown: bool = True
    problem: str = ""  # one sentence
    details: str = ""  # the traceback behind it

    @property
    def experiment(self) -> Experiment:
        return self.history.experiment

    @property
    def done(self) -> int:
        """Rounds finished."""
        return len(self.history)

    def aim(self, rounds: int) -> None:
        """Let the run go on until it has `rounds` rounds; those that it has stay."""
        self.target = max(rounds, self.done)
        self.history.experiment = self.experiment.with_(rounds=max(1, self.target))

    def is_of(self, experiment: Experiment) -> bool:
        """Whether this run, from its first round, is that experiment; how many rounds either has does not matter."""
        return self.origin is None and self.experiment.with_(rounds=experiment.rounds) == experiment

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

    def fork(self, run: Run, number: int, experiment: Experiment) -> Run:
        """A new run of `experiment` that begins with another's first `number` rounds; `ValueError` if it cannot."""
        state = run.history.state_at(number)
        if state is None or state.number < 1:
            raise ValueError("There is no earlier round to continue from: run at least one round first.")
        if experiment.model != run.experiment.model:
            raise ValueError(
                f"The model {experiment.model} cannot go on with the weights of a {run.experiment.model}: "
                "take the same model."
            )
        history = run.history.up_to(state.number, experiment.with_(rounds=max(experiment.rounds, state.number + 1)))
        return self._add(history, (run, state.number))

    def _add(self, history: History, origin: tuple[Run, int] | None) -> Run:
        run = Run(history, self.begun, history.experiment.rounds, origin)
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
        return [run for run in self.all if run.shown and run.done]

    def labels(self, some: Sequence[Run] | None = None) -> dict[Run, str]:
        """For each of some runs (all if None) what differs between them, and where a fork began."""
        runs = list(self.all if some is None else some)  # as it is now: a button may add one meanwhile
        texts = differences([run.experiment for run in runs])
        return {
            run: text if run.origin is None else f"{text}, from round {run.origin[1]} of run {run.origin[0].number + 1}"
            for run, text in zip(runs, texts, strict=True)
        }
