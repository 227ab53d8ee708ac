"""Facts about the lab for those who do not see it, have no mouse, or a small page. axe-core judges what it can."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from fedlab.lessons import build

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
    notebook.lab().heat_map.wait_for()
    return notebook


@pytest.fixture(scope="module")
def ran(opened: Any) -> Any:
    """The same notebook after a run of two rounds."""
    lab = opened.lab()
    lab.type("rounds", 2)
    lab.click("Run")
    lab.says("Finished after 2 of 2")
    return opened


def wear(page: Any, theme: str) -> None:
    """Dress JupyterLab light or dark."""
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", THEMES[theme])
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(theme == 'light').lower()}'")


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious_in_a_fresh_lab(opened: Any, theme: str) -> None:
    """Before any run; the chart then offers no table, for there is none."""
    wear(opened.page, theme)
    assert faults(opened.page) == []
    expect(opened.lab().root.get_by_role("button", name="as a table")).to_be_hidden()


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious_in_a_lab_that_has_run(ran: Any, theme: str) -> None:
    """After a run, with a refusal, with each tab open, with the federation in place of the map."""
    page, lab = ran.page, ran.lab()
    wear(page, theme)
    lab.root.get_by_role("button", name="data", exact=True).click()
    lab.type("parties", 0)
    expect(lab.control("parties").locator("[role=alert]")).to_be_visible()
    assert faults(page) == []
    lab.type("parties", 10)
    lab.root.get_by_role("button", name="data", exact=True).click()
    lab.root.get_by_text("the federation", exact=True).click()
    for tab in ("Behind the accuracy", "What the server sees", "Code", "Link", "Runs"):
        lab.root.get_by_role("tab", name=tab).click()
        assert faults(page) == []
    lab.root.get_by_text("who holds what", exact=True).click()


def test_the_bar_is_a_progressbar_that_tells_how_much_is_done(ran: Any) -> None:
    """Two rounds of two."""
    bar = ran.lab().root.get_by_role("progressbar", name="rounds done")
    expect(bar).to_be_visible()
    assert bar.evaluate("bar => bar.value / bar.max") == 1


@pytest.mark.parametrize("name", ["00_start_here", "06_what_talking_costs"])
def test_axe_finds_nothing_serious_in_two_lessons(open_notebook: Callable[..., Any], name: str) -> None:
    """In all that cells have put on the page, light and dark; what shows code is JupyterLab's own."""
    notebook = open_notebook(made=build.student(name))
    notebook.run_all()
    page = notebook.page
    notebook.lab().heat_map.wait_for()
    for theme in THEMES:
        wear(page, theme)
        assert faults(page, ".jp-OutputArea-output") == []
    notebook.close()


MANY = """from fedlab import Experiment
from fedlab_widgets import Lab, Task
small = Experiment(parties=2, examples=50, model="softmax", rounds=1)
Lab(small, controls=["seed"], tasks=[Task(f"Take seed {n}.", small.with_(seed=n)) for n in range(5)])"""


def test_of_many_tasks_the_next_is_open_and_the_others_open_by_click_and_by_keyboard(
    open_notebook: Callable[..., Any],
) -> None:
    notebook = open_notebook([MANY])
    notebook.run_all()
    lab = notebook.lab()
    tasks, wide = lab.root.locator(".fedlab-task"), "one => one.offsetWidth > 40"
    buttons = [task.get_by_role("button", name="Set this up for me") for task in tasks.all()]
    assert [button.evaluate(wide) for button in buttons] == [True, False, False, False, False]
    tasks.nth(3).locator(".widget-html").click()
    assert buttons[3].evaluate(wide)
    buttons[0].focus()
    notebook.page.keyboard.press("Tab")
    expect(buttons[1]).to_be_focused()
    assert buttons[1].evaluate(wide)
    buttons[0].click()
    expect(lab.root.locator(".fedlab-note", has_text="ress Run")).to_be_visible()
    lab.click("Run")
    expect(tasks.nth(1)).to_contain_class("fedlab-now")
    assert buttons[1].evaluate(wide)
    assert not buttons[0].evaluate(wide)
    notebook.close()


def test_the_keyboard_alone_reaches_everything_and_each_stop_has_a_name_and_a_ring(ran: Any) -> None:
    """From Run on with Tab until the lab is left: no stop holds the focus, none is nameless or looks like before."""
    page, lab = ran.page, ran.lab()
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


def resize(page: Any, width: int, height: int, files: bool = False) -> dict[str, Any]:
    """Make the page so large, and tell where the lab's parts then are: left, top, right, bottom."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("on => window.jupyterapp.shell[on ? 'expandLeft' : 'collapseLeft']()", files)
    page.wait_for_timeout(500)  # for the parts to be drawn anew
    return dict(
        page.evaluate(
            """() => {
                const lab = document.querySelector('.fedlab-lab');
                lab.scrollIntoView();
                const place = (one) => {
                    const {left, top, right, bottom} = one.getBoundingClientRect();
                    return [left, top, right, bottom];
                };
                const seen = place(lab.closest('.jp-WindowedPanel-outer'));
                const parts = ['lab', 'transport', 'plot', 'controls', 'map', 'tabs'].map(
                    (name) => [name, place(lab.closest('.fedlab-' + name) ?? lab.querySelector('.fedlab-' + name))]);
                return {...Object.fromEntries(parts), seen};
            }"""
        )
    )


def test_a_phone_shows_one_column_that_does_not_slide_sideways_with_targets_for_thumbs(ran: Any) -> None:
    """390 x 844: the buttons, the chart, the controls, the map, the tabs. 40 px is about a fingertip."""
    page, lab = ran.page, ran.lab()
    at = resize(page, 390, 844)
    run = lab.root.locator(".fedlab-run")
    lab.root.get_by_role("tab", name="Runs").scroll_into_view_if_needed()
    expect(run).to_be_in_viewport(ratio=1)
    lab.root.evaluate("lab => lab.scrollIntoView()")
    column = [at[part] for part in ("transport", "plot", "controls", "map", "tabs")]
    assert all(above[3] <= below[1] for above, below in pairwise(column)), at
    assert all(at["lab"][0] <= left and right <= at["lab"][2] for left, _, right, _ in column), at
    wide = "one => one.closest('.jp-OutputArea-output').scrollWidth - one.closest('.jp-OutputArea-output').clientWidth"
    assert lab.root.evaluate(wide) <= 0
    small = lab.root.evaluate(
        """lab => {
            const boxes = "input:not([type=checkbox]), label:has([type=checkbox])";
            return [...lab.querySelectorAll(`button, select, [role=tab], ${boxes}`)]
                .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 40)
                .map((one) => one.outerHTML.slice(0, 120));
        }"""
    )
    assert small == []
    page.get_by_role("tab", name="Runs").scroll_into_view_if_needed()
    table = lab.root.locator(".fedlab-slides")
    assert table.evaluate("one => (one.scrollLeft = 1000, one.scrollLeft)") > 0, "what is cut can be slid into sight"


def test_beside_an_open_list_of_files_chart_controls_and_map_are_in_sight_together(ran: Any) -> None:
    """1024 x 768: all of the chart, and at least a third of the map and five controls (5 x 30 px) below it."""
    at = resize(ran.page, 1024, 768, files=True)
    bottom = at["seen"][3]
    assert at["plot"][3] < bottom
    assert at["controls"][1] + 150 < bottom
    top, end = at["map"][1], at["map"][3]
    assert top + (end - top) / 3 < bottom, at
    assert at["controls"][2] <= at["map"][0], "side by side"
