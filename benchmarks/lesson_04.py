"""What lesson 04 says of ten seeds and of the long run: FedAvg and FedProx's two ideas, 30 and 200 rounds.

    python -m benchmarks.lesson_04            a quarter of an hour on two quiet processors

The setting of the lab, on the data that were made for FedProx, and on the same kind of data without differences.
"""

from __future__ import annotations

import click
import numpy as np

from benchmarks.common import RESULTS, save
from fedlab import Experiment, History, run

LAB = Experiment(
    dataset="synthetic",
    partition="natural",
    parties=30,
    examples=60_000,
    model="softmax",
    participation=0.33,
    local_epochs=20,
    batch_size=10,
    learning_rate=0.01,
    stragglers=0.9,
)
METHODS = {
    "FedAvg": LAB,
    "FedProx, μ = 0": LAB.with_(algorithm="fedprox", mu=0.0),
    "FedProx, μ = 1": LAB.with_(algorithm="fedprox", mu=1.0),
}


def measured(experiment: Experiment) -> dict[str, float]:
    """Loss, accuracy (in percent) and unsteadiness on the test examples, early and late in one long run.

    After 30 rounds: loss and step from round to round over the last 15, accuracy of the last. After 200: loss and
    accuracy over the last 20, and the standard deviation of the loss over the last 50.
    """
    history = History(experiment, run(experiment))
    loss, accuracy = np.array(history.column("test_loss")), 100 * np.array(history.column("test_accuracy"))
    return {
        "loss, 30 rounds": loss[15:30].mean(),
        "steps, 30 rounds": np.abs(np.diff(loss[15:30])).mean(),
        "accuracy, 30 rounds": accuracy[29],
        "loss, 200 rounds": loss[-20:].mean(),
        "accuracy, 200 rounds": accuracy[-20:].mean(),
        "spread, 200 rounds": loss[-50:].std(),
    }


@click.command(help=__doc__)
@click.option("--seeds", default=10, help="How many with the data that were made for FedProx.")
@click.option("--iid-seeds", default=5, help="How many with the same kind of data without differences.")
def main(seeds: int, iid_seeds: int) -> None:
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for seed in range(max(seeds, iid_seeds)):
        for dataset, many in (("synthetic", seeds), ("synthetic_iid", iid_seeds)):
            for name, experiment in METHODS.items() if seed < many else ():
                numbers = measured(experiment.with_(dataset=dataset, seed=seed, rounds=200))
                columns = found.setdefault(dataset, {}).setdefault(name, {})
                for measure, number in numbers.items():
                    columns.setdefault(measure, []).append(round(float(number), 4))
                told = ", ".join(f"{measure}: {number:.3f}" for measure, number in numbers.items())
                print(f"{dataset}, seed {seed}, {name}: {told}", flush=True)
        save(RESULTS / "lesson_04.json", found)  # after each seed: a run that is stopped keeps what it has


if __name__ == "__main__":
    main()
