"""Megabytes up until a test accuracy: FedAvg, and top-k with 1 % of the weights, with and without error feedback.

    python -m benchmarks.communication              10 parties × 600 images IID, 2NN, 5 local epochs, three seeds
    python -m benchmarks.communication --rounds 200

Each run is written down until it reaches the higher of two goals, or its last round: test accuracy after each round, in
percent, and the megabytes that all parties sent in it. Wanted at 90 %: with error feedback at most a fifth of FedAvg's
megabytes, without it visibly more than with it. It counts rounds and bytes, so it needs no quiet machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import click

from benchmarks.common import RESULTS, WORKLOADS, report, save
from fedlab import Experiment
from fedlab.lessons.progress import as_far_as_it_goes

GOALS = (90, 93)  # percent
SEEDS = (0, 1, 2)
TOP_K = {"compression": "topk", "topk_share": 0.01}
FEDAVG = "FedAvg"
METHODS: dict[str, dict[str, Any]] = {
    FEDAVG: {},
    "top-k 1 %, error feedback": {**TOP_K, "error_feedback": True},
    "top-k 1 %, no memory": {**TOP_K, "error_feedback": False},
}

Runs = Sequence[Mapping[str, Any]]


def one_run(method: str, experiment: Experiment) -> dict[str, Any]:
    """A run as it is written down. One that breaks down keeps the rounds until then."""
    history = as_far_as_it_goes(experiment, max(GOALS) / 100)
    return {
        "method": method,
        "seed": experiment.seed,
        "link": experiment.link(),
        "megabytes_up": [one.bytes_up / 1e6 for one in history],
        "accuracy": [round(100 * one.test_accuracy, 2) for one in history],
    }


def rounds_to(run: Mapping[str, Any], goal: float) -> int | None:
    """The first round whose accuracy is `goal` percent or more."""
    return next((number for number, accuracy in enumerate(run["accuracy"], 1) if accuracy >= goal), None)


def megabytes_to(run: Mapping[str, Any], goal: float) -> float | None:
    """What all parties have sent until then; None if the goal is never reached."""
    rounds = rounds_to(run, goal)
    return sum(run["megabytes_up"][:rounds]) if rounds else None


def shares(runs: Runs, method: str, goal: float) -> list[float | None]:
    """A method's megabytes to the goal by FedAvg's with the same seed; None where one of them does not get there."""
    spent = {(one["method"], one["seed"]): megabytes_to(one, goal) for one in runs}
    found = [(spent[method, seed], spent[FEDAVG, seed]) for name, seed in spent if name == method]
    return [ours / whole if ours and whole else None for ours, whole in found]


def _row(runs: Runs, method: str, goal: float) -> list[str]:
    own = [one for one in runs if one["method"] == method]
    megabytes = [megabytes_to(one, goal) for one in own]
    of_fedavg = [share for share in shares(runs, method, goal) if share is not None]
    return [
        method,
        f"{goal} %",
        ", ".join(str(rounds_to(one, goal) or "never") for one in own),
        ", ".join(f"{spent:.2f}" if spent else "never" for spent in megabytes),
        f"{mean(of_fedavg):.3f}" if len(of_fedavg) == len(own) else "",
    ]


@click.command(help=__doc__)
@click.option("--rounds", default=100, help="A run that is not there by then never is.", show_default=True)
@click.option(
    "--json", "path", type=click.Path(path_type=Path), default=RESULTS / "communication.json", show_default=True
)
def main(rounds: int, path: Path) -> None:
    base = WORKLOADS["W1"].experiment.with_(rounds=rounds)
    runs = [
        one_run(method, base.with_(**settings, seed=seed)) for method, settings in METHODS.items() for seed in SEEDS
    ]
    columns = ("", "goal", "rounds", "megabytes up", "× FedAvg's, mean")
    report(WORKLOADS["W1"].about, columns, [_row(runs, method, goal) for goal in GOALS for method in METHODS])
    save(path, {"runs": runs})


if __name__ == "__main__":
    main()
