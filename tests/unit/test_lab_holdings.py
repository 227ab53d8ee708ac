"""Who holds what, as the page gets it: the numbers that are dealt out, and nothing a drag has to wait for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment
from fedlab_widgets.card import Card
from fedlab_widgets.holdings import Holdings
from fedlab_widgets.session import Session

SKEWED = Experiment(parties=4, examples=300, partition="dirichlet", alpha=0.5)


@pytest.fixture
def views() -> Iterator[Any]:
    """A session, and its map and card, drawn."""
    opened: list[Any] = []

    def of(experiment: Experiment) -> tuple[Session, Holdings, Card]:
        session = Session(experiment)
        made = session, Holdings(session), Card(session)
        opened.extend(reversed(made))
        for view in made[1:]:
            view.draw()
        return made

    yield of
    for one in opened:
        one.close()


def counts(view: Holdings) -> np.ndarray:
    """What the page reads: whole numbers, four bytes each."""
    state = view._map.state
    return np.frombuffer(state["counts"], "<u4").reshape(state["parties"], state["classes"])


def test_the_map_holds_how_many_examples_of_each_label_each_party_has(views: Any) -> None:
    session, view, _ = views(SKEWED)
    prepared = session.prepared()
    for party, own in enumerate(prepared.parties):
        for label in range(10):
            assert counts(view)[party, label] == (prepared.dataset.train_y[own] == label).sum()


def test_the_map_says_in_words_how_skewed_it_is(views: Any) -> None:
    """Each of 4 parties with examples of one label holds 1.0 labels; 300 examples over 4 are 75 each."""
    _, view, _ = views(SKEWED.with_(partition="shards", shards_per_party=1))
    assert view._map.state["alt"].startswith("Heat map: how many examples of each label each of 4 parties holds.")
    assert "from 75 to 75 examples" in view._map.state["alt"]


def test_moving_a_control_moves_the_map(views: Any) -> None:
    session, view, _ = views(SKEWED)
    before = counts(view).copy()
    session.set("alpha", 0.01)
    view.draw()
    assert not np.array_equal(counts(view), before)
    assert counts(view).sum() == 300


def test_a_party_is_opened_by_a_click_on_its_column(views: Any) -> None:
    session, view, card = views(SKEWED)
    view._map._handle_custom_msg({"do": "select", "party": 3}, [])
    assert session.selected["party"] == 3
    view.draw()
    card.draw()
    assert view._map.state["party"] == card.view.state["party"] == 3
    own = session.prepared().parties[3]
    assert f"Party 3 holds {len(own)} examples" in card.view.state["about"]


def test_the_card_shows_the_images_as_the_party_sees_them(views: Any) -> None:
    """Turned, noisy and with wrong labels: what the whole data set holds for this party."""
    skewed = SKEWED.with_(rotation=40.0, feature_noise=0.2, label_noise=0.5, noisy_parties=1.0)
    session, _, card = views(skewed)
    session.select(party=2)
    card.draw()
    prepared = session.prepared()
    first = prepared.parties[2][:12]
    state = card.view.state
    images = np.frombuffer(state["images"], np.uint8).reshape(12, 28, 28)
    assert np.array_equal(images, prepared.seen.train_x[first])
    assert state["labels"] == prepared.seen.train_y[first].tolist()


def test_data_without_images_has_a_map_and_a_card_in_words(views: Any) -> None:
    session, view, card = views(Experiment(dataset="synthetic", model="softmax", parties=5, partition="natural"))
    assert counts(view).sum() == sum(map(len, session.prepared().parties))
    assert card.view.state["tall"] == 0
    assert "Party 0 holds" in card.view.state["about"]


def test_a_number_typed_beyond_the_last_party_is_the_last(views: Any) -> None:
    session, _, card = views(SKEWED)
    card.view._handle_custom_msg({"do": "select", "party": 99}, [])
    assert session.selected["party"] == 3
