"""Numbers of a lesson as a table: heads in words, numbers to the right, in the colours of the page."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from IPython.display import display

from fedlab.lessons.switches import checking
from fedlab.text import say

NOTHING = "–"


def show_table(
    rows: Sequence[Mapping[str, Any]],
    caption: str = "",
    *,
    digits: int = 1,
    exact: bool = False,
    notes: Sequence[str] = (),
) -> None:
    """Show rows as a table; a row is {column: value}, and the columns stand in the order of the first row.

    Numbers stand to the right, with `digits` after the point if they are not whole numbers; None is a dash; texts stay
    as they are. The first column names the rows. exact: every number is the same on every processor. Without that only
    the heads are shown while the lessons are being checked. notes: sentences below the table; `this` is set as code.

    >>> show_table([{"method": "FedAvg", "rounds to 85 %": 9, "megabytes": 143.1}, ...], "What 85 % costs")
    """
    columns = list(dict.fromkeys(column for row in rows for column in row))
    right = {column for column in columns if all(_is_number(row.get(column)) for row in rows)}
    lines = [[_told(row.get(column), digits) for column in columns] for row in rows]
    if checking() and not exact:
        lines = []
    shown = {"text/plain": "\n".join([_as_text(columns, lines, right, caption), *notes])}
    if not checking():
        shown["text/html"] = _as_html(columns, lines, right, caption) + "".join(map(_paragraph, notes))
    display(shown, raw=True)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, Real) and not isinstance(value, bool))


def _told(value: Any, digits: int) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool | np.bool_):
        return say("yes") if value else say("no")
    if isinstance(value, Integral):
        return f"{value:,}"
    return f"{value:,.{digits}f}" if isinstance(value, Real) else str(value)


def _as_text(columns: list[str], lines: list[list[str]], right: set[str], caption: str) -> str:
    widths = [max(map(len, cells)) for cells in zip(columns, *lines, strict=True)]
    told = [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for cell, width, column in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in (columns, *lines)
    ]
    return "\n".join([caption, *told] if caption else told)


def _as_html(columns: list[str], lines: list[list[str]], right: set[str], caption: str) -> str:
    sides = ["right" if column in right else "left" for column in columns]
    kinds = ['th scope="row"', *["td"] * (len(columns) - 1)]
    head = "".join(_cell('th scope="col"', *cell) for cell in zip(columns, sides, strict=True))
    body = "".join("<tr>" + "".join(map(_cell, kinds, line, sides)) + "</tr>" for line in lines)
    above = f'<caption style="text-align: left">{html.escape(caption)}</caption>' if caption else ""
    table = f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div style="overflow-x: auto">{table}</div>'


def _cell(kind: str, text: str, side: str) -> str:
    """A cell; what names a row stays in one line."""
    style = f"text-align: {side}" + ("; white-space: nowrap" if "row" in kind else "")
    return f'<{kind} style="{style}">{html.escape(text)}</{kind[:2]}>'


def _paragraph(note: str) -> str:
    code = r'<code style="white-space: nowrap">\1</code>'
    return f"<p>{re.sub('`([^`]*)`', code, html.escape(note))}</p>"
