"""The files that the command line writes: refused before anything is trained, written even if training ends early."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from fedlab.cli.errors import Incomplete, Refused
from fedlab.cli.results import picture
from fedlab.experiment import VERSION
from fedlab.files import require_writable, write
from fedlab.history import History
from fedlab.settings import short_name
from fedlab.text import say

ENDINGS = {"json": (".json",), "csv": (".csv",), "plot": (".png", ".svg", ".pdf")}


@dataclass(frozen=True)
class Files:
    """What to write, and where."""

    json: Path | None
    csv: Path | None
    plot: Path | None
    several: bool = False  # a comparison of runs, even if it is of one

    def save(self, histories: list[History]) -> list[Incomplete]:
        """Write the files, if there is anything to write. Returns a sentence for each that could not be written."""
        if not any(history.rounds for history in histories):
            return []
        to_json = runs_json if self.several else lambda runs: runs[0].to_json()
        to_csv = runs_csv if self.several else lambda runs: runs[0].to_csv()
        unwritten = []
        for path, content in (
            (self.json, lambda path: to_json(histories).encode()),
            (self.csv, lambda path: to_csv(histories).encode()),
            (self.plot, lambda path: picture(histories, path.suffix[1:])),
        ):
            try:
                if path is not None:
                    write(path, content(path))
            except Exception as error:  # whatever happened to one file, the others are still written
                unwritten.append(Incomplete(say("{path} is not written: {reason}.", path=path, reason=reason(error))))
        return unwritten


def file_options(plot: str | None = None, several: bool = False) -> Callable[..., Any]:
    """Add --json, --csv and --plot; the command gets `files`. plot: where a plot goes without the flag."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_files(json: Path | None, csv: Path | None, plot: Path | None, **options: Any) -> None:
            command(files=Files(json, csv, plot, several), **options)

        for kind, default, what in (
            ("plot", plot, say("Write the convergence plot: .png, .svg or .pdf.")),
            ("csv", None, say("Write a table with one line a round.")),
            ("json", None, say("Write every round, with its experiment; --from reads that of a single run again.")),
        ):
            with_files = click.option(
                f"--{kind}",
                type=click.Path(path_type=Path),
                metavar=say("FILE"),
                callback=writable,
                help=what,
                default=default,
                show_default=bool(default),
            )(with_files)
        return with_files

    return add


def writable(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """The path, if its ending fits and it can be written."""
    if path is None:
        return None
    kind, name = str(option.name), short_name(str(path))
    if path.suffix not in ENDINGS[kind]:
        endings = ", ".join(ENDINGS[kind])
        raise Refused(say("--{kind} {path}: the name must end in {endings}.", kind=kind, path=name, endings=endings))
    try:
        require_writable(path)
    except OSError as error:
        raise Refused(
            say("--{kind} {path}: cannot write there ({reason}).", kind=kind, path=name, reason=reason(error))
        ) from None
    return path


def reason(error: Exception) -> str:
    """What the system says of a file that cannot be written, or what else went wrong."""
    return getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"


def runs_json(histories: list[History]) -> str:
    """Several runs as JSON."""
    runs = [{"experiment": h["experiment"], "rounds": h["rounds"]} for h in (one.to_dict() for one in histories)]
    return json.dumps({"fedlab": VERSION, "runs": runs}, ensure_ascii=False, indent=1)


def runs_csv(histories: list[History]) -> str:
    """Several runs in one table: on each line all settings of the run, then the round as in `History.to_csv`."""
    rows = [
        history.experiment.to_dict() | one
        for history in histories
        for one in csv.DictReader(io.StringIO(history.to_csv()))
    ]
    settings = [name for history in histories for name in history.experiment.to_dict()]
    names = list(dict.fromkeys([*settings, *(name for row in rows for name in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
