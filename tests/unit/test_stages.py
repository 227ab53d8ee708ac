"""What can happen to a message on its way: stages in the order of the world, with memories and draws of their own.

The kit's stages do nothing yet, so those that are looked at here are made here, as a learner would write them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, Round, run
from fedlab.algorithms import ALGORITHMS
from fedlab.datasets import Dataset
from fedlab.federation import first_state, prepare
from fedlab.messages import Message, Upload, size_of
from fedlab.party import CannotTrain
from fedlab.settings import setting
from fedlab.stages import STAGES, Aggregation, Attack, Compression, Mean, Place, Privacy, SecureSum, Stage, Turn

WITH_ROUNDS = [name for name, kind in ALGORITHMS.items() if not kind.asynchronous]  # others refuse it

Same = Callable[[list[Round], list[Round]], None]

PLAN = Experiment(
    parties=6, examples=600, partition="dirichlet", alpha=0.3, model="softmax", rounds=4, participation=0.5,
    local_epochs=2, batch_size=16, seed=11,
)  # fmt: skip


class Flip(Attack):
    """The first parties send the opposite of what they found."""

    liars: int = setting(1, "How many parties lie.", low=0, high=100)

    def at_party(self, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
        return tuple(-part for part in up) if (at.party or 0) < self.liars else up, own


class Clip(Privacy):
    """No message is longer than `bound`; the server adds noise with a standard deviation of σ."""

    bound: float = setting(0.5, "The longest message.", low=0.001, high=10.0)
    noise: float = setting(0.0, "σ of the noise.", low=0.0, high=10.0)

    def at_party(self, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
        length = np.sqrt(sum(float((part.astype(np.float64) ** 2).sum()) for part in up))
        return tuple(part * np.float32(min(1, self.bound / max(length, 1e-12))) for part in up), own

    def at_server(self, mean: Message, parties: Sequence[int], at: Place) -> Message:
        return tuple(part + np.float32(self.noise) * at.rng.standard_normal(part.shape, np.float32) for part in mean)


class Half(Compression):
    """Half of the places, drawn anew each round, travel; what does not is remembered and added the next time."""

    def at_party(self, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
        full = up[0] + (0 if own is None else own)
        sent = np.where(at.rng.random(len(full)) < 0.5, full, np.float32(0))
        return (sent, *up[1:]), full - sent


class Median(Aggregation):
    """The middle of the parties' values, place by place."""

    def combine(self, uploads: Iterable[Upload]) -> Message:
        messages = [upload.message for upload in uploads]
        return tuple(np.median(np.stack(parts), axis=0).astype(np.float32) for parts in zip(*messages, strict=True))


def last_weights(experiment: Experiment, data: Dataset) -> np.ndarray:
    *_, last = run(experiment, dataset=data)
    assert last.state is not None
    return last.state.weights


def uploads_of(experiment: Experiment, data: Dataset) -> list[Upload]:
    """Those of round 1."""
    kept: list[Upload] = []
    list(run(experiment.with_(rounds=1), dataset=data, on_upload=lambda number, upload: kept.append(upload)))
    return kept


# None


def test_every_role_on_the_way_has_a_kind_that_does_nothing() -> None:
    message = (np.ones(3, np.float32), np.zeros(1))
    turn = Turn(seed=0, number=1, parties=2, expected=2, classes=4, size=3, weights={0: 10, 1: 10})
    for role, kinds in STAGES.items():
        stage, at = kinds["none"](), turn.at(role, party=0)
        assert stage.at_party(message, None, at) == (message, None)
        assert stage.on_arrival(message, at) is message
        assert stage.at_server(message, [0, 1], at) is message
        assert not {"rng", "shared"} & vars(at).keys(), "it drew"


class Silent(Stage):
    """Overrides both methods and does nothing in them."""

    def at_party(self, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
        at.rng.random(5)
        return up, own

    def at_server(self, mean: Message, parties: Sequence[int], at: Place) -> Message:
        at.rng.random(5)
        return mean


@pytest.mark.parametrize("algorithm", WITH_ROUNDS)
def test_with_none_everywhere_a_run_is_the_algorithm_alone_to_the_bit(
    blobs: Dataset, algorithm: str, assert_same_rounds: Same
) -> None:
    """Also where stages are asked and draw, but change nothing: their draws are nobody else's."""
    plain = list(run(PLAN.with_(algorithm=algorithm), dataset=blobs))
    silent = {role: type("Silent", (Silent, type(kinds["none"]())), {})() for role, kinds in STAGES.items()}
    quiet = PLAN.with_(algorithm=algorithm, **silent, aggregation=Mean())
    assert quiet.own_kinds == ["Silent"] * 4
    assert_same_rounds(list(run(quiet, dataset=blobs)), plain)


def test_fedavg_with_none_everywhere_is_the_mean_of_the_parties_weights(blobs: Dataset) -> None:
    """w_{t+1} = Σ n_k/n w_k, with unequal n_k, summed here."""
    plan = PLAN.with_(partition="quantity")
    uploads = uploads_of(plan, blobs)
    (one,) = run(plan.with_(rounds=1), dataset=blobs)
    assert one.state is not None
    sizes = [upload.examples for upload in uploads]
    assert len(set(sizes)) > 1
    mean = np.average([upload.weights.astype(np.float64) for upload in uploads], axis=0, weights=sizes)
    assert one.state.weights == pytest.approx(mean, abs=1e-6)


# In the order of the world


def noting(role: str, kind: type[Stage], log: list[str]) -> Stage:
    """A stage of this role that notes when it is asked."""

    def at_party(self: Stage, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
        log.append(f"{role} at party")
        return up, own

    def at_server(self: Stage, mean: Message, parties: Sequence[int], at: Place) -> Message:
        log.append(f"{role} at server {list(parties)}")
        return mean

    return type("Noting", (kind,), {"at_party": at_party, "at_server": at_server})()


def test_a_message_meets_attack_privacy_compression_and_mask_and_its_mean_meets_them_backwards(blobs: Dataset) -> None:
    log: list[str] = []
    kinds = {"attack": Attack, "privacy": Privacy, "compression": Compression, "secure_sum": SecureSum}
    stages = {role: noting(role, kind, log) for role, kind in reversed(kinds.items())}
    next(run(PLAN.with_(**stages, participation=1 / 6), dataset=blobs))
    order = ["attack", "privacy", "compression", "secure_sum"]
    assert log[:4] == [f"{role} at party" for role in order]
    (chosen,) = {entry.split("server ")[1] for entry in log[4:]}
    assert log[4:] == [f"{role} at server {chosen}" for role in reversed(order)]


def test_who_lies_and_is_clipped_lies_within_the_bound(blobs: Dataset) -> None:
    """The attack comes before the clip: a message ten times too long is cut to the bound like any other."""

    class Louder(Attack):
        def at_party(self, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
            return tuple(1_000 * part for part in up), own

    for upload in uploads_of(PLAN.with_(attack=Louder(), privacy=Clip(bound=0.25)), blobs):
        assert np.linalg.norm(upload.message[0]) == pytest.approx(0.25, rel=1e-5)


# What each does


def test_an_attack_that_flips_signs_makes_the_run_step_back(blobs: Dataset) -> None:
    """When everybody lies, round 1 ends as far from its beginning as the honest one, on the other side."""
    honest, lying = (last_weights(PLAN.with_(rounds=1, attack=Flip(liars=liars)), blobs) for liars in (0, 6))
    began = first_state(prepare(PLAN, blobs)).weights
    assert lying - began == pytest.approx(began - honest, abs=1e-5)


def test_an_attacker_still_trains_honestly_for_itself(blobs: Dataset) -> None:
    """What travels is the lie; w_k, which stays with the party, is not."""
    plan = PLAN.with_(participation=1.0)
    for honest, lie in zip(uploads_of(plan, blobs), uploads_of(plan.with_(attack=Flip(liars=2)), blobs), strict=True):
        assert np.array_equal(honest.weights, lie.weights)
        sign = -1 if honest.party < 2 else 1
        assert np.array_equal(lie.message[0], sign * honest.message[0])


def test_a_median_does_not_hear_one_liar_and_a_mean_does(blobs: Dataset) -> None:
    """One of six parties sends a million times what it found."""

    class Shout(Flip):
        def at_party(self, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
            return tuple(-1e6 * part for part in up) if (at.party or 0) < self.liars else up, own

    plan = PLAN.with_(participation=1.0, rounds=1, partition="iid")
    honest = last_weights(plan.with_(aggregation=Median()), blobs)
    assert last_weights(plan.with_(aggregation=Median(), attack=Shout()), blobs) == pytest.approx(honest, abs=0.1)
    assert np.abs(last_weights(plan.with_(attack=Shout()), blobs) - honest).max() > 1e3


def test_the_median_of_three_is_the_middle_one(blobs: Dataset) -> None:
    plan = PLAN.with_(rounds=1, aggregation=Median())
    uploads = uploads_of(plan, blobs)
    assert len(uploads) == 3
    began = first_state(prepare(plan, blobs)).weights
    middle = np.sort([upload.message[0] for upload in uploads], axis=0)[1]
    assert last_weights(plan, blobs) == pytest.approx(began + middle, abs=1e-6)


def test_noise_at_the_server_has_the_size_that_was_asked_for_and_another_seed_is_another_noise(blobs: Dataset) -> None:
    """Of 36 weights, the standard deviation of the difference is σ = 3 within 3 · 3/√72 = 1.1."""
    clean, loud = (last_weights(PLAN.with_(rounds=1, privacy=Clip(bound=10, noise=noise)), blobs) for noise in (0, 3))
    assert (loud - clean).std() == pytest.approx(3, abs=1.1)


def test_what_compression_leaves_out_is_sent_later(blobs: Dataset) -> None:
    """Error memory: all that a party has sent, and what it still holds back, is all that it found."""
    plan = PLAN.with_(compression=Half(), participation=1.0)
    found, sent = np.zeros((6, 36)), np.zeros((6, 36))
    held: dict[int, np.ndarray] = {}

    def look(number: int, upload: Upload) -> None:
        found[upload.party] += upload.weights - starts[-1]
        sent[upload.party] += upload.message[0]
        held[upload.party] = upload.own["compression"]
        assert 0.1 < (upload.message[0] == 0).mean() < 0.9

    starts = [first_state(prepare(plan, blobs)).weights]
    for one in run(plan, dataset=blobs, on_upload=look):
        assert one.state is not None
        starts.append(one.state.weights)
    assert sent + np.stack([held[party] for party in range(6)]) == pytest.approx(found, abs=1e-5)


def test_a_stage_that_sends_less_costs_less(blobs: Dataset) -> None:
    class First(Compression):
        """The first nine of 36 weights, with 16 bits each, and the server fills up."""

        def at_party(self, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
            return (up[0][:9].astype(np.float16),), own

        def at_server(self, mean: Message, parties: Sequence[int], at: Place) -> Message:
            return (np.pad(mean[0], (0, 27)),)

    plan = PLAN.with_(rounds=1)
    (one,) = run(plan.with_(compression=First()), dataset=blobs)
    assert one.bytes_up == 3 * 9 * 2
    assert one.bytes_down == 3 * 36 * 4
    assert all(size_of(upload.message) == 18 for upload in uploads_of(plan.with_(compression=First()), blobs))
    (full,) = run(plan, dataset=blobs)
    assert one.simulated_seconds < full.simulated_seconds


def test_stages_may_change_what_the_server_of_scaffold_gets_and_not_what_its_parties_keep(blobs: Dataset) -> None:
    plan = PLAN.with_(algorithm="scaffold", rounds=1, participation=1.0)
    honest, lying = uploads_of(plan, blobs), uploads_of(plan.with_(attack=Flip(liars=6)), blobs)
    for one, other in zip(honest, lying, strict=True):
        assert np.array_equal(one.own["algorithm"], other.own["algorithm"])
        assert all(np.array_equal(a, -b) for a, b in zip(one.message, other.message, strict=True))


# Errors


@pytest.mark.parametrize("outcome", [None, np.zeros(36), [np.zeros(36)], ("mean",)])
def test_a_rule_that_returns_no_message_gets_one_sentence(
    blobs: Dataset, outcome: Any, is_one_sentence: Callable[[object], bool]
) -> None:
    class Odd(Aggregation):
        def combine(self, uploads: Iterable[Upload]) -> Any:
            return outcome

    with pytest.raises(CannotTrain, match=r"^combine of Odd must return one message, a tuple of arrays") as caught:
        next(run(PLAN.with_(aggregation=Odd()), dataset=blobs))
    assert is_one_sentence(caught.value)


def test_a_rule_that_looks_at_one_party_only_still_lets_all_work(blobs: Dataset) -> None:
    class First(Aggregation):
        def combine(self, uploads: Iterable[Upload]) -> Message:
            return next(iter(uploads)).message

    plan = PLAN.with_(aggregation=First(), rounds=1)
    (one,) = run(plan, dataset=blobs)
    assert len(one.parties) == 3
    assert one.bytes_up == 3 * 36 * 4
    assert last_weights(plan, blobs) == pytest.approx(uploads_of(plan, blobs)[0].weights, abs=1e-6)
