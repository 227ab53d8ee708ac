"""Facts about the convergence chart in a browser: what pointing, keys and legend do, on a page without a kernel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page, expect

from fedlab import Experiment, Round
from fedlab_widgets import Lab
from fedlab_widgets.curves import Curves
from fedlab_widgets.saved import saved
from fedlab_widgets.session import Session
from fedlab_widgets.still import still

PAGE = """<!doctype html><body class="fedlab-lab" style="width: 660px"><style>%s</style><div id="here"></div>
<div class="fedlab-tabs"><button role="tab" aria-selected="true">Runs</button></div><script>
%s
const model = {values: {state: %s, rounds: %s}, sent: [], heard: {}, get(name) { return this.values[name]; },
  on(name, f) { (this.heard[name] ??= []).push(f); }, off() {}, send(message) { this.sent.push(message); }};
part.initialize({model});
part.render({model, el: document.getElementById("here")});
</script>"""


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Three seeds of FedAvg, 10 rounds each: accuracies first 0.5, 0.6 and 0.7, then 0.01 more each round."""
    session = Session(Experiment())
    curves = Curves(session)
    for seed in range(3):
        run = session.runs.begin(Experiment(seed=seed))
        for number in range(1, 11):
            accuracy = 0.5 + 0.1 * seed + 0.01 * (number - 1)
            run.history.append(Round(number, accuracy, 1 / number, 1.0, (), 10**6, 10**6, 0.1, None))
    curves.draw()
    chart = curves.view
    script = chart._esm.replace("export default", "const part =")
    file = tmp_path / "chart.html"
    file.write_text(PAGE % (chart._css, script, json.dumps(chart.state), json.dumps(chart.rounds)), encoding="utf-8")
    page = browser.new_page(viewport={"width": 700, "height": 600})
    page.goto(file.as_uri())
    yield page
    page.close()


def sent(page: Page) -> list[dict[str, Any]]:
    return list(page.evaluate("model.sent.filter(message => message.do !== 'have')"))


def test_the_name_tells_the_last_accuracy_of_each_run(page: Page) -> None:
    label = page.locator(".fedlab-chart").get_attribute("aria-label") or ""
    assert [f"seed = {seed}: {59 + 10 * seed}.0% after 10 rounds" in label for seed in range(3)] == [True] * 3


def test_keys_move_from_round_to_round_and_from_run_to_run_and_enter_selects(page: Page) -> None:
    plot, read = page.locator(".fedlab-plot"), page.locator(".fedlab-read")
    plot.focus()
    plot.press("Home")
    expect(read).to_contain_text("round 1: accuracy 50.0%, loss 1.000")
    plot.press("ArrowRight")
    plot.press("ArrowDown")
    expect(read).to_contain_text("round 2: accuracy 61.0%, loss 0.500")
    expect(page.locator("[aria-live]")).to_contain_text("round 2: accuracy 61.0%, loss 0.500")
    plot.press("Enter")
    assert sent(page) == [{"do": "select", "run": 1, "round": 2}]
    plot.press("End")
    expect(read).to_contain_text("round 10: accuracy 69.0%")


def test_enter_again_a_double_click_and_the_button_look_behind_the_chosen_round(page: Page) -> None:
    """The focus goes on to where it is shown; until a round is chosen, the button looks behind nothing."""
    plot, button = page.locator(".fedlab-plot"), page.locator(".fedlab-look")
    expect(button).to_be_hidden()
    plot.focus()
    for key in ("Home", "ArrowRight", "Enter"):
        plot.press(key)
    expect(button).to_have_text("look behind round 2")
    plot.press("Enter")
    expect(page.get_by_role("tab")).to_be_focused()
    plot.dblclick(position={"x": 300, "y": 60})
    button.click()
    acts = sent(page)
    assert [one["do"] for one in acts] == ["select", "look", "select", "select", "look", "look"]
    assert acts[1] == {"do": "look", "run": 0, "round": 2}
    assert acts[3]["round"] == acts[4]["round"] == acts[5]["round"]


def test_pointing_reads_the_nearest_point(page: Page) -> None:
    box = page.locator(".fedlab-plot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 40, box["y"] + 12)  # the end of the highest curve
    expect(page.locator(".fedlab-read")).to_contain_text("round 10: accuracy 79.0%")
    page.mouse.move(0, 0)
    expect(page.locator(".fedlab-read")).to_be_hidden()


def test_the_legend_hides_a_run_without_waiting_for_python(page: Page) -> None:
    page.locator(".fedlab-entry").nth(1).click()
    expect(page.locator(".fedlab-entry").nth(1)).to_have_attribute("aria-pressed", "false")
    assert "seed = 1" not in (page.locator(".fedlab-chart").get_attribute("aria-label") or "")
    assert sent(page) == [{"do": "hide", "run": 1, "shown": False}]


def test_a_band_is_the_mean_between_the_lowest_and_the_highest_seed(page: Page) -> None:
    page.get_by_role("button", name="band over seeds").click()
    plot = page.locator(".fedlab-plot")
    plot.focus()
    plot.press("Home")
    expect(page.locator(".fedlab-read")).to_contain_text("accuracy 60.0%")
    expect(page.locator(".fedlab-read")).to_contain_text("from 50.0% to 70.0%")
    page.locator(".fedlab-entry").nth(1).click()
    page.locator(".fedlab-entry").nth(2).click()
    expect(page.get_by_role("button", name="band over seeds")).to_be_hidden()


def test_a_round_that_arrives_is_drawn_and_one_before_a_gap_is_asked_for(page: Page) -> None:
    new = {"run": 0, "at": 10, "x": {"rounds": [11]}, "accuracy": [0.8], "loss": [0.1]}
    hear = "message => model.heard['msg:custom'].forEach(hear => hear(message))"
    page.evaluate(hear, {"append": new})
    expect(page.locator(".fedlab-chart")).to_have_attribute("aria-label", re.compile("80.0% after 11"))
    page.evaluate("model.sent.length = 0")
    page.evaluate(hear, {"append": new | {"at": 13}})
    assert page.evaluate("model.sent") == [{"do": "have", "rounds": {"0": 11, "1": 10, "2": 10}}]


def test_the_table_holds_the_numbers(page: Page) -> None:
    page.get_by_role("button", name="as a table").click()
    expect(page.locator("tbody tr")).to_have_count(10)
    expect(page.locator("tbody tr").first).to_contain_text("50.0%")


def test_a_saved_notebook_answers_without_kernel_and_network(browser: Browser, tmp_path: Path) -> None:
    """What a lab leaves beside itself after a run, exported by nbconvert, which draws no widgets without state."""
    lab = Lab(Experiment(parties=3, examples=300, rounds=2, model="softmax"))
    accuracy = lab.run().rounds[-1].test_accuracy
    png, about = still(lab._session)
    output = nbformat.v4.new_output("display_data", {"text/html": saved(lab._curves.view, png, about["alt"])})
    lab.close()
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("lab", outputs=[output], execution_count=1)])
    file = tmp_path / "saved.html"
    file.write_text(HTMLExporter().from_notebook_node(made)[0], encoding="utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(file.as_uri(), wait_until="commit")
    box = page.locator(".fedlab-plot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 25, box["y"] + 60)
    expect(page.locator(".fedlab-read")).to_contain_text(f"round 2: accuracy {accuracy:.1%}")
    expect(page.get_by_text("The controls need a kernel")).to_be_visible()
    context.close()
