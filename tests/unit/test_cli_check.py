"""`fedlab check`: answers are found by name, whatever was done to the notebook, and only what they need runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fedlab.lessons import answers, build
from tests.unit.command_line import fedlab_

IMPORTS = "import numpy as np\nfrom fedlab.lessons import checks_01 as check"
OBJECTIVE = "def objective(losses, sizes):\n    return np.dot(losses, sizes) / np.sum(sizes)"
AVERAGE = "def average(sizes, weights):\n    return sizes / sizes.sum() @ weights"
BYTES = "def bytes_of_a_round(weights, parties):\n    return 8 * weights * parties"
SHARED = "def shares_a_model(models):\n    return len({id(model) for model in models}) < len(models)"
RIGHT = [IMPORTS, OBJECTIVE, AVERAGE, BYTES, SHARED]


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def notebook(*cells: str, name: str = "mine.ipynb") -> str:
    """Write a notebook with these code cells, without any metadata; returns its path."""
    made = [{"cell_type": "code", "source": cell} for cell in cells]
    Path(name).write_text(json.dumps({"nbformat": 4, "cells": made}), encoding="utf-8")
    return name


def marks(*cells: str) -> dict[str, str]:
    """✓, ✗ or ○ for each answer of a notebook with these cells."""
    lines = fedlab_("check", notebook(*cells)).stdout.splitlines()
    return {found[2]: found[1] for line in lines if (found := re.match(r"([✓✗○]) \d/\d  \d\d  (\w+) ", line))}


def sentence(answer: str, *cells: str) -> str:
    """What is said of one answer of a notebook with these cells."""
    lines = fedlab_("check", notebook(IMPORTS, *cells)).stdout.splitlines()
    return next(line.partition(answer)[2].strip() for line in lines if f"  {answer} " in line)


@pytest.mark.parametrize("name", build.names())
def test_the_checks_know_the_names_and_points_that_the_lesson_gives_to_nbgrader(name: str) -> None:
    graded = [cell for cell in build.solved(name).cells if cell.metadata.get("nbgrader", {}).get("grade")]
    called = [re.fullmatch(r"check\.(\w+)\((\w+)\)", cell.source) for cell in graded]
    pairs = zip(called, graded, strict=True)
    expected = {call and call[2]: (call and call[1], cell.metadata.nbgrader.points) for call, cell in pairs}
    checks = answers.exercises().get(name[:2], [])
    assert {check.answer: (check.__name__, check.points) for check in checks} == expected


def test_no_two_exercises_ask_for_the_same_name() -> None:
    names = [check.answer for checks in answers.exercises().values() for check in checks]
    assert len(set(names)) == len(names)


def test_right_answers_get_all_points_and_a_line_each() -> None:
    result = fedlab_("check", notebook(*RIGHT))
    assert result.exit_code == 0
    head, *lines, points, _ = result.stdout.splitlines()
    assert (head, points) == ("mine.ipynb", "6 of 6 points")
    assert [line[:9] for line in lines] == ["✓ 1/1  01", "✓ 2/2  01", "✓ 1/1  01", "✓ 2/2  01"]
    assert all("Right. " in line for line in lines)


def test_wrong_and_missing_answers_are_told_apart_and_cost_their_points() -> None:
    wrong = "def average(sizes, weights):\n    return np.mean(weights, axis=0)"
    stub = "def bytes_of_a_round(weights, parties):\n    raise NotImplementedError()"
    result = fedlab_("check", notebook(IMPORTS, OBJECTIVE, wrong, stub))
    assert result.exit_code == 1
    assert result.stderr == ""
    _, objective, average, bytes_, shared, points, _ = result.stdout.splitlines()
    assert objective.startswith("✓ 1/1")
    assert average.startswith("✗ 0/2")
    assert "how many examples a party has" in average
    assert bytes_.startswith("○ 0/1")
    assert bytes_.endswith("Not answered yet.")
    assert shared.endswith("There is no shares_a_model in this notebook.")
    assert points == "1 of 6 points"


@pytest.mark.parametrize(
    "cells",
    [
        ["\n\n".join(RIGHT)],
        [*reversed(RIGHT)],
        ["import numpy as np", *RIGHT[1:]],
        ["%matplotlib inline\n!ls\n" + IMPORTS, "%%time\n" + OBJECTIVE, *RIGHT[2:]],
        [*RIGHT, "check.check_objective(objective)", "%%bash\nif true; then", "def broken(:"],
        [IMPORTS, OBJECTIVE, AVERAGE, "bytes_of_a_round = lambda weights, parties: 8 * weights * parties", SHARED],
        ["from numpy import *\nfrom fedlab.lessons.checks_01 import *\nimport numpy as np", *RIGHT[1:]],
    ],
    ids=["merged", "turned round", "checks deleted", "magic", "cells that are not Python", "a lambda", "stars"],
)
def test_what_a_tool_does_to_the_cells_does_not_matter(cells: list[str]) -> None:
    assert set(marks(*cells).values()) == {"✓"}


def test_a_lesson_as_it_is_handed_out_is_not_answered_yet() -> None:
    cells = [cell.source for cell in build.student("01_six_steps").cells if cell.cell_type == "code"]
    assert set(marks(*cells).values()) == {"○"}


def test_the_last_definition_counts_as_after_run_all() -> None:
    assert marks(IMPORTS, "def objective(losses, sizes):\n    return 0", OBJECTIVE)["objective"] == "✓"
    assert marks(IMPORTS, OBJECTIVE, "def objective(losses, sizes):\n    return 0")["objective"] == "✗"


def test_only_what_the_answer_needs_is_run(in_folder: Path) -> None:
    """A helper of a helper and its constant are; a cell that would train or write a file is not."""
    cells = [
        "open('trace', 'w').write('here')",
        "lab = open('trace', 'w')",
        "SHIFT = len([0])\nUNUSED = open('trace', 'w')",
        "def total(values):\n    return sum(v + SHIFT - 1 for v in values)",
        "def share(sizes):\n    lab = total(sizes)\n    return [n / lab for n in sizes]",
        "def objective(losses, sizes):\n    return sum(p * loss for p, loss in zip(share(sizes), losses))",
    ]
    assert marks(IMPORTS, *cells)["objective"] == "✓"
    assert not (in_folder / "trace").exists()


def test_an_answer_may_read_a_file_beside_its_notebook(in_folder: Path) -> None:
    (in_folder / "there").mkdir()
    (in_folder / "there" / "eight").write_text("8")
    factor = "FACTOR = int(open('eight').read())\n"
    answer = factor + "def bytes_of_a_round(weights, parties):\n    return FACTOR * weights * parties"
    assert "✓ 1/1  01  bytes_of_a_round" in fedlab_("check", notebook(IMPORTS, answer, name="there/mine.ipynb")).stdout


def test_an_exception_is_told_with_the_learner_s_line() -> None:
    inside = "def average(sizes, weights):\n    return sizes / 0 @ wieghts"
    assert "NameError" in sentence("average", inside)
    assert "wieghts" in sentence("average", inside)
    assert "1 / 0" in sentence("average", "HALF = 1 / 0\ndef average(sizes, weights):\n    return HALF")


def test_a_cell_that_is_not_python_is_named_where_the_answer_is_in_it() -> None:
    said = sentence("average", "def average(sizes, weights)\n    return weights")
    assert "expected ':'" in said
    assert "def average(sizes, weights)" in said


@pytest.mark.parametrize("body", ["while True: pass", "return sum(range(10**13))"], ids=["in Python", "in C"])
def test_an_answer_without_end_is_ended_and_the_next_is_checked(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the second runs, no other thread of its process does: it can only be ended from outside."""
    (objective, *_) = answers.exercises()["01"]
    monkeypatch.setattr(objective, "limit", 0.5)
    monkeypatch.setattr(answers, "GRACE", 0.0)
    cells = [f"def objective(losses, sizes):\n    {body}", AVERAGE]
    result = fedlab_("check", notebook(IMPORTS, *cells)).stdout
    assert re.search(r"✗ 0/1  01  objective .* a loop that never ends\?\n✓ 2/2", result)


def test_definitions_without_end_are_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAKING", 0.5)
    assert "a loop that never ends" in sentence("average", "while True:\n    average = 1")


def test_an_answer_that_ends_python_ends_only_its_own() -> None:
    found = marks(IMPORTS, "import os\ndef objective(losses, sizes):\n    os._exit(0)", AVERAGE)
    assert (found["objective"], found["average"]) == ("✗", "✓")


def test_what_an_answer_prints_or_asks_does_not_get_in_the_way() -> None:
    chatty = "def average(sizes, weights):\n    print('on my way')\n    return sizes / sizes.sum() @ weights"
    asks = "def objective(losses, sizes):\n    return float(input('well? '))"
    result = fedlab_("check", notebook(IMPORTS, chatty, asks))
    assert "on my way" not in result.output
    assert "EOFError" in result.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "mine.ipynb cannot be read: No such file or directory."),
        (b"# A text", "mine.ipynb is not a Jupyter notebook (.ipynb, format 4)."),
        (b"\xff\xfe\x00", "mine.ipynb is not a Jupyter notebook (.ipynb, format 4)."),
        (b"[1, 2]", "mine.ipynb is not a Jupyter notebook (.ipynb, format 4)."),
        (b'{"worksheets": []}', "mine.ipynb is not a Jupyter notebook (.ipynb, format 4)."),
        (
            b'{"cells": [{"cell_type": "code", "source": 3}]}',
            "mine.ipynb is not a Jupyter notebook (.ipynb, format 4).",
        ),
        (b'{"cells": []}', "mine.ipynb holds no exercise of a lesson."),
        (
            b'{"cells": [{"cell_type": "code", "source": "average_age = 3"}]}',
            "mine.ipynb holds no exercise of a lesson.",
        ),
    ],
)
def test_what_cannot_be_checked_is_said_in_one_sentence(content: bytes | None, said: str) -> None:
    if content is not None:
        Path("mine.ipynb").write_bytes(content)
    result = fedlab_("check", "mine.ipynb")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == f"Error: {said}\n"


def test_several_notebooks_are_checked_even_beside_one_that_cannot_be() -> None:
    Path("torn.ipynb").write_text("{")
    result = fedlab_("check", notebook(*RIGHT, name="a.ipynb"), "torn.ipynb", notebook(*RIGHT[:3], name="b.ipynb"))
    assert result.exit_code == 2
    assert result.stderr == "Error: torn.ipynb is not a Jupyter notebook (.ipynb, format 4).\n"
    assert result.stdout.endswith("\na.ipynb: 6 of 6 points\nb.ipynb: 3 of 6 points\n")


def test_json_holds_what_is_shown() -> None:
    Path("torn.ipynb").write_text("{")
    result = fedlab_("check", notebook(*RIGHT[:2]), "torn.ipynb", "--json", "points.json")
    written = json.loads(Path("points.json").read_text(encoding="utf-8"))
    mine, torn = written["notebooks"]
    first = mine["exercises"][0]
    assert first == {
        "lesson": "01",
        "answer": "objective",
        "points": 1,
        "worth": 1,
        "mark": "✓",
        "sentence": first["sentence"],
    }
    assert first["sentence"] in result.stdout
    assert [one["points"] for one in mine["exercises"]] == [1, 0, 0, 0]
    assert torn["error"] in result.stderr


@pytest.mark.parametrize("path", ["points.csv", "nowhere/points.json"])
def test_where_json_cannot_go_nothing_is_checked(path: str) -> None:
    result = fedlab_("check", notebook(*RIGHT), "--json", path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: --json {path}: ")
