"""Keras models of a user's own: which train, as what, and which are refused with the reason."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fedlab import Experiment, Round, run
from fedlab.datasets import Dataset
from fedlab.engines.keras import build
from fedlab.engines.own_models import gives_logits
from fedlab.federation import prepare
from fedlab.party import CannotTrain

if TYPE_CHECKING:
    import keras
    from keras import layers
else:
    keras = pytest.importorskip("keras")
    layers = keras.layers

pytestmark = pytest.mark.usefixtures("tensorflow")

SHORT = Experiment(
    parties=3, examples=300, model="2nn", rounds=3, local_epochs=2, batch_size=20, algorithm="fedprox", mu=0.2
)


def sequential(*body: keras.Layer) -> keras.Model:
    """The body between an input of 8 features and a dense layer with 4 logits; weights drawn from fixed seeds."""
    return keras.Sequential([keras.Input((8,)), *body, dense(4, seed=9)])


def dense(units: int, activation: str | None = None, seed: int = 1) -> keras.Layer:
    return layers.Dense(units, activation, kernel_initializer=keras.initializers.GlorotUniform(seed=seed))


def weights(rounds: list[Round]) -> list[np.ndarray]:
    return [one.state.weights for one in rounds if one.state]


def train(model: keras.Model, dataset: Dataset, experiment: Experiment = SHORT) -> list[np.ndarray]:
    return weights(list(run(experiment, dataset=dataset, model=model)))


def test_an_own_model_equal_to_a_built_in_one_gives_the_same_run(blobs: Dataset) -> None:
    own = sequential(dense(200, "relu"), dense(200, "relu", seed=2))
    own.set_weights(build("2nn", (8,), 4, SHORT.seed).get_weights())
    built_in = weights(list(run(SHORT, dataset=blobs, engine="keras")))
    for ours, theirs in zip(train(own, blobs), built_in, strict=True):
        assert np.array_equal(ours, theirs)


def test_training_leaves_the_users_model_as_it_was(blobs: Dataset) -> None:
    """So that the same cell run twice gives the same curve."""
    own = sequential(dense(5, "tanh"))
    before = own.get_weights()
    first, second = train(own, blobs), train(own, blobs)
    assert all(np.array_equal(a, b) for a, b in zip(before, own.get_weights(), strict=True))
    assert np.array_equal(first[-1], second[-1])


def softmax_in_the_layer() -> keras.Model:
    return keras.Sequential([keras.Input((8,)), dense(4, "softmax")])


def softmax_as_a_layer() -> keras.Model:
    return keras.Sequential([keras.Input((8,)), dense(4), layers.Softmax()])


def softmax_as_an_activation() -> keras.Model:
    return keras.Sequential([keras.Input((8,)), dense(4), layers.Activation("softmax")])


def functional_softmax() -> keras.Model:
    features = keras.Input((8,))
    return keras.Model(features, keras.activations.softmax(dense(4)(features)))


@pytest.mark.parametrize(
    "make", [softmax_in_the_layer, softmax_as_a_layer, softmax_as_an_activation, functional_softmax]
)
def test_a_model_that_ends_in_softmax_trains_like_its_logits(blobs: Dataset, make: Callable[[], keras.Model]) -> None:
    """Cross-entropy of probabilities is that of the logits they come from: the same loss, the same gradient."""
    logits = keras.Sequential([keras.Input((8,)), dense(4)])
    model = make()
    model.set_weights(logits.get_weights())
    expected = list(run(SHORT, dataset=blobs, model=logits))
    for one, other in zip(run(SHORT, dataset=blobs, model=model), expected, strict=True):
        np.testing.assert_allclose(weights([one])[0], weights([other])[0], atol=1e-5)
        assert one.test_loss == pytest.approx(other.test_loss, rel=1e-4)
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-4)


def test_a_functional_model_with_branches_trains_as_keras_trains_it(blobs: Dataset) -> None:
    """One party, all data in one batch: `Model.fit` with SGD is the independent implementation."""
    features = keras.Input((8,))
    both = layers.Concatenate()([features, dense(6, "relu")(features)])
    model = keras.Model(features, dense(4, seed=2)(layers.LayerNormalization()(both)))
    experiment = SHORT.with_(parties=1, examples=1_300, batch_size="all", algorithm="fedavg", learning_rate=0.5)
    ours = train(model, blobs, experiment)
    model.compile(keras.optimizers.SGD(0.5), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(blobs.train_x, blobs.train_y, batch_size=1_300, epochs=6, verbose=0)
    theirs = np.concatenate([variable.numpy().ravel() for variable in model.trainable_variables])
    np.testing.assert_allclose(ours[-1], theirs, atol=1e-5)


def test_frozen_layers_stay_and_do_not_travel(blobs: Dataset) -> None:
    """Of 8·5 + 5 frozen and 5·4 + 4 trained weights, 24 travel: 96 bytes a party."""
    model = sequential(dense(5, "relu"))
    model.layers[0].trainable = False
    frozen = [array.copy() for array in model.layers[0].get_weights()]
    (one, *_) = run(SHORT, dataset=blobs, model=model)
    assert weights([one])[0].shape == (24,)
    assert one.bytes_up == 3 * 96
    assert all(np.array_equal(a, b) for a, b in zip(frozen, model.layers[0].get_weights(), strict=True))


def test_frozen_weights_count_in_what_the_model_computes(blobs: Dataset) -> None:
    """The last layer alone is trained: softmax regression on the frozen layer's outputs, which Keras computes here."""
    model = sequential(dense(5, "tanh"))
    model.layers[0].trainable = False
    head = keras.Sequential([keras.Input((5,)), dense(4)])
    head.set_weights(model.layers[1].get_weights())
    hidden = [model.layers[0](x).numpy() for x in (blobs.train_x, blobs.test_x)]
    outputs = Dataset("hidden", hidden[0], blobs.train_y, hidden[1], blobs.test_y)
    np.testing.assert_allclose(train(model, blobs)[-1], train(head, outputs)[-1], atol=1e-5)


@pytest.mark.parametrize("batch_size", [20, "all"])
def test_dropout_repeats_with_the_seed_and_differs_between_seeds_and_steps(
    blobs: Dataset, batch_size: int | str
) -> None:
    """Inverted dropout keeps the mean and adds noise: the run is not the one without dropout, and not noise-free.

    A mask that stayed the same for all steps would leave the dropped half of the inputs without any gradient: the
    rows of their kernel would not move. Here every row moves.
    """
    experiment = SHORT.with_(batch_size=batch_size, local_epochs=10, rounds=1, algorithm="fedavg")

    def model() -> keras.Model:
        return sequential(layers.Dropout(0.5))

    first, again = (train(model(), blobs, experiment) for _ in range(2))
    assert np.array_equal(first[-1], again[-1])
    without = train(sequential(), blobs, experiment)
    assert np.abs(first[-1] - without[-1]).max() > 1e-3
    kernel = model().get_weights()[0]
    assert (np.abs(first[-1][:32].reshape(8, 4) - kernel).max(axis=1) > 0).all()


def test_dropout_is_off_when_the_shared_model_is_tested(blobs: Dataset) -> None:
    model = sequential(layers.Dropout(0.5))
    *_, last = run(SHORT, dataset=blobs, model=model)
    w = weights([last])[0]
    scores = blobs.test_x @ w[:32].reshape(8, 4) + w[32:]
    assert last.test_accuracy == (scores.argmax(axis=1) == blobs.test_y).mean()


def test_dropout_draws_another_mask_at_every_step(blobs: Dataset) -> None:
    """All of one party's data in one batch, so that nothing but the mask differs from step to step.

    With rate 0.5 and one feature x = 1, weights' gradient is 0 where the feature is dropped; one example and 60 steps
    move the weights by 0 in about half the steps. With one fixed mask it would be none of them or all of them.
    """
    ones = np.ones((1, 8), np.float32)
    one_example = Dataset("one", ones, np.array([3]), blobs.test_x, blobs.test_y)
    model = sequential(layers.Dropout(0.5))
    experiment = Experiment(parties=1, examples=1, rounds=60, batch_size="all", learning_rate=1e-3, algorithm="fedavg")
    between_rounds = np.array(
        [model.get_weights()[0].ravel(), *[w[:32] for w in train(model, one_example, experiment)]]
    )
    moved = np.abs(np.diff(between_rounds, axis=0)).reshape(60, 8, 4).max(axis=2) > 0
    assert 0.35 < moved.mean() < 0.65  # 480 coin tosses: half, give or take six standard deviations of 0.023

    within = experiment.with_(rounds=1, local_epochs=60)
    steps = np.abs(train(model, one_example, within)[0][:32] - between_rounds[0]).reshape(8, 4).max(axis=1)
    longest = np.abs(between_rounds[-1] - between_rounds[0]).max()
    assert (steps > 0.1 * longest).all(), "a feature was dropped in every step"


# What cannot be trained


def batch_normalization() -> keras.Model:
    return sequential(dense(5), layers.BatchNormalization())


def unbuilt() -> keras.Model:
    return keras.Sequential([dense(4)])


def two_outputs() -> keras.Model:
    features = keras.Input((8,))
    return keras.Model(features, [dense(4)(features), dense(4)(features)])


def two_inputs() -> keras.Model:
    left, right = keras.Input((8,)), keras.Input((8,))
    return keras.Model([left, right], dense(4)(layers.Add()([left, right])))


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.last = dense(4)

    def call(self, features: object) -> object:
        return self.last(features)


def subclassed() -> keras.Model:
    model = Subclassed()
    model(np.zeros((1, 8), np.float32))
    return model


def a_map_of_logits() -> keras.Model:
    return keras.Sequential([keras.Input((8,)), layers.Reshape((2, 4)), dense(4)])


def nothing_to_train() -> keras.Model:
    return keras.Sequential([keras.Input((8,)), layers.Softmax()])


def too_few_outputs() -> keras.Model:
    return keras.Sequential([keras.Input((8,)), dense(3)])


def other_inputs() -> keras.Model:
    return keras.Sequential([keras.Input((28, 28)), layers.Flatten(), dense(4)])


def with_a_penalty() -> keras.Model:
    return keras.Sequential([keras.Input((8,)), layers.Dense(4, kernel_regularizer="l2")])


def with_a_penalty_on_what_it_computes() -> keras.Model:
    return sequential(layers.Dense(5, activity_regularizer="l2"))


def with_a_constraint() -> keras.Model:
    return keras.Sequential([keras.Input((8,)), layers.Dense(4, kernel_constraint=keras.constraints.NonNeg())])


def nested(part: Callable[[], keras.Model]) -> Callable[[], keras.Model]:
    return lambda: keras.Sequential([keras.Input((8,)), part()])


def ending_in(activation: str) -> Callable[[], keras.Model]:
    return lambda: keras.Sequential([keras.Input((8,)), dense(6, "relu"), dense(4, activation)])


def of_other_precision(policy: str) -> Callable[[], keras.Model]:
    return lambda: keras.Sequential([keras.Input((8,), dtype="float32"), layers.Dense(4, dtype=policy)])


def any_size() -> keras.Model:
    return keras.Sequential([keras.Input((None, 8)), layers.GlobalAveragePooling1D(), dense(4)])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (with_a_penalty, "adds penalties of its own"),
        (with_a_penalty_on_what_it_computes, "adds penalties of its own .* activity_regularizer"),
        (nested(with_a_penalty_on_what_it_computes), "adds penalties of its own"),
        (with_a_constraint, "holds .*kernel to a constraint"),
        (nested(with_a_constraint), "holds .*kernel to a constraint"),
        (ending_in("sigmoid"), "never negative and do not add up to 1"),
        (ending_in("relu"), "never negative and do not add up to 1"),
        (ending_in("softplus"), "never negative and do not add up to 1"),
        (of_other_precision("mixed_float16"), "computes in float16, but training here is in float32"),
        (of_other_precision("mixed_bfloat16"), "computes in bfloat16, but"),
        (of_other_precision("float64"), "computes in float64, but"),
        (lambda: "not a model", "must be a built Keras model"),
        (any_size, "must fix the shape of its input"),
        (batch_normalization, "moving_mean outside its gradient .* LayerNormalization"),
        (unbuilt, "must be a built Keras model"),
        (two_outputs, "must end in one vector of logits"),
        (two_inputs, "must have one input, but it has 2"),
        (subclassed, "must be a keras.Sequential or a functional"),
        (a_map_of_logits, "must end in one vector of logits"),
        (nothing_to_train, "has no weights to train"),
        (too_few_outputs, "has 3 outputs, but there are 4 classes"),
        (other_inputs, r"inputs of shape \(28, 28\), but one example here has the shape \(8,\)"),
    ],
)
def test_a_model_that_cannot_be_trained_is_refused_with_the_reason(
    blobs: Dataset, make: Callable[[], keras.Model], reason: str, is_one_sentence: Callable[[object], bool]
) -> None:
    """By `prepare`: before any engine starts."""
    with pytest.raises(CannotTrain, match=reason) as caught:
        prepare(SHORT, blobs, make())
    assert is_one_sentence(caught.value)


def test_a_backend_other_than_tensorflow_is_named(
    blobs: Dataset, is_one_sentence: Callable[[object], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras takes KERAS_BACKEND=jax where JAX is installed; here it only says that it did."""
    model = sequential()
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(CannotTrain, match=r"computes with jax here, .* set KERAS_BACKEND to tensorflow") as caught:
        prepare(SHORT, blobs, model)
    assert is_one_sentence(caught.value)


def test_a_model_whose_weights_are_all_zero_still_ends_in_logits() -> None:
    """Its outputs are then 0, and never negative: what it ends in is a question of the model, not of its weights."""
    zero = keras.Sequential([keras.Input((8,)), layers.Dense(4, kernel_initializer="zeros")])
    high = keras.Sequential([keras.Input((8,)), layers.Dense(4, bias_initializer=keras.initializers.Constant(100.0))])
    probabilities = keras.Sequential([keras.Input((8,)), layers.Dense(4, "softmax", kernel_initializer="zeros")])
    assert gives_logits(zero)
    assert gives_logits(high)
    assert not gives_logits(probabilities)


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16", "float64"])
def policy(request: pytest.FixtureRequest) -> Any:
    """Keras set to another precision for one test."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("name", ["softmax", "cnn"])
def test_the_kits_own_models_train_in_float32_whatever_keras_policy_is(policy: str, name: str) -> None:
    """The same run as under float32. A number of classes that no other test has, so that the model is built here."""
    rng = np.random.default_rng(0)
    classes = {"mixed_float16": 13, "mixed_bfloat16": 14, "float64": 15}[policy]
    x, y = rng.random((60, 20, 20), np.float32), rng.integers(0, classes, 60)
    data = Dataset("noise", x, y, x, y, classes=classes)
    experiment = Experiment(parties=2, examples=60, model=name, rounds=2)
    rounds = list(run(experiment, dataset=data, engine="keras"))
    assert weights(rounds)[-1].dtype == np.float32
    keras.config.set_dtype_policy("float32")
    plain = build(name, (20, 20), classes, experiment.seed)
    np.testing.assert_allclose(
        weights(rounds), weights(list(run(experiment, dataset=data, model=plain))), rtol=0, atol=1e-6
    )


def test_building_a_model_draws_nothing_from_pythons_own_generator() -> None:
    """So a cell that shuffles with `random.seed(0)` does not depend on whether the kit has built a model in between."""
    random.seed(0)
    before = random.getstate()
    build("2nn", (8,), 4, seed=0)
    assert random.getstate() == before


def test_frozen_batch_normalization_is_accepted(blobs: Dataset) -> None:
    model = batch_normalization()
    model.layers[1].trainable = False
    assert len(train(model, blobs)) == 3
