"""What liars do to each aggregation rule, and what the rules do to honest parties that differ: 2NN, three seeds.

    python -m benchmarks.robustness          10 parties × 600 images (W1), 5 rounds; 213 runs

`breakdown`: IID, 0 to 5 of the parties send the opposite of what they learned, five times as long. All rules keep
their settings: the trimmed mean leaves out two numbers on each side, Krum and Multi-Krum reckon with two liars, the
norm bound is 1. `skew`: nobody lies, but labels are dealt out by Dirichlet's α = 0.1. Each run is written down with its
test accuracy after every round, in percent, until it breaks down; and with what each party's message counted in the
last round, the recall of each digit, and how much of its own images each party has right.

`backdoor`: one of ten plants a backdoor from round 6 on, as loud as the others, 4 or 10 times as loud; 10 rounds of one
epoch. Written down are the test accuracy after every round and the share of marked images that are called a 0.
"""

from __future__ import annotations

from statistics import mean
from typing import Any

import click
import numpy as np

from benchmarks.common import RESULTS, WORKLOADS, report, save
from fedlab import Experiment, diagnostics, run
from fedlab.federation import turn_of
from fedlab.messages import Upload
from fedlab.partitions import label_counts
from fedlab.prepare import prepare
from fedlab.rounds import Diverged
from fedlab.stages import AGGREGATIONS
from fedlab.stages.attack import Lying

FILE = RESULTS / "robustness.json"
SEEDS, ATTACKERS, ROUNDS = (0, 1, 2), range(6), 5
CHANCE = 10.0  # percent: a model that broke down guesses
SETTINGS: dict[str, dict[str, Any]] = {"trimmed_mean": {"trim": 0.2}} | {
    rule: {"expected_attackers": 2} for rule in ("krum", "multi_krum")
}
RULES = {rule: {"aggregation": rule, **SETTINGS.get(rule, {})} for rule in AGGREGATIONS}
BASE = WORKLOADS["W1"].experiment.with_(rounds=ROUNDS)
SKEWED = BASE.with_(partition="dirichlet", alpha=0.1)
PLANTED = BASE.with_(rounds=10, local_epochs=1, attack="replacement", attackers=(3,), attack_from=6)
LOUD = (0, 1, 4, 10)  # s; 0: nobody plants anything


def per_cent(share: float) -> float:
    return round(100 * float(share), 2)


def one_run(experiment: Experiment) -> dict[str, Any]:
    """Accuracies of a run, and behind its last round: recalls, who is served, and what each party's message counted."""
    sent, accuracies, state = list[Upload](), list[float](), None

    def keep(number: int, upload: Upload) -> None:
        if number == experiment.rounds:
            sent.append(upload)

    try:
        for one in run(experiment, on_upload=keep):
            accuracies.append(per_cent(one.test_accuracy))
            state = one.state
    except Diverged:
        return {"seed": experiment.seed, "accuracy": accuracies, "diverged": True}
    assert state is not None
    prepared = prepare(experiment)
    table = diagnostics.confusion_on_test(experiment, [state.weights], prepared.dataset)
    own = diagnostics.party_accuracies(experiment, [state.weights], prepared.dataset)
    weights = experiment.aggregation.weights(sent)
    assert weights is not None
    attack, at = experiment.attack, turn_of(prepared, experiment.rounds).at("attack")
    return {
        "seed": experiment.seed,
        "accuracy": accuracies,
        "diverged": False,
        "recall": [per_cent(one) for one in diagnostics.recall(table)],
        "own images right": [per_cent(one) for one in own],
        "weights": [per_cent(one) for one in weights],
        "liars": sorted(attack.liars(at)) if isinstance(attack, Lying) else [],
    }


def breakdown() -> list[dict[str, Any]]:
    """Every rule against 0 to 5 liars."""
    found = []
    for rule, settings in RULES.items():
        for attackers in ATTACKERS:
            for seed in SEEDS:
                lie = {"attack": "sign_flip", "attack_strength": 5.0, "attackers": attackers} if attackers else {}
                one = one_run(BASE.with_(**settings, **lie, seed=seed))
                found.append({"rule": rule, "attackers": attackers, **one})
                print(rule, attackers, seed, last(found[-1]), flush=True)
    return found


def skew() -> list[dict[str, Any]]:
    """Every rule where nobody lies and labels are skewed, with how many images of each label each party holds."""
    found = []
    for rule, settings in RULES.items():
        for seed in SEEDS:
            experiment = SKEWED.with_(**settings, seed=seed)
            prepared = prepare(experiment)
            counts = label_counts(prepared.parties, prepared.dataset.train_y, prepared.dataset.classes)
            found.append({"rule": rule, **one_run(experiment), "held": counts.tolist()})
            print("skew", rule, seed, last(found[-1]), flush=True)
    return found


def backdoor() -> list[dict[str, Any]]:
    """Every rule against one party of ten that plants a backdoor."""
    found = []
    for rule, settings in RULES.items():
        for loud in LOUD:
            for seed in SEEDS:
                lie = {"attack_strength": loud} if loud else {"attackers": 0}
                rounds = list(run(PLANTED.with_(**settings, **lie, seed=seed)))
                curves = {
                    "accuracy": [per_cent(one.test_accuracy) for one in rounds],
                    "backdoor": [per_cent(one.backdoor or 0) for one in rounds],
                }
                found.append({"rule": rule, "s": loud, "seed": seed, **curves})
                print("backdoor", rule, loud, seed, curves["backdoor"][-1], flush=True)
    return found


def last(one: dict[str, Any]) -> float:
    """Test accuracy after the last round, in percent; a run that broke down guesses."""
    return CHANCE if one["diverged"] else float(one["accuracy"][-1])


def of(found: list[dict[str, Any]], **wanted: Any) -> list[dict[str, Any]]:
    """The runs that are wanted, one a seed."""
    return [one for one in found if all(one[name] == value for name, value in wanted.items())]


@click.command(help=__doc__)
def main() -> None:
    found = {"breakdown": breakdown(), "skew": skew(), "backdoor": backdoor()}
    save(FILE, found)
    report(
        f"Test accuracy after {ROUNDS} rounds in %, mean of {len(SEEDS)} seeds: so many of ten lie",
        ["", *map(str, ATTACKERS)],
        [
            [rule, *(f"{mean(map(last, of(found['breakdown'], rule=rule, attackers=n))):.1f}" for n in ATTACKERS)]
            for rule in RULES
        ],
    )
    report(
        f"Nobody lies, α = 0.1, {ROUNDS} rounds, mean of {len(SEEDS)} seeds, in %",
        ["", "test accuracy", "worst party", "worst digit", *map(str, range(10))],
        [_row(rule, of(found["skew"], rule=rule)) for rule in RULES],
    )
    report(
        f"A backdoor, s times as loud, 10 rounds, mean of {len(SEEDS)} seeds, in %: accuracy / marked images",
        ["", *(f"s = {loud}" for loud in LOUD)],
        [[rule, *(_door(of(found["backdoor"], rule=rule, s=loud)) for loud in LOUD)] for rule in RULES],
    )


def _door(runs: list[dict[str, Any]]) -> str:
    return " / ".join(f"{mean(one[name][-1] for one in runs):.1f}" for name in ("accuracy", "backdoor"))


def _row(rule: str, runs: list[dict[str, Any]]) -> list[str]:
    recalls = np.array([one["recall"] for one in runs])
    worst = mean(min(one["own images right"]) for one in runs)
    numbers = [mean(map(last, runs)), worst, recalls.min(axis=1).mean(), *recalls.mean(axis=0)]
    return [rule, *(f"{number:.0f}" for number in numbers)]


if __name__ == "__main__":
    main()
