"""What each code sends until 90 %, as `python -m benchmarks.lesson_06` has measured it for lesson 06."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from fedlab.lessons.published import RESULTS
from fedlab.text import say

FILE = RESULTS / "lesson_06.json"

# each with "code", "memory" (None: there is none), "epochs", "seed", "rounds" (None: never), "bytes_up", "bytes_down"
Runs = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """A code over all seeds. Of a code that did not get there with each seed, rounds and megabytes are None."""

    code: str
    memory: bool | None
    rounds: float | None
    megabytes_up: float | None
    share: float | None  # of FedAvg's megabytes up
    reached: int  # with so many seeds

    def told(self) -> tuple[str, str, str]:
        """Rounds, megabytes and their share of FedAvg's, as text."""
        if self.rounds is None or self.megabytes_up is None or self.share is None:
            return "never", "", ""
        return f"{self.rounds:g}", f"{self.megabytes_up:.2f}", f"1/{1 / self.share:.1f}"


def runs() -> Runs:
    """All runs of the file."""
    found: Runs = json.loads(FILE.read_text(encoding="utf-8"))["results"]
    return found


def of(found: Runs, code: str, memory: bool | None, epochs: int) -> Runs:
    """The runs of a code, one a seed."""
    return [one for one in found if (one["code"], one["memory"], one["epochs"]) == (code, memory, epochs)]


def medians(found: Runs, epochs: int) -> list[Row]:
    """A row for each code, with its memory and without, in the order of the file."""
    fedavg = median(one["bytes_up"] for one in of(found, "FedAvg", None, epochs))
    rows = []
    for code, memory in dict.fromkeys((one["code"], one["memory"]) for one in found):
        own = of(found, code, memory, epochs)
        there = [one for one in own if one["rounds"] is not None]
        if len(there) < len(own):
            rows.append(Row(code, memory, None, None, None, len(there)))
            continue
        up = median(one["bytes_up"] for one in own)
        rows.append(Row(code, memory, median(one["rounds"] for one in own), up / 1e6, up / fedavg, len(there)))
    return rows


def rows_for_table(epochs: int) -> list[dict[str, Any]]:
    """The medians as a table shows them."""
    words = {None: "", True: say("with memory"), False: say("without")}
    return [
        {
            say("code"): f"{say(row.code)} {words[row.memory]}".strip(),
            say("rounds"): row.rounds,
            say("megabytes up"): row.megabytes_up,
            say("FedAvg sends so many times as much"): row.share and 1 / row.share,
        }
        for row in medians(runs(), epochs)
    ]
