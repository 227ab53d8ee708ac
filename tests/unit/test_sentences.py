"""Whatever a learner reads goes through `say`, so that a second language is a catalogue and touches no code.

The source is read, not run: a sentence that is put together in the code would be found wherever it stands.
"""

from __future__ import annotations

import ast
import html
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fedlab
import fedlab_widgets
from fedlab import Experiment
from fedlab.roles import KINDS
from fedlab.settings import InvalidSetting, settings_of
from fedlab.text import say, speak
from fedlab_widgets import Lab, Task, predict

ROOTS = [Path(fedlab.__file__).parent, Path(fedlab_widgets.__file__).parent]
FILES = sorted(path for root in ROOTS for path in root.rglob("*.py"))
FOR_DEVELOPERS = {"NotImplementedError", "AssertionError", "KeyError", "SystemExit"}  # never shown to a learner
SHOWN = {"description", "tooltip", "placeholder", "help", "xlabel", "ylabel", "title", "titles", "label"}


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) == name:
            yield node


def name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def is_text(node: ast.AST) -> bool:
    """Whether this is a sentence or a word in the code itself: a string with two letters, or one with holes in it."""
    if isinstance(node, ast.JoinedStr):
        return any(is_text(part) for part in node.values)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(re.search("[A-Za-z]{2}", node.value))


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def place(path: Path, node: ast.AST) -> str:
    return f"{path.name}:{getattr(node, 'lineno', 0)}"


def sentences() -> dict[str, set[str]]:
    """Every sentence that the code says, with the names of its parts."""
    found: dict[str, set[str]] = {}
    for path in FILES:
        for call in calls(parse(path), "say"):
            if call.args and isinstance(call.args[0], ast.Constant):
                found[str(call.args[0].value)] = {word.arg for word in call.keywords if word.arg}
    return found


def test_there_are_many_sentences() -> None:
    assert len(sentences()) > 200


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_said_is_a_sentence_with_named_parts(path: Path) -> None:
    """The key is a literal, or comes from a class that states it (a title, a lesson); its parts are given, and used."""
    wrong = []
    for call in calls(parse(path), "say"):
        key = call.args[0] if len(call.args) == 1 else None
        if key is None or isinstance(key, (ast.JoinedStr, ast.BinOp)):
            wrong.append(f"{place(path, call)}: the first argument must be the English sentence itself")
        elif isinstance(key, ast.Constant) and call.keywords:
            holes = {hole for _, hole, _, _ in string.Formatter().parse(str(key.value)) if hole is not None}
            given = {word.arg for word in call.keywords}
            if None not in given and holes != given:
                wrong.append(f"{place(path, call)}: parts {sorted(holes)} but given {sorted(map(str, given))}")
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_error_and_no_label_is_written_in_the_code(path: Path) -> None:
    wrong = []
    for node in ast.walk(parse(path)):
        if (
            isinstance(node, ast.Raise)
            and isinstance(node.exc, ast.Call)
            and name_of(node.exc.func) not in FOR_DEVELOPERS
        ):
            error = node.exc
            texts = (
                error.args[1:] if name_of(error.func) == "InvalidSetting" else error.args
            )  # first the setting's name
            wrong += [place(path, node) for text in texts if is_text(text)]
        if isinstance(node, ast.Call):
            wrong += [place(path, node) for word in node.keywords if word.arg in SHOWN and is_text(word.value)]
    assert not wrong, f"say(...) is missing at {', '.join(wrong)}"


def test_titles_and_lessons_of_kinds_and_settings_are_sentences_too() -> None:
    kinds = [kind for known in KINDS.values() for kind in known.values()]
    for kind in kinds:
        assert kind.title
        assert kind.lesson.endswith(".")
    for owner in (Experiment, *kinds):
        assert all(about.lesson.endswith(".") for about in settings_of(owner).values())


def test_another_language_needs_a_catalogue_only() -> None:
    """The parts may stand in another order there, and what the catalogue lacks stays English."""
    english = (
        "{parties:,} parties cannot share {examples:,} examples: take at most {examples:,} parties or more examples."
    )
    before = speak({english: "{examples:,} 张图不够 {parties:,} 方分。"})
    try:
        with pytest.raises(InvalidSetting, match=r"^5,000 张图不够 6,000 方分。$"):
            Experiment(parties=6_000)
        assert say("{name} is new.", name="This") == "This is new."
    finally:
        speak(before)


def every(widget: Any) -> list[Any]:
    """A widget and all that is inside it."""
    return [widget, *(one for child in getattr(widget, "children", ()) for one in every(child))]


class Marked(dict[str, str]):
    """A language in which each sentence is the English one in brackets."""

    def get(self, key: str, default: object = None) -> str:
        return f"⟦{key}⟧"


def not_marked(text: str) -> str:
    """What is left of a text when tags, code and everything in brackets are taken away."""
    told = re.findall(r'(?:alt|aria-label)="([^"]*)"', text)
    text = re.sub(r"<(style|pre|code).*?</\1>", "", text, flags=re.DOTALL)
    text = html.unescape(" ".join([re.sub(r"<[^>]+>", " ", text), *told]))
    before = ""
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    return text


def test_no_word_of_the_lab_is_left_out_of_the_catalogue() -> None:
    before = speak(Marked())
    try:
        start = Experiment(parties=3, examples=300, rounds=2, model="softmax")
        guess = predict("Which of these?", ["this", "that"], truth=lambda histories: "that", why="It is so.")
        tasks = [Task("Run it.", start), Task("Look behind it.")]
        lab = Lab(start, controls=["parties", "partition"], prediction=guess, tasks=tasks)
        guess.answer_with("this")
        lab.run()
        shown = [
            getattr(widget, name, "")
            for widget in every(lab.view)
            for name in ("description", "tooltip", "placeholder", "value")
            if not (name == "value" and hasattr(widget, "options"))  # of a menu, the labels are shown
        ]
        lab.close()
    finally:
        speak(before)
    assert len([text for text in shown if isinstance(text, str) and "⟦" in text]) > 30
    words = [not_marked(text) for text in shown if isinstance(text, str)]
    assert [text for text in words if re.search("[A-Za-z]{3}", text)] == []
