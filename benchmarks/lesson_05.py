"""What lesson 05 says of algorithms that race: how the learning rate decides, and a race after each has its own rate.

    python -m benchmarks.lesson_05            all parts: 128 runs, half an hour on two quiet processors
    python -m benchmarks.lesson_05 tuning     one part; the others stay in the file as they are

server    FedAdam with four rates of its server
tuning    each method with four learning rates of the parties, on seeds that do not race
race      each method with the rate that was best there, on other seeds
few       each method with three learning rates, with 3 of the 10 parties a round and twice as many rounds

Each run is written down whole: its test accuracy after every round, in percent, and the megabytes of a round. The rates
of the race come from the tuning in the same file, by `fedlab.lessons.published_05`, as the lesson reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from benchmarks.common import RESULTS, save
from fedlab import Experiment
from fedlab.lessons.progress import as_far_as_it_goes
from fedlab.lessons.published_05 import FILE, best_rates, written

BASE = Experiment(parties=10, examples=2_000, partition="dirichlet", alpha=0.1, local_epochs=5, rounds=16)
FEW = BASE.with_(participation=0.3, rounds=32)
METHODS: dict[str, dict[str, Any]] = {
    "FedAvg": {"algorithm": "fedavg"},
    "SCAFFOLD": {"algorithm": "scaffold"},
    "FedDyn": {"algorithm": "feddyn"},
    "FedAvgM": {"algorithm": "fedavgm"},
    "FedAdam": {"algorithm": "fedadam", "server_learning_rate": 0.03},
}
SERVERS = {
    f"FedAdam, η_s = {rate:g}": {"algorithm": "fedadam", "server_learning_rate": rate}
    for rate in (0.003, 0.01, 0.03, 0.1)
}
TUNING_SEEDS, RACING_SEEDS = (10, 11, 12), (0, 1, 2, 3, 4, 5)
RATES = (0.05, 0.1, 0.2, 0.4)
PARTS: dict[str, tuple[Experiment, Mapping[str, dict[str, Any]], Sequence[int], Sequence[float]]] = {
    "server": (BASE, SERVERS, TUNING_SEEDS[:2], RATES[:1]),
    "tuning": (BASE, METHODS, TUNING_SEEDS, RATES),
    "race": (BASE, METHODS, RACING_SEEDS, ()),
    "few": (FEW, METHODS, RACING_SEEDS[:2], RATES[:3]),
}


def one_run(method: str, experiment: Experiment) -> dict[str, Any]:
    """A run as it is written down. One whose numbers were no longer finite keeps the rounds until then."""
    return written(method, as_far_as_it_goes(experiment))


def runs_of(part: str, before: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All runs of a part. before: the parts that are there already: the race takes its rates from the tuning."""
    base, methods, seeds, rates = PARTS[part]
    best = {} if rates else best_rates(before["tuning"])
    made = []
    for method, settings in methods.items():
        for rate in rates or (best[method],):
            for seed in seeds:
                made.append(one_run(method, base.with_(**settings, learning_rate=rate, seed=seed)))
                print(f"{part}: {method}, rate {rate:g}, seed {seed}: {made[-1]['accuracy'][-1:]}", flush=True)
    return made


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(parts: tuple[str, ...]) -> None:
    done = json.loads(FILE.read_text(encoding="utf-8"))["results"] if parts and FILE.exists() else {}
    for part in parts or PARTS:
        done[part] = runs_of(part, done)
        save(RESULTS / FILE.name, done)


if __name__ == "__main__":
    main()
