"""What lesson 04 says of ten seeds: FedAvg and FedProx's two ideas in the setting of its lab.

    python -m benchmarks.lesson_04            two minutes on two quiet processors

The lesson's own cells do the same and take no number from here; the file is there to hold its sentences against.
"""

from __future__ import annotations

import click

from benchmarks.common import RESULTS, save
from fedlab import Experiment, History, run
from fedlab.lessons.claims_04 import jumps
from fedlab.lessons.race import last_accuracy, late_loss

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
    rounds=30,
)
METHODS = {
    "FedAvg": LAB,
    "FedProx, μ = 0": LAB.with_(algorithm="fedprox", mu=0.0),
    "FedProx, μ = 1": LAB.with_(algorithm="fedprox", mu=1.0),
}


MEASURES = {"late loss": late_loss, "jumps": jumps, "last accuracy": last_accuracy}


@click.command(help=__doc__)
@click.option("--seeds", default=10, help="How many.")
def main(seeds: int) -> None:
    found: dict[str, dict[str, list[float]]] = {name: {measure: [] for measure in MEASURES} for name in METHODS}
    for seed in range(seeds):
        for name, experiment in METHODS.items():
            history = History(one := experiment.with_(seed=seed), run(one))
            for measure, value in MEASURES.items():
                found[name][measure].append(round(value(history), 4))
            print(f"seed {seed}, {name}: { ({measure: found[name][measure][-1] for measure in MEASURES}) }", flush=True)
    save(RESULTS / "lesson_04.json", found)


if __name__ == "__main__":
    main()
