"""The faults of lesson 12: each test is red on its fault and green on what is right, and the right run is the kit's."""

from __future__ import annotations

import numpy as np
import pytest

from fedlab.lessons import fault_tests, faults
from fedlab.lessons.fault_tests import FAULTS, SEEN_IN, Fault
from fedlab.prepare import prepare

EACH = pytest.mark.parametrize("fault", FAULTS, ids=[fault.title for fault in FAULTS])
SHORT = SEEN_IN.with_(examples=600, rounds=2)


def _rounds(experiment: object, **parts: object) -> list[np.ndarray]:
    return [w for w, _ in faults.rounds(experiment, **parts)]  # type: ignore[arg-type]


@EACH
def test_the_test_of_a_fault_is_red_on_it(fault: Fault) -> None:
    with pytest.raises(AssertionError):
        fault.test(fault.wrong)


@EACH
def test_the_test_of_a_fault_is_green_on_what_is_right(fault: Fault) -> None:
    fault.test(fault.right)


def test_the_table_says_red_for_each_fault_and_green_for_what_is_right() -> None:
    rows = fault_tests.verdicts()
    assert [row["fault"] for row in rows] == [fault.title for fault in FAULTS]
    assert {row["wrong"] for row in rows} == {"red"}
    assert {row["right"] for row in rows} == {"green"}


@pytest.mark.parametrize(
    "settings",
    [{}, {"algorithm": "fedprox", "mu": 0.1}, {"algorithm": "fedprox", "mu": 1.0}, {"momentum": 0.9}],
    ids=["FedAvg", "FedProx, μ = 0.1", "FedProx, μ = 1", "momentum"],
)
def test_with_all_that_is_right_the_weights_are_the_kits(settings: dict[str, object]) -> None:
    """The yardstick's bound, 1e-6, in rounds of unequal parties; the kit's weights come from another implementation."""
    experiment = SHORT.with_(**settings)
    kit = fault_tests.by_the_kit(experiment)
    ours = _rounds(experiment, mu=getattr(experiment.algorithm, "mu", 0.0))
    assert len(ours) == len(kit) == 2
    for one, other in zip(ours, kit, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


@EACH
def test_a_fault_shows_in_the_weights_and_hardly_in_the_accuracy(fault: Fault) -> None:
    """After one round the weights are at least ten thousand times as far off as rounding; after three the accuracies
    are within 3 points."""
    found = fault_tests.symptom(fault, seeds=(0,))
    assert found.without < 1e-6
    assert found.difference > 10_000 * found.without
    assert found.difference > 1e-3
    assert abs(found.faulty[0] - found.kit[0]) < 3


def test_the_parties_of_the_faults_hold_as_many_images_as_the_lesson_says() -> None:
    assert [len(own) for own in prepare(SEEN_IN).parties] == [579, 1_179, 1_242]


def test_the_band_that_pushes_is_fedprox_with_minus_mu() -> None:
    for pushed, pulled in zip(
        _rounds(SHORT, mu=0.1, direction=faults.pushed), _rounds(SHORT, mu=-0.1, direction=faults.pulled), strict=True
    ):
        np.testing.assert_allclose(pushed, pulled, rtol=0, atol=1e-6)


def test_a_stronger_band_leads_the_parties_further_away_if_it_pushes() -> None:
    strengths = (0.0, 0.1, 0.3, 1.0)
    pulled = fault_tests.distances(faults.pulled, strengths)
    pushed = fault_tests.distances(faults.pushed, strengths)
    assert pulled == sorted(pulled, reverse=True)
    assert pushed == sorted(pushed)
    assert pulled[0] == pushed[0]


def test_without_the_square_the_pull_is_half_of_mu_from_any_distance() -> None:
    """∇ (μ/2) ||w - w_t|| = (μ/2) (w - w_t) / ||w - w_t||, of length μ/2; autograd gives nought at w = w_t."""
    w_t, away, nothing = np.zeros(4), np.array([1.0, -2.0, 2.0, 4.0]), np.zeros(4)
    for times in (1e-3, 1.0, 1e3):
        assert np.linalg.norm(faults.unsquared(nothing, 1, times * away, w_t, 3.0)) == pytest.approx(1.5)
    assert not faults.unsquared(nothing, 1, w_t, w_t, 3.0).any()


def test_divided_by_a_batch_of_32_mu_is_a_thirty_second_of_itself() -> None:
    rng = np.random.default_rng(0)
    total, w, w_t = rng.normal(size=(3, 5))
    np.testing.assert_allclose(faults.divided(total, 32, w, w_t, 1.0), faults.pulled(total, 32, w, w_t, 1 / 32))


def test_the_sum_of_equal_parties_is_as_many_times_their_mean() -> None:
    models = list(np.random.default_rng(1).normal(size=(3, 5)))
    np.testing.assert_allclose(faults.summed(models, [10, 10, 10]), 3 * faults.averaged(models, [10, 10, 10]))


def test_one_model_for_all_does_no_harm_where_the_optimiser_remembers_nothing() -> None:
    for one, each in zip(_rounds(SHORT, train=faults.one_model_for_all), _rounds(SHORT), strict=True):
        np.testing.assert_array_equal(one, each)


def test_set_weights_of_keras_leaves_the_momentum_where_it_is() -> None:
    """What the lesson's little model does is what Keras does: from the same weights and example, another step."""
    pytest.importorskip("tensorflow")
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss="mse")
    first, x, y = model.get_weights(), np.ones((1, 2), np.float32), np.full((1, 1), 5, np.float32)
    steps = []
    for _ in range(2):
        model.set_weights(first)
        model.train_on_batch(x, y)
        steps.append(model.get_weights()[1] - first[1])
    np.testing.assert_allclose(steps[1], 1.9 * steps[0], rtol=1e-5)  # v = 0.9 v + g, from the same g


def test_what_the_lesson_says_of_flowers_docstring_is_so_in_the_version_it_names() -> None:
    """If this is red, Flower has another text by now, and the lesson must say so."""
    flwr = pytest.importorskip("flwr")
    from flwr.serverapp.strategy import FedProx

    if flwr.__version__ != "1.42.0":
        pytest.skip(f"the lesson names Flower 1.42.0; this is {flwr.__version__}")
    text = FedProx.__doc__ or ""
    assert "|| w - w^t ||^2" in text
    assert "(local_weights - global_weights).norm(2)\n" in text  # and no square behind it
