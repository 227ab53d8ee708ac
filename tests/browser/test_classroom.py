"""A class of two: a federation is started in one notebook, and two others join it with digits that are drawn there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytest.importorskip("flwr")

TEACHER = """\
from fedlab import Experiment
from fedlab_widgets import Classroom
room = Classroom(Experiment(parties=2, examples=100, model="softmax", rounds=4, local_epochs=10))
room"""
STUDENT = "from fedlab_widgets import DigitPad, join\npad = DigitPad()\npad"
SIGNS = {7: [(0.3, 0.2), (0.7, 0.2), (0.46, 0.86)], 1: [(0.5, 0.15), (0.5, 0.85)]}


def draw_and_keep(page: Any) -> None:
    """Draw each sign with the mouse, name it and keep it."""
    for number, (label, points) in enumerate(SIGNS.items(), 1):
        canvas = page.locator(".fedlab-digits canvas[tabindex]")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        page.mouse.move(*at[0])
        page.mouse.down()
        for x, y in at[1:]:
            page.mouse.move(x, y, steps=4)
        page.mouse.up()
        page.locator(f"button[data-label='{label}']").click()
        page.get_by_role("button", name="Keep", exact=True).click()
        expect(page.locator(".fedlab-kept-digits button")).to_have_count(number)


def test_digits_drawn_in_two_notebooks_are_learned_by_a_federation_in_a_third(
    open_notebook: Callable[..., Any],
) -> None:
    """Each party holds a 7 and a 1 and nothing else.

    The first weights have seen no digit: of two signs with different labels they read at most one right. The last
    model that the parties measure has three rounds of ten steps on two images each behind it, and reads both.
    """
    teacher = open_notebook([TEACHER])
    teacher.command("notebook:run-all-cells")
    teacher.page.get_by_role("button", name="Open the doors").click()
    codes = teacher.page.locator("td", has_text=re.compile("^fedlab1:"))
    expect(codes).to_have_count(2)
    students = []
    try:
        for number, code in enumerate(codes.all_text_contents()):
            student = open_notebook([STUDENT, f"party = join({code!r}, data=pad, name='student {number}')\nparty"])
            students.append(student)
            student.command("notebook:run-all-cells")
            agree = student.page.get_by_role("button", name="Yes, take part")
            agree.wait_for()
            expect(student.page.locator(".fedlab-classroom")).to_contain_text("What would leave")
            draw_and_keep(student.page)
            agree.click()
        head = teacher.page.locator(".fedlab-headline")
        expect(head).to_contain_text("Finished after 4 rounds")
        expect(teacher.page.locator(".fedlab-chart")).to_have_attribute(
            "aria-label", re.compile("after round 4|after 4")
        )
        for number, student in enumerate(students):
            expect(teacher.page.locator(".fedlab-classroom tbody th").nth(number)).to_have_text(f"student {number}")
            read = student.execute("print([one['shared model on own'] for one in party.membership.rounds])")
            before, *_, after = [float(one) for one in re.findall(r"[\d.]+", read)]
            assert before <= 0.5
            assert after == 1
            expect(student.page.locator(".fedlab-classroom")).to_contain_text("First row: some of your images")
            expect(student.page.locator(".fedlab-picture")).to_have_attribute(
                "alt", re.compile("the update that left last")
            )
            student.execute("party.close()")
    finally:
        teacher.execute("room.close()")
