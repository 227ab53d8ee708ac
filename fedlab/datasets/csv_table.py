"""A table of one's own: a CSV file with a line for each example, a column for the label and one for whose it is.

Read with Python's own csv module: the kit has no pandas, and a file that fits a lab is read in a moment without it.

Columns of numbers are taken as they are, with gaps where a cell is empty or says NA, nan or ?. A column of few words
becomes one column for each word. Gaps are filled and columns scaled by the parties together: see `fedlab.scaling`.
Which words there are is read from the whole file: parties that are really apart must agree on them first.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from fedlab.datasets.base import Dataset, Source
from fedlab.datasets.tables import held_out
from fedlab.settings import short
from fedlab.text import say

MISSING = ("", "na", "nan", "n/a", "?")
MOST_WORDS = 20  # in a column that becomes one column for each of them
MOST_CLASSES = 100


def from_csv(path: str | Path, label: str, owner: str | None = None, seed: int = 0) -> Dataset:
    """The table as a data set, a fifth of each owner's examples held out; `ValueError` with one sentence if it is none.

    label: the column to predict; each text or number in it is a class. owner: the column that says whose a line is.
    """
    columns = _columns(Path(path))
    for name in filter(None, (label, owner)):
        if name not in columns:
            raise ValueError(
                say("{file} has no column {name}: it has {some}.", file=Path(path).name, name=short(name),
                    some=", ".join(list(columns)[:20]))
            )  # fmt: skip
    classes, y = _numbered(columns, label)
    owners, whose = _numbered(columns, owner) if owner else ([], np.zeros(len(y), np.int64))
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise ValueError(
            say("The column {name} has {count} different values, but a label needs from 2 to {most}.",
                name=short(label), count=len(classes), most=MOST_CLASSES)
        )  # fmt: skip
    parts = [_numbers(name, cells) for name, cells in columns.items() if name not in (label, owner)]
    if not parts:
        raise ValueError(say("There is no column to learn from beside the label and the owner."))
    x, tested = np.hstack(parts), held_out(whose, y, seed)
    if not tested.any():
        raise ValueError(say("There are too few lines to hold a fifth out for testing: {lines}.", lines=len(y)))
    return Dataset(
        Path(path).stem, x[~tested], y[~tested], x[tested], y[tested], whose[~tested] if owner else None,
        classes=len(classes), raw=True, test_owners=whose[tested] if owner else None, owner_names=tuple(owners),
        class_names=tuple(classes),
    )  # fmt: skip


def csv_source(path: str | Path, label: str, owner: str | None = None) -> Source:
    """The same as a kind of data set, split by each experiment's own seed. No link can hold it."""
    first = from_csv(path, label, owner)
    parties = len(first.owner_names) or min(10, len(first.train_y))

    class Table(Source):
        name: ClassVar[str] = first.name
        title: ClassVar[str] = first.name
        lesson: ClassVar[str] = "Data of your own."

        def load(self, parties: int, seed: int) -> Dataset:
            return from_csv(path, label, owner, seed)

        def usual(self) -> dict[str, Any]:
            return {"parties": parties, "examples": min(60_000, len(first.train_y))}

    return Table()


def _columns(path: Path) -> dict[str, list[str]]:
    """The cells of each column, by the name in the first line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file) if any(cell.strip() for cell in line)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or say("it is not a table of text")
        raise ValueError(say("Cannot read {path}: {reason}.", path=path.name, reason=reason)) from None
    names = [name.strip() for name in lines[0]] if lines else []
    if len(lines) < 2 or len(set(names)) < len(names):
        raise ValueError(
            say("{file} must have a first line of names, each once, and below it a line for each example.",
                file=path.name)
        )  # fmt: skip
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(names):
            raise ValueError(
                say("Line {number} of {file} has {cells} cells, but there are {names} names in the first line.",
                    number=number, file=path.name, cells=len(line), names=len(names))
            )  # fmt: skip
    return {name: [line[place].strip() for line in lines[1:]] for place, name in enumerate(names)}


def _numbered(columns: dict[str, list[str]], name: str) -> tuple[list[str], np.ndarray]:
    """The different texts of a column, sorted (as numbers, if they all are), and each line's place among them."""
    cells = columns[name]
    if gaps := sum(cell.lower() in MISSING for cell in cells):
        raise ValueError(
            say("The column {name} is empty in {gaps} lines: every line needs one.", name=short(name), gaps=gaps)
        )
    texts = sorted(set(cells), key=lambda text: (0, float(text), "") if _is_number(text) else (1, 0.0, text))
    places = {text: place for place, text in enumerate(texts)}
    return texts, np.array([places[cell] for cell in cells], np.int64)


def _numbers(name: str, cells: list[str]) -> np.ndarray:
    """(N, 1) of a column of numbers, or (N, words) of one of few words."""
    known = [cell for cell in cells if cell.lower() not in MISSING]
    if all(_is_number(cell) for cell in known):
        return np.array([[np.nan if cell.lower() in MISSING else float(cell)] for cell in cells])
    words = sorted(set(known))
    if len(words) > MOST_WORDS:
        raise ValueError(
            say("The column {name} holds {count} different texts: take it out, or let it have at most {most}.",
                name=short(name), count=len(words), most=MOST_WORDS)
        )  # fmt: skip
    gap = [np.nan] * len(words)
    return np.array([gap if cell.lower() in MISSING else [float(cell == word) for word in words] for cell in cells])


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
