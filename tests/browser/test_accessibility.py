"""Facts about the lab for those who do not see it, or have no mouse. axe-core judges what a program can judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

BAD = ("serious", "critical")
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def faults(page: Any, context: str = ".fedlab-lab") -> list[str]:
    """What axe-core finds serious or critical inside the lab; JupyterLab's own shell is left to JupyterLab."""
    found = Axe().run(page, context=context).response
    assert len(found["passes"]) > 10, "it has looked at something"
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in found["violations"]
        if one["impact"] in BAD
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module")
def opened(open_notebook: Callable[..., Any]) -> Any:
    notebook = open_notebook(["from fedlab_widgets import Lab\nlab = Lab()\nlab"])
    notebook.command("notebook:run-all-cells")
    lab = notebook.lab()
    lab.heat_map.wait_for()
    lab.type("rounds", 2)
    lab.click("Run")
    lab.says("Finished after 2 of 2")
    return notebook


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious_in_the_lab(opened: Any, theme: str) -> None:
    """After a run, with a refusal, with each tab open, with the federation in place of the map."""
    page, lab = opened.page, opened.lab()
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", THEMES[theme])
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(theme == 'light').lower()}'")
    lab.root.get_by_role("button", name="data", exact=True).click()
    lab.type("parties", 0)
    expect(lab.control("parties").locator("[role=alert]")).to_be_visible()
    assert faults(page) == []
    lab.type("parties", 10)
    lab.root.get_by_role("button", name="data", exact=True).click()
    lab.root.get_by_text("the federation", exact=True).click()
    for tab in ("Behind the accuracy", "Code", "Link", "Runs"):
        lab.root.get_by_role("tab", name=tab).click()
        assert faults(page) == []
    lab.root.get_by_text("who holds what", exact=True).click()


def test_the_keyboard_alone_reaches_everything_and_each_stop_has_a_name_and_a_ring(opened: Any) -> None:
    """From Run on with Tab until the lab is left: no stop holds the focus, none is nameless or looks like before."""
    page, lab = opened.page, opened.lab()
    lab.root.locator(".fedlab-run").focus()
    page.keyboard.press("Shift")  # what is focused from now on is focused by keys
    stops = []
    for _ in range(150):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
                const one = document.activeElement;
                if (!one.closest('.fedlab-lab')) return null;
                const style = getComputedStyle(one), box = getComputedStyle(one.closest('label') ?? one);
                const ring = [style, box].some(it => it.outlineStyle !== 'none' || it.boxShadow !== 'none');
                const name = one.ariaLabel || one.labels?.[0]?.innerText || one.innerText || one.title;
                return [one.className, name, ring];
            }"""
        )
        if stop is None:
            break
        stops.append(stop)
    else:
        raise AssertionError(f"the focus does not leave the lab: {stops[-5:]}")
    assert [stop for stop in stops if not stop[1]] == []
    assert [stop for stop in stops if not stop[2]] == []
    classes = " ".join(stop[0] for stop in stops)
    for part in ("fedlab-slider", "fedlab-box", "fedlab-menu", "fedlab-group", "fedlab-plot", "fedlab-map"):
        assert part in classes
