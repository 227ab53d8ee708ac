"""The sliders for columns that are split between parties: what is drawn and said is what was trained."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from fedlab.vertical import Columns, run
from fedlab.vertical.worth import alone, in_one_place, score
from fedlab_widgets import Vertical

QUICK = {"rounds": 3}


@pytest.fixture(scope="module")
def shown() -> Iterator[Vertical]:
    vertical = Vertical(Columns(**QUICK))
    yield vertical
    vertical.close()


@pytest.fixture(autouse=True)
def at_first(shown: Vertical) -> None:
    shown.show(**Columns(**QUICK).model_dump())
    assert shown.wait()


def says(shown: Vertical) -> list[str]:
    assert shown.wait()
    return re.findall("<p[^>]*>(.*?)</p>", shown._says.value)


def test_the_three_numbers_are_those_of_five_fifths(shown: Vertical) -> None:
    columns = Columns(**QUICK)
    wanted = [score(alone(columns, "doctor")), score(columns), in_one_place(columns)]
    assert [float(number) for number in re.findall(r"0\.\d{3}", says(shown)[0])] == pytest.approx(wanted, abs=6e-4)
    assert 'alt="AUC: doctor 0.' in shown._bars.view.value


def test_a_control_that_moves_trains_anew(shown: Vertical) -> None:
    shown._slide("noise", 4)
    leak = float(re.findall(r"AUC ([\d.]+) after round 1", says(shown)[-1])[0])
    wanted = np.mean([next(iter(run(Columns(**QUICK, noise=3.0, fold=fold)))).leak for fold in range(5)])
    assert leak == pytest.approx(wanted, abs=6e-3)
    assert leak < 1
    shown._parties[1].value = False
    assert "laboratory" not in says(shown)[1]


def test_bytes_are_those_of_the_run(shown: Vertical) -> None:
    """238 or 237 people train, three parties send one number of 4 bytes about each."""
    shown.show(model="network", cut=8)
    (one, *_) = run(Columns(model="network", cut=8))
    assert f"Over the cut: {one.bytes_up:,} bytes up" in says(shown)[2]
    assert one.bytes_up == 3 * 8 * 4 * 237


def test_other_data_has_other_parties(shown: Vertical) -> None:
    shown._data.value = "mnist_upper_lower"
    told = says(shown)
    assert told[0].startswith("Digits read right that nobody trained on, mean of 5 fifths: upper alone")
    assert [box.description for box in shown._parties if box.layout.display != "none"] == ["upper", "lower"]
    assert [name for _, name in shown._holder.options] == ["upper", "lower"]


def test_only_a_network_has_a_width_to_choose(shown: Vertical) -> None:
    def names() -> list[str]:
        return [one["name"] for one in shown._page.state["choices"]]

    assert names() == ["overlap", "noise", "rounds"]
    shown._model.value = "network"
    assert names() == ["cut", "overlap", "noise", "rounds"]


def test_few_common_people_are_told_and_when_alone_is_better(shown: Vertical) -> None:
    shown.show(overlap=0.05, rounds=50)
    told = says(shown)
    assert "Together they train on 12 of 237 people: only those whom all of them know." in told
    assert "Alone, doctor does better: joining in costs more than it brings." in told


def test_what_cannot_be_is_said_in_one_sentence_and_the_pictures_go(shown: Vertical) -> None:
    shown._parties[0].value = False
    assert says(shown) == [
        "label_holder is &#x27;doctor&#x27;, but it must be first, or one of those who take part: laboratory, "
        "cardiologist, imaging."
    ]
    assert "<img" not in shown._bars.view.value
    shown._holder.value = "imaging"
    assert says(shown)[0].startswith("AUC on people nobody trained on, mean of 5 fifths: imaging alone")


def test_sliders_that_move_on_do_not_wait_for_what_was_asked_before(shown: Vertical) -> None:
    for at in (1, 2, 3, 4):
        shown._slide("noise", at)
    assert shown.wait()
    with_noise = says(shown)
    shown.show(noise=0.1)
    assert says(shown) != with_noise
    shown.show(noise=3.0)
    assert says(shown) == with_noise


def test_an_interrupt_ends_the_training_and_not_the_sliders(shown: Vertical) -> None:
    shown.show(data="mnist_left_right", people=10_000, rounds=10_000)
    shown.stop()
    assert shown.wait(1)
    shown.show(**Columns(**QUICK).model_dump())
    assert says(shown)[0].startswith("AUC on people nobody trained on")


def test_closed_it_leaves_no_thread() -> None:
    vertical = Vertical(Columns(data="mnist_left_right", people=10_000, rounds=10_000))
    vertical.close()
    for thread in threading.enumerate():
        if thread.name == "fedlab columns":
            thread.join(20)
            assert not thread.is_alive()


def test_a_page_without_a_kernel_gets_the_bars_and_a_sentence(shown: Vertical, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEDLAB_CHECK", raising=False)
    data, about = shown._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"].startswith("What parties with different columns reach")
    assert about["image/png"]["alt"]
