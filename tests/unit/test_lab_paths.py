"""The map of two parties as a learner moves it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fedlab.lessons.two_parties import TWO
from fedlab_widgets.paths import Paths


@pytest.fixture(scope="module")
def paths() -> Iterator[Paths]:
    shown = Paths(TWO, epochs=(1, 20))
    yield shown
    shown.close()


def test_with_one_epoch_accuracy_rises_and_with_twenty_it_falls(paths: Paths) -> None:
    paths.show(1)
    assert "it rose by" in paths._text.value
    paths.show(20)
    assert "it fell by" in paths._text.value
    assert "After 500 local steps (E = 20)" in paths._text.value


def test_the_step_is_told_and_drawn(paths: Paths) -> None:
    paths.show(20)
    whole = paths._picture.png
    paths.show(20, 60)
    assert "After 60 of 500 local steps" in paths._text.value
    assert paths._picture.png != whole
    assert 'alt="After 60 of 500 local steps' in paths._picture.view.value


def test_another_e_shows_its_whole_round(paths: Paths) -> None:
    paths.show(20, 60)
    paths.show(1)
    assert (paths._step.value, paths._step.max, paths._play.max) == (25, 25, 25)


def test_the_same_place_is_the_same_picture(paths: Paths) -> None:
    paths.show(20, 60)
    first = paths._picture.png
    paths.show(1)
    paths.show(20, 60)
    assert paths._picture.png == first


def test_a_page_without_a_kernel_gets_the_picture_and_a_sentence(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEDLAB_CHECK", raising=False)
    data, about = paths._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"].startswith("Two parties' paths")
    assert about["image/png"]["alt"]


def test_play_begins_anew_where_no_whole_frame_is_left(paths: Paths) -> None:
    """With E = 20 a frame is 20 of 500 steps: 485 and 20 are too many."""
    paths.show(20)
    paths._play.value = 485
    paths._play.playing = True
    assert paths._play.value == 0
    paths._play.value = 480
    paths._play.playing = False
    paths._play.playing = True
    assert paths._play.value == 480
