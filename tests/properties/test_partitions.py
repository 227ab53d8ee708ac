"""Properties of every partition that is registered: nothing lost, nothing doubled, nobody empty-handed, repeatable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fedlab.partitions import PARTITIONS, Partition
from fedlab.settings import settings_of


@st.composite
def partitions(draw: st.DrawFn, name: str) -> Partition:
    """A registered partition with any settings that it allows."""
    kind = PARTITIONS[name]
    settings: dict[str, Any] = {}
    for own, about in settings_of(kind).items():
        if about.low is None or about.high is None:
            settings[own] = draw(st.sampled_from(about.choices) if about.choices else st.booleans())
        elif "int" in str(kind.model_fields[own].annotation):
            settings[own] = draw(st.integers(int(about.low), int(about.high)))
        else:
            settings[own] = draw(st.floats(about.low, about.high))
    return kind(**settings)


def assign(partition: Partition, labels: np.ndarray, parties: int, seed: int) -> list[np.ndarray] | None:
    """The split, or None where the partition says in one sentence that these data cannot be split so."""
    try:
        return partition.assign(labels, parties, np.random.default_rng(seed))
    except ValueError as error:
        assert_one_sentence(str(error))
        return None


def assert_one_sentence(text: str) -> None:
    assert 10 < len(text) < 300
    assert "\n" not in text
    assert text.endswith(".")


@pytest.mark.parametrize("name", PARTITIONS)
@given(data=st.data())
def test_every_example_is_held_exactly_once_and_no_party_is_empty(name: str, data: st.DataObject) -> None:
    """For any labels (some of them absent), any number of parties up to one an example, any settings, any seed."""
    labels = np.array(data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=80)))
    parties = data.draw(st.integers(1, len(labels)))
    partition = data.draw(partitions(name))
    seed = data.draw(st.integers(0, 2**31 - 1))
    held = assign(partition, labels, parties, seed)
    assume(held is not None)
    assert held is not None
    assert len(held) == parties
    assert all(len(own) > 0 for own in held)
    assert sorted(np.concatenate(held).tolist()) == list(range(len(labels)))
    again = assign(partition, labels, parties, seed)
    assert again is not None
    assert all(np.array_equal(one, other) for one, other in zip(held, again, strict=True))


@pytest.mark.parametrize("name", PARTITIONS)
@given(seed=st.integers(0, 2**31 - 2))
def test_another_seed_is_another_draw(name: str, seed: int) -> None:
    labels = np.arange(400) % 10
    one, other = (PARTITIONS[name]().assign(labels, 8, np.random.default_rng(s)) for s in (seed, seed + 1))
    assert any(not np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", PARTITIONS)
def test_as_many_parties_as_examples_hold_one_each(name: str) -> None:
    """Unless the partition says that it cannot."""
    held = assign(PARTITIONS[name](), np.arange(2_000) % 10, 2_000, seed=1)
    assert held is None or {len(own) for own in held} == {1}


@pytest.mark.parametrize("name", PARTITIONS)
def test_labels_are_only_read(name: str) -> None:
    labels = np.arange(500) % 10
    labels.setflags(write=False)
    PARTITIONS[name]().assign(labels, 5, np.random.default_rng(0))
