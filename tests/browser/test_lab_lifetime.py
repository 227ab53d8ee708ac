"""Facts about the life of a lab: what interrupts, restarts and second runs of its cell leave behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

LAB = "from fedlab_widgets import Lab\nlab = Lab()\nlab"
BIG = (
    "from fedlab import Experiment\nfrom fedlab_widgets import Lab\n"
    "big = Lab(Experiment(examples=60000, local_epochs=300, model='softmax'))\nbig"
)


@pytest.fixture(scope="module")
def opened(open_notebook: Callable[..., Any]) -> Any:
    """Two labs in one notebook: a big one that trains for minutes, and an ordinary one."""
    notebook = open_notebook([BIG, LAB])
    notebook.command("notebook:run-all-cells")
    settle(notebook)
    return notebook


def settle(notebook: Any) -> None:
    """Wait until both labs are there."""
    for number in (0, 1):
        notebook.lab(number).says(r"Ready\.$")


def test_two_labs_in_one_notebook_do_not_disturb_each_other(opened: Any) -> None:
    big, small = opened.lab(0), opened.lab(1)
    big.click("Run")
    big.says("Round 1")
    small.type("rounds", 1)
    small.click("Run")
    small.plots("after 1 rounds")
    big.says("Round 1")
    big.plots("no run yet")
    big.click("Stop")  # a click on Run that came too late would start what the next test stops
    big.says("Ready")


def test_an_interrupt_of_the_idle_kernel_stops_training(opened: Any) -> None:
    big = opened.lab(0)
    big.click("Run")
    big.says("Round 1")
    opened.interrupt()
    big.says("Ready")
    assert opened.training() == "[]"


def test_an_interrupt_of_a_running_cell_stops_training(opened: Any) -> None:
    big = opened.lab(0)
    big.click("Run")
    big.says("Round 1")
    opened.execute("import time; time.sleep(1000)", wait=False)
    opened.interrupt()
    big.says("Ready")
    assert opened.training() == "[]"


def test_running_the_cell_again_replaces_its_lab_and_ends_its_training(opened: Any) -> None:
    big = opened.lab(0)
    big.click("Run")
    big.says("Round 1")
    opened.command("notebook:run-all-cells")
    opened.page.wait_for_timeout(300)
    opened.execute("pass")  # comes after the cells: the old labs are gone
    settle(opened)
    assert opened.training() == "[]"
    expect(opened.page.locator(".fedlab-lab")).to_have_count(2)
    labs = (
        "import gc; gc.collect(); from fedlab_widgets import Lab; "
        "print(sum(isinstance(one, Lab) for one in gc.get_objects()))"
    )
    assert opened.execute(labs) == "2"
    small = opened.lab(1)
    small.type("rounds", 1)
    small.click("Run")
    small.plots("after 1 rounds")


def test_closing_a_lab_ends_its_training_and_keeps_its_histories(opened: Any) -> None:
    opened.lab(1)
    assert opened.execute("lab.close(); print(len(lab.histories))") == "1"
    expect(opened.page.locator(".fedlab-lab")).to_have_count(1)


def test_a_kernel_restarts_in_the_middle_of_a_round(opened: Any) -> None:
    big = opened.lab(0)
    big.click("Run")
    big.says("Round 1")
    opened.restart()
    assert opened.execute("print('lab' in globals())") == "False"
    opened.command("notebook:run-all-cells")
    opened.page.wait_for_timeout(300)
    small = opened.lab(1)
    small.says("Ready")
    small.type("rounds", 2)  # the page still sends to a thread of the kernel before
    small.click("Run")
    small.plots("after 2 rounds")
