"""The kit's models: softmax regression, the 2NN of McMahan et al. (2017) and a small CNN."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.datasets import Dataset
from fedlab.models import MODELS, build


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
    model = build(name, (28, 28), 10, seed=0)
    assert model.count_params() == expected
    assert f"{expected:,} weights" in MODELS[name]
    assert model.output_shape == (None, 10)


@pytest.mark.parametrize("name", MODELS)
def test_the_first_model_is_drawn_from_the_seed(name: str) -> None:
    one, same, other = (build(name, (28, 28), 10, seed).get_weights() for seed in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    kernels = [(a, b) for a, b in zip(one, other, strict=True) if a.ndim > 1]
    assert not any(np.array_equal(a, b) for a, b in kernels)
    assert len({kernel.tobytes() for kernel, _ in kernels}) == len(kernels)


def test_a_model_for_images_refuses_features(blobs: Dataset, is_one_sentence: Callable[[object], bool]) -> None:
    with pytest.raises(ValueError, match=r"cnn needs images, but one example here has the shape \(8,\)") as caught:
        next(run(Experiment(examples=300, model="cnn"), dataset=blobs))
    assert is_one_sentence(caught.value)
