"""What a lesson shows: live source, formulas beside their lines, figures with words."""

from __future__ import annotations

import html
import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure

from fedlab import reference
from fedlab.lessons import build, published, tables
from fedlab_widgets import lesson


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What is handed to the page: data and metadata."""
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for module in (lesson, tables):
        keep = lambda data, metadata=None, raw=False: found.append((data, metadata or {}))  # noqa: E731
        monkeypatch.setattr(module, "display", keep)
    monkeypatch.delenv("FEDLAB_CHECK", raising=False)
    return found


def plain(page: str) -> str:
    """HTML as it is read."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


def test_source_is_shown_under_the_name_of_its_file(shown: list[Any]) -> None:
    lesson.show_source(reference.average, lesson.show_source)
    assert shown[0][0]["text/plain"].startswith("fedlab/reference.py\n\ndef average(")
    assert shown[1][0]["text/plain"].startswith("fedlab_widgets/lesson.py\n\ndef show_source(")


def test_any_python_can_be_shown_under_a_name(shown: list[Any]) -> None:
    lesson.show_file("run.py", "x = 1  # <one>\n")
    assert shown[0][0]["text/plain"] == "run.py\n\nx = 1  # <one>\n"
    assert "&lt;one&gt;" in shown[0][0]["text/html"]


def test_colours_change_no_character_of_the_source(shown: list[Any]) -> None:
    """And it stands in a block that keeps its lines and scrolls: no word is broken, at any width."""
    lesson.show_source(reference)
    page = shown[0][0]["text/html"]
    (block,) = re.findall(
        r'<pre tabindex="0" style="white-space: pre;[^"]*overflow-x: auto[^>]*>(.*)</pre>', page, re.DOTALL
    )
    assert plain(block).strip() == inspect.getsource(reference).strip()
    assert re.search(r'<span style="[^"]*keyword[^"]*">return</span>', block)


@pytest.mark.parametrize("theme", ["theme-light-extension", "theme-dark-extension"])
def test_the_colours_of_source_are_those_of_jupyterlabs_themes(theme: str) -> None:
    pytest.importorskip("jupyterlab")
    colours = set(re.findall(r"var\((--[\w-]+), inherit\)", " ".join(lesson.LOOKS.values())))
    assert len(colours) == 6
    folder = Path(sys.prefix) / "share/jupyter/lab/themes/@jupyterlab" / theme
    if not folder.exists():
        pytest.skip("JupyterLab is installed elsewhere")
    css = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.css"))
    assert [colour for colour in colours if f"{colour}:" not in css] == []


def test_a_formula_stands_beside_the_line_that_is_it(shown: list[Any]) -> None:
    lesson.show_lines({"$w$": (reference.train, "w.assign")})
    last = shown[0][0]["text/markdown"].splitlines()[-1]
    assert last.startswith("| $w$ | `w.assign(w - experiment.learning_rate *")
    assert last.endswith("| `train` |")


def test_a_line_that_the_kit_no_longer_has_is_an_error(shown: list[Any]) -> None:
    with pytest.raises(ValueError, match="no 'nowhere' in train"):
        lesson.show_lines({"$w$": (reference.train, "nowhere")})


def test_a_figure_has_alt_text_live_and_saved(shown: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    lesson.show(Figure((5, 3)), alt='Nothing, "really".')
    data, about = shown[0]
    assert data["image/png"].startswith(b"\x89PNG")
    assert 'alt="Nothing, &quot;really&quot;."' in data["text/html"]
    assert about["image/png"] == {"width": 500, "alt": 'Nothing, "really".'}
    assert 'body[data-jp-theme-light="false"] .fedlab-figure' in data["text/html"]  # JupyterLab and Voilà, dark
    monkeypatch.setenv("FEDLAB_CHECK", "1")
    lesson.show_bars({"one": 0.25, "two": 0.5}, alt="Two bars.")
    assert set(shown[1][0]) == {"image/png", "text/plain"}


def test_a_dark_page_keeps_hues_and_turns_white_over() -> None:
    """What the browser makes of white, black and blue under `lesson.DARK`, by the filters' own matrices."""
    turn = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])  # hue-rotate(180deg)
    white, black, blue = (turn @ (1 - np.array(colour)) for colour in ([1, 1, 1], [0, 0, 0], [0, 0.447, 0.698]))
    assert white == pytest.approx([0, 0, 0])  # which `screen` lets the page through
    assert black == pytest.approx([1, 1, 1])
    assert blue.argmax() == 2
    assert "invert(1) hue-rotate(180deg)" in lesson.DARK
    assert "mix-blend-mode: screen" in lesson.DARK


def test_code_and_formulas_stay_in_a_shipped_notebook_and_numbers_do_not(shown: list[Any]) -> None:
    """By the mark that they carry, not by what they look like."""
    lesson.show_source(reference.average)
    lesson.show_lines({"$w$": (reference.train, "w.assign")})
    lesson.show(Figure((5, 3)), alt="A picture.")
    tables.show_table([{"method": "FedAvg", "rounds": 9}])
    words = [{kind: data[kind] for kind in data if kind != "image/png"} for data, _ in shown]
    marks = [metadata for _, metadata in shown]
    outputs = [
        nbformat.v4.new_output("display_data", data=data, metadata=mark)
        for data, mark in zip(words, marks, strict=True)
    ]
    cell = nbformat.v4.new_code_cell("...", outputs=outputs)
    (kept,) = build.without_outcomes(nbformat.v4.new_notebook(cells=[cell])).cells
    assert kept.outputs == outputs[:2]


ROWS: list[dict[str, Any]] = [
    {"method": "FedAvg <1>", "rounds": 1200, "MB": 143.12},
    {"method": "SCAFFOLD", "rounds": None, "MB": 14},
]


def test_a_table_has_heads_and_its_numbers_stand_to_the_right(shown: list[Any]) -> None:
    tables.show_table(ROWS, "What it costs", notes=["Made by `a command`."])
    data = shown[0][0]
    assert data["text/plain"].splitlines() == [
        "What it costs",
        "method      rounds     MB",
        "FedAvg <1>   1,200  143.1",
        "SCAFFOLD         –     14",
        "Made by `a command`.",
    ]
    page = data["text/html"]
    assert page.count('<th scope="col"') == 3
    assert '<th scope="row" style="text-align: left; white-space: nowrap">FedAvg &lt;1&gt;</th>' in page
    assert '<td style="text-align: right">143.1</td>' in page
    assert '<code style="white-space: nowrap">a command</code>' in page


def test_only_exact_numbers_of_a_table_are_compared_with_those_of_another_processor(
    shown: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDLAB_CHECK", "1")
    tables.show_table(ROWS, "What it costs")
    tables.show_table(ROWS, "What it costs", exact=True)
    assert shown[0][0] == {"text/plain": "What it costs\nmethod  rounds  MB"}
    assert "143.1" in shown[1][0]["text/plain"]


def test_numbers_of_numpy_and_truths_are_told_as_pythons_are(shown: list[Any]) -> None:
    row = {"name": "x", "count": np.int64(1234), "share": np.float32(0.25), "holds": np.bool_(True), "fails": False}
    tables.show_table([row], digits=2)
    assert shown[0][0]["text/plain"].splitlines()[1].split() == ["x", "1,234", "0.25", "yes", "no"]


def test_a_table_without_rows_is_its_caption(shown: list[Any]) -> None:
    tables.show_table([], "Nothing yet")
    assert shown[0][0]["text/plain"].strip() == "Nothing yet"


def result_file(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    content = {"command": "a command", "date": "2026-01-02T03", "results": {"rows": rows}}
    (folder / f"published_{name}.json").write_text(json.dumps(content), encoding="utf-8")


def test_a_quotation_takes_the_full_table_where_there_is_one_and_says_what_made_it(
    tmp_path: Path, shown: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(published, "RESULTS", tmp_path)
    published.quote("mcmahan")
    assert "python -m benchmarks.published mcmahan" in capsys.readouterr().out
    for form, verdict in (("short", "inside"), ("full", "OUTSIDE")):
        link = {"link of the first run": "fedlab1:parties=100"}
        rows = [{"cell": f"{cell}, C = 1", "ours": "7", "verdict": verdict, **link} for cell in ("iid", "shards")]
        result_file(tmp_path, f"mcmahan_{form}", rows)
    published.quote("mcmahan", "iid")
    told = shown[0][0]["text/plain"].splitlines()
    assert (
        told[-1]
        == "Made by `a command` on 2026-01-02; the whole table is in `benchmarks/results/published_mcmahan_full.md`."
    )
    assert told[0] == "iid"
    assert re.split("  +", told[1]) == [
        "setting",
        "rounds, the kit (one number a seed)",
        "near the paper with every seed?",
    ]
    assert told[2].split() == ["C", "=", "1", "7", "no"]
    assert "fedlab1" not in shown[0][0]["text/plain"]


def test_what_is_said_of_several_rows_is_quoted_once_and_below_them(
    tmp_path: Path, shown: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "RESULTS", tmp_path)
    rows = [
        {"cell": f"skewed, {method}", "paper": "steadier with μ = 1", "verdict": verdict}
        for method, verdict in (("FedAvg", ""), ("FedProx", "steadier in 3 of 3"))
    ]
    result_file(tmp_path, "fedprox_full", rows)
    published.quote("fedprox")
    told = shown[0][0]["text/plain"].splitlines()
    assert [line.strip() for line in told[:4]] == ["skewed", "setting", "FedAvg", "FedProx"]
    assert told[4:6] == ["The paper: steadier with μ = 1.", "The kit: steadier in 3 of 3."]


def test_every_column_of_the_kits_own_result_files_is_quoted_or_left_out_on_purpose(shown: list[Any]) -> None:
    known = set(published.HEADS) | {"paper", "verdict", "link of the first run"}
    paths = sorted(published.RESULTS.glob("published_*.json"))
    assert len(paths) >= 3
    for path in paths:
        rows = json.loads(path.read_text(encoding="utf-8"))["results"]["rows"]
        assert {column for row in rows for column in row} <= known
