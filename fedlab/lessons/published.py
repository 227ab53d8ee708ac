"""The published tables as the kit has run them. A lesson quotes the result file; it does not remember numbers."""

from __future__ import annotations

import json
from pathlib import Path

from fedlab.text import say

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
FIRST = ("cell", "verdict")


def quote(table: str, cells: str = "") -> None:
    """Print the rows of a published table whose cell begins with `cells`, and what made them.

    table: one of those that `python -m benchmarks.published` makes. Its full form is taken where there is one.
    """
    paths = [RESULTS / f"published_{table}_{form}.json" for form in ("full", "short")]
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        command = f"python -m benchmarks.published {table}"
        print(say("There is no result file here yet. This command makes one: {command}", command=command))
        return
    content = json.loads(path.read_text(encoding="utf-8"))
    for row in content["results"]["rows"]:
        if row["cell"].startswith(cells):
            print(row["cell"])
            for column, value in row.items():
                if column not in FIRST and value:
                    print(f"    {column}: {value}")
            if row.get("verdict"):
                print(f"    → {row['verdict']}")
    print()
    print(
        say(
            "Made by `{command}` on {date}; the whole table is in {file}.",
            command=content["command"],
            date=content["date"][:10],
            file=f"benchmarks/results/{path.stem}.md",
        )
    )
