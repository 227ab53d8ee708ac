"""The sliders of lesson 07: what is shown beside a party's images is what its upload gives away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab import attacks_on_privacy as attack
from fedlab.messages import Upload
from fedlab.prepare import prepare
from fedlab.settings import InvalidSetting
from fedlab_widgets import Leak


@pytest.fixture(scope="module")
def leak() -> Iterator[Leak]:
    shown = Leak()
    yield shown
    shown.close()


@pytest.fixture(autouse=True)
def at_first(leak: Leak) -> None:
    leak.show(size=8, steps=1, trained=0, noise=0.0, party=0, seed=0)


def part(leak: Leak) -> dict[str, Any]:
    (only,) = leak._page.state["parts"]
    return dict(only)


def grey(numbers: bytes) -> np.ndarray:
    """(images, 784) as whole numbers that can be subtracted."""
    return np.frombuffer(numbers, np.uint8).reshape(-1, 784).astype(int)


def test_one_image_is_shown_as_it_is_and_read_as_it_is(leak: Leak) -> None:
    """The upload of one image is that image, to the last grey level; and the one shown is the party's in the data."""
    leak.show(size=1, party=3)
    pairs = part(leak)["pairs"]
    prepared = prepare(Experiment(parties=12, examples=12))
    (own,) = prepared.training[3]
    assert np.array_equal(grey(pairs["own"])[0], prepared.dataset.train_x[own].reshape(784))
    assert np.abs(grey(pairs["found"]) - grey(pairs["own"])).max() <= 1
    assert pairs["same"] == [True]
    assert part(leak)["says"][0] == "Its one image is recovered."


@pytest.mark.parametrize(("size", "steps", "party"), [(8, 1, 5), (16, 1, 2), (16, 10, 2)])
def test_what_is_counted_is_what_the_attack_recovers_from_that_partys_upload(
    leak: Leak, size: int, steps: int, party: int
) -> None:
    """Run and attacked once more, without the widget."""
    leak.show(size=size, steps=steps, party=party)
    experiment = Experiment(parties=12, examples=12 * size, batch_size="all", local_epochs=steps, rounds=1)
    sent: list[Upload] = []
    list(run(experiment, on_upload=lambda number, upload: sent.append(upload)))
    prepared = prepare(experiment)
    shares = []
    for one in sent:
        images = (prepared.dataset.train_x[prepared.training[one.party]] / 255).reshape(size, 784)
        shares.append(attack.share_recovered(attack.candidates(one.message[0], prepared.shapes), images))
    says = part(leak)["says"]
    assert says[0].startswith(f"Recovered: {size * shares[party]:.0f} of {size} images")
    assert sum(part(leak)["pairs"]["same"]) == round(size * shares[party])
    assert f"{100 * np.mean(shares):.3g} % on average" in says[2]


def test_what_is_framed_as_the_same_looks_the_same_and_what_is_not_does_not(leak: Leak) -> None:
    """A grey level as a root mean square: the same differ by 1, beside rounding."""
    leak.show(size=16)
    pairs = part(leak)["pairs"]
    same = np.array(pairs["same"])
    off = np.sqrt(np.square(grey(pairs["found"]) - grey(pairs["own"])).mean(axis=1))
    assert 0 < same.sum() < 16
    assert off[same].max() < 1.5
    assert np.median(off[~same]) > 5


def test_of_many_images_the_sixteen_that_come_nearest_are_shown(leak: Leak) -> None:
    leak.show(size=64)
    assert len(part(leak)["pairs"]["labels"]) == 16
    assert "of 64 images" in part(leak)["says"][0]
    assert "the 16 that come nearest" in part(leak)["says"][0]


def test_after_five_rounds_of_training_four_images_are_still_read(leak: Leak) -> None:
    leak.show(size=4, trained=5)
    assert sum(part(leak)["pairs"]["same"]) >= 3


def test_a_partys_own_noise_hides_its_images_and_its_promise_is_told(leak: Leak) -> None:
    """ε of one Gaussian release with σ = 1 at δ = 1e-5 is 4.38: the δ of Balle and Wang's formula for it is 1e-5."""
    leak.show(size=1, noise=1.0)
    assert part(leak)["says"][0] == "Its one image is not recovered."
    assert "ε = 4.38" in part(leak)["says"][-2]
    leak.show(noise=0.0001)
    assert "promises nothing" in part(leak)["says"][-2]


def test_a_move_on_the_page_is_answered_and_one_that_cannot_be_is_the_nearest(leak: Leak) -> None:
    def at(name: str) -> int:
        return int(next(one["at"] for one in leak._page.state["choices"] if one["name"] == name))

    leak._move("size", 4)
    assert at("size") == 4
    assert "of 16 images" in part(leak)["says"][0]
    leak._move("party", 99)
    assert at("party") == 11
    leak._move("nothing", 1)
    assert at("party") == 11


@pytest.mark.parametrize(
    ("settings", "why"),
    [({"algorithm": "alone"}, "no party sends anything"), ({"model": "cnn"}, "does not begin with a dense layer")],
)
def test_what_gives_nothing_to_read_is_refused_in_one_sentence(
    settings: dict[str, Any], why: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(InvalidSetting, match=why) as caught:
        Leak(Experiment(parties=12, examples=96, **settings))
    assert is_one_sentence(caught.value)


def test_settings_that_do_not_go_with_noise_are_told_in_one_sentence(is_one_sentence: Callable[[object], bool]) -> None:
    """SCAFFOLD sends two arrays, and clip and noise hide one."""
    shown = Leak(Experiment(parties=3, examples=96, algorithm="scaffold"))
    assert "Recovered" in part(shown)["says"][0]
    shown.show(noise=0.1)
    (sentence,) = part(shown)["says"]
    assert is_one_sentence(sentence)
    shown.close()


def test_a_saved_page_says_what_it_is_in_words_that_never_change(leak: Leak) -> None:
    before = leak._repr_mimebundle_()["text/plain"]
    leak.show(size=64, seed=3)
    assert leak._repr_mimebundle_()["text/plain"] == before
    assert before.startswith("The images of a party")
