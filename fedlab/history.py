"""What happened, round by round; to and from JSON, and to CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from fedlab.experiment import VERSION, Experiment
from fedlab.federation import PartyReport, Round, State

STATES_KEPT = 256 * 2**20  # bytes of shared models that a history holds on to, for forking


class History:
    """The rounds of one run, with the experiment that made them.

    Each round's state is kept, so that a run can be forked from it, as long as they take less than
    `STATES_KEPT` bytes together; beyond that the one with the nearest neighbours is let go, the newest never.

    >>> history = History(experiment, run(experiment))
    """

    def __init__(self, experiment: Experiment, rounds: Iterable[Round] = ()):
        self.experiment = experiment
        self.rounds: list[Round] = []
        for one in rounds:
            self.append(one)

    def append(self, one: Round) -> None:
        """Add the next round."""
        self.rounds.append(one)
        if one.state is None:
            return
        room = max(2, STATES_KEPT // one.state.nbytes)
        while len(kept := [place for place, earlier in enumerate(self.rounds) if earlier.state is not None]) > room:
            gaps = [after - before for before, after in zip([-1, *kept], kept[1:], strict=False)]
            place = kept[gaps.index(min(gaps))]
            self.rounds[place] = replace(self.rounds[place], state=None)

    def __len__(self) -> int:
        return len(self.rounds)

    def __iter__(self) -> Iterator[Round]:
        return iter(self.rounds)

    def column(self, name: str) -> list[float]:
        """One number a round, such as `column("test_accuracy")`."""
        return [getattr(one, name) for one in self.rounds]

    def state_at(self, number: int) -> State | None:
        """The newest kept state of round `number` or before it; None if there is none: begin anew."""
        return next(
            (one.state for one in reversed(self.rounds) if one.number <= number and one.state is not None), None
        )

    def up_to(self, number: int, experiment: Experiment) -> History:
        """The first `number` rounds as the beginning of another experiment's history: a fork."""
        return History(experiment, self.rounds[:number])

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
        return {"fedlab": VERSION, "experiment": self.experiment.to_dict(), "rounds": rounds}

    def to_json(self) -> str:
        """The history as JSON; `from_json` and `Experiment.from_json` read it."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> History:
        """Read what `to_json` wrote (its rounds have no `state`); `ValueError` with one sentence if that fails."""
        experiment = Experiment.from_json(text)
        try:
            rounds = [
                Round(**{**one, "parties": tuple(PartyReport(**party) for party in one["parties"])}, state=None)
                for one in json.loads(text)["rounds"]
            ]
        except (KeyError, TypeError):
            raise ValueError("The rounds in this file are damaged: it must be JSON that fedlab wrote.") from None
        return cls(experiment, rounds)

    def to_csv(self) -> str:
        """One line a round: number, test_accuracy, test_loss, train_loss, bytes_up, bytes_down, seconds."""
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
            raise ValueError(f"Cannot save {path.name}: the name must end in .json or .csv.")
        path.write_text(writers[path.suffix](), encoding="utf-8")
