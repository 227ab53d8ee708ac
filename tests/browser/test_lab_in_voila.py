"""Facts about a lesson on a page of Voilà, where there is no notebook: `fedlab voila`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any
from zipfile import ZipFile

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from fedlab.lessons import build

PATIENCE = 120_000
WAITS = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.1)\nprint('gone on')"


@pytest.fixture
def open_page(browser: Browser, voila: Any) -> Iterator[Callable[..., Page]]:
    """Open a notebook of the server's folder as a page."""
    pages: list[Page] = []

    def opened(name: str, theme: str = "light") -> Page:
        page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        pages.append(page)
        page.goto(f"{voila.url}/voila/render/{name}?theme={theme}", timeout=PATIENCE)
        return page

    yield opened
    for page in pages:
        page.context.close()


def test_voila_shows_the_lab_and_it_runs(voila: Any, open_page: Callable[..., Page], lab_page: Any) -> None:
    page = open_page("lab.ipynb")
    lab = lab_page(page)
    lab.type("rounds", 2)
    lab.click("Run")
    lab.plots("after 2 rounds")
    before = {path.name for path in voila.folder.iterdir()}
    lab.root.get_by_role("button", name="Save CSV").click()
    link = lab.root.get_by_role("link", name="Download fedlab-run-1.csv")
    with page.expect_download() as download:
        link.click()
    assert download.value.path().read_bytes().startswith(b"number,test_accuracy")
    lab.root.get_by_role("tab", name="Code").click()
    lab.root.get_by_role("button", name="Write it for another framework").click()
    with page.expect_download() as download:
        lab.root.get_by_role("link", name="Download fedlab-flower.zip").click()
    assert "fedlab-flower/README.md" in ZipFile(download.value.path()).namelist()
    assert {path.name for path in voila.folder.iterdir()} == before


def test_the_first_lesson_is_a_page_whose_claims_come_by_themselves(
    voila: Any, open_page: Callable[..., Page], lab_page: Any
) -> None:
    """Answer, Run, and read: there is no cell to run again, and no word about cells."""
    shutil.copy(build.NOTEBOOKS / "00_start_here.ipynb", voila.folder)
    page = open_page("00_start_here.ipynb")
    lab = lab_page(page)
    claims = page.locator(".fedlab-claims")
    expect(claims).to_have_count(3)
    expect(claims.first).to_contain_text("○ Not run yet")
    assert not re.search(r"cell|grey box|shift\+enter|exercise", page.inner_text("body"), re.IGNORECASE)
    question = page.locator("button:enabled", has_text="This is my prediction").first.locator("xpath=..")
    question.locator("input").fill("80")
    question.locator("button").click()
    lab.click("Run")
    expect(claims.first).to_contain_text("✓")
    expect(claims.first).not_to_contain_text("○")
    expect(claims.nth(1)).to_contain_text("○ Not run yet")


def test_a_page_is_there_before_its_long_cells_are_done_and_without_those_for_notebooks(
    voila: Any, open_page: Callable[..., Page]
) -> None:
    """One cell waits until the test has seen what comes after it."""
    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    cells = [
        text("Before it."),
        text("Run the grey boxes.", metadata={"tags": ["notebook"]}),
        code("print('at once')"),
        code(WAITS),
        text("After it."),
        text("An exercise.", metadata={"tags": ["exercise"]}),
        code("print('an answer')", metadata={"tags": ["exercise"]}),
        code("print('the last output')"),
    ]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), voila.folder / "long.ipynb")
    page = open_page("long.ipynb")
    for seen in ("Before it.", "After it.", "at once"):
        expect(page.get_by_text(seen)).to_be_visible()
    expect(page.get_by_text("gone on")).to_have_count(0)
    (voila.folder / "go").touch()
    for seen in ("gone on", "the last output"):
        expect(page.get_by_text(seen)).to_be_visible()
    for left_out in ("grey boxes", "An exercise", "an answer"):
        expect(page.get_by_text(left_out)).to_have_count(0)


def test_a_figure_is_dark_on_a_dark_page_and_source_keeps_its_lines(voila: Any, open_page: Callable[..., Page]) -> None:
    code = (
        "from fedlab import reference\nfrom fedlab_widgets import show_bars, show_source\n"
        "show_bars({'one': 0.5}, alt='One bar')\nshow_source(reference.train)"
    )
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)], metadata={"kernelspec": spec})
    nbformat.write(made, voila.folder / "figure.ipynb")
    for theme, turned in (("light", "none"), ("dark", "invert(1) hue-rotate(180deg)")):
        page = open_page("figure.ipynb", theme)
        expect(page.get_by_alt_text("One bar")).to_have_css("filter", turned)
        source = page.locator("pre", has_text="def train")
        assert source.evaluate("block => getComputedStyle(block).whiteSpace") == "pre"
        assert source.evaluate("block => getComputedStyle(block).overflowX") == "auto"
