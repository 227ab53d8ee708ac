"""The kit's models: softmax regression, the 2NN of McMahan et al. (2017) and a small CNN; and their first weights."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from fedlab import Experiment
from fedlab.datasets import Dataset
from fedlab.federation import prepare
from fedlab.models import MODELS, Dense
from fedlab.models.draw import philox, uniform

IMAGES = (28, 28)


class Deep(Dense):
    """A learner's own: three hidden layers."""

    hidden = (30, 20, 10)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("softmax", 784 * 10 + 10),
        ("2nn", 784 * 200 + 200 + 200 * 200 + 200 + 200 * 10 + 10),  # 199,210 in McMahan et al. (2017)
        # 5x5 kernels and biases; two poolings leave 28 -> 24 -> 12 -> 8 -> 4; dense 120, 84, 10 as in NIID-Bench
        ("cnn", 25 * 6 + 6 + 25 * 6 * 16 + 16 + 16 * 4 * 4 * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10),
    ],
)
def test_a_model_has_as_many_weights_as_its_layers_say(name: str, expected: int) -> None:
    model = MODELS[name]()
    assert sum(math.prod(shape) for shape in model.shapes(IMAGES, 10)) == expected
    assert len(model.first_weights(IMAGES, 10, seed=0)) == expected
    assert f"{expected:,} weights" in model.lesson


def test_a_model_of_ones_own_is_its_layers_widths() -> None:
    """8 features, 4 classes: 8·30 + 30 + 30·20 + 20 + 20·10 + 10 + 10·4 + 4 weights."""
    assert Deep().kernels((8,), 4) == [(8, 30), (30, 20), (20, 10), (10, 4)]
    assert len(Deep().first_weights((8,), 4, seed=0)) == 8 * 30 + 30 + 30 * 20 + 20 + 20 * 10 + 10 + 10 * 4 + 4


@pytest.mark.parametrize("name", MODELS)
def test_the_first_model_is_drawn_from_the_seed(name: str) -> None:
    model = MODELS[name]()
    one, same, other = (model.first_weights(IMAGES, 10, seed) for seed in (4, 4, 5))
    assert np.array_equal(one, same)
    kernels = [kernels_of(weights, model.shapes(IMAGES, 10)) for weights in (one, other)]
    assert not any(np.array_equal(a, b) for a, b in zip(*kernels, strict=True))
    assert len({kernel.tobytes() for kernel in kernels[0]}) == len(kernels[0])


@pytest.mark.parametrize("name", MODELS)
def test_first_kernels_fill_glorots_range_evenly_and_first_biases_are_zero(name: str) -> None:
    """Uniform in ±√(6 / (fan in + fan out)): variance 2 / (fan in + fan out). Glorot and Bengio 2010, equation 16.

    Of n draws the variance is known to √(0.8 / n) of itself; five standard deviations are allowed.
    """
    model = MODELS[name]()
    weights, shapes = model.first_weights(IMAGES, 10, seed=1), model.shapes(IMAGES, 10)
    for kernel, shape in zip(kernels_of(weights, shapes), shapes[::2], strict=True):
        fans = math.prod(shape[:-2]) * (shape[-2] + shape[-1])
        assert np.abs(kernel).max() <= math.sqrt(6 / fans)
        assert kernel.var() == pytest.approx(2 / fans, rel=5 * math.sqrt(0.8 / kernel.size))
    assert weights.dtype == np.float32
    assert not any(part.any() for part in parts_of(weights, shapes)[1::2])


def test_philox_gives_the_numbers_of_the_paper() -> None:
    """The three known answers for Philox-4x32-10 that its authors publish with Random123 (kat_vectors)."""
    ones = 0xFFFFFFFF
    pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
    for counter, key, expected in [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ones,) * 4, (ones,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (pi, (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    ]:
        assert philox(np.array([counter], np.uint64), key).tolist() == [list(expected)]


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("seed", [0, 1, 2024, 100 * (2**31 - 1) + 4])
@pytest.mark.parametrize("shape", [(8, 4), (784, 10), (5, 5, 6, 16), (3, 1), (7, 3)])
def test_first_weights_are_drawn_bit_for_bit_as_keras_draws_them(seed: int, shape: tuple[int, ...]) -> None:
    """GlorotUniform(seed) of Keras, which asks TensorFlow's stateless generator; also numbers of draws that 4 does not
    divide, and the largest seed that an experiment can have, in the last layer of a CNN."""
    import keras

    theirs = np.asarray(keras.initializers.GlorotUniform(seed=seed)(shape, dtype="float32"))
    limit = math.sqrt(6 / (math.prod(shape[:-2]) * (shape[-2] + shape[-1])))
    assert np.array_equal(uniform(seed, math.prod(shape), -limit, limit).reshape(shape), theirs)


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("seed", [0, 7, 2**31 - 1])
@pytest.mark.parametrize("name", [*MODELS, "deep"])
def test_a_model_built_in_keras_begins_with_the_first_weights(name: str, seed: int) -> None:
    """So that both engines begin alike: tensor by tensor, in Keras' own order, and drawn as Keras draws them."""
    import keras

    from fedlab.engines.keras import build

    model = Deep() if name == "deep" else MODELS[name]()
    built = build(model, IMAGES, 10, seed)
    assert built.output_shape == (None, 10)
    assert [variable.shape for variable in built.trainable_variables] == model.shapes(IMAGES, 10)
    flat = np.concatenate([array.ravel() for array in built.get_weights()])
    assert np.array_equal(flat, model.first_weights(IMAGES, 10, seed))
    for layer, kernel in enumerate(built.get_weights()[::2]):
        drawn = keras.initializers.GlorotUniform(seed=100 * seed + layer)(kernel.shape, dtype="float32")
        assert np.array_equal(kernel, np.asarray(drawn))


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("name", [*MODELS, "deep"])
def test_a_model_built_in_keras_is_the_one_that_its_kind_describes(name: str) -> None:
    """With weights far from the first: the same logits as the layers by hand, in NumPy."""
    from fedlab.engines.keras import build

    model = Deep() if name == "deep" else MODELS[name]()
    rng = np.random.default_rng(3)
    built = build(model, IMAGES, 10, seed=0)
    weights = [rng.normal(0, 0.1, array.shape).astype(np.float32) for array in built.get_weights()]
    built.set_weights(weights)
    x = rng.random((5, *IMAGES))
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    h = x[..., None]
    while layers[0][0].ndim == 4:
        kernel, bias = layers.pop(0)
        windows = np.lib.stride_tricks.sliding_window_view(h, kernel.shape[:2], axis=(1, 2))
        z = np.maximum(np.einsum("nhwcij,ijco->nhwo", windows, kernel) + bias, 0)
        n, height, width, filters = z.shape
        h = z.reshape(n, height // 2, 2, width // 2, 2, filters).max(axis=(2, 4))
    h = h.reshape(len(x), -1)
    for kernel, bias in layers[:-1]:
        h = np.maximum(h @ kernel + bias, 0)
    np.testing.assert_allclose(built(x.astype(np.float32)), h @ layers[-1][0] + layers[-1][1], rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(8,), (15, 28)])
def test_a_model_for_images_refuses_what_is_none(
    shape: tuple[int, ...], is_one_sentence: Callable[[object], bool]
) -> None:
    """Before any engine starts. Of 15 pixels convolutions and poolings leave (15 - 4) // 2 = 5, (5 - 4) // 2 = 0."""
    x, y = np.zeros((300, *shape), np.float32), np.arange(300) % 4
    with pytest.raises(ValueError, match=r"cnn needs images .*16 × 16 pixels.* shape \(\d+") as caught:
        prepare(Experiment(examples=300, model="cnn"), Dataset("small", x, y, x, y))
    assert is_one_sentence(caught.value)


def parts_of(weights: np.ndarray, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    parts = np.split(weights, np.cumsum([math.prod(shape) for shape in shapes])[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def kernels_of(weights: np.ndarray, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    return parts_of(weights, shapes)[::2]
