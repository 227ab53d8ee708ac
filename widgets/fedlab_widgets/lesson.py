"""What a lesson shows beside its lab: the kit's own source, live, and pictures with words that say what is in them."""

from __future__ import annotations

import base64
import html
import inspect
import io
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.display import display
from pygments.lexers import PythonLexer
from pygments.token import Token

from fedlab.lessons import checking
from fedlab.plots import COLOURS
from fedlab.text import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 100  # a figure of 6 inches is 600 page pixels wide
SCALE = 2  # image pixels for each of them
# A dark page turns a figure's lightness over and keeps its hues; black, which was white, then lets the page through.
DARK = (
    'body[data-jp-theme-light="false"] .fedlab-figure, body.vscode-dark .fedlab-figure '
    "{ filter: invert(1) hue-rotate(180deg); mix-blend-mode: screen; }"
)
PRE = (
    "white-space: pre; word-break: normal; overflow-wrap: normal; overflow-x: auto; line-height: 1.35; "
    "font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px); margin: 4px 0 12px"
)
# How Python's words look: JupyterLab's own colours; on pages without them bold and slanted letters are left.
LOOKS = {
    Token.Keyword: "color: var(--jp-mirror-editor-keyword-color, inherit); font-weight: bold",
    Token.Operator.Word: "color: var(--jp-mirror-editor-keyword-color, inherit); font-weight: bold",
    Token.Name.Function: "color: var(--jp-mirror-editor-def-color, inherit); font-weight: bold",
    Token.Name.Class: "color: var(--jp-mirror-editor-def-color, inherit); font-weight: bold",
    Token.Name.Builtin: "color: var(--jp-mirror-editor-builtin-color, inherit)",
    Token.Literal.Number: "color: var(--jp-mirror-editor-number-color, inherit)",
    Token.Literal.String: "color: var(--jp-mirror-editor-string-color, inherit)",
    Token.Comment: "color: var(--jp-content-font-color2, inherit); font-style: italic",
}


def show_source(*things: Any) -> None:
    """Show the source of functions or classes as it is in the kit now, each under the name of its file.

    A long line scrolls sideways: broken in the middle of a word it would not be Python.
    """
    for thing in things:
        source = inspect.getsource(thing).rstrip()
        file = Path(inspect.getsourcefile(thing) or "")
        place = next(
            (file.relative_to(root) for root in file.parents if root.name in ("fedlab", "fedlab_widgets")), file
        )
        package = next((root.name for root in file.parents if root.name in ("fedlab", "fedlab_widgets")), "")
        show_file(f"{package}/{place.as_posix()}" if package else place.name, source)


def show_file(title: str, source: str) -> None:
    """Show Python under a title, with its colours."""
    page = f'<code>{html.escape(title)}</code><pre tabindex="0" style="{PRE}">{"".join(_coloured(source))}</pre>'
    _show_code({"text/html": page, "text/plain": f"{title}\n\n{source}"})


def _coloured(source: str) -> Iterator[str]:
    """Python with its colours, as HTML."""
    for look, tokens in groupby(PythonLexer().get_tokens(source), lambda token: _look(token[0])):
        text = html.escape("".join(text for _, text in tokens), quote=False)
        yield f'<span style="{look}">{text}</span>' if look else text


def _look(kind: Any) -> str | None:
    return next((LOOKS[one] for one in reversed(kind.split()) if one in LOOKS), None)


def _show_code(data: dict[str, str]) -> None:
    """Code and formulas give no outcome away: this mark lets `fedlab.lessons.build` keep them in a shipped notebook."""
    display(data, metadata={"fedlab": "code"}, raw=True)


def show_lines(formulas: Mapping[str, tuple[Any, str]]) -> None:
    """Show formulas, each beside the line of the kit's code that is it, as the code is now.

    formulas: a formula in LaTeX (with its $) to a function and a part of the wanted line. A part that the function does
    not hold raises ValueError: the lesson is then behind the kit.
    """
    rows = [f"| {say('formula')} | {say('line')} | {say('in')} |", "| --- | --- | --- |"]
    for formula, (function, part) in formulas.items():
        line = next((line.strip() for line in inspect.getsource(function).splitlines() if part in line), None)
        if line is None:
            raise ValueError(
                say("There is no {part} in {function} any more.", part=repr(part), function=function.__qualname__)
            )
        rows.append(f"| {formula} | `{line.replace('|', chr(92) + '|')}` | `{function.__qualname__}` |")
    _show_code({"text/markdown": "\n".join(rows), "text/plain": "\n".join(rows)})


def show(figure: Figure, alt: str) -> None:
    """Show a figure, sharp and on white, with one sentence that says what is to be seen in it.

    As HTML, because JupyterLab gives its pictures no alt text; in a saved notebook as PNG, which every page can show.
    """
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI * SCALE, facecolor="white")
    width = round(figure.get_figwidth() * DPI)
    bundle: dict[str, Any] = {"image/png": file.getvalue(), "text/plain": alt}
    if not checking():
        data = base64.b64encode(file.getvalue()).decode()
        style = "max-width: 100%; height: auto"
        image = f'<img class="fedlab-figure" width="{width}" style="{style}" alt="{html.escape(alt)}"'
        bundle["text/html"] = f'<style>{DARK}</style>{image} src="data:image/png;base64,{data}">'
    display(bundle, metadata={"image/png": {"width": width, "alt": alt}}, raw=True)


def show_bars(accuracies: Mapping[str, float], alt: str) -> None:
    """Show accuracies (0 to 1) as bars with their figures. A picture, so that no figure is compared by a test."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure((6.6, 0.8 + 0.38 * len(accuracies)), layout="constrained")
    ax = figure.subplots()
    bars = ax.barh(list(accuracies), list(accuracies.values()), color=COLOURS[0], height=0.62)
    ax.bar_label(bars, [f"{accuracy:.1%}" for accuracy in accuracies.values()], padding=4)
    ax.set(xlim=(0, 1.1), xlabel=say("test accuracy"), xticks=[0, 0.25, 0.5, 0.75, 1])
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.invert_yaxis()
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    show(figure, alt)
