"""Digits drawn on the pad in a real browser, with the mouse and with keys alone, and what the kernel has of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

Points = list[tuple[float, float]]

SEVEN: Points = [(0.3, 0.2), (0.7, 0.2), (0.46, 0.86)]
CELLS = [
    "from fedlab import Experiment\nfrom fedlab_widgets import DigitPad, Lab\n"
    "lab = Lab(Experiment(parties=2, examples=2_000, rounds=3, local_epochs=2))\nhistory = lab.run()",
    "pad = DigitPad(lab)\npad",
]


@pytest.fixture(scope="module")
def opened(open_notebook: Callable[..., Any]) -> Any:
    notebook = open_notebook(CELLS)
    notebook.command("notebook:run-all-cells")
    notebook.page.locator(".fedlab-digits").wait_for()
    return notebook


def draw(page: Page, points: Points, pad: int = 0) -> None:
    """One stroke with the mouse; points are shares of the canvas."""
    canvas = page.locator(".fedlab-digits .fedlab-pad canvas[tabindex]").nth(pad)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def kept(page: Page) -> Locator:
    return page.locator(".fedlab-kept-digits button")


def test_a_seven_drawn_with_the_mouse_is_read_live_and_kept_as_an_array(opened: Any) -> None:
    """A 7's ink is above the middle; the pad's is centred: its mass lies in pixel (14, 14) to half a pixel."""
    page = opened.page
    draw(page, SEVEN)
    expect(page.locator(".fedlab-reads")).to_have_attribute("aria-label", re.compile("It reads a 7"))
    expect(page.locator(".fedlab-reading .fedlab-note")).to_contain_text("the shared model of run 1 after round 3")
    page.locator("button[data-label='7']").click()
    expect(page.locator("button[data-label='7']")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(kept(page)).to_have_count(1)
    mass = "import numpy as np; x = pad.x[0] / pad.x[0].sum()\n"
    mass += "centre = [float((x.sum(axis=1 - axis) * np.arange(28)).sum()) for axis in (0, 1)]\n"
    said = opened.execute(
        f"{mass}print(pad.x.shape, pad.x.dtype, pad.y.tolist(), max(abs(c - 14) for c in centre) < 0.51)"
    )
    assert said == "(1, 28, 28) uint8 [7] True"


def test_keys_alone_draw_name_and_keep_a_one(opened: Any) -> None:
    """Nine steps down from the middle: a line of 2.4 pixels' width that is 20 high, so 20 rows and few columns."""
    page = opened.page
    before = kept(page).count()
    page.locator(".fedlab-digits canvas[tabindex]").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".fedlab-spoken")).to_have_text("Column 12, row 11.")
    page.keyboard.press("Space")
    expect(page.locator(".fedlab-spoken")).to_have_text("Pen down.")
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator(".fedlab-spoken")).to_have_text("Pen up.")
    page.keyboard.press("1")
    expect(page.locator("button[data-label='1']")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(kept(page)).to_have_count(before + 1)
    rows = opened.execute("one = pad.x[-1] > 0; print(pad.y[-1], one.any(axis=1).sum(), one.any(axis=0).sum() <= 4)")
    assert rows == "1 20 True"


def test_a_stroke_is_taken_back_and_all_are_cleared(opened: Any) -> None:
    page = opened.page
    draw(page, SEVEN)
    draw(page, [(0.3, 0.5), (0.7, 0.5)])
    reads = page.locator(".fedlab-reads")
    expect(reads).to_have_attribute("aria-label", re.compile("It reads"))
    page.get_by_role("button", name="Take back").click()
    page.get_by_role("button", name="Take back").click()
    expect(reads).to_have_attribute("aria-label", re.compile("No model reads along"))
    draw(page, SEVEN)
    expect(reads).to_have_attribute("aria-label", re.compile("It reads"))
    page.get_by_role("button", name="Clear").click()
    expect(reads).to_have_attribute("aria-label", re.compile("No model reads along"))
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator(".fedlab-digits .fedlab-complaint")).to_contain_text("Nothing is drawn yet")


def test_what_was_kept_is_a_party_more_and_can_be_thrown_away(opened: Any) -> None:
    page = opened.page
    if not kept(page).count():
        opened.execute("pad._drawn([[[0.5, 0.1], [0.5, 0.9]]]); pad._choose(1); pad.keep()")
    count = kept(page).count()
    page.get_by_role("button", name="Make these my data").click()
    expect(page.get_by_text(f"Party 2 is you. Your digits: {count}.")).to_be_visible()
    expect(page.locator(".fedlab-map").last).to_have_attribute("aria-label", re.compile("each of 3 parties"))
    kept(page).first.click()
    expect(kept(page)).to_have_count(count - 1)
    assert opened.execute("print(len(pad.x), len(pad.y))") == f"{count - 1} {count - 1}"


def test_the_pad_works_in_voila(browser: Browser, voila: Any) -> None:
    import nbformat

    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("from fedlab_widgets import DigitPad\npad = DigitPad()\npad")]
    )
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, voila.folder / "pad.ipynb")
    context = browser.new_context(viewport={"width": 1024, "height": 768})
    page = context.new_page()
    page.goto(f"{voila.url}/voila/render/pad.ipynb")
    page.locator(".fedlab-digits").wait_for()
    draw(page, SEVEN)
    page.locator("button[data-label='7']").click()
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(kept(page)).to_have_count(1)
    context.close()
