"""Every lesson in JupyterLab, taken as a learner takes it: run the page, predict, do the tasks, answer the exercises.

Nothing here knows any one lesson: what there is to do is found on the page.
"""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from fedlab.lessons import build

pytestmark = pytest.mark.timeout(1_500)  # a whole lesson is walked before the first fact about it: ten runs and more
LONGEST = 300  # seconds that a task of a lesson may train on a slow machine
CHECK = re.compile(r"(\w+)\.(check_\w+)\((\w+)\)")  # a check's module, as the lesson names it; the check; the answer


@dataclass
class Walk:
    """A lesson that is open, with all its cells run from the top."""

    name: str
    notebook: Any

    @property
    def page(self) -> Any:
        return self.notebook.page

    def answer_what_is_asked(self) -> None:
        """Answer all questions that are open: with the first choice, or the number in the middle."""
        buttons = self.page.locator("button:enabled", has_text="This is my prediction")
        while buttons.count():
            button = buttons.first.element_handle()
            row = buttons.first.locator("xpath=..")
            if row.locator("input[type=radio]").count():
                row.locator("input[type=radio]").first.check()
            else:
                box = row.locator("input")
                low, high = map(float, re.findall(r"[\d.]+", box.get_attribute("placeholder") or ""))
                box.fill(f"{(low + high) / 2:g}")
            button.click()
            self.page.wait_for_function("button => button.disabled || !button.isConnected", arg=button)

    def do(self, lab: Any, task: Locator) -> None:
        """Let the lab be set up for a task, and run it. A question may come at any time; Run is then locked."""
        task.locator(".widget-html").click()  # of many tasks, one that is not the next is folded
        task.get_by_role("button", name="Set this up for me").click()
        expect(lab.root.locator(".fedlab-note", has_text="ress Run")).to_be_visible()
        run, stop = lab.root.locator(".fedlab-run"), lab.root.locator(".fedlab-stop")
        done, began = task.locator(".fedlab-done"), time.monotonic()
        while not done.count() and time.monotonic() - began < LONGEST:
            self.answer_what_is_asked()
            if stop.is_disabled():
                run.evaluate("button => button.click()")  # which a locked button takes no notice of
            self.page.wait_for_timeout(100)
        expect(done).to_be_visible()


@pytest.fixture(scope="module", params=build.names())
def walk(request: pytest.FixtureRequest, open_notebook: Callable[..., Any]) -> Iterator[Walk]:
    notebook = open_notebook(made=build.student(request.param))
    notebook.run_all()
    yield Walk(request.param, notebook)
    notebook.close()


def test_tasks_and_questions_lead_to_the_claims_of_the_lesson(walk: Walk) -> None:
    """All tasks that the lab can set up are done, one after the other; the claims are then there by themselves."""
    walk.answer_what_is_asked()
    labs = walk.page.locator(".fedlab-lab")
    for number in range(labs.count()):
        tasks = labs.nth(number).locator(".fedlab-task", has_text="Set this up for me")
        for place in range(tasks.count()):
            walk.do(walk.notebook.lab(number), tasks.nth(place))
    walk.answer_what_is_asked()
    for claims in walk.page.locator(".fedlab-claims").all():
        expect(claims).to_contain_text("✓")
        expect(claims).not_to_contain_text(re.compile("[○✗]"))
    shown = walk.notebook.outputs()
    assert any("✓" in text for text in shown)
    assert not [text for text in shown if "✗" in text]


def test_each_exercise_refuses_a_wrong_answer_and_takes_the_right_one(walk: Walk) -> None:
    """The wrong one is the first of those that its check knows, or a function that returns 0."""
    cells = [cell for cell in build.solved(walk.name).cells if cell.metadata.get("nbgrader")]
    for hole, check in zip(cells[::2], cells[1::2], strict=True):
        for answer, sign in ((wrong_answer(walk, check.source), "✗"), (hole.source, "✓")):
            walk.notebook.run_cell(hole.id, answer)
            said = walk.notebook.run_cell(check.id)
            assert said.startswith(sign), f"{check.source}: {said}"


def wrong_answer(walk: Walk, check: str) -> str:
    """Code that answers an exercise wrongly. check: the code of its check cell."""
    _, name, answer = CHECK.search(check).groups()  # type: ignore[union-attr]
    module = f"fedlab.lessons.checks_{walk.name[:2]}"
    if getattr(importlib.import_module(module), name).wrong:
        return f"from {module} import {name}\n{answer} = next(iter({name}.wrong.values()))"
    return f"def {answer}(*given):\n    return 0"


def test_nothing_went_wrong_on_the_page(walk: Walk) -> None:
    """After all that was done: no error, nothing on the error stream, no complaint of a lab."""
    assert walk.notebook.outputs("error") == []
    assert walk.notebook.outputs("stderr") == []
    assert [one.inner_text() for one in walk.page.locator(".fedlab-complaint:visible").all()] == []


def test_the_page_has_no_horizontal_scrollbar_on_a_small_screen(walk: Walk) -> None:
    """With the file list open, as JupyterLab begins: neither the page, nor anything in a lab. Code may be wider."""
    walk.page.set_viewport_size({"width": 1024, "height": 768})
    walk.page.wait_for_timeout(500)
    too_wide = walk.page.evaluate(
        """() => {
            const page = document.querySelector('.jp-NotebookPanel-notebook');
            const isScrolled = one => one.clientWidth && one.scrollWidth > one.clientWidth + 1
                && ['auto', 'scroll'].includes(getComputedStyle(one).overflowX);
            return [page, ...page.querySelectorAll('.jp-WindowedPanel-outer, .fedlab-lab, .fedlab-lab *')]
                .filter(isScrolled)
                .map(one => `${one.scrollWidth} in ${one.clientWidth}: ${one.className} ${one.innerText.slice(0, 50)}`);
        }"""
    )
    assert too_wide == []
