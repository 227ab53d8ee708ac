"""Facts about the lab in JupyterLab, from the first curve on, all in one kernel."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect


def test_the_cell_of_a_lab_runs_without_an_error(opened: Any) -> None:
    opened.lab()
    expect(opened.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_attached()
    expect(opened.page.locator("[data-mime-type='application/vnd.jupyter.error']")).to_have_count(0)
    expect(opened.page.locator("[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)


def test_a_run_draws_a_curve_that_passes_80_percent(lab: Any) -> None:
    before = lab.plot.get_attribute("aria-label")
    lab.click("Run")
    lab.says("Finished after 20 of 20")
    lab.plots("after 20 rounds")
    assert lab.plot.get_attribute("aria-label") != before
    assert lab.accuracies()["FedAvg"] > 80


def test_fedprox_is_drawn_over_fedavg_and_the_legend_says_what_differs(lab: Any) -> None:
    lab.type("rounds", 2)
    lab.click("Run")
    lab.says("Finished")
    lab.choose("algorithm", "FedProx")
    lab.type("mu", 0.5)
    expect(lab.root.locator(".fedlab-moved")).to_contain_text("have moved")
    expect(lab.root.locator(".fedlab-frame-moved")).to_be_visible()
    lab.click("Run")
    lab.plots(r"FedAvg: [\d.]+% after 2 rounds; FedProx, μ = 0.5: [\d.]+% after 2 rounds")
    expect(lab.root.locator(".fedlab-moved")).to_be_empty()
    rows = lab.root.locator(".fedlab-runs tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_contain_text("FedProx, μ = 0.5")


def test_run_takes_what_was_typed_just_before_the_click(lab: Any) -> None:
    lab.choose("partition", "Dirichlet (label skew)")
    lab.type("rounds", 1)
    labels = []
    for alpha in (0.2, 0.3, 0.4, 0.5):
        lab.type("alpha", alpha)
        lab.click("Run")
        labels.append(f"α = {alpha}")
        lab.plots(f"{labels[-1] if len(labels) > 1 else 'FedAvg'}: [\\d.]+% after 1 rounds")
    assert list(lab.accuracies()) == labels


def test_the_heat_map_follows_alpha_before_any_training(lab: Any) -> None:
    lab.choose("partition", "Dirichlet (label skew)")
    lab.type("alpha", 100)
    expect(lab.heat_map).to_have_attribute("aria-label", re.compile(r"holds (9\.\d|10\.0) of the 10 labels"))
    even = lab.heat_map.screenshot()
    lab.type("alpha", 0.01)
    expect(lab.heat_map).to_have_attribute("aria-label", re.compile(r"holds [12]\.\d of the 10 labels"))
    assert lab.heat_map.screenshot() != even
    lab.plots("no run yet")


def test_bad_input_is_told_beside_its_control_and_the_curves_stay(lab: Any) -> None:
    lab.type("rounds", 1)
    lab.click("Run")
    lab.plots("after 1 rounds")
    curves = lab.plot.get_attribute("aria-label")
    lab.type("parties", 0)
    expect(lab.control("parties").locator("[role=alert]")).to_contain_text("must be a whole number from 1 to")
    lab.click("Run")
    expect(lab.root.locator(".fedlab-complaint").first).to_contain_text("A control is not right yet")
    lab.type("parties", 6000)
    expect(lab.control("parties").locator("[role=alert]")).to_contain_text("6,000 parties cannot share 5,000 examples")
    assert lab.plot.get_attribute("aria-label") == curves
    lab.type("parties", 10)
    expect(lab.control("parties").locator("[role=alert]")).to_have_count(0)


def test_step_trains_one_round_at_a_time(lab: Any) -> None:
    for rounds in (1, 2):
        lab.click("Step")
        lab.plots(f"after {rounds} rounds")
        lab.says(f"Round {rounds} of 20 done")


def test_a_paused_run_stands_still_and_then_goes_on(lab: Any) -> None:
    lab.type("rounds", 1000)
    lab.click("Run")
    lab.plots("after")
    lab.click("Pause")
    lab.says("Paused in round")
    standing = lab.status.inner_text()
    lab.root.page.wait_for_timeout(1000)  # ten rounds' time
    assert lab.status.inner_text() == standing
    lab.click("Pause")
    lab.says("^Round")
    lab.click("Stop")
    lab.says("Stopped after")


def test_stop_ends_a_round_that_would_take_minutes(lab: Any) -> None:
    lab.type("examples", 60000)
    lab.type("local_epochs", 300)
    lab.click("Run")
    lab.says("Round 1")
    lab.click("Stop")
    lab.says("Ready")
    lab.plots("no run yet")


def test_the_lab_answers_while_a_cell_is_running(opened: Any, lab: Any) -> None:
    lab.type("rounds", 1000)
    opened.execute("import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.1)", wait=False)
    try:
        lab.click("Run")
        lab.plots("after")
        lab.click("Stop")
        lab.says("Stopped")
        lab.type("parties", 11)
        expect(lab.heat_map).to_have_attribute("aria-label", re.compile("each of 11 parties"))
    finally:
        (opened.folder / "go").touch()
    assert opened.execute("print('the cell is over')") == "the cell is over"


def test_the_curves_are_drawn_against_bytes_on_request(lab: Any) -> None:
    lab.click("Step")
    lab.plots("against round.*after 1 rounds")
    lab.root.get_by_role("button", name="megabytes sent").click()
    lab.plots("against megabytes sent")
    lab.root.get_by_role("button", name="round", exact=True).click()
    lab.plots("against round")


def test_a_link_brings_its_settings_back_and_a_damaged_one_says_so(lab: Any) -> None:
    lab.type("parties", 17)
    lab.root.get_by_role("tab", name="Link").click()
    shown = lab.root.locator(".fedlab-link")
    expect(shown).to_contain_text("parties=17")
    link = shown.inner_text()
    lab.type("parties", 3)
    paste = lab.root.locator(".fedlab-paste input")
    paste.fill(link)
    paste.press("Enter")
    expect(lab.control("parties").locator(".fedlab-box")).to_have_value("17")
    paste.fill(link.replace("17", "18"))
    paste.press("Enter")
    expect(lab.root.get_by_text("This link is damaged")).to_be_visible()
    lab.root.get_by_role("tab", name="Runs").click()


def test_the_saved_notebook_holds_what_was_run(opened: Any, lab: Any) -> None:
    """Beside the lab, which no page without a kernel can show; as long as the lab is there, it is hidden."""
    lab.click("Step")
    lab.plots("after 1 rounds")
    lab.says("Round 1 of 20 done")
    saved = lab.root.page.locator(".fedlab-saved")
    expect(saved.locator("p")).to_have_count(1)
    expect(saved).to_be_hidden()
    accuracy = lab.accuracies()["FedAvg"]
    for _ in range(100):
        opened.command("docmanager:save")  # again, until what the kernel has sent for it is in the page
        texts = [path.read_text() for path in opened.folder.glob("*.ipynb")]
        if any(f"FedAvg: {accuracy}% after 1 rounds" in text for text in texts):
            return
        lab.root.page.wait_for_timeout(200)
    raise AssertionError(texts)


def test_what_a_run_gave_can_be_downloaded(lab: Any) -> None:
    page: Page = lab.root.page
    lab.click("Step")
    lab.plots("after 1 rounds")
    kinds = {"CSV": b"number,test_accuracy", "JSON": b"{", "PNG": b"\x89PNG", "weights": b"PK", "Keras model": b"PK"}
    for kind, begins in kinds.items():
        lab.root.get_by_role("button", name=f"Save {kind}").click()
        ending = {"weights": "npz", "Keras model": "keras"}.get(kind, kind.lower())
        link = lab.root.get_by_role("link", name=re.compile(f"Download .*{ending}"))
        with page.expect_download() as download:
            link.click()
        assert download.value.path().read_bytes().startswith(begins)


OWN = """
from fedlab import Experiment
from fedlab.algorithms import FedAvg
from fedlab.partitions import Partition
from fedlab.settings import setting
from fedlab_widgets import Lab

class Cautious(FedAvg):
    trust: float = setting(0.5, "How far the server goes along.", symbol="τ", low=0.0, high=1.0)
    def step(self, w, mean, share, server):
        return w + self.trust * mean[0], server

class OneDigit(Partition):
    def assign(self, labels, parties, rng):
        return [[]][parties]

Lab(Experiment(rounds=2), controls=["algorithm", "trust", "partition"], algorithms=[Cautious], partitions=[OneDigit])
"""


def test_classes_of_ones_own_are_chosen_run_and_refused_beside_their_menu(open_notebook: Callable[..., Any]) -> None:
    notebook = open_notebook([OWN])
    notebook.command("notebook:run-all-cells")
    lab = notebook.lab()
    lab.choose("partition", "OneDigit")
    expect(lab.control("partition").locator("[role=alert]")).to_contain_text("OneDigit.assign stopped with IndexError")
    lab.click("Run")
    expect(lab.root.locator(".fedlab-complaint").first).to_contain_text("A control is not right yet")
    lab.choose("partition", "IID (everyone alike)")
    lab.choose("algorithm", "Cautious")
    lab.type("trust", 0.25)
    lab.click("Run")
    lab.plots(r"Cautious: [\d.]+% after 2 rounds")
    assert notebook.execute("import sys; print('tensorflow' in sys.modules)") == "False"
