"""What a lesson shows: live source, formulas beside their lines, figures with words."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.figure import Figure

from fedlab import reference
from fedlab_widgets import lesson


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What is handed to the page: data and metadata."""
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    monkeypatch.setattr(lesson, "display", lambda data, metadata=None, raw=False: found.append((data, metadata or {})))
    monkeypatch.delenv("FEDLAB_CHECK", raising=False)
    return found


def test_source_is_shown_under_the_name_of_its_file(shown: list[Any]) -> None:
    lesson.show_source(reference.average, lesson.show_source)
    assert shown[0][0]["text/markdown"].startswith("`fedlab/reference.py`\n\n```python\ndef average(")
    assert shown[1][0]["text/markdown"].startswith("`fedlab_widgets/lesson.py`\n\n```python\ndef show_source(")


def test_a_formula_stands_beside_the_line_that_is_it(shown: list[Any]) -> None:
    lesson.show_lines({"$w$": (reference.train, "w.assign")})
    last = shown[0][0]["text/markdown"].splitlines()[-1]
    assert last.startswith("| $w$ | `w.assign(w - experiment.learning_rate *")
    assert last.endswith("| `train` |")


def test_a_line_that_the_kit_no_longer_has_is_an_error(shown: list[Any]) -> None:
    with pytest.raises(ValueError, match="no 'nowhere' in train"):
        lesson.show_lines({"$w$": (reference.train, "nowhere")})


def test_a_figure_has_alt_text_live_and_saved(shown: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    lesson.show(Figure((5, 3)), alt='Nothing, "really".')
    data, about = shown[0]
    assert data["image/png"].startswith(b"\x89PNG")
    assert 'alt="Nothing, &quot;really&quot;."' in data["text/html"]
    assert about["image/png"] == {"width": 500, "alt": 'Nothing, "really".'}
    monkeypatch.setenv("FEDLAB_CHECK", "1")
    lesson.show_bars({"one": 0.25, "two": 0.5}, alt="Two bars.")
    assert set(shown[1][0]) == {"image/png", "text/plain"}
