"""FedProx's synthetic data: as many parties as you like, whose data and whose truths differ as much as you like.

Source: Li, Sahu, Zaheer, Sanjabi, Talwalkar and Smith 2020 (arXiv 1812.06127), section 5.1 and appendix C.1, and the
authors' generator: α and β are standard deviations there, and b_k has the mean of W_k.

    n_k <- int(lognormal(4, 2)) + 50                  examples of party k, nine tenths of them for training
    u_k ~ N(0, α²);  W_k (60 x 10) ~ N(u_k, 1);  b_k (10) ~ N(u_k, 1)        its truth
    B_k ~ N(0, β²);  v_k (60) ~ N(B_k, 1);  x ~ N(v_k, Σ),  Σ_jj = j^-1.2      its examples
    y = argmax(x W_k + b_k)
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import numpy as np

from fedlab.datasets.base import Dataset, Source
from fedlab.randomness import Choice, generator
from fedlab.settings import setting

FEATURES, CLASSES = 60, 10


class Synthetic(Source):
    """synthetic(α, β): every party has a truth W_k, b_k and examples around a v_k of its own.

    β sets the v_k further apart. α is meant to set the truths further apart, but u_k moves all ten scores of an example
    alike, so α changes no label. Even synthetic(0, 0) is far from IID: `SyntheticIID` is that. Take the partition
    `natural` to leave each party its own examples; any other deals all of them out anew.
    """

    name: ClassVar[str] = "synthetic"
    title: ClassVar[str] = "Synthetic (α, β)"
    lesson: ClassVar[str] = "Every party has a truth of its own: what FedProx was made for."

    synthetic_alpha: float = setting(
        1.0,
        "Meant to make the parties' truths differ; it moves all scores alike, so it changes no label.",
        symbol="α",
        low=0.0,
        high=10.0,
        slider=(0, 2),
    )
    synthetic_beta: float = setting(
        1.0, "How far apart the parties' examples lie.", symbol="β", low=0.0, high=10.0, slider=(0, 2)
    )

    def load(self, parties: int, seed: int) -> Dataset:
        return synthetic(parties, seed, self.synthetic_alpha, self.synthetic_beta)

    def nbytes(self, parties: int, seed: int) -> int:
        return synthetic_nbytes(parties, seed)


class SyntheticIID(Source):
    """Synthetic data without differences: one W and b for all parties, and v_k = 0. Their sizes still differ."""

    name: ClassVar[str] = "synthetic_iid"
    title: ClassVar[str] = "Synthetic, IID"
    lesson: ClassVar[str] = "The synthetic data without differences: what FedProx costs where it is not needed."

    def load(self, parties: int, seed: int) -> Dataset:
        return synthetic(parties, seed, None, None)

    def nbytes(self, parties: int, seed: int) -> int:
        return synthetic_nbytes(parties, seed)


def sizes_of(parties: int, rng: np.random.Generator) -> np.ndarray:
    """(parties,) n_k, training and test examples together."""
    return rng.lognormal(4, 2, parties).astype(int) + 50


def synthetic_nbytes(parties: int, seed: int) -> int:
    """About what making the data takes: each feature twice in 4 bytes, by party and then together."""
    return int(sizes_of(parties, generator(seed, Choice.DATASET)).sum()) * FEATURES * (4 + 4)


@lru_cache(maxsize=2)
def synthetic(parties: int, seed: int, alpha: float | None, beta: float | None) -> Dataset:
    """The data set of so many parties; α and β of None give the IID one. Its `owners` say whose each example is."""
    rng = generator(seed, Choice.DATASET)
    sizes = sizes_of(parties, rng)
    spread = np.arange(1, FEATURES + 1) ** -0.6  # the square roots of Σ_jj
    one_w, one_b = rng.normal(size=(FEATURES, CLASSES)), rng.normal(size=CLASSES)
    train, test = [], []
    for party, size in enumerate(sizes):
        if alpha is None or beta is None:
            w, b, v = one_w, one_b, np.zeros(FEATURES)
        else:
            u = rng.normal(0, alpha)
            w, b = rng.normal(u, 1, (FEATURES, CLASSES)), rng.normal(u, 1, CLASSES)
            v = rng.normal(rng.normal(0, beta), 1, FEATURES)
        x = v + spread * rng.normal(size=(size, FEATURES))
        y = (x @ w + b).argmax(axis=1)
        cut = int(0.9 * size)
        x = x.astype(np.float32)
        train.append((x[:cut], y[:cut], np.full(cut, party)))
        test.append((x[cut:], y[cut:]))
    train_x, train_y, owners = (np.concatenate(column) for column in zip(*train, strict=True))
    test_x, test_y = (np.concatenate(column) for column in zip(*test, strict=True))
    return Dataset("synthetic", train_x, train_y, test_x, test_y, owners, classes=CLASSES)
