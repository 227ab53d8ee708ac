"""The pad: what is drawn, kept, read along and made a party's data, as the page tells Python."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment
from fedlab_widgets import DigitPad, Lab

ONE = [[[0.5, 0.1], [0.5, 0.9]]]
TINY = Experiment(parties=2, examples=60, model="softmax", rounds=2)


def says(pad: DigitPad, act: str, **values: Any) -> None:
    pad._paper._handle_custom_msg({"do": act, **values}, [])


def read(pad: DigitPad) -> list[float]:
    """How sure the model is of each digit; empty if none reads along."""
    return list(pad._paper.state["bars"] or [])


@pytest.fixture
def pad() -> Iterator[DigitPad]:
    pad = DigitPad()
    yield pad
    pad.close()


def test_a_digit_that_is_drawn_named_and_kept_is_in_x_and_y(pad: DigitPad) -> None:
    says(pad, "draw", strokes=ONE)
    assert pad.image is not None
    drawn = pad.image.copy()
    says(pad, "label", label=1)
    says(pad, "keep")
    assert pad.x.shape == (1, 28, 28)
    assert np.array_equal(pad.x[0], drawn)
    assert pad.y.tolist() == [1]
    assert not pad._paper.state["image"]
    assert pad._paper.state["wiped"] == 1
    says(pad, "remove", at=0)
    assert len(pad.x) == len(pad.y) == 0


def test_what_is_missing_is_said_and_nothing_is_kept(pad: DigitPad) -> None:
    says(pad, "keep")
    assert "Nothing is drawn yet" in pad._paper.state["complaint"]
    says(pad, "draw", strokes=ONE)
    says(pad, "keep")
    assert "Which digit is it?" in pad._paper.state["complaint"]
    assert len(pad.x) == 0
    pad.take_part()
    assert "kept no digit yet" in pad._paper.state["complaint"]


def test_the_file_is_what_a_party_of_a_federation_brings(pad: DigitPad, tmp_path: Path) -> None:
    says(pad, "draw", strokes=ONE)
    says(pad, "label", label=1)
    says(pad, "keep")
    pad.save(tmp_path / "mine.npz")
    with np.load(tmp_path / "mine.npz", allow_pickle=False) as file:
        assert file["x"].dtype == np.uint8
        assert file["y"].tolist() == [1]


def test_the_model_of_the_labs_run_reads_along() -> None:
    lab = Lab(TINY)
    pad = DigitPad(lab)
    says(pad, "draw", strokes=ONE)
    assert not read(pad)
    lab.run()
    for _ in range(200):  # the pad is told of the last round at the same time as the one who waits for it
        if "run 1 after round 2" in pad._paper.state["asked"]:
            break
        time.sleep(0.05)
    assert "run 1 after round 2" in pad._paper.state["asked"]
    bars = read(pad)
    assert sum(bars) == pytest.approx(1)
    lab._session.select(run=0, round=1)
    assert "run 1 after round 1" in pad._paper.state["asked"]
    assert read(pad) != bars
    pad.close()
    lab.close()


def test_made_ones_data_the_digits_are_a_party_of_a_lab_and_are_learned() -> None:
    """One softmax step on 40 digits that all look alike: the shared model then reads them."""
    lab = Lab(TINY)
    pad = DigitPad(lab)
    for _ in range(40):
        says(pad, "draw", strokes=ONE)
        says(pad, "label", label=7)
        says(pad, "keep")
    says(pad, "mine")
    assert pad.own_lab is not None
    assert pad.own_lab.experiment.parties == 3
    assert pad.own_lab._session.selected["party"] == 2
    pad.own_lab.run()
    assert "Read right of the digits below: 40 of 40" in pad._paper.state["asked"]
    pad.close()
    lab.close()
