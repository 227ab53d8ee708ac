"""What lesson 01 says of seeds that its cells do not train is what its result file says."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks.common import RESULTS
from fedlab.lessons import build


@pytest.fixture(scope="module")
def lesson() -> str:
    """The text of the lesson, in one line."""
    source = (build.SOURCES / "01_six_steps.py").read_text(encoding="utf-8")
    return " ".join(re.sub(r"^# ?", "", source, flags=re.MULTILINE).split())


def leads(images: str, ahead: str, behind: str) -> list[float]:
    """By how many points one code is ahead of the other, by seed."""
    found = json.loads((RESULTS / "lesson_01.json").read_text(encoding="utf-8"))["results"]
    return [one[ahead] - one[behind] for one in found if one["images"] == images]


@pytest.mark.parametrize(
    ("images", "ahead", "behind", "words"),
    [
        ("alike", "mistakes", "mended", "by a point here and by {} to {} points with the seeds 0 to 4"),
        ("sorted", "mended", "mistakes", "{} to {} points ahead with the seeds 0 to 4"),
    ],
)
def test_the_leads_over_five_seeds_are_those_measured(
    lesson: str, images: str, ahead: str, behind: str, words: str
) -> None:
    found = leads(images, ahead, behind)
    assert len(found) == 5
    assert min(found) > 0  # with every seed
    assert words.format(round(min(found)), round(max(found))) in lesson


def test_the_steps_of_both_codes_are_as_many_as_the_lesson_says(lesson: str) -> None:
    """1,000 images in batches of 32 are 32 steps (the last one of 8 images); five epochs of them are 160."""
    steps = 5 * -(-1_000 // 32)
    assert f"{3 * steps} steps, each from where the last one ended" in lesson
    assert f"takes {steps} steps at each party" in lesson
