"""Make the lessons' notebooks from their sources.

    python -m fedlab.lessons.build [NAME ...]         the student copies, and what their cells are expected to print
    python -m fedlab.lessons.build --solutions        the teacher's, with solutions, into lessons/solutions/

A source is lessons/NAME.py in jupytext's percent format, with nbgrader's metadata and markers. It is run with
`FEDLAB_CHECK=1`. What comes out goes into tests/notebooks/outcomes/NAME.ipynb, for CI to compare with. The student
copy, notebooks/NAME.ipynb, has the same cells but gives nothing away: of its outputs only the code and the formulas
are kept, because the page asks the learner to predict the others.
Both are saved in one normal form, so that a diff shows what changed and nothing else.
Needs the extra "teach": jupytext and nbgrader, whose own preprocessors clear the solutions.
"""

from __future__ import annotations

import copy
import hashlib
import os
from pathlib import Path
from typing import Any

import click
import jupytext
import nbformat
from nbclient import NotebookClient
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbgrader.preprocessors import CheckCellMetadata, ClearHiddenTests, ClearSolutions

from fedlab.text import say

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
SOURCES = ROOT / "lessons"
SOLUTIONS = SOURCES / "solutions"
OUTCOMES = ROOT / "tests" / "notebooks" / "outcomes"
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
WIDGET = "application/vnd.jupyter.widget-view+json"  # means nothing without the kernel that made it


def names() -> list[str]:
    """All lessons, in order."""
    return sorted(path.stem for path in SOURCES.glob("*.py"))


def solved(name: str) -> nbformat.NotebookNode:
    """A lesson with its solutions and their markers, as nbgrader wants its source; not run."""
    notebook = jupytext.reads((SOURCES / f"{name}.py").read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = nbformat.from_dict({**KERNEL, "language_info": {"name": "python"}})
    _name_cells(notebook)
    notebook, _ = CheckCellMetadata().preprocess(notebook, {})
    return notebook


def student(name: str) -> nbformat.NotebookNode:
    """A lesson as learners get it; not run."""
    notebook = solved(name)
    for clear in (ClearSolutions, ClearHiddenTests):
        notebook, _ = clear().preprocess(notebook, {})
    _name_cells(notebook)
    return notebook


def execute(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Run all cells as CI does, and bring their outputs into the normal form."""
    environment = {**os.environ, "FEDLAB_CHECK": "1"}
    client = NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}}, timeout=600
    )
    client.store_widget_state = False
    client.execute(env=environment)
    return normal(notebook)


def normal(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The one form in which notebooks are saved: no widgets, no times; cells count from 1, as after Run All.

    What a cell prints is one output, into however many pieces a slow machine cut it.
    """
    notebook, _ = CoalesceStreamsPreprocessor().preprocess(notebook, {})
    notebook.metadata = nbformat.from_dict({**KERNEL, "language_info": {"name": "python"}})
    count = 0
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count  # nbval does not compare a cell without one
        for output in cell.outputs:
            if "data" in output:
                output.data.pop(WIDGET, None)
            if "execution_count" in output:
                output.execution_count = count
    return notebook


def without_outcomes(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy of a notebook that has been run in which nothing but code and formulas is left of what it shows."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("metadata", {}).get("fedlab") == "code"]
            cell.execution_count = None
    return notebook


def without_pictures(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy of a notebook that has been run, with the words of its pictures only: they are all that is compared."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("image/png", None)
    return notebook


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    nbformat.validate(notebook)
    path.parent.mkdir(exist_ok=True)
    path.write_text(nbformat.writes(notebook, version=4) + "\n", encoding="utf-8")


def _name_cells(notebook: nbformat.NotebookNode) -> None:
    """Give each cell an id that stays the same as long as its content does: its grade_id, or a sum of its text."""
    taken: dict[str, int] = {}
    for cell in notebook.cells:
        graded: dict[str, Any] = cell.metadata.get("nbgrader", {})
        name = graded.get("grade_id") or hashlib.sha1(cell.source.encode()).hexdigest()[:8]
        taken[name] = taken.get(name, 0) + 1
        cell.id = name if taken[name] == 1 else f"{name}-{taken[name]}"


@click.command(help=__doc__)
@click.argument("wanted", metavar="[NAME]...", nargs=-1)
@click.option("--solutions", is_flag=True, help=say("make the teacher's notebooks, with solutions, not run"))
def main(wanted: tuple[str, ...], solutions: bool) -> None:
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        text = say("There is no lesson {name}: choose from {names}.", name=unknown[0], names=", ".join(names()))
        raise click.UsageError(text)
    for name in wanted or names():
        if solutions:
            made = {SOLUTIONS: solved(name)}
        else:
            run = execute(student(name))
            made = {NOTEBOOKS: without_outcomes(run), OUTCOMES: without_pictures(run)}
        for folder, notebook in made.items():
            write(notebook, folder / f"{name}.ipynb")
            click.echo(folder / f"{name}.ipynb")


if __name__ == "__main__":
    main()
