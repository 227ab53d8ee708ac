"""The published tables, run again: paper against ours, printed and written to benchmarks/results/.

    python -m benchmarks.published mcmahan            the short form: under three minutes on two quiet processors
    python -m benchmarks.published fedprox --full     the whole table
    python -m benchmarks.published niid_bench --full  half a day

A result file says by which command, on which day and with which versions it was made. `published_<table>.md` is for
readers, the `.json` beside it for programs.
"""

from __future__ import annotations

import time
from pathlib import Path

import click

from benchmarks.common import RESULTS, machine, save
from benchmarks.published_tables import Row, fedprox, mcmahan, niid_bench

TABLES = {"mcmahan": mcmahan, "fedprox": fedprox, "niid_bench": niid_bench}


def as_markdown(table: str, rows: list[Row], minutes: float) -> str:
    """The result file for readers."""
    facts = machine()
    columns = list(rows[0])
    lines = [
        f"# {table}",
        "",
        " ".join((TABLES[table].__doc__ or "").split()),
        "",
        "| " + " | ".join(columns) + " |",
        "|" + "---|" * len(columns),
        *("| " + " | ".join(str(row[column]) for column in columns) + " |" for row in rows),
        "",
        f"Made by `{facts['command']}` on {facts['date']} in {minutes:.1f} minutes, at commit {facts['commit']}, with "
        + ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
        + f" and Python {facts['python']} on {facts['processors']} processors ({facts['processor']}).",
    ]
    return "\n".join(lines) + "\n"


@click.command(help=__doc__)
@click.argument("table", type=click.Choice(list(TABLES)))
@click.option("--short/--full", default=True, help="A part of the table, or all of it.")
@click.option("--folder", type=click.Path(path_type=Path), default=RESULTS, help="Where the result files go.")
def main(table: str, short: bool, folder: Path) -> None:
    began = time.perf_counter()
    rows = []
    for row in TABLES[table](not short):
        rows.append(row)
        print("  ".join(f"{name}: {value}" for name, value in row.items() if value), flush=True)
    minutes = (time.perf_counter() - began) / 60
    stem = folder / f"published_{table}_{'short' if short else 'full'}"
    save(stem.with_suffix(".json"), {"minutes": minutes, "rows": rows})
    stem.with_suffix(".md").write_text(as_markdown(table, rows, minutes), encoding="utf-8")


if __name__ == "__main__":
    main()
