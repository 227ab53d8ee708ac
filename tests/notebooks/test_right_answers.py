"""Right answers to the exercises that one would not expect; `right_05.py` and the next ones hold them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fedlab.lessons import checks_06

from . import right_05, right_06, right_07, right_08, right_09, right_10, right_11, right_12

RIGHT: list[tuple[Any, Any]] = [
    *right_05.RIGHT, *right_06.RIGHT, *right_07.RIGHT, *right_08.RIGHT, *right_09.RIGHT, *right_10.RIGHT,
    *right_11.RIGHT, *right_12.RIGHT,
]  # fmt: skip


@pytest.mark.parametrize(("judge", "answer"), RIGHT, ids=[answer.__name__ for _, answer in RIGHT])
def test_a_right_answer_of_another_kind_passes(
    judge: Callable[[Any], None], answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(answer)
    assert capsys.readouterr().out.startswith("✓ Right. ")


def test_lesson_06s_budget_cannot_be_met_without_a_code() -> None:
    """8 s of a round go up: two rounds take more than 16 s with one epoch already, and one round is not enough."""
    for epochs in (1, 5, 10):
        choice = checks_06.ASKED.with_(local_epochs=epochs, rounds=2)
        assert checks_06.clock_of(choice) > checks_06.SECONDS
