"""What lesson 02 says of more seeds and longer runs than its own cells have time for.

    python -m benchmarks.lesson_02 skew      more local work with a fair mix and under skew, six seeds: two minutes
    python -m benchmarks.lesson_02 budget    which choices of settings meet exercise 4's budget: a quarter of an hour
    python -m benchmarks.lesson_02 pixels    McMahan's Table 1 with pixels from -0.5 to 0.5: half an hour

Each part writes `results/lesson_02_PART.json`; tests hold the lesson's sentences against these files.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import click
import numpy as np

from benchmarks.common import RESULTS, save
from fedlab import Experiment, run
from fedlab.datasets import Dataset, mnist
from fedlab.lessons import checks_02

BASE = Experiment(parties=20, examples=2_000, participation=0.25, batch_size=10)
MIXES: dict[str, dict[str, Any]] = {"fair": {}, "skewed": {"partition": "dirichlet", "alpha": 0.3}}
ASKED = (1, 2, 3, 4, 6, 8, 12, 20)  # of the 20 parties, in each round
EPOCHS, BATCHES, RATES = (1, 2, 3, 5, 10, 20), (5, 10, 20, "all"), (0.1, 0.2)


def rounds_allowed(choice: Experiment) -> int:
    """The most rounds within the budget of exercise 4."""
    one = choice.with_(rounds=1)
    return min(int(checks_02.MINUTES // checks_02.minutes(one)), int(checks_02.MEGABYTES // checks_02.megabytes(one)))


def accuracies(experiment: Experiment) -> list[float]:
    """Per cent of the test images right, after each round."""
    return [round(100 * one.test_accuracy, 2) for one in run(experiment)]


def skew() -> list[dict[str, Any]]:
    """E = 1 and E = 10, twelve rounds, seeds 0 to 5."""
    found = []
    for (mix, own), epochs, seed in product(MIXES.items(), (1, 10), range(6)):
        experiment = BASE.with_(**own, local_epochs=epochs, seed=seed, rounds=12)
        found.append({"mix": mix, "E": epochs, "seed": seed, "accuracies": accuracies(experiment)})
    return found


def budget() -> list[dict[str, Any]]:
    """For each choice of settings the accuracies of as many rounds as its budget allows, seeds 0 and 1."""
    found = []
    for asked, epochs, batch, rate in product(ASKED, EPOCHS, BATCHES, RATES):
        choice = BASE.with_(participation=asked / 20, local_epochs=epochs, batch_size=batch, learning_rate=rate)
        rounds = rounds_allowed(choice)
        runs = [accuracies(choice.with_(seed=seed, rounds=rounds)) for seed in (0, 1) if rounds]
        found.append({"asked": asked, "E": epochs, "B": batch, "η": rate, "rounds": rounds, "accuracies": runs})
        print(*found[-1].values(), flush=True)
    return found


def pixels() -> list[dict[str, Any]]:
    """Rounds until the 2NN first reaches 97 %, C = 0.1, E = 1, B = 10, pixels from -0.5 to 0.5, seeds 0 and 1."""
    found = []
    for partition, seed in product(("iid", "shards"), (0, 1)):
        experiment = Experiment(
            parties=100, examples=60_000, partition=partition, participation=0.1, batch_size=10, rounds=800, seed=seed
        )
        rounds = (one.number for one in run(experiment, dataset=from_low(-0.5)) if one.test_accuracy >= 0.97)
        found.append({"partition": partition, "seed": seed, "rounds": next(rounds, None)})
        print(*found[-1].values(), flush=True)
    return found


def from_low(low: float) -> Dataset:
    """MNIST with pixels from `low` to `low` + 1."""
    data = mnist()
    train_x, test_x = (np.float32(low) + images.astype(np.float32) / 255 for images in (data.train_x, data.test_x))
    return replace(data, train_x=train_x, test_x=test_x, scale=1.0)


PARTS = {"skew": skew, "budget": budget, "pixels": pixels}


@click.command(help=__doc__)
@click.argument("part", type=click.Choice(list(PARTS)))
def main(part: str) -> None:
    save(RESULTS / f"lesson_02_{part}.json", PARTS[part]())


if __name__ == "__main__":
    main()
