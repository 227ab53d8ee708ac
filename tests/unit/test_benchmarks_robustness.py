"""What `python -m benchmarks.robustness` has found: what liars do to each rule, and rules to honest outliers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from benchmarks import robustness
from benchmarks.common import RESULTS

pytestmark = pytest.mark.usefixtures("tensorflow")


def lies(part: str, **wanted: Any) -> list[dict[str, Any]]:
    """Runs of the file that `python -m benchmarks.robustness` wrote, one a seed."""
    found = robustness.of(json.loads(robustness.FILE.read_text(encoding="utf-8"))["results"][part], **wanted)
    assert [one["seed"] for one in found] == [0, 1, 2]
    return found


def ends(rule: str, attackers: int) -> list[float]:
    return [robustness.last(one) for one in lies("breakdown", rule=rule, attackers=attackers)]


def test_a_run_under_attack_tells_who_lied_and_whom_the_rule_threw_out() -> None:
    """Multi-Krum with f = 2 keeps 8 of 10, an eighth each; the two far points are the liars'."""
    plan = robustness.BASE.with_(examples=200, rounds=1, attack="sign_flip", attackers=2, attack_strength=5.0)
    one = robustness.one_run(plan.with_(**robustness.RULES["multi_krum"]))
    assert [party for party, weight in enumerate(one["weights"]) if weight == 0] == one["liars"]
    assert sum(one["weights"]) == pytest.approx(100)
    assert (len(one["accuracy"]), len(one["recall"]), len(one["own images right"])) == (1, 10, 10)


def test_a_run_that_broke_down_guesses() -> None:
    wild = robustness.BASE.with_(examples=200, rounds=3, local_epochs=20, batch_size=5, learning_rate=100.0)
    assert robustness.last(robustness.one_run(wild)) == 10


def test_two_of_ten_that_flip_signs_ruin_the_mean_and_hardly_touch_median_and_trimmed_mean() -> None:
    """Below 30 %, and within 2 points of the mean without liars, with every seed."""
    assert max(ends("mean", 2)) < 30
    for rule in ("median", "trimmed_mean"):
        for ours, honest in zip(ends(rule, 2), ends("mean", 0), strict=True):
            assert abs(honest - ours) < 2


def test_each_rule_breaks_where_it_is_said_to() -> None:
    """The median at half of ten; a mean without two on each side at three; the plain mean loses much by one."""
    assert min(honest - one for honest, one in zip(ends("mean", 0), ends("mean", 1), strict=True)) > 10
    assert min(ends("median", 4)) > 80 > 20 > max(ends("median", 5))
    assert min(ends("trimmed_mean", 2)) > 90 > 70 > max(ends("trimmed_mean", 3))
    assert min(ends("multi_krum", 2)) > 90 > 20 > max(ends("multi_krum", 4))
    assert min(ends("geometric_median", 4)) > 80 > 20 > max(ends("geometric_median", 5))


def test_liars_count_less_than_by_the_mean_under_every_rule_and_nothing_under_krum_and_multi_krum() -> None:
    """By the mean two of ten with as many images count 20 %."""
    for rule in robustness.RULES:
        for one in lies("breakdown", rule=rule, attackers=2):
            counted = sum(one["weights"][liar] for liar in one["liars"])
            assert counted == pytest.approx(20) if rule == "mean" else counted < 10
            assert counted == 0 or "krum" not in rule


def test_under_label_skew_krum_knows_no_digit_but_those_of_the_one_party_that_it_keeps() -> None:
    """Nobody lies. All ten digits are held by somebody, and by the mean each is known to some degree."""
    for krum, mean in zip(lies("skew", rule="krum"), lies("skew", rule="mean"), strict=True):
        held = np.array(krum["held"])
        assert (held.sum(axis=0) > 0).all()
        kept = int(np.argmax(krum["weights"]))
        known = {digit for digit, share in enumerate(krum["recall"]) if share > 0}
        assert known <= set(np.flatnonzero(held[kept]))
        assert len(known) <= 3
        assert min(mean["recall"]) > 0
        assert krum["own images right"][kept] > 95
        assert min(krum["own images right"]) == 0


def test_under_label_skew_every_robust_rule_serves_the_worst_party_worse_than_the_mean() -> None:
    """On average over the seeds: robustness and fairness pull apart."""

    def worst(rule: str) -> float:
        return float(np.mean([min(one["own images right"]) for one in lies("skew", rule=rule)]))

    assert all(worst(rule) < worst("mean") for rule in robustness.RULES if rule != "mean")
    assert max(worst("median"), worst("trimmed_mean")) < 5 < 15 < worst("mean")


def test_robust_rules_cost_at_most_half_a_round_more() -> None:
    """Seconds by FedAvg's on W1, in the file that `python -m benchmarks.stages` wrote."""
    found = json.loads((RESULTS / "stages.json").read_text(encoding="utf-8"))["results"]
    assert found["workload"] == "W1"
    for rule in robustness.RULES.keys() - {"mean"}:
        assert found["stages"][f"aggregation {rule}"]["times_fedavg"] <= 1.5


def doors(rule: str, loud: int, column: str) -> list[float]:
    return [one[column][-1] for one in lies("backdoor", rule=rule, s=loud)]


def test_four_times_as_loud_a_backdoor_opens_under_the_mean_and_accuracy_does_not_show_it() -> None:
    """At most two points beside the same seed without a liar; median, Krum and a bound on the norm keep it shut."""
    assert min(doors("mean", 4, "backdoor")) > 85
    for planted, honest in zip(doors("mean", 4, "accuracy"), doors("mean", 0, "accuracy"), strict=True):
        assert abs(honest - planted) < 2
    for rule in ("median", "krum"):
        assert max(doors(rule, 4, "backdoor")) < 10


def test_who_is_no_louder_than_the_others_gets_little_through_and_who_replaces_the_model_is_seen() -> None:
    assert max(doors("mean", 1, "backdoor")) < 40
    assert min(doors("mean", 10, "backdoor")) > 95
    lost = [h - p for p, h in zip(doors("mean", 10, "accuracy"), doors("mean", 0, "accuracy"), strict=True)]
    assert min(lost) > 2
