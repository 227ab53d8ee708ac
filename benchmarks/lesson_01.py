"""What lesson 01 says of the code with the mistakes for more seeds than its own cells have time for.

python -m benchmarks.lesson_01      a minute on two quiet processors; writes results/lesson_01.json
"""

from __future__ import annotations

from typing import Any

import click

from benchmarks.common import RESULTS, save
from fedlab import Experiment, federation, reference, run
from fedlab.datasets import mnist
from fedlab.engines.keras import build
from fedlab.engines.tensorflow_setup import load_tensorflow

ALIKE = Experiment(
    parties=3, examples=3_000, partition="iid", model="2nn", local_epochs=5, batch_size=32, learning_rate=0.1, rounds=1
)
SORTED = ALIKE.with_(partition="shards", shards_per_party=1, rounds=2)


def with_the_mistakes(experiment: Experiment) -> float:
    """Per cent right when one model is handed from party to party, as `[global_model for party in parties]` does."""
    load_tensorflow()
    import keras

    data = mnist()
    model = build(experiment.model, (28, 28), data.classes, experiment.seed)
    keras.utils.set_random_seed(experiment.seed)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.optimizer.learning_rate = experiment.learning_rate
    for own in experiment.rounds * federation.hold(experiment, data):
        x, y = reference.scale(data.train_x[own], data), data.train_y[own]
        model.fit(x, y, epochs=experiment.local_epochs, batch_size=experiment.batch_size, verbose=0)
    return 100 * reference.accuracy(model, model.get_weights(), data)


def mended(experiment: Experiment) -> float:
    """Per cent right when each party trains its own copy and the server averages."""
    *_, last = run(experiment)
    return 100 * last.test_accuracy


@click.command(help=__doc__)
def main() -> None:
    found: list[dict[str, Any]] = []
    for name, experiment in {"alike": ALIKE, "sorted": SORTED}.items():
        for seed in range(5):
            one = experiment.with_(seed=seed)
            accuracies = {"mistakes": round(with_the_mistakes(one), 2), "mended": round(mended(one), 2)}
            found.append({"images": name, "rounds": one.rounds, "seed": seed, **accuracies})
            print(*found[-1].values(), flush=True)
    save(RESULTS / "lesson_01.json", found)


if __name__ == "__main__":
    main()
