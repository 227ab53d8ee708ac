"""What happened, round by round; to and from JSON, and to CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from fedlab.experiment import Experiment
from fedlab.files import write
from fedlab.rounds import PartyReport, Round, State
from fedlab.text import say

STATES_KEPT = 256 * 2**20  # bytes of shared models that a history holds on to, for forking


class History:
    """The rounds of one run, with the experiment that made them.

    Each round's state is kept, so that a run can be forked from it, as long as they take less than
    `STATES_KEPT` bytes together; beyond that the one with the nearest neighbours is let go. The newest is never let go,
    and neither is the one that this history was forked from.

    >>> history = History(experiment, run(experiment))
    """

    def __init__(self, experiment: Experiment, rounds: Iterable[Round] = ()):
        self.experiment = experiment
        self.rounds: list[Round] = []
        self.forked_at = 0  # the last round that is another run's; 0 if this run has its own from the first
        for one in rounds:
            self.append(one)

    def append(self, one: Round) -> None:
        """Add the next round."""
        self.rounds.append(one)
        if one.state is None:
            return
        room = max(2, STATES_KEPT // one.state.nbytes)
        while len(kept := [place for place, earlier in enumerate(self.rounds) if earlier.state is not None]) > room:
            gaps = {
                place: after - before
                for before, place, after in zip([-1, *kept], kept, kept[1:], strict=False)
                if place != self.forked_at - 1
            }
            if not gaps:
                break
            place = min(gaps, key=gaps.__getitem__)
            self.rounds[place] = replace(self.rounds[place], state=None)

    def __len__(self) -> int:
        return len(self.rounds)

    def __iter__(self) -> Iterator[Round]:
        return iter(self.rounds)

    def column(self, name: str) -> list[float]:
        """One number a round, such as `column("test_accuracy")`."""
        return [getattr(one, name) for one in self.rounds]

    def state_at(self, number: int) -> State | None:
        """The newest kept state of round `number` or before it; None if there is none: begin anew.

        Of a fork's own rounds it is never older than the state that it was forked from.
        """
        return next(
            (one.state for one in reversed(self.rounds) if one.number <= number and one.state is not None), None
        )

    def up_to(self, number: int, experiment: Experiment) -> History:
        """The first `number` rounds as the beginning of another experiment's history: a fork."""
        fork = History(experiment)
        fork.forked_at = number
        fork.rounds = self.rounds[:number]
        return fork

    def is_of(self, experiment: Experiment) -> bool:
        """Whether this is a run of that experiment from its first round on; how many rounds either has is left open."""
        ours, theirs = ({**vars(one), "rounds": 0} for one in (self.experiment, experiment))
        return not self.forked_at and ours == theirs

    def rounds_to(self, accuracy: float) -> int | None:
        """The first round whose test accuracy reaches `accuracy` (0 to 1), or None."""
        return next((one.number for one in self.rounds if one.test_accuracy >= accuracy), None)

    def to_dict(self) -> dict[str, Any]:
        """The experiment and its rounds as plain values, without the models."""
        rounds = [
            {field.name: getattr(one, field.name) for field in fields(Round) if field.name not in ("state", "parties")}
            | {"parties": [asdict(report) for report in one.parties]}
            for one in self.rounds
        ]
        return {**self.experiment.to_file(), "rounds": rounds}

    def to_json(self) -> str:
        """The history as JSON; `from_json` and `Experiment.from_json` read it."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> History:
        """Read what `to_json` wrote (its rounds have no `state`); `ValueError` with one sentence if that fails."""
        experiment = Experiment.from_json(text)
        try:
            rounds = [_read(one) for one in json.loads(text.removeprefix("\ufeff"))["rounds"]]
            if [one.number for one in rounds] != list(range(1, len(rounds) + 1)):
                raise ValueError
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ValueError(say("The rounds in this file are damaged: it must be JSON that fedlab wrote.")) from None
        return cls(experiment, rounds)

    def to_csv(self) -> str:
        """One line a round: number, test_accuracy, test_loss, train_loss, bytes_up, bytes_down, seconds, and so on."""
        text = io.StringIO()
        names = [field.name for field in fields(Round) if field.name not in ("state", "parties")]
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([getattr(one, name) for name in names] for one in self.rounds)
        return text.getvalue()

    def save(self, path: str | Path) -> None:
        """Write `to_json` or `to_csv`, by the ending of the file's name."""
        path = Path(path)
        writers = {".json": self.to_json, ".csv": self.to_csv}
        if path.suffix not in writers:
            raise ValueError(say("Cannot save {name}: the name must end in .json or .csv.", name=path.name))
        write(path, writers[path.suffix]().encode())


def _read(one: dict[str, Any]) -> Round:
    """A round as `to_dict` wrote it; an error of some kind if it is none."""
    reports = tuple(PartyReport(**_numbers(report, PartyReport)) for report in one["parties"])
    rest = {name: value for name, value in one.items() if name != "parties"}
    return Round(**_numbers(rest, Round), parties=reports, state=None)


def _numbers(values: dict[str, Any], kind: type) -> dict[str, Any]:
    """The values, if each is a number (of whole numbers a whole one), or a word, where the dataclass wants that."""
    wanted = {"int": (int,), "float": (int, float), "str": (str,), "float | None": (int, float, type(None))}
    for field in fields(kind):
        value = values.get(field.name)
        fits = field.name not in values or str(field.type) not in wanted or isinstance(value, wanted[str(field.type)])
        if not fits or isinstance(value, bool):
            raise TypeError
    return values
