"""A short tour in JupyterLab, by keyboard alone, as a learner takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

CELL = """from fedlab import Experiment
from fedlab_widgets import Lab, TourStep
tour = [
    TourStep("control-parties", "Take three parties.", done=lambda lab: lab.experiment.parties == 3),
    TourStep(".fedlab-chart", "Look at the plot."),
]
Lab(Experiment(parties=2, examples=50, model="softmax", rounds=1), controls=["parties"], tour=tour)"""


def test_a_tour_is_taken_left_and_taken_up_again_by_keyboard(open_notebook: Callable[..., Any]) -> None:
    notebook = open_notebook([CELL])
    notebook.run_all()
    page = notebook.page
    lab = page.locator(".fedlab-lab")
    tour, keys = lab.get_by_role("region", name="Tour"), page.keyboard
    expect(tour).to_contain_text("1 of 2")
    lit = lab.locator(".fedlab-lit")
    expect(lit).to_have_attribute("data-part", "control-parties")

    box = lit.locator(".fedlab-box")  # the lit part is the lab's own: it works as ever
    box.focus()
    keys.press("Control+A")
    keys.type("3")
    keys.press("Tab")
    expect(tour).to_contain_text("Done.")

    following = tour.get_by_role("button", name="Next")
    following.focus()
    keys.press("Enter")
    expect(tour).to_contain_text("2 of 2")
    expect(lit).to_have_count(1)
    expect(lit).to_contain_class("fedlab-chart")
    expect(tour.get_by_role("button", name="Finish")).to_be_focused()

    keys.press("Escape")
    expect(tour).not_to_contain_text("2 of 2", use_inner_text=True)
    expect(lit).to_have_count(0)
    again = tour.get_by_role("button", name="Tour")
    expect(again).to_be_focused()
    keys.press("Enter")
    expect(tour).to_contain_text("2 of 2", use_inner_text=True)
    expect(lit).to_contain_class("fedlab-chart")
    expect(tour.get_by_role("button", name="Finish")).to_be_focused()

    keys.press("Shift+Tab")
    keys.press("Enter")
    expect(tour).to_contain_text("1 of 2")
    expect(tour).to_contain_text("Done.")
