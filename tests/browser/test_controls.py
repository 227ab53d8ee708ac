"""Facts about the controls on a page: they are moved by mouse and by keyboard, and tell what they are set to."""

from __future__ import annotations

import os
import re
import signal
from typing import Any

from playwright.sync_api import Locator, expect


def around(control: Locator) -> Locator:
    """All of the control that a slider or a menu belongs to."""
    return control.locator("xpath=ancestor::*[contains(@class, 'fedlab-control')][1]")


def test_a_slider_moves_by_keyboard_and_its_box_follows(lab: Any) -> None:
    slider = lab.root.get_by_role("slider", name="parties K")
    slider.focus()
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "12")
    expect(lab.control("parties").locator(".fedlab-box")).to_have_value("12")
    expect(lab.heat_map).to_have_attribute("aria-label", re.compile("each of 12 parties"))


def test_the_heat_map_follows_a_slider_while_it_is_held(lab: Any) -> None:
    slider, page = lab.root.get_by_role("slider", name="parties K"), lab.root.page
    slider.scroll_into_view_if_needed()
    place, seen = slider.bounding_box(), []
    page.mouse.move(place["x"] + 0.1 * place["width"], place["y"] + place["height"] / 2)
    page.mouse.down()
    try:
        for share in (0.3, 0.2):
            page.mouse.move(place["x"] + share * place["width"], place["y"] + place["height"] / 2, steps=20)
            seen.append(lab.control("parties").locator(".fedlab-box").input_value())
            expect(lab.heat_map).to_have_attribute("aria-label", re.compile(f"each of {seen[-1]} parties"))
    finally:
        page.mouse.up()
    assert int(seen[0]) > int(seen[1]) > 10


def test_every_control_in_sight_tells_its_name_and_its_value(lab: Any) -> None:
    """A slider tells what stands in its box, and not its place, which a browser would tell: 0.05 is in place 2."""
    group = lab.root.get_by_role("button", name="parties and devices")
    group.click()
    lab.choose("partition", "Dirichlet (label skew)")
    lab.type("alpha", 0.05)
    lab.type("bandwidth", 20)
    sliders, menus = (lab.root.locator(".fedlab-panel").get_by_role(role) for role in ("slider", "combobox"))
    for slider in sliders.all():
        name = around(slider).locator("label").inner_text()
        box = around(slider).locator(".fedlab-box")
        expect(slider).to_have_accessible_name(name)
        expect(slider).to_have_attribute("aria-valuetext", re.compile(f"^{re.escape(box.input_value())}( |$)"))
        expect(box).to_have_accessible_name(re.compile(", typed$"))
        expect(slider).to_have_accessible_description(re.compile(r"\w"))
    for menu in menus.all():
        expect(menu).to_have_accessible_name(around(menu).locator("label").inner_text())
        expect(menu.locator("option:checked")).to_have_count(1)
    for name, value in [("parties K", "10"), ("alpha α", "0.05"), ("bandwidth", "20 megabits a second")]:
        expect(sliders.and_(lab.root.get_by_role("slider", name=name))).to_have_attribute("aria-valuetext", value)
    assert sliders.count() > 10
    assert menus.count() >= 3
    group.click()
    expect(lab.control("stragglers")).to_be_hidden()


def test_run_as_i_move_runs_and_the_run_before_turns_pale(lab: Any) -> None:
    lab.choose("model", "Softmax regression")
    lab.choose("partition", "Dirichlet (label skew)")
    lab.type("rounds", 2)
    follow = lab.root.get_by_role("checkbox", name="run as I move")
    follow.check()
    slider = lab.root.get_by_role("slider", name="alpha")
    slider.focus()
    pale = lab.root.locator(".fedlab-plot .fedlab-pale")
    slider.press("ArrowRight")
    lab.plots(r"FedAvg: [\d.]+% after 2 rounds")
    expect(pale).to_have_count(0)
    slider.press("ArrowRight")
    lab.plots(r"α = 1: [\d.]+% after 2 rounds; α = 2: [\d.]+% after 2 rounds")
    expect(pale).to_have_count(2)  # its accuracy and its loss
    for one in pale.all():
        expect(one).to_have_attribute("data-run", "0")
    slider.press("ArrowRight")
    lab.plots(r"α = 2: [\d.]+% after 2 rounds; α = 5: [\d.]+% after 2 rounds")
    expect(lab.root.locator(".fedlab-runs tr")).to_have_count(3)
    follow.uncheck()


def test_a_menu_moves_by_keyboard_and_the_notebook_stays_where_it_is(lab: Any) -> None:
    page, menu = lab.root.page, lab.control("partition").locator("select")
    cell = page.locator(".jp-Cell.jp-mod-active")
    page.locator(".jp-Cell", has=lab.root).locator(".jp-InputPrompt").click()
    before = cell.get_attribute("data-windowed-list-index")
    menu.focus()
    menu.press("ArrowDown")
    expect(menu).to_be_focused()
    expect(menu.locator("option:checked")).to_have_text("Dirichlet (label skew)")
    expect(lab.control("alpha")).to_be_visible()
    assert cell.get_attribute("data-windowed-list-index") == before


def test_groups_of_controls_open_and_close_with_the_keyboard(lab: Any) -> None:
    group = lab.root.get_by_role("button", name="parties and devices")
    expect(lab.control("stragglers")).to_be_hidden()
    group.focus()
    group.press("Enter")
    expect(lab.control("stragglers")).to_be_visible()
    lab.type("dropouts", 0.5)
    group.press("Enter")
    expect(lab.control("stragglers")).to_be_hidden()
    expect(group).to_contain_text("1 not as usual")
    lab.click("Reset")
    expect(group).not_to_contain_text("not as usual")


def test_a_sweep_says_its_values_and_not_that_the_controls_have_moved(lab: Any) -> None:
    lab.type("rounds", 1)
    lab.click("Step")
    lab.plots("after 1 rounds")
    lab.root.get_by_role("button", name="sweep learning rate: 0.001, 0.01, 0.1, 1").click()
    lab.control("learning_rate").locator(".fedlab-go").click()
    expect(lab.root.locator(".fedlab-note")).to_contain_text("Sweep: learning rate = 0.001, 0.01, 0.1, 1.")
    lab.plots("learning rate = 1: ")
    expect(lab.root.locator(".fedlab-moved")).to_be_empty()


def test_the_page_says_when_python_does_not_answer_and_takes_it_back_when_it_does(opened: Any, lab: Any) -> None:
    """It stands still for a while, so that no thread of its answers."""
    silent = lab.root.locator(".fedlab-silent")
    pid = int(opened.execute("import os; print(os.getpid())"))
    expect(silent).to_be_hidden()
    os.kill(pid, signal.SIGSTOP)
    try:
        lab.type("parties", 12)
        expect(silent).to_have_text(re.compile("Python does not answer"))
        expect(silent).to_be_visible()
    finally:
        os.kill(pid, signal.SIGCONT)
    expect(silent).to_be_hidden()
    expect(lab.heat_map).to_have_attribute("aria-label", re.compile("each of 12 parties"))
