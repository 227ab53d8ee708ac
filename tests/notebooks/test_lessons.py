"""The lessons: copies in step with their sources, solutions that pass, pages that read well without a kernel."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from fedlab.lessons import build

LESSONS = build.names()
each_lesson = pytest.mark.parametrize("name", LESSONS)


def _saved(name: str) -> Any:
    return nbformat.read(build.NOTEBOOKS / f"{name}.ipynb", as_version=4)


def _expected(name: str) -> Any:
    return nbformat.read(build.OUTCOMES / f"{name}.ipynb", as_version=4)


def _graded(cell: Any) -> dict[str, Any]:
    return cell.metadata.get("nbgrader", {})


def test_every_notebook_has_a_source_and_every_source_a_notebook() -> None:
    assert sorted(path.stem for path in build.NOTEBOOKS.glob("*.ipynb")) == LESSONS
    assert sorted(path.stem for path in build.OUTCOMES.glob("*.ipynb")) == LESSONS
    assert {path.suffix for path in build.NOTEBOOKS.iterdir() if path.is_file()} == {".ipynb"}  # no tools in sight


@each_lesson
def test_the_student_copy_is_what_its_source_makes(name: str) -> None:
    made = build.student(name)
    for saved in (_saved(name), _expected(name)):
        assert [cell.source for cell in made.cells] == [cell.source for cell in saved.cells]
        assert [cell.id for cell in made.cells] == [cell.id for cell in saved.cells]
        assert [dict(cell.metadata) for cell in made.cells] == [dict(cell.metadata) for cell in saved.cells]


@each_lesson
def test_the_student_copy_gives_no_outcome_away(name: str) -> None:
    """Nothing that a cell printed, drew or trained is in it: what is left is the kit's own code, and formulas."""
    for cell in _saved(name).cells:
        for output in cell.get("outputs", []):
            assert output.metadata.get("fedlab") == "code", cell.source
            assert any(word in cell.source for word in ("show_source(", "show_lines(", "show_file(")), cell.source


@each_lesson
def test_the_saved_form_is_the_normal_one(name: str) -> None:
    for made, folder, saved in (
        (build.without_outcomes, build.NOTEBOOKS, _saved(name)),
        (build.without_pictures, build.OUTCOMES, _expected(name)),
    ):
        text = (folder / f"{name}.ipynb").read_text(encoding="utf-8")
        assert text == nbformat.writes(made(build.normal(saved)), version=4) + "\n"


def test_how_quickly_a_cell_printed_leaves_no_trace() -> None:
    pieces = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in ("one\n", "two\n")]
    cell = nbformat.v4.new_code_cell("...", outputs=[*pieces, nbformat.v4.new_output("display_data")])
    (normal,) = build.normal(nbformat.v4.new_notebook(cells=[cell])).cells
    assert [output.get("text") for output in normal.outputs] == ["one\ntwo\n", None]


@each_lesson
def test_student_copies_hold_no_solution(name: str) -> None:
    for cell in _saved(name).cells:
        assert "SOLUTION" not in cell.source
        assert "HIDDEN TESTS" not in cell.source
        if _graded(cell).get("solution"):
            assert "NotImplementedError" in cell.source


@each_lesson
def test_a_page_without_cells_has_no_exercise_and_no_word_about_cells(name: str) -> None:
    """What Voilà shows: the cells that are left out are tagged, and no other speaks of them."""
    page = _page(build.student(name))
    assert not [cell.source for cell in page if _graded(cell)]
    text = "\n".join(cell.source for cell in page if cell.cell_type == "markdown")
    for word in ("grey box", "Shift+Enter", "Run All", "## Exercises"):
        assert word not in text


@each_lesson
def test_the_guide_for_teachers_tells_the_minutes_that_the_lesson_tells(name: str) -> None:
    """The last two columns of its row in the guide; the lesson says them in its first cell."""
    guide = (build.SOURCES / "TEACHING.md").read_text(encoding="utf-8")
    (row,) = (line for line in guide.splitlines() if line.startswith(f"| {name[:2]} ") and line.count("|") == 6)
    told = set(re.findall(r"\b\d+\b", " ".join(row.split("|")[4:])))
    assert told
    assert told <= set(re.findall(r"\b\d+\b", _saved(name).cells[0].source.replace("five", "5")))


def _page(notebook: Any) -> Any:
    """The cells that Voilà shows of a notebook, by the kit's own settings for it."""
    from traitlets.config import PyFileConfigLoader

    settings = PyFileConfigLoader("voila.py", path=str(build.ROOT / "binder" / "jupyter")).load_config()
    return settings.VoilaConfiguration.prelaunch_hook(None, notebook, "").cells


@each_lesson
def test_every_solution_passes_its_check(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run as nbgrader would, where a check that does not pass raises."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    cells = [cell for cell in build.solved(name).cells if cell.cell_type == "code"]
    space: dict[str, Any] = {}
    for cell in cells:
        if not _graded(cell):
            exec(_imports(cell.source), space)
    for cell in cells:
        if _graded(cell):
            exec(compile(cell.source, name, "exec"), space)
        if _graded(cell).get("grade"):
            said = capsys.readouterr().out
            assert said.startswith("✓ Right. "), said
            assert len(said) > len("✓ Right. \n"), f"{cell.source} praises nothing"


def _imports(source: str) -> str:
    """The imports of a cell: all that the exercises may use beside each other."""
    tree = ast.parse("" if source.startswith("%%") else source)
    return "\n".join(ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))


@each_lesson
def test_exercises_come_in_pairs_with_points(name: str) -> None:
    graded = [_graded(cell) for cell in build.solved(name).cells if _graded(cell)]
    ids = [one["grade_id"] for one in graded]
    assert len(set(ids)) == len(ids)
    for hole, check in zip(graded[::2], graded[1::2], strict=True):
        assert hole["solution"]
        assert not hole["grade"]
        assert check["grade"]
        assert check["locked"]
        assert check["points"] > 0
        assert check["grade_id"] == f"{hole['grade_id']}-check"


@each_lesson
def test_outputs_are_free_of_noise(name: str) -> None:
    for cell in _expected(name).cells:
        for output in cell.get("outputs", []):
            assert output.output_type in ("stream", "display_data", "execute_result"), cell.source
            assert output.get("name") != "stderr", output.text
            text = output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))
            for noise in ("Warning", "WARNING", "Traceback", "widget", "object at 0x", "✗"):
                assert noise not in text, f"{noise} in {text}"


@each_lesson
def test_links_lead_to_files_that_exist(name: str) -> None:
    for cell in _saved(name).cells:
        for target in re.findall(r"\]\(([^)#]+)", cell.source if cell.cell_type == "markdown" else ""):
            if not target.startswith("https://"):
                assert (build.NOTEBOOKS / target).exists(), target


def _opened(name: str, **environment: str) -> Any:
    """A lesson with all its cells run as a learner runs them: without FEDLAB_CHECK and without nbval."""
    from nbclient import NotebookClient

    notebook = build.student(name)
    here = {name: value for name, value in os.environ.items() if not name.startswith("FEDLAB_")}
    client = NotebookClient(notebook, resources={"metadata": {"path": str(build.NOTEBOOKS)}}, timeout=300)
    client.execute(env=here | environment)
    return notebook


def test_a_notebook_runs_from_top_to_bottom_as_a_learner_opens_it() -> None:
    """No error, no noise, and no answer or click is needed to go on."""
    notebook = _opened("01_six_steps")
    text = "".join(str(cell.get("outputs", "")) for cell in notebook.cells)
    assert "stderr" not in text
    assert "Not run yet" in text  # nobody has pressed Run
    assert "You made no prediction" in text or "Not answered yet" in text


def test_without_tensorflow_each_cell_that_needs_it_says_so_in_one_sentence_and_the_others_run() -> None:
    """`FEDLAB_CHECK` is set here, so that the lab runs and the claims below it have something to be about."""
    hidden = Path(__file__).parents[1] / "without_tensorflow"
    notebook = _opened("01_six_steps", PYTHONPATH=str(hidden), FEDLAB_CHECK="1")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    needing = [cell for cell in cells if cell.source.startswith("%%needs_tensorflow")]
    assert needing
    for cell in needing:
        (output,) = cell.outputs
        assert output.text.startswith("○ TensorFlow is not installed here: install it with ")
        assert output.text.count("\n") == 1
    text = "".join(str(cell.outputs) for cell in cells if cell not in needing)
    assert "stderr" not in text
    assert "✗" not in text
    assert "✓ Together they are more than 2 points better than alone" in text


def test_an_error_in_a_cell_that_needs_tensorflow_is_one() -> None:
    """What such a cell defines is there for the next ones; what goes wrong in it ends the run as elsewhere."""
    pytest.importorskip("tensorflow")
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    sources = ["import fedlab.lessons", "%%needs_tensorflow\nx = 1\n", "x += 1", "%%needs_tensorflow\nx / 0"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        NotebookClient(notebook, timeout=120).execute()
    assert "---> 1 x / 0" in re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(notebook.cells[-1].outputs[0].traceback))


def test_the_build_says_which_lessons_there_are() -> None:
    from click.testing import CliRunner

    answer = CliRunner().invoke(build.main, ["99_nothing"])
    assert answer.exit_code != 0
    assert "There is no lesson 99_nothing" in answer.output
    assert LESSONS[0] in answer.output


def test_solutions_are_made_for_teachers_and_keep_their_markers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    monkeypatch.setattr(build, "SOLUTIONS", tmp_path / "solutions")
    assert CliRunner().invoke(build.main, ["--solutions"]).exit_code == 0
    made = sorted((tmp_path / "solutions").glob("*.ipynb"))
    assert [path.stem for path in made] == LESSONS
    assert "### BEGIN SOLUTION" in (tmp_path / "solutions" / "01_six_steps.ipynb").read_text(encoding="utf-8")
