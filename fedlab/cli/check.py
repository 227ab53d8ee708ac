"""What `fedlab check` shows and writes: a line for each exercise, and the points."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fedlab.cli.errors import Incomplete, Refused
from fedlab.cli.files import reason
from fedlab.files import write
from fedlab.text import say

if TYPE_CHECKING:
    from fedlab.lessons.answers import Result

ALL, NOT_ALL = 0, 1  # exit codes: all points of all notebooks, or not all; a notebook that cannot be checked is Refused


def check_notebooks(paths: Sequence[Path], to_json: Path | None) -> int:
    """Check notebooks one after another, as far as they can be read; returns the exit code."""
    from fedlab.lessons.answers import Unreadable  # Jupyter's part of the kit: other commands start without it

    checked: dict[Path, list[Result]] = {}
    refused: dict[Path, str] = {}
    for path in paths:
        try:
            checked[path] = _told(path)
        except Unreadable as error:
            refused[path] = str(error)
            Refused(str(error)).show()
    if len(checked) > 1:
        for path, results in checked.items():
            click.echo(f"{path}: {total(results)}")
    if to_json:
        _write(to_json, checked, refused)
    if refused:
        return Refused.exit_code
    return ALL if all(one.points == one.worth for results in checked.values() for one in results) else NOT_ALL


def total(results: Sequence[Result]) -> str:
    """The points of a notebook in words."""
    points, worth = sum(one.points for one in results), sum(one.worth for one in results)
    return say("{points} of {worth} points", points=points, worth=worth)


def _told(path: Path) -> list[Result]:
    """The results of a notebook, each shown as soon as it is there."""
    from fedlab.lessons.answers import exercises, results

    width = max(len(check.answer) for checks in exercises().values() for check in checks)
    found: list[Result] = []
    for one in results(path):
        if not found:
            click.echo(path)
        click.echo(f"{one.mark} {one.points}/{one.worth}  {one.lesson}  {one.answer:{width}}  {one.sentence}")
        found.append(one)
    click.echo(total(found) + "\n")
    return found


def _write(to_json: Path, checked: dict[Path, list[Result]], refused: dict[Path, str]) -> None:
    notebooks = [
        {"notebook": str(path), "exercises": [asdict(one) for one in found]} for path, found in checked.items()
    ]
    notebooks += [{"notebook": str(path), "error": sentence} for path, sentence in refused.items()]
    try:
        write(to_json, json.dumps({"notebooks": notebooks}, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        raise Incomplete(say("{path} is not written: {reason}.", path=to_json, reason=reason(error))) from None
