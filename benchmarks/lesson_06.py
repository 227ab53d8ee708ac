"""What each code sends until 90 %: the 2NN, 10 parties with 600 images each, three seeds.

    python -m benchmarks.lesson_06        66 runs, some minutes on two quiet processors

All codes train with the same settings, those of the workload W1 and the same with one local epoch: learning rate 0.1,
batches of 32. Nothing is tuned for a code but whether it has a memory: each is run with and without. A run ends with
the first round in which 90 % of the test images are right, or after 100 rounds. Each is written down with the bytes of
that many rounds, up and down apart, and its test accuracy after every round, in percent.
"""

from __future__ import annotations

from typing import Any

import click

from benchmarks.common import RESULTS, WORKLOADS, report, save
from fedlab import Experiment
from fedlab.lessons.progress import as_far_as_it_goes
from fedlab.lessons.published_06 import FILE, medians

GOAL, SEEDS, LONGEST = 0.9, (0, 1, 2), 100
CODES: dict[str, dict[str, Any]] = {
    "top-k, 1 %": {"compression": "topk", "topk_share": 0.01},
    "top-k, 0.1 %": {"compression": "topk", "topk_share": 0.001},
    "random-k, 5 %": {"compression": "randomk", "randomk_share": 0.05},
    "QSGD, 2 bits": {"compression": "quantize", "quantize_bits": 2},
    "QSGD, 4 bits": {"compression": "quantize", "quantize_bits": 4},
    "sign": {"compression": "sign"},
}


def until_goal(experiment: Experiment) -> dict[str, Any]:
    """Bytes and accuracies of a run until the goal; a run whose numbers are no longer finite ends before it."""
    history = as_far_as_it_goes(experiment, GOAL)
    return {
        "rounds": history.rounds_to(GOAL),
        "bytes_up": sum(history.column("bytes_up")),
        "bytes_down": sum(history.column("bytes_down")),
        "accuracy": [round(100 * accuracy, 2) for accuracy in history.column("test_accuracy")],
    }


def measure(epochs: int) -> list[dict[str, Any]]:
    """All codes with all seeds, at so many local epochs."""
    base = WORKLOADS["W1"].experiment.with_(rounds=LONGEST, local_epochs=epochs)
    plans: dict[tuple[str, bool | None], Experiment] = {("FedAvg", None): base}
    for name, settings in CODES.items():
        for feedback in (True, False):
            plans[name, feedback] = base.with_(**settings, error_feedback=feedback)
    made = []
    for (code, memory), plan in plans.items():
        for seed in SEEDS:
            found = until_goal(plan.with_(seed=seed))
            made.append({"code": code, "memory": memory, "epochs": epochs, "seed": seed, **found})
            print(epochs, code, memory, seed, found["rounds"], found["bytes_up"] / 1e6, flush=True)
    return made


@click.command(help=__doc__)
def main() -> None:
    results = [one for epochs in (1, 5) for one in measure(epochs)]
    save(RESULTS / FILE.name, results)
    for epochs in (1, 5):
        report(
            f"Until 90 %, {epochs} local epochs, median of {len(SEEDS)} seeds",
            ["code", "memory", "rounds", "megabytes up", "of FedAvg's"],
            [
                (row.code, {None: "", True: "yes", False: "no"}[row.memory], *row.told())
                for row in medians(results, epochs)
            ],
        )


if __name__ == "__main__":
    main()
