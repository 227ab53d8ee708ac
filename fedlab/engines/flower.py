"""The third engine: parties at the nodes of a Flower federation. Same jobs, same uploads, to the last bit.

    server   run(experiment, engine=lambda prepared: GridEngine(prepared, grid, nodes))    in Flower's ServerApp
    node     answer(message.content, x, y, context.state)                                  in its ClientApp

What crosses is in `apart.py`: orders go down, reports come up, each a record `about` with one JSON text and a record
`arrays`. Flower keeps arrays in NumPy's own format and reads them without pickle, so neither side can run code at the
other. A party's memory is the record pair `memory about`, `memory arrays` of its node's state; `memory_of` and
`remember` take it out and put it in, for a node that keeps it on disk.

A party that does not answer within `patience`, or whose node broke down, is a dropout of that round: the others' mean
is made without it. If nobody answers, `run` raises `NobodyReported` and the shared model stays as it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Message, RecordDict

from fedlab.apart import (
    Form,
    carried_out,
    form_of,
    order,
    readable,
    require_no_trouble,
    require_sendable,
    trouble,
    upload,
)
from fedlab.engines import Engine, engine_for
from fedlab.messages import Upload
from fedlab.parcels import Parcel
from fedlab.party import Job
from fedlab.prepare import Prepared
from fedlab.rounds import CannotTrain, Diverged
from fedlab.text import say

PAUSE = 0.02  # seconds between two looks at what has come back


class GridEngine(Engine):
    """The server's half: sends each job without its examples and its memory, and judges models itself.

    grid: of the ServerApp. nodes: the node of each party, by the party's number; it may change while a run goes on, and
    a party without a node does not answer. patience: seconds that a round waits for its parties; None waits for ever.
    run: tells this run from any other, so that no party takes up what it remembers of another; keep it to go on after
    the server died. silent: told the round, the party and the reason when one does not answer; it may raise.
    """

    name: ClassVar[str] = "flower"
    hands_back_memories: ClassVar[bool] = False
    job: Job  # one of the round's, without its examples
    form: Form  # of the round's messages

    def __init__(
        self,
        prepared: Prepared,
        grid: object,
        nodes: Mapping[int, int],
        *,
        patience: float | None = None,
        run: str = "",
        silent: Callable[[int, int, str], None] = lambda number, party, reason: None,
    ):
        require_sendable(prepared)
        self.prepared, self.grid, self.nodes, self.patience, self.run = prepared, grid, nodes, patience, run
        self.silent = silent
        self.local = engine_for(prepared)  # it only judges

    @contextmanager
    def open(self, threads: int | None = None, check: Callable[[], None] = lambda: None) -> Iterator[Engine]:
        self.check = check
        with self.local.open(threads, check):
            self.threads = self.local.threads
            yield self

    def logits(self, asked: Sequence[tuple[np.ndarray, np.ndarray]], scale: float) -> list[np.ndarray]:
        return self.local.logits(asked, scale)

    def work(self, jobs: Iterator[Job]) -> Generator[Upload, None, None]:
        """Send all jobs; the uploads of those who answer, in the order of the jobs."""
        sent: dict[int, str | None] = {}
        for job in jobs:
            if not sent:  # what reports of this round must be like
                self.job, self.form = replace(job, x=job.x[:0], y=job.y[:0]), form_of(job)
            sent[job.party] = self._sent(job)
        waiting = {message: party for party, message in sent.items() if message}  # by the ids of their messages
        arrived: dict[int, Upload | None] = {}
        until = float("inf") if self.patience is None else time.monotonic() + self.patience
        for party in sent:
            while party in waiting.values():
                self.check()
                for reply in self.grid.pull_messages(list(waiting)):  # type: ignore[attr-defined]
                    who = waiting.pop(reply.metadata.reply_to_message_id, None)
                    if who is not None:
                        arrived[who] = self._read(reply, who)
                if party in waiting.values():
                    if time.monotonic() > until:
                        self._missed(party, say("it has not answered in time"))
                        break
                    time.sleep(PAUSE)
            found = arrived.pop(party, None)
            if found is not None:
                yield found

    def _sent(self, job: Job) -> str | None:
        """Send a job; the message's id, or None if the party is not there."""
        if job.party not in self.nodes:
            self._missed(job.party, say("it is not there"))
            return None
        content = records(order(self.prepared, job.turn, job.down, {job.party: job.epochs}, self.run))
        number = str(job.turn.number)
        message = Message(content, self.nodes[job.party], "train", ttl=self.patience, group_id=number)
        sent = list(self.grid.push_messages([message]))  # type: ignore[attr-defined]
        if sent and sent[0]:
            return str(sent[0])
        self._missed(job.party, say("it is not there"))
        return None

    def _missed(self, party: int, reason: str) -> None:
        self.silent(self.job.turn.number, party, reason)

    def _read(self, reply: Message, party: int) -> Upload | None:
        if reply.has_error():
            self._missed(party, str(reply.error.reason))
            return None
        try:
            report = parcel(reply.content)
            require_no_trouble(report)
            found = upload(report, self.job.turn, self.prepared.size)
            if found.party == party and readable(found, self.job, self.form):
                return found
            reason = say("its report does not fit this round")
        except (CannotTrain, Diverged):
            raise
        except ValueError as error:
            reason = str(error)
        self._missed(party, reason)
        return None


def answer(content: RecordDict, x: np.ndarray, y: np.ndarray, state: RecordDict) -> RecordDict:
    """The node's half: carry out an order on the party's own examples, and report. `state` gets its new memory.

    x, y: as `carried_out` takes them. What cannot be done is reported as a sentence instead.
    """
    try:
        order = parcel(content)
        report, memory = carried_out(order, party_of(content), x, y, memory_of(state))
    except (CannotTrain, Diverged) as error:
        return records(trouble(error))
    except ValueError as error:
        return records(trouble(CannotTrain(str(error))))
    remember(state, memory)
    return records(report)


def party_of(content: RecordDict) -> int:
    """Whom an order is for."""
    (party,) = parcel(content).about["epochs"]
    return int(party)


def memory_of(state: RecordDict) -> Parcel | None:
    """What the party at a node remembers, out of the node's state; None before its first round."""
    return parcel(state, "memory ") if "memory about" in state else None


def remember(state: RecordDict, memory: Parcel) -> None:
    """Put what the party remembers into the node's state."""
    for name, record in records(memory, "memory ").items():
        state[name] = record


def records(parcel: Parcel, prefix: str = "") -> RecordDict:
    """A parcel as Flower's records."""
    about, arrays = ConfigRecord({"json": json.dumps(parcel.about)}), ArrayRecord(list(parcel.arrays))
    return RecordDict({f"{prefix}about": about, f"{prefix}arrays": arrays})


def parcel(content: RecordDict, prefix: str = "") -> Parcel:
    """The parcel in Flower's records; `ValueError` with one sentence if there is none."""
    try:
        about = json.loads(str(content.config_records[f"{prefix}about"]["json"]))
        arrays = tuple(content.array_records[f"{prefix}arrays"].to_numpy_ndarrays())
    except (KeyError, TypeError, ValueError, EOFError):
        about, arrays = None, ()
    if not isinstance(about, dict):
        raise ValueError(say("This message of Flower's holds nothing that fedlab has sent."))
    return Parcel(about, arrays)
