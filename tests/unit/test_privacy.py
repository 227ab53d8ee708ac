"""Facts about differential privacy of parties: what is clipped, how much noise there is, who takes part by chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, History, Round, run
from fedlab.accounting import Release, epsilon
from fedlab.algorithms import ALGORITHMS
from fedlab.datasets import Dataset
from fedlab.federation import first_state, prepare
from fedlab.messages import Upload
from fedlab.party import CannotTrain
from fedlab.settings import InvalidSetting
from fedlab_widgets import Lab

from .command_line import fedlab_

WITH_ROUNDS = [name for name, kind in ALGORITHMS.items() if not kind.asynchronous]  # others refuse it

PLAN = Experiment(
    parties=6, examples=600, partition="quantity", model="softmax", rounds=3, local_epochs=2, batch_size=16, seed=11
)
PRIVATE = PLAN.with_(privacy="dp", dp_clip=0.5, dp_noise=1.0, dp_delta=1e-3)


def rounds_of(experiment: Experiment, data: Dataset, **options: Any) -> list[Round]:
    return list(run(experiment, dataset=data, **options))


def moved(experiment: Experiment, data: Dataset) -> np.ndarray:
    """How far round 1 moves the shared model."""
    (one,) = rounds_of(experiment.with_(rounds=1), data)
    assert one.state is not None
    return one.state.weights - first_state(prepare(experiment, data)).weights


def sent(experiment: Experiment, data: Dataset) -> list[Upload]:
    """What travels in round 1."""
    kept: list[Upload] = []
    rounds_of(experiment.with_(rounds=1), data, on_upload=lambda number, upload: kept.append(upload))
    return kept


# What a run has spent


def test_a_run_tells_after_each_round_what_it_has_spent(blobs: Dataset) -> None:
    spent = [one.epsilon for one in rounds_of(PRIVATE, blobs)]
    assert spent == [epsilon({Release(1, 1): number}, 1e-3) for number in (1, 2, 3)]
    assert [one.epsilon for one in rounds_of(PLAN, blobs)] == [None] * 3


def test_what_was_spent_before_a_fork_counts_and_what_was_never_hidden_stays_so(blobs: Dataset) -> None:
    two = rounds_of(PRIVATE.with_(rounds=2), blobs)[-1].state
    (three,) = rounds_of(PRIVATE.with_(dp_noise=5.0), blobs, start=two)
    assert three.epsilon == epsilon({Release(1, 1): 2, Release(5, 1): 1}, 1e-3)
    open_ = rounds_of(PLAN.with_(rounds=2), blobs)[-1].state
    (after,) = rounds_of(PRIVATE, blobs, start=open_)
    assert after.epsilon is None


# Clip and noise


def test_no_update_is_longer_than_the_clip_and_short_ones_stay(blobs: Dataset) -> None:
    plan = PRIVATE.with_(dp_noise=0.0)
    honest = {upload.party: upload.message[0] for upload in sent(PLAN, blobs)}
    lengths = sorted(float(np.linalg.norm(update)) for update in honest.values())
    clip = (lengths[1] + lengths[2]) / 2
    for upload in sent(plan.with_(dp_clip=clip), blobs):
        before = honest[upload.party]
        scale = min(1.0, clip / float(np.linalg.norm(before)))
        assert upload.message[0] == pytest.approx(scale * before, abs=1e-6)


def test_without_noise_and_with_a_long_clip_it_is_fedavg_in_which_parties_count_the_same(blobs: Dataset) -> None:
    plan = PRIVATE.with_(dp_noise=0.0, dp_clip=1_000.0)
    updates = [upload.message[0] for upload in sent(PLAN, blobs)]
    assert moved(plan, blobs) == pytest.approx(np.mean(updates, axis=0), abs=1e-6)
    assert moved(plan, blobs) != pytest.approx(moved(PLAN, blobs), abs=1e-4)


def noise_of(experiment: Experiment, data: Dataset) -> float:
    """The standard deviation of what noise adds to round 1, over 36 weights and 40 seeds of the same clean round."""
    off = []
    for seed in range(40):
        one = experiment.with_(seed=seed)
        off.append(moved(one, data) - moved(one.with_(dp_noise=0.0), data))
    return float(np.std(off))


@pytest.mark.parametrize(("where", "deviation"), [("server", 2 * 0.5 / 6), ("party", 2 * 0.5 / np.sqrt(6))])
def test_noise_on_the_mean_has_the_size_that_the_accountant_counts_with(
    where: str, deviation: float, blobs: Dataset
) -> None:
    """σ S / (C K) from the server, σ S / √(C K) from six parties. Of 1,440 numbers the standard deviation is known to
    1 / √2880 = 1.9 % of itself; four times that are allowed."""
    plan = PRIVATE.with_(dp_noise=2.0, dp_where=where, examples=60, local_epochs=1)
    assert noise_of(plan, blobs) == pytest.approx(deviation, rel=0.075)


def test_on_real_digits_uploads_are_clipped_and_the_noise_on_their_mean_has_its_variance() -> None:
    """2NN, one round, some of ten parties by chance. Without their sum over C K, 199,210 normal numbers are left: their
    standard deviation is known to 1 / √398,420 = 0.16 % of itself, their mean to σ S / (C K) / √199,210; four times
    that are allowed, and of the correlation with the mean itself four times 1 / √199,210. Clipping: to S, to the last
    digits of float32."""
    clip, sigma = 0.3, 0.5
    plan = Experiment(
        examples=2_000, participation=0.6, rounds=1, local_epochs=2, privacy="dp", dp_clip=clip, dp_noise=sigma
    )
    uploads, means = list[np.ndarray](), list[np.ndarray]()
    list(
        run(
            plan,
            on_upload=lambda number, upload: uploads.append(upload.message[0]),
            on_mean=lambda number, mean: means.append(mean[0]),
        )
    )
    honest = sent(plan.with_(privacy="none", participation=1.0), plan.data())
    assert min(float(np.linalg.norm(one.message[0])) for one in honest) > clip
    assert len(uploads) != 6  # as many as expected would not tell how the sum is divided
    assert [float(np.linalg.norm(one)) for one in uploads] == pytest.approx([clip] * len(uploads), rel=1e-4)
    clean = np.sum(uploads, axis=0, dtype=np.float64) / (0.6 * 10)
    noise, deviation = means[0] - clean, sigma * clip / (0.6 * 10)
    assert len(noise) == 199_210
    assert noise.std() == pytest.approx(deviation, rel=4 * 0.0016)
    assert abs(noise.mean()) < 4 * deviation / np.sqrt(199_210)
    assert abs(np.corrcoef(noise, clean)[0, 1]) < 4 / np.sqrt(199_210)


def test_a_partys_own_noise_is_in_what_it_sends_and_the_servers_is_not(blobs: Dataset) -> None:
    quiet = sent(PRIVATE.with_(dp_noise=0.0), blobs)
    for where, differs in (("server", False), ("party", True)):
        for one, other in zip(sent(PRIVATE.with_(dp_where=where), blobs), quiet, strict=True):
            assert np.array_equal(one.message[0], other.message[0]) != differs


# Who takes part


def test_each_party_takes_part_by_a_draw_of_its_own(blobs: Dataset) -> None:
    """Over 300 rounds of 6 parties with C = 0.3: 540 in all, standard deviation √(1800 · 0.21) = 19.4; how many come
    varies, and in 0.7⁶ = 12 % of the rounds nobody does."""
    privacy = PRIVATE.privacy
    came = [len(privacy.choose(5, number, 6, 0.3)) for number in range(300)]
    assert abs(sum(came) - 540) < 4 * 19.4
    assert pytest.approx(came.count(0), abs=4 * np.sqrt(300 * 0.12 * 0.88)) == 0.12 * 300
    assert len(set(came)) >= 4


def test_a_round_to_which_nobody_came_is_noise_alone(blobs: Dataset) -> None:
    """And it counts as one: that nobody was there is nobody's business."""
    plan = PRIVATE.with_(participation=0.05, rounds=8, dp_clip=2.0)
    rounds = rounds_of(plan, blobs)
    empty = [one for one in rounds if not one.parties]
    assert empty
    assert rounds[-1].epsilon == epsilon({Release(1, 0.05): 8}, 1e-3)
    assert all(one.bytes_up == one.bytes_down == 0 for one in empty)
    text = History(plan, rounds).to_json()
    assert [one.epsilon for one in History.from_json(text)] == [one.epsilon for one in rounds]


def test_the_sum_is_divided_by_how_many_are_expected_not_by_how_many_came(blobs: Dataset) -> None:
    plan = PRIVATE.with_(dp_noise=0.0, dp_clip=1_000.0, participation=0.4)
    updates = [upload.message[0] for upload in sent(plan, blobs)]
    assert moved(plan, blobs) == pytest.approx(np.sum(updates, axis=0) / (0.4 * 6), abs=1e-5)


# With the other stages, and with every algorithm


@pytest.mark.parametrize("algorithm", WITH_ROUNDS)
@pytest.mark.parametrize("where", ["server", "party"])
def test_every_algorithm_trains_privately_or_says_why_not(
    algorithm: str, where: str, blobs: Dataset, is_one_sentence: Callable[[object], bool]
) -> None:
    """SCAFFOLD, FedNova and q-FedAvg send more than an update."""
    plan = PRIVATE.with_(algorithm=algorithm, dp_where=where, rounds=1)
    if algorithm in ("scaffold", "fednova", "qfedavg"):
        with pytest.raises(CannotTrain, match="sends more than that") as caught:
            rounds_of(plan, blobs)
        assert is_one_sentence(caught.value)
    else:
        assert np.isfinite(rounds_of(plan, blobs)[0].test_loss)


def test_under_masks_the_servers_noise_is_on_the_same_mean(blobs: Dataset) -> None:
    assert moved(PRIVATE.with_(secure_sum="masks"), blobs) == pytest.approx(moved(PRIVATE, blobs), abs=1e-5)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"aggregation": "median"},
            "The server's noise hides one party in a mean, but Median of each weight may follow",
        ),
        (
            {"compression": "topk"},
            "The server's noise fits updates of the clip's length, but Top-k: the largest changes",
        ),
        ({"compression": "randomk", "error_feedback": False}, "The server's noise fits updates of the clip's length"),
        ({"dp_where": "cloud"}, "dp_where is 'cloud', but it must be one of server, party."),
        ({"dp_delta": 1.0}, "dp_delta is 1.0, but it must be a number from 1e-12 to 0.1."),
    ],
)
def test_what_would_break_the_promise_is_refused(
    settings: dict[str, Any], sentence: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Experiment(privacy="dp", **settings)
    assert str(caught.value).startswith(sentence)
    assert is_one_sentence(caught.value)


def test_a_party_that_adds_its_own_noise_may_send_it_in_any_way() -> None:
    """What is done to a private message afterwards takes nothing away from its privacy."""
    for settings in ({"compression": "topk"}, {"aggregation": "median"}, {"compression": "quantize"}):
        Experiment(privacy="dp", dp_where="party", **settings)
    Experiment(privacy="dp", compression="topk", error_feedback=False)


def test_on_the_command_line_epsilon_is_in_every_round(tmp_path: Any) -> None:
    flags = ["--privacy", "dp", "--dp-clip", "1", "--dp-noise", "1", "--dp-delta", "1e-5"]
    few = ["--parties", "5", "--examples", "300", "--model", "softmax", "--rounds", "2"]
    file = tmp_path / "run.json"
    answer = fedlab_("run", *few, *flags, "--json", str(file))
    assert answer.exit_code == 0, answer.output
    assert "   ε 4.38\n" in answer.output
    spent = [one.epsilon for one in History.from_json(file.read_text())]
    assert spent[0] == pytest.approx(4.377, abs=2e-3)
    assert None not in spent
    assert spent[1] > spent[0]  # type: ignore[operator]


def test_in_the_lab_a_table_with_a_private_run_has_a_column_for_epsilon() -> None:
    few = Experiment(parties=5, examples=300, model="softmax", rounds=1)
    for experiment, told in ((few, False), (few.with_(privacy="dp"), True)):
        lab = Lab(experiment)
        lab.run()
        assert (">ε</th>" in lab._table._table.value) == told
        assert ("<td>4.38</td>" in lab._table._table.value) == told
        lab.close()
