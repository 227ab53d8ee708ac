"""A learner's answers in a notebook, found by their names, each judged in a process of its own.

What a tool did to the notebook does not matter: other ids, no metadata, cells that were split or merged, another file
name, checks that are gone. An answer is what its name is bound to after all cells have run. Only the statements that it
needs are run: those that bind its name, the names that these use, and so on. So no lab opens, and no long cell trains.
"""

from __future__ import annotations

import ast
import json
import linecache
import multiprocessing
import os
import pkgutil
import symtable
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from IPython.core.inputtransformer2 import TransformerManager

from fedlab import lessons
from fedlab.lessons.exercises import ENDLESS, Verdict
from fedlab.text import say

MAKING = 60.0  # seconds that an answer's own imports and definitions may take
GRACE = 5.0  # seconds after which a check that has not ended in time is ended from outside

FORKS = "forkserver" in multiprocessing.get_all_start_methods()  # quick: what it forks has imported the checks
CONTEXT: Any = multiprocessing.get_context("forkserver" if FORKS else "spawn")


class Unreadable(Exception):
    """There is nothing to check in this file; the text says why."""


@dataclass(frozen=True)
class Result:
    """What came of an exercise. points: how many of the `worth` were earned."""

    lesson: str  # its number
    answer: str
    points: int
    worth: int
    mark: str
    sentence: str


class Statement(NamedTuple):
    """A statement at the top level of a cell, and the names that it binds and uses."""

    source: str
    binds: set[str]
    uses: set[str]


def exercises() -> dict[str, list[Any]]:
    """The checks of each lesson, by its number."""
    names = sorted(one.name for one in pkgutil.iter_modules(lessons.__path__) if one.name.startswith("checks_"))
    modules = {name.removeprefix("checks_"): import_module(f"fedlab.lessons.{name}") for name in names}
    return {lesson: [c for c in vars(module).values() if hasattr(c, "verdict")] for lesson, module in modules.items()}


def results(path: Path) -> Iterator[Result]:
    """What comes of each exercise of the notebook's lessons, one after another. `Unreadable` if it is of no lesson."""
    cells = code_cells(path)
    statements, unread = read(cells)
    for lesson in lessons_of(path, cells, statements):
        for check in exercises()[lesson]:
            needed = needs(check.answer, statements)
            if needed:
                verdict = judge(check, needed, path.resolve().parent)
            else:
                error = next((error for cell, error in unread.items() if check.answer in cell), None)
                verdict = _missing(check.answer, error)
            points = check.points if verdict.mark == "✓" else 0
            yield Result(lesson, check.answer, points, check.points, verdict.mark, verdict.sentence)


def code_cells(path: Path) -> list[str]:
    """The sources of a notebook's code cells; `Unreadable` if it is no notebook."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
        return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    except OSError as error:
        raise Unreadable(say("{path} cannot be read: {reason}.", path=path, reason=error.strerror)) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreadable(say("{path} is not a Jupyter notebook (.ipynb, format 4).", path=path)) from None


def read(cells: list[str]) -> tuple[list[Statement], dict[str, SyntaxError]]:
    """The statements of all cells, and the cells that are no Python with what is wrong with them.

    A first line such as %%time is left out; other magic does nothing here.
    """
    statements, unread = list[Statement](), dict[str, SyntaxError]()
    for cell in cells:
        source = cell.partition("\n")[2] if cell.lstrip().startswith("%%") else cell
        try:
            tree = ast.parse(TransformerManager().transform_cell(source))
            statements += [_statement(ast.unparse(node)) for node in tree.body]
        except SyntaxError as error:
            unread[cell] = error
    return statements, unread


def lessons_of(path: Path, cells: list[str], statements: list[Statement]) -> list[str]:
    """The lessons whose checks a notebook names; if it names none, those of which it has an answer."""
    bound = set().union(*(one.binds for one in statements))
    named = [lesson for lesson in exercises() if any(f"checks_{lesson}" in cell for cell in cells)]
    found = named or [lesson for lesson, checks in exercises().items() if bound & {check.answer for check in checks}]
    if not found:
        raise Unreadable(say("{path} holds no exercise of a lesson.", path=path))
    return found


def needs(name: str, statements: list[Statement]) -> list[str]:
    """The statements, in order, that make what this name is bound to; none if nothing binds it."""
    wanted, taken = {name}, set[int]()
    if not any(name in one.binds for one in statements):
        return []
    while True:
        more = {n for n, one in enumerate(statements) if one.binds & (wanted | {"*"})} - taken
        if not more:
            return [statements[n].source for n in sorted(taken)]
        taken |= more
        wanted |= set().union(*(statements[n].uses for n in more))


def judge(check: Any, needed: list[str], folder: Path) -> Verdict:
    """What the check says about the answer that these statements make, run in this folder."""
    if FORKS:
        CONTEXT.set_forkserver_preload([check.__module__])
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_work, args=(theirs, check.__module__, check.__name__, needed, folder))
    process.start()
    theirs.close()
    try:
        for limit in (MAKING, check.limit + GRACE):
            if not ours.poll(limit):
                return Verdict("✗", say("Not yet: {reason}", reason=say(ENDLESS, limit=limit)))
            said = ours.recv()
        return said
    except EOFError:
        return Verdict("✗", say("Not yet: {reason}", reason=say("your code ended Python itself.")))
    finally:
        process.kill()
        process.join()


def _work(pipe: Any, module: str, name: str, needed: list[str], folder: Path) -> None:
    """In the new process: make the answer, say so, judge it, and say what came of it."""
    os.chdir(folder)
    warnings.simplefilter("ignore")
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  for as long as the process lives
    check = getattr(import_module(module), name)
    space: dict[str, Any] = {"__name__": "__main__"}
    failure: BaseException | None = None
    try:
        for number, source in enumerate(needed):
            place = f"<statement {number}>"
            linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
            exec(compile(source, place, "exec"), space)
    except (Exception, SystemExit) as error:
        failure = error

    def find() -> Any:
        if failure:
            raise failure
        return space[check.answer]

    pipe.send("made")
    pipe.send(check.verdict(find))


def _statement(source: str) -> Statement:
    module = symtable.symtable(source, "cell", "exec")
    binds = {one.get_name() for one in module.get_symbols() if one.is_assigned() or one.is_imported()}
    uses = {one.get_name() for one in module.get_symbols() if one.is_referenced()} | set(_globals(module))
    return Statement(source, binds | ({"*"} if source.endswith("import *") else set()), uses)


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    """The names that functions and classes inside, however deep, take from the notebook."""
    for inner in table.get_children():
        yield from (one.get_name() for one in inner.get_symbols() if one.is_global())
        yield from _globals(inner)


def _missing(answer: str, error: SyntaxError | None) -> Verdict:
    if error is None:
        return Verdict("○", say("There is no {answer} in this notebook.", answer=answer))
    reason = say("a cell is not Python ({error}) in the line: {line}", error=error.msg, line=(error.text or "").strip())
    return Verdict("✗", say("Not yet: {reason}", reason=reason))
