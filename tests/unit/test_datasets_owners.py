"""The data sets with real owners: whole, split by owner, scaled by their parties together, and run like any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.datasets import DATASETS
from fedlab.datasets.car_parks import CarParks
from fedlab.datasets.tables import held_out, indicators
from fedlab.prepare import prepare
from fedlab.scaling import applied, combined, scaled, sums
from fedlab.settings import InvalidSetting

OWNERS = {"heart": 4, "lending": 9, "car_parks": 28, "vowels": 8}
FOLDER = Path(__file__).parents[2] / "fedlab" / "datasets"


def natural(dataset: str, **more: object) -> Experiment:
    return Experiment(dataset=dataset, partition="natural", rounds=1, model="softmax", **more)


@pytest.mark.parametrize(("dataset", "owners"), OWNERS.items())
def test_parties_are_the_owners_and_hold_all_that_is_theirs_without_being_told(dataset: str, owners: int) -> None:
    experiment = natural(dataset)
    prepared = prepare(experiment)
    assert experiment.parties == len(prepared.parties) == owners
    assert sum(map(len, prepared.parties)) == experiment.examples == len(prepared.dataset.train_y)
    assert len(set(prepared.names)) == owners
    assert prepared.dataset.owners is not None
    for party, own in enumerate(prepared.parties):
        assert set(prepared.dataset.owners[own]) == {party}


def test_what_the_published_descriptions_count_is_there() -> None:
    """303, 294, 123 and 200 patients (UCI); 9,857 loans of which 517 are bad; 15 speakers of 66 recordings."""
    whole = {name: prepare(natural(name)).dataset for name in ("heart", "lending", "vowels")}
    for name, counts in {"heart": [303, 294, 123, 200], "vowels": [66] * 8}.items():
        data = whole[name]
        assert data.owners is not None
        assert data.test_owners is not None
        assert (np.bincount(data.owners) + np.bincount(data.test_owners)).tolist() == counts
    loans = whole["lending"]
    assert len(loans.train_y) + len(loans.test_y) == 9_857
    assert loans.train_y.sum() + loans.test_y.sum() == 517
    assert loans.measure == "auc"
    new = prepare(natural("vowels", voices="new")).dataset
    assert new.test_owners is not None
    assert np.bincount(new.test_owners).tolist() == [0] * 8 + [66] * 7


@pytest.mark.parametrize("dataset", ["heart", "lending", "vowels"])
def test_another_seed_tests_on_others_and_each_owner_in_its_own_proportions(dataset: str) -> None:
    one, same, other = (DATASETS[dataset]().load(4, seed) for seed in (0, 0, 1))
    assert np.array_equal(one.test_x, same.test_x, equal_nan=True)
    assert not np.array_equal(one.test_x, other.test_x, equal_nan=True)
    assert one.owners is not None
    assert one.test_owners is not None
    for owner in np.unique(one.owners):
        trained, tested = one.train_y[one.owners == owner], one.test_y[one.test_owners == owner]
        for label in np.unique(trained):
            both = (trained == label).sum() + (tested == label).sum()
            share = 1 / 3 if dataset == "vowels" else 0.2
            assert abs((tested == label).sum() - share * both) <= 0.5


def test_one_of_ten_and_two_of_ten() -> None:
    """Round(0.2 · 10) = 2 of ten; round(0.2 · 2) = 0 of two."""
    owners, labels = np.array([0] * 10 + [1] * 2), np.zeros(12, int)
    tested = held_out(owners, labels, seed=3)
    assert (tested[:10].sum(), tested[10:].sum()) == (2, 0)


def test_car_parks_are_tested_after_the_days_they_train_on() -> None:
    """A day has eighteen readings from 8:00 to 16:30; fifteen have one before them and two after them."""
    few, many = CarParks(days=2).load(28, 0), CarParks(days=50).load(28, 0)
    assert np.array_equal(few.test_x, many.test_x)
    assert few.owners is not None
    assert many.owners is not None
    assert np.bincount(few.owners).max() <= 2 * 15
    for owner in range(28):  # the two days are the last of the fifty
        own = few.train_x[few.owners == owner]
        assert np.array_equal(own, many.train_x[many.owners == owner][-len(own) :])


def test_codes_become_columns_and_a_gap_stays_one() -> None:
    wanted = np.array([[0, 1], [1, 0], [np.nan, np.nan]])
    assert np.array_equal(indicators(np.array([2, 1, np.nan]), (1.0, 2.0)), wanted, equal_nan=True)


# Filling and scaling without seeing


def test_the_sums_of_all_parties_give_the_mean_and_the_spread_of_the_rows_in_one_place() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal([3, -2e4, 0.5], [1, 5e3, 0.1], (1_000, 3))
    x[rng.random(x.shape) < 0.2] = np.nan
    scale = combined(sums(part) for part in np.split(x, [10, 400, 990]))
    assert np.allclose(scale.mean, np.nanmean(x, axis=0), rtol=1e-6)
    assert np.allclose(scale.deviation, np.nanstd(x, axis=0), rtol=1e-6)
    seen = applied(x, scale)
    assert np.allclose(seen[np.isnan(x)], 0)  # a gap is the mean, and the mean is 0
    assert np.allclose(np.nanmean(np.where(np.isnan(x), np.nan, seen), axis=0), 0, atol=1e-5)


def test_three_numbers_a_column_are_all_that_travels_and_their_total_is_all_that_counts() -> None:
    """So masks that cancel may hide them: one party adds what another subtracts."""
    a, b = np.array([[1.0, np.nan], [3.0, 5.0]]), np.array([[8.0, 7.0]])
    assert sums(a).tolist() == [[2, 1], [4, 5], [10, 25]]
    mask = np.array([[5.0, 1], [-2, 4], [8, 3]])
    plain, masked = combined([sums(a), sums(b)]), combined([sums(a) + mask, sums(b) - mask])
    assert np.allclose(plain, masked)
    assert np.allclose(plain.mean, [4, 6])


def test_a_column_that_is_always_the_same_or_never_there_divides_by_nothing() -> None:
    x = np.array([[7.0, np.nan], [7.0, np.nan]])
    assert applied(x, combined([sums(x)])).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("dataset", OWNERS)
def test_what_is_trained_on_has_no_gaps_and_is_scaled_once(dataset: str) -> None:
    prepared = prepare(natural(dataset))
    x = prepared.dataset.train_x
    assert np.isfinite(x).all()
    assert np.isfinite(prepared.dataset.test_x).all()
    assert np.allclose(x.mean(axis=0), 0, atol=1e-4)
    assert scaled(prepared.dataset, prepared.parties) is prepared.dataset


def test_mnist_is_left_as_it_is() -> None:
    experiment = Experiment()
    assert prepare(experiment).dataset is experiment.data()


# Fewer parties, more, and other partitions


def test_fewer_parties_are_drawn_from_the_owners() -> None:
    names = [tuple(prepare(natural("heart", parties=2, seed=seed)).names) for seed in range(12)]
    assert all(len(set(pair)) == 2 for pair in names)
    assert len(set(names)) > 1


def test_more_parties_than_owners_are_refused(is_one_sentence: Callable[[object], bool]) -> None:
    with pytest.raises(InvalidSetting, match=r"^heart has 4 owners, .* take at most 4\.$") as caught:
        prepare(natural("heart", parties=5))
    assert caught.value.setting == "parties"
    assert is_one_sentence(caught.value)


def test_other_partitions_deal_the_same_rows_out_anew() -> None:
    prepared = prepare(Experiment(dataset="heart", parties=10))
    assert len(prepared.parties) == 10
    assert prepared.names == [str(party) for party in range(10)]
    assert sorted(np.concatenate(prepared.parties)) == list(range(735))


def test_numbers_that_are_as_usual_go_with_the_data_set_and_chosen_ones_stay() -> None:
    assert (Experiment().parties, Experiment().examples) == (10, 5_000)
    heart = Experiment().with_(dataset="heart")
    assert (heart.parties, heart.examples) == (4, 735)
    assert heart.with_(dataset="mnist") == Experiment()
    assert Experiment(parties=3).with_(dataset="heart").parties == 3
    assert heart.with_(dataset="vowels", speakers=5).parties == 5
    assert heart.with_(seed=1).parties == 4


@pytest.mark.parametrize("parties", [4, 10, 28])
def test_a_link_keeps_numbers_that_are_usual_elsewhere(parties: int) -> None:
    """Ten parties are usual for MNIST, and so would be left out of a link; with car parks they are not."""
    experiment = natural("car_parks", parties=parties)
    assert Experiment.from_link(experiment.link()) == experiment
    assert Experiment.from_json(experiment.to_json()) == experiment
    assert ("parties" in experiment.link()) == (parties != 28)


@pytest.mark.parametrize("dataset", OWNERS)
def test_every_algorithm_that_is_usual_learns_from_them(dataset: str) -> None:
    """More than the most frequent label, or its share where that is nearly all: after a few rounds on any of them."""
    experiment = natural(dataset).with_(rounds=5, local_epochs=5)
    *_, last = run(experiment)
    assert np.isfinite(last.test_loss)
    assert last.test_loss < np.log(prepare(experiment).dataset.classes)


def test_the_package_grows_by_less_than_two_and_a_half_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.npz") if path.stem != "mnist") < 2.5e6
