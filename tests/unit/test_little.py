"""Facts about *a little is enough*: what colluders agree on, and how far out a majority still believes it."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.datasets import Dataset
from fedlab.federation import in_pieces
from fedlab.messages import Upload
from fedlab.stages.little import most_believed

PLAN = Experiment(parties=8, examples=800, model="softmax", rounds=2, local_epochs=2, batch_size=16)
LIARS = (1, 4, 6)


def sent(experiment: Experiment, blobs: Dataset, number: int = 1) -> dict[int, Upload]:
    """Who sent what in this round."""
    kept: dict[int, Upload] = {}
    list(
        run(
            experiment.with_(rounds=number),
            dataset=blobs,
            on_upload=lambda at, upload: kept.update({upload.party: upload}) if at == number else None,
        )
    )
    return kept


def weights(rounds: Any) -> list[np.ndarray]:
    return [one.state.weights for one in rounds if one is not None]


def test_how_far_out_a_majority_believes_is_the_papers_number() -> None:
    """References: n = 50, f = 24: s = 26 - 24 = 2, (50 - 24 - 2) / 26 = 12/13, and Φ(1.4261) = 12/13."""
    assert most_believed(50, 24) == pytest.approx(1.4261, abs=5e-5)
    assert NormalDist().cdf(most_believed(50, 24)) == pytest.approx(12 / 13)


@pytest.mark.parametrize(("parties", "liars"), [(10, 6), (10, 10), (3, 3), (10, 1)])
def test_who_is_a_majority_or_can_win_nobody_over_needs_no_disguise(parties: int, liars: int) -> None:
    assert most_believed(parties, liars) == 0


@pytest.mark.parametrize("deviations", [0.5, 2.0])
def test_all_liars_send_the_mean_of_their_own_honest_updates_less_some_deviations(
    blobs: Dataset, deviations: float
) -> None:
    """What they have learned is what the same parties send where nobody lies; the others' does not come in."""
    honest = sent(PLAN, blobs)
    lying = sent(PLAN.with_(attack="little", attackers=LIARS, deviations=deviations), blobs)
    own = np.stack([honest[party].message[0] for party in LIARS]).astype(np.float64)
    lie = own.mean(axis=0) - deviations * own.std(axis=0)
    for party in range(PLAN.parties):
        expected = lie if party in LIARS else honest[party].message[0]
        assert lying[party].message[0] == pytest.approx(expected, abs=1e-6)


def test_one_liar_alone_has_nobody_to_agree_with_and_is_honest_to_the_bit(blobs: Dataset) -> None:
    alone = weights(run(PLAN.with_(attack="little", attackers=(2,), deviations=3.0), dataset=blobs))
    assert all(map(np.array_equal, alone, weights(run(PLAN, dataset=blobs))))


def test_before_they_begin_nobody_lies(blobs: Dataset) -> None:
    late = PLAN.with_(attack="little", attackers=LIARS, deviations=3.0, attack_from=2)
    honest, lying = weights(run(PLAN, dataset=blobs)), weights(run(late, dataset=blobs))
    assert np.array_equal(honest[0], lying[0])
    assert not np.array_equal(honest[1], lying[1])


def test_only_those_who_report_agree(blobs: Dataset) -> None:
    """With three of eight taking part, liars who are not asked show nothing, so a single one is honest."""
    some = PLAN.with_(participation=0.4, rounds=1)
    (one,) = run(some, dataset=blobs)
    asked = [report.party for report in one.parties]
    outside = tuple(party for party in range(8) if party not in asked)
    lying = some.with_(attack="little", attackers=(asked[0], *outside), deviations=3.0)
    assert all(map(np.array_equal, weights(run(lying, dataset=blobs)), weights([one])))


def test_in_pieces_and_on_any_number_of_threads_it_is_the_same(blobs: Dataset) -> None:
    plan = PLAN.with_(attack="little", attackers=LIARS)
    once = weights(run(plan, dataset=blobs, threads=1))
    for other in (weights(run(plan, dataset=blobs, threads=3)), weights(in_pieces(plan, dataset=blobs))):
        assert all(map(np.array_equal, once, other))


@pytest.mark.parametrize(
    "more",
    [
        {"secure_sum": "masks"},
        {"compression": "topk"},
        {"privacy": "dp"},
        {"algorithm": "scaffold"},
        {"aggregation": "median"},
    ],
    ids=str,
)
def test_it_goes_with_everything_else_on_the_way(blobs: Dataset, more: dict[str, Any]) -> None:
    *_, last = run(PLAN.with_(attack="little", attackers=LIARS, **more), dataset=blobs)
    assert np.isfinite(last.test_loss)
