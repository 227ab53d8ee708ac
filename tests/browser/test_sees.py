"""What the server sees, and the sliders of lesson 07, as a learner uses them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

TOLD = re.compile(r"Recovered: \d+ of \d+ images")


@pytest.fixture(scope="module")
def opened(open_notebook: Callable[..., Any]) -> Any:
    few = 'Experiment(parties=6, examples=48, batch_size="all", rounds=2)'
    cells = [
        f"from fedlab import Experiment\nfrom fedlab_widgets import Lab, Leak\nlab = Lab({few})\nlab",
        "leak = Leak()\nleak",
    ]
    notebook = open_notebook(cells)
    notebook.command("notebook:run-all-cells")
    notebook.lab().heat_map.wait_for()
    return notebook


def ink(canvas: Locator) -> int:
    """How many different colours a canvas shows."""
    return int(
        canvas.evaluate(
            """(canvas) => {
                const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                return new Set(new Uint32Array(data.buffer)).size;
            }"""
        )
    )


def test_a_look_shows_what_a_party_sent_and_another_party_is_one_number_away(opened: Any) -> None:
    lab = opened.lab()
    lab.click("Run")
    lab.says("Finished after 2 of 2")
    lab.root.get_by_role("tab", name="What the server sees").click()
    tab = lab.root.locator(".fedlab-tabs .widget-tab-contents > :visible")
    tab.get_by_role("button", name="Look").click()
    expect(tab).to_contain_text(TOLD)
    expect(tab).to_contain_text("what the server gets from party 0")
    assert ink(tab.locator("section canvas")) > 10
    assert ink(tab.get_by_role("img", name="As a picture")) > 10
    tab.get_by_role("spinbutton", name="unit").fill("7")
    tab.get_by_role("spinbutton", name="unit").press("Enter")
    expect(tab).to_contain_text("to unit 7 of the first layer")
    tab.get_by_role("spinbutton", name="party").fill("4")
    tab.get_by_role("spinbutton", name="party").press("Enter")
    expect(tab).to_contain_text("what the server gets from party 4")


def test_an_arrow_key_moves_a_slider_and_the_images_follow(opened: Any) -> None:
    leak = opened.page.locator(".fedlab-leak")
    size = leak.get_by_role("slider", name="images of a party")
    expect(leak).to_contain_text("of 8 images")
    size.focus()
    size.press("ArrowRight")
    expect(size).to_have_attribute("aria-valuetext", "16")
    expect(leak).to_contain_text("of 16 images")
    picture = leak.get_by_role("img", name="Images, and below each")
    assert len(re.findall("recovered", picture.get_attribute("aria-label") or "")) == 16
    size.press("Home")
    expect(leak).to_contain_text("Its one image is recovered.")
    assert ink(picture) > 10


def test_on_a_phone_nothing_of_either_is_cut(opened: Any) -> None:
    page = opened.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    page.wait_for_timeout(500)  # for the parts to be drawn anew
    for part in (".fedlab-tabs .fedlab-sees:visible", ".fedlab-leak .fedlab-sees"):
        assert page.locator(part).evaluate("(one) => one.scrollWidth - one.clientWidth") <= 0
    tabs = opened.lab().root
    for name in ("Runs", "What the server sees", "Link"):
        label = tabs.get_by_role("tab", name=name).locator(".lm-TabBar-tabLabel")
        assert label.evaluate("(one) => one.scrollWidth - one.clientWidth") <= 1, name
