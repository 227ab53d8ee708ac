"""A setting describes itself once; a bad value gets one sentence in the learner's words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from fedlab.settings import About, InvalidSetting, Settings, setting, settings_of, unknown_setting


class Oven(Settings):
    """What is baked, as an example of settings that have nothing to do with the kit's own."""

    heat: float = setting(180.0, "Hotter is faster.", symbol="T", low=0.5, high=300.0, slider=(50, 250))
    loaves: int = setting(2, "More loaves, more bread.", low=1, high=2_000_000)


def test_a_setting_tells_its_range_symbol_lesson_and_slider() -> None:
    about = settings_of(Oven)["heat"]
    assert (about.symbol, about.lesson, about.low, about.high) == ("T", "Hotter is faster.", 0.5, 300.0)
    assert list(about.shown_range) == [50, 250]
    assert list(settings_of(Oven)["loaves"].shown_range) == [1, 2_000_000]
    assert list(settings_of(Oven)) == ["heat", "loaves"]


def test_a_setting_without_a_range_has_no_slider() -> None:
    with pytest.raises(ValueError, match=r"needs a low and a high"):
        print(About("", "", choices=("a", "b")).shown_range)


@pytest.mark.parametrize(
    ("about", "kind", "words"),
    [
        (About("", "", low=0.5, high=300.0), float, "a number from 0.5 to 300"),
        (About("", "", low=1, high=2_147_483_647), int, "a whole number from 1 to 2147483647"),
        (
            About("", "", low=1, high=9, choices=(3, "all")),
            "int | Literal['all']",
            "a whole number from 1 to 9, or all",
        ),
        (About("", "", choices=("iid", "dirichlet")), str, "one of iid, dirichlet"),
    ],
)
def test_the_allowed_values_in_words(about: About, kind: object, words: str) -> None:
    assert about.allowed(kind) == words


@pytest.mark.parametrize("heat", [0.5, 300, 180.25, "20", 0.5000001])
def test_both_ends_of_the_range_are_allowed(heat: Any) -> None:
    assert Oven(heat=heat).heat == float(heat)


@pytest.mark.parametrize(
    "heat", [0.4999, 300.1, -1, math.nan, math.inf, -math.inf, "hot", None, [20], "", "nan", "inf"]
)
def test_anything_else_gets_one_sentence_with_the_value_and_the_range(
    heat: Any, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(InvalidSetting, match=r"^heat is .*, but it must be a number from 0\.5 to 300\.$") as caught:
        Oven(heat=heat)
    assert caught.value.setting == "heat"
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("loaves", [1.5, 0, 2_000_001, "1.5", math.nan])
def test_a_whole_number_is_asked_for_where_one_is_needed(loaves: Any) -> None:
    with pytest.raises(InvalidSetting, match=r"loaves is .*, but it must be a whole number from 1 to 2000000"):
        Oven(loaves=loaves)


def test_a_misspelt_name_gets_the_nearest_one() -> None:
    with pytest.raises(InvalidSetting, match=r"^Oven has no setting hear: did you mean heat\?$") as caught:
        Oven(**{"hear": 3})
    assert caught.value.setting == "hear"


def test_a_name_like_no_other_gets_all_of_them() -> None:
    assert str(unknown_setting("zzz", ["heat", "loaves"], "Oven")) == "Oven has no setting zzz: it has heat, loaves."


def test_settings_never_change() -> None:
    with pytest.raises(ValueError, match=r"frozen"):
        setattr(Oven(), "heat", 20)  # noqa: B010 - a type checker would refuse the assignment
    assert Oven(heat=20) == Oven(heat=20.0) != Oven()
    assert hash(Oven(heat=20)) == hash(Oven(heat=20.0))
