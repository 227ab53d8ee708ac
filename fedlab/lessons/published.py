"""The published tables as the kit has run them. A lesson quotes the result file; it does not remember numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fedlab.lessons.tables import show_table
from fedlab.text import say

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"

# the columns of a result file, in words that a reader knows; those that are not here are not quoted
HEADS = {
    "cell": "setting",
    "paper (rounds)": "rounds, the paper",
    "public re-run (%)": "public re-run, %",
    "band": "taken for near the paper: rounds",
    "ours": "rounds, the kit (one number a seed)",
    "ours (%)": "the kit, %",
    "ours, median of ten rounds": "rounds, the kit, median of ten rounds",
    "loss, seeds 0, 1, 2": "loss, mean of the last 20 rounds (seeds 0, 1, 2)",
    "spread, seeds 0, 1, 2": "how it jumps, standard deviation of the last 50 rounds (seeds 0, 1, 2)",
}
NEAR = {"inside": "yes", "OUTSIDE": "no"}


def quote(table: str, cells: str = "") -> None:
    """Show the rows of a published table whose cell begins with `cells`, and what made them.

    table: one of those that `python -m benchmarks.published` makes. Its full form is taken where there is one.
    """
    paths = [RESULTS / f"published_{table}_{form}.json" for form in ("full", "short")]
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        command = f"python -m benchmarks.published {table}"
        print(say("There is no result file here yet. This command makes one: {command}", command=command))
        return
    content = json.loads(path.read_text(encoding="utf-8"))
    rows = [row for row in content["results"]["rows"] if row["cell"].startswith(cells)]
    settings = {row["cell"].rpartition(", ")[0] for row in rows}
    shared = settings.pop() if len(settings) == 1 else ""
    source = say(
        "Made by `{command}` on {date}; the whole table is in `{file}`.",
        command=content["command"],
        date=content["date"][:10],
        file=f"benchmarks/results/{path.stem}.md",
    )
    lines = [_line(row, shared) for row in rows]
    show_table(lines, say(shared), exact=True, notes=[*_found(rows), source])


def _line(row: dict[str, Any], shared: str) -> dict[str, str]:
    """A row without what all rows share, under the heads that explain it."""
    told = row | {"cell": row["cell"].removeprefix(f"{shared}, ")}
    line = {say(head): told[column] for column, head in HEADS.items() if column in row}
    if row["verdict"] in NEAR:
        line[say("near the paper with every seed?")] = say(NEAR[row["verdict"]])
    return line


def _found(rows: list[dict[str, Any]]) -> list[str]:
    """What was said of several rows together: the paper's words, and ours."""
    paper = dict.fromkeys(row["paper"] for row in rows if "paper" in row)
    ours = dict.fromkeys(row["verdict"] for row in rows if row["verdict"] not in NEAR and row["verdict"])
    return [
        *(say("The paper: {words}.", words=words) for words in paper),
        *(say("The kit: {words}.", words=words) for words in ours),
    ]
