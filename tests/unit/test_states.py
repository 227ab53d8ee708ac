"""What is remembered between rounds: by whom, about which data, and that no later round can change it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, Round, State, run
from fedlab.algorithms import ALGORITHMS, FedAvg
from fedlab.datasets import Dataset
from fedlab.federation import first_state, prepare
from fedlab.messages import Message, Trained, Upload, arrays_in
from fedlab.stages import Attack, Compression, Place, Privacy

Same = Callable[[list[Round], list[Round]], None]

PLAN = Experiment(
    parties=6, examples=600, partition="iid", algorithm="scaffold", model="softmax", rounds=4, participation=0.5,
    local_epochs=2, batch_size=16, seed=11,
)  # fmt: skip


class Half(Compression):
    """Half of the places travel; the rest is remembered and added the next time."""

    def at_party(self, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
        full = up[0] + (0 if own is None else own)
        sent = np.where(at.rng.random(len(full)) < 0.5, full, np.float32(0))
        return (sent, *up[1:]), full - sent


class Noisy(Privacy):
    """Noise at each party and at the server; each party remembers its own."""

    def at_party(self, up: Message, own: Any, at: Place) -> tuple[Message, Any]:
        noise = np.float32(0.01) * at.rng.standard_normal(up[0].shape, np.float32)
        return (up[0] + noise, *up[1:]), noise

    def at_server(self, mean: Message, parties: Any, at: Place) -> Message:
        return (mean[0] + np.float32(0.01) * at.rng.standard_normal(mean[0].shape, np.float32), *mean[1:])


STAGED = PLAN.with_(compression=Half(), privacy=Noisy())


def states(rounds: list[Round]) -> list[State]:
    return [one.state for one in rounds if one.state is not None]


# Whose memory


def test_what_a_stage_remembers_lives_with_its_party(blobs: Dataset) -> None:
    """Beside what the algorithm remembers there; a party that has not taken part yet has only the latter."""
    kept: dict[int, np.ndarray] = {}
    for one in run(STAGED, dataset=blobs, on_upload=lambda number, up: kept.update({up.party: up.own["compression"]})):
        assert one.state is not None
        assert len(one.state.parties) == 6
        for party, own in enumerate(one.state.parties):
            assert set(own) == ({"algorithm", "privacy", "compression"} if party in kept else {"algorithm"})
            if party in kept:
                assert own["compression"] is kept[party]
    assert one.state is not None
    assert one.state.kinds[0] is ALGORITHMS["scaffold"]
    assert {Half, Noisy} < set(one.state.kinds)


def test_with_memories_and_draws_a_run_repeats_continues_and_pauses_to_the_bit(
    blobs: Dataset, assert_same_rounds: Same
) -> None:
    """Draws have coordinates (seed, stage, round, party), and what is remembered is a part of the state."""
    whole = list(run(STAGED, dataset=blobs, threads=1))
    for threads in (1, 2, 4):
        assert_same_rounds(list(run(STAGED, dataset=blobs, threads=threads)), whole)
    paused = run(STAGED, dataset=blobs, threads=2, between_chunks=lambda: time.sleep(0.002))
    assert_same_rounds(list(paused), whole)
    for done in (1, 2, 3):
        assert_same_rounds(list(run(STAGED, dataset=blobs, start=whole[done - 1].state)), whole[done:])
    other = list(run(STAGED.with_(seed=12), dataset=blobs))
    assert not np.array_equal(states(other)[0].weights, states(whole)[0].weights)


def test_stages_of_different_roles_draw_independently(blobs: Dataset) -> None:
    """The same code as an attack, as privacy and as compression draws three different noises."""
    drawn = []
    for role, kind in (("attack", Attack), ("privacy", Privacy), ("compression", Compression)):
        stage: Any = type("Same", (kind,), {"at_party": Noisy.at_party})()
        (one,) = run(PLAN.with_(rounds=1, **{role: stage}), dataset=blobs)
        assert one.state is not None
        drawn += [own[role] for own in one.state.parties if role in own]
    assert len(drawn) == 9
    assert len({noise.tobytes() for noise in drawn}) == 9


# About which data


@pytest.mark.parametrize(
    "changes",
    [{"partition": "dirichlet", "alpha": 0.05}, {"seed": 12}, {"examples": 606}, {"parties": 5}],
    ids=str,
)
@pytest.mark.parametrize("algorithm", ["scaffold", "alone", "feddyn"])
def test_a_fork_to_other_data_begins_with_new_memories(
    blobs: Dataset, algorithm: str, changes: dict[str, Any], assert_same_rounds: Same
) -> None:
    """As a run begins from the same shared model with no memory at all.

    IID and Dirichlet parties hold equally many examples, and were taken for the same parties: `alone` then knew labels
    that its parties had never held.
    """
    plan = PLAN.with_(algorithm=algorithm, rounds=3, compression=Half(), participation=1.0)
    if algorithm == "alone":
        plan = plan.with_(compression="none")  # nothing travels
    *_, last = run(plan, dataset=blobs)
    assert last.state is not None
    other = plan.with_(rounds=4, **changes)
    anew = State(last.state.number, last.state.weights)
    forked = list(run(other, dataset=blobs, start=last.state))
    assert_same_rounds(forked, list(run(other, dataset=blobs, start=anew)))
    stayed = list(run(plan.with_(rounds=4), dataset=blobs, start=last.state))
    fresh = list(run(plan.with_(rounds=4), dataset=blobs, start=anew))
    assert stayed[0].test_loss != fresh[0].test_loss, "with the same data, the memories are kept"


def test_a_fork_to_another_data_set_of_the_same_shape_begins_with_new_memories(blobs: Dataset) -> None:
    """The same features with other labels: what a party remembers is about these."""
    plan = PLAN.with_(rounds=1)
    labels = (blobs.train_y + 1) % 4
    other = Dataset("others", blobs.train_x, labels, blobs.test_x, blobs.test_y)
    prepared = [prepare(plan, data).fingerprint for data in (blobs, blobs, other)]
    assert prepared[0] == prepared[1] != prepared[2]


def test_a_fork_to_other_settings_keeps_the_memories(blobs: Dataset) -> None:
    """Learning rate, epochs, participation: the parties and their data are the same."""
    (one,) = run(PLAN.with_(rounds=1), dataset=blobs)
    assert one.state is not None
    (two,) = run(PLAN.with_(rounds=2, learning_rate=0.01, participation=1 / 6), dataset=blobs, start=one.state)
    assert two.state is not None
    took_part = {report.party for report in two.parties}
    for party in set(range(6)) - took_part:
        assert two.state.parties[party]["algorithm"] is one.state.parties[party]["algorithm"]


def test_a_fork_to_another_algorithm_keeps_what_the_stages_remember_and_the_other_way_round(blobs: Dataset) -> None:
    """Looked at in a party that took part in round 1 and is not asked in round 2."""
    (one,) = run(STAGED.with_(rounds=1), dataset=blobs)

    def still_remembered(**changes: Any) -> dict[str, Any]:
        (two,) = run(STAGED.with_(rounds=2, participation=0.001, **changes), dataset=blobs, start=one.state)
        assert two.state is not None
        idle = {report.party for report in one.parties} - {report.party for report in two.parties}
        return two.state.parties[min(idle)]

    assert set(still_remembered(algorithm="fedavg")) == {"compression", "privacy"}
    assert set(still_remembered(compression="none")) == {"algorithm", "privacy"}
    assert np.all(still_remembered(algorithm="feddyn")["algorithm"] == 0), "SCAFFOLD's c_k are no g_k"


class Remembers(FedAvg):
    """An algorithm of the learner's own with a memory, which states no name."""

    def party_memory(self, w: np.ndarray) -> np.ndarray:
        return np.ones_like(w)

    def report(self, down: Message, own: np.ndarray, trained: Trained) -> tuple[Message, np.ndarray]:
        return (trained.weights - down[0],), 2 * own


def test_from_fedavg_into_an_algorithm_of_ones_own_the_memory_begins(blobs: Dataset) -> None:
    """Both had the name fedavg once, and the parties had no memory to double."""
    (one,) = run(PLAN.with_(algorithm="fedavg", rounds=1), dataset=blobs)
    (two,) = run(PLAN.with_(algorithm=Remembers(), rounds=2), dataset=blobs, start=one.state)
    assert two.state is not None
    took_part = {report.party for report in two.parties}
    assert [own["algorithm"][0] for own in two.state.parties] == [2 if party in took_part else 1 for party in range(6)]


# Read-only


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_array_of_a_state_is_read_only(blobs: Dataset, algorithm: str) -> None:
    bare = algorithm == "alone" or ALGORITHMS[algorithm].asynchronous
    plan = STAGED.with_(algorithm=algorithm, **({"compression": "none", "privacy": "none"} if bare else {}))
    for state in [first_state(prepare(plan, blobs)), *states(list(run(plan, dataset=blobs)))]:
        arrays = list(arrays_in([state.weights, state.server, state.parties]))
        assert len(arrays) >= 1
        for array in arrays:
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
    with pytest.raises(FrozenInstanceError):
        state.weights = np.zeros(36)  # type: ignore[misc]


class StepInPlace(FedAvg):
    """The mistake that everybody makes once: it changes the shared model that it was given."""

    def step(self, w: np.ndarray, mean: Message, share: float, server: Any) -> tuple[np.ndarray, Any]:
        w += mean[0]
        return w, server


class ReportInPlace(FedAvg):
    """Changes what the server has sent, which other parties still train from."""

    def report(self, down: Message, own: Any, trained: Trained) -> tuple[Message, Any]:
        np.subtract(trained.weights, down[0], out=down[0])
        return (down[0],), own


class WeightsInPlace(FedAvg):
    """Changes w_k, which is also what `on_upload` and the party's report tell."""

    def report(self, down: Message, own: Any, trained: Trained) -> tuple[Message, Any]:
        weights = trained.weights
        weights -= down[0]
        return (weights,), own


class MemoryInPlace(Remembers):
    """Changes what the party remembers, which the round before remembers too."""

    def report(self, down: Message, own: np.ndarray, trained: Trained) -> tuple[Message, np.ndarray]:
        own *= 2
        return (trained.weights - down[0],), own


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize(
    "algorithm", [StepInPlace(), ReportInPlace(), WeightsInPlace(), MemoryInPlace()], ids=lambda own: type(own).__name__
)
def test_who_writes_in_place_gets_numpys_sentence_and_the_state_before_is_as_it_was(
    blobs: Dataset, algorithm: FedAvg, threads: int
) -> None:
    """Silently, later parties once began elsewhere: with other threads, other numbers."""
    (one,) = run(PLAN.with_(algorithm="fedavg", rounds=1), dataset=blobs)
    assert one.state is not None
    before = one.state.weights.copy()
    with pytest.raises(ValueError, match="read-only"):
        list(run(PLAN.with_(algorithm=algorithm), dataset=blobs, start=one.state, threads=threads))
    assert np.array_equal(one.state.weights, before)


def test_what_an_own_start_receives_cannot_be_changed_by_the_caller_either(blobs: Dataset) -> None:
    """A state made by hand: the run takes it over, and from then on it is read-only like every other."""
    start = State(0, np.zeros(36, np.float32))
    seen: list[Upload] = []
    list(run(PLAN.with_(rounds=1), dataset=blobs, start=start, on_upload=lambda number, upload: seen.append(upload)))
    assert not start.weights.flags.writeable
    assert np.all(start.weights == 0)
