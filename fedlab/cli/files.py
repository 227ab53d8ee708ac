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

from fedlab.cli.results import save_picture
from fedlab.cli.settings import Refused
from fedlab.experiment import VERSION
from fedlab.history import History

ENDINGS = {"json": (".json",), "csv": (".csv",), "plot": (".png", ".svg", ".pdf")}


@dataclass(frozen=True)
class Files:
    """What to write, and where."""

    json: Path | None
    csv: Path | None
    plot: Path | None
    several: bool = False  # a comparison of runs, even if it is of one

    def save(self, histories: list[History]) -> None:
        """Write the files, if there is anything to write."""
        if not any(history.rounds for history in histories):
            return
        if self.json:
            self.json.write_text(runs_json(histories) if self.several else histories[0].to_json(), encoding="utf-8")
        if self.csv:
            self.csv.write_text(runs_csv(histories) if self.several else histories[0].to_csv(), encoding="utf-8")
        if self.plot:
            save_picture(histories, self.plot)


def file_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --json, --csv and --plot; the command gets `files`."""

    @wraps(command)
    def with_files(json: Path | None, csv: Path | None, plot: Path | None, **options: Any) -> None:
        command(files=Files(json, csv, plot), **options)

    for kind, what in (
        ("plot", "Write the convergence plot: .png, .svg or .pdf."),
        ("csv", "Write a table with one line a round."),
        ("json", "Write the experiment and every round; --from reads it again."),
    ):
        flag = click.option(f"--{kind}", type=click.Path(path_type=Path), metavar="FILE", callback=writable, help=what)
        with_files = flag(with_files)
    return with_files


def writable(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """The path, if its ending fits and it can be written."""
    if path is None:
        return None
    kind = str(option.name)
    if path.suffix not in ENDINGS[kind]:
        raise Refused(f"--{kind} {path}: the name must end in {' or '.join(ENDINGS[kind])}.")
    is_new = not path.exists()
    try:
        path.open("a").close()
    except OSError as error:
        raise Refused(f"--{kind} {path}: cannot write there ({error.strerror}).") from None
    if is_new:
        path.unlink()
    return path


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
