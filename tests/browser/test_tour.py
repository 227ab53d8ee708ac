"""A short tour in JupyterLab, by keyboard alone, as a learner takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, expect

from fedlab.lessons import build

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


def test_each_stop_of_lesson_00_waits_until_its_thing_is_done(open_notebook: Callable[..., Any]) -> None:
    """From the first guess to one number behind the accuracy; at each stop what is lit is in the lab."""
    notebook = open_notebook(made=build.student("00_start_here"))
    notebook.run_all()
    lab = notebook.lab()

    def predict(number: int) -> None:
        lab.root.get_by_placeholder("0 to 100").fill(str(number))
        lab.root.get_by_role("button", name="This is my prediction").click()

    def run() -> None:
        lab.click("Run")
        lab.says("Round")
        lab.says("Finished after 10 of 10")

    def skew() -> None:
        lab.type("alpha", 0.1)
        predict(60)
        run()

    def step_through() -> None:
        lab.root.get_by_text("the federation", exact=True).click()
        for name in ("upload", "aggregate", "send back"):
            lab.root.get_by_role("button", name="next step").click()
            expect(lab.root.locator(".fedlab-steps [aria-current=step]")).to_contain_text(name)

    plot: Locator = lab.root.locator(".fedlab-plot")
    stops = [
        lambda: predict(50),
        run,
        lambda: plot.click(position={"x": 300, "y": 60}),
        lambda: lab.choose("partition", "Dirichlet (label skew)"),
        lambda: lab.type("alpha", 100),
        skew,
        step_through,
        lambda: lab.root.locator(".fedlab-look").click(),
    ]
    tour = lab.root.get_by_role("region", name="Tour")
    for number, do in enumerate(stops, 1):
        expect(tour).to_contain_text(f"{number} of {len(stops)}")
        expect(tour.get_by_role("button", name="Skip")).to_be_visible()
        expect(lab.root.locator(".fedlab-lit")).to_have_count(1)
        do()
        expect(tour).to_contain_text("Done.")
        tour.get_by_role("button", name="Finish" if number == len(stops) else "Next").click()
    expect(tour).not_to_contain_text("of 8", use_inner_text=True)
    expect(lab.root.locator(".fedlab-sum")).to_contain_text(" = ")
    notebook.close()
