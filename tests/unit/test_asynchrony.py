"""Without rounds: what FedBuff and FedAsync come to, who arrives when, and that they go through the house like all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, History, Round, run
from fedlab.algorithms.fedasync import FedAsync
from fedlab.algorithms.fedbuff import FedBuff
from fedlab.costs import Prices, clock, until
from fedlab.federation import first_state, in_pieces, prepare, turn_of
from fedlab.messages import Trained
from fedlab.settings import InvalidSetting

SMALL: dict[str, Any] = {"parties": 4, "examples": 400, "model": "softmax", "rounds": 6}
UNEQUAL: dict[str, Any] = {**SMALL, "partition": "quantity", "slow_parties": 0.25, "slowdown": 5.0}


def weights(rounds: list[Round]) -> list[np.ndarray]:
    return [one.state.weights for one in rounds if one.state is not None]


def rounds_of(**settings: Any) -> list[Round]:
    return list(run(Experiment(**settings)))


# Where they reduce to what is known


@pytest.mark.parametrize("settings", [SMALL, UNEQUAL], ids=["equal parties", "unequal and slow ones"])
def test_a_buffer_for_all_is_fedavg_to_the_bit(settings: dict[str, Any]) -> None:
    """Nobody's model is older than another's, so s = 1, and the mean is over all, in the same order."""
    ours, theirs = rounds_of(**settings, algorithm="fedbuff", buffer=4), rounds_of(**settings, algorithm="fedavg")
    for one, other in zip(weights(ours), weights(theirs), strict=True):
        assert np.array_equal(one, other)
    # and the clock: the last to arrive is the slowest
    assert [one.simulated_seconds for one in ours] == pytest.approx([one.simulated_seconds for one in theirs])


def test_one_party_that_replaces_the_model_is_plain_sgd() -> None:
    """w <- (1 - 1) w + 1 w_k: the one party goes on from its own model, which is what somebody alone remembers."""
    one_party = {**SMALL, "parties": 1}
    ours, alone = rounds_of(**one_party, algorithm="fedasync", mixing=1.0), rounds_of(**one_party, algorithm="alone")
    for one, other in zip(ours, alone, strict=True):
        assert one.state is not None
        assert other.state is not None
        assert np.array_equal(one.state.weights, other.state.parties[0]["algorithm"])


def test_what_fedasync_mixes() -> None:
    """α = 0.5, τ = 3, a = 0.5: α_τ = 0.5 / 2. w <- 0.75 w + 0.25 w_k."""
    algorithm, w, w_k = FedAsync(mixing=0.5, staleness=0.5), np.array([4, 8], np.float32), np.array([0, 4], np.float32)
    down = (w, np.array([7], np.int32))
    up, _ = algorithm.report(down, (np.array([9, 9], np.float32), 4, 1.5), Trained(w_k, 10, 1, 0.0, 0.1))
    assert algorithm.step(w, up, 1.0, (7, 2.0))[0].tolist() == [3, 7]


def test_what_fedbuff_adds() -> None:
    """τ = 3, a = 0.5: half of w_k - w_start, where w_start is the model that this party began with; then η_s = 2."""
    algorithm, w = FedBuff(staleness=0.5, server_learning_rate=2.0), np.array([4, 8], np.float32)
    down = (w, np.array([7], np.int32))
    own = (np.array([1, 1], np.float32), 4, 1.5)
    up, _ = algorithm.report(down, own, Trained(np.array([3, 0], np.float32), 10, 1, 0.0, 0.1))
    assert up[0].tolist() == [1, -0.5]
    assert algorithm.start(down, own).tolist() == [1, 1]
    assert algorithm.step(w, up, 1.0, (7, 2.0))[0].tolist() == [6, 7]


# Who arrives when


def by_hand(experiment: Experiment, buffer: int, steps: int) -> list[tuple[set[int], float]]:
    """Who is in each step and when it is, from a list of all parties that is sorted anew for each step."""
    prepared = prepare(experiment)
    size = 4 * prepared.size
    takes = [clock(experiment, {party: len(own)}, (size, size)) for party, own in enumerate(prepared.training)]
    at, found = list(takes), []
    for _ in range(steps):
        order = sorted(range(len(at)), key=lambda party: (at[party], party))[:buffer]
        now = max(at[party] for party in order)
        found.append((set(order), now))
        for party in order:
            at[party] = now + takes[party]
    return found


@pytest.mark.parametrize("settings", [{"algorithm": "fedbuff", "buffer": 2}, {"algorithm": "fedasync"}])
def test_who_arrives_first_is_in_the_step_and_gets_the_new_model(settings: dict[str, Any]) -> None:
    experiment = Experiment(**{**UNEQUAL, "rounds": 12}, **settings)
    rounds = list(run(experiment))
    wanted = by_hand(experiment, int(settings.get("buffer", 1)), 12)
    assert [{report.party for report in one.parties} for one in rounds] == [who for who, _ in wanted]
    assert np.cumsum([one.simulated_seconds for one in rounds]) == pytest.approx([now for _, now in wanted])
    for one in rounds:
        assert one.state is not None
        for report in one.parties:
            model, steps, seconds = one.state.parties[report.party]["algorithm"]
            assert np.array_equal(model, one.state.weights)
            assert (steps, seconds) == one.state.server
            assert steps == one.number


def test_who_is_in_a_step_is_known_without_training() -> None:
    """What the pictures of a round ask for, before it and after it."""
    experiment = Experiment(**{**UNEQUAL, "rounds": 12}, algorithm="fedbuff", buffer=2)
    prepared = prepare(experiment)
    known = [turn_of(prepared, number).chosen for number in range(1, 13)]
    assert known == [tuple(report.party for report in one.parties) for one in run(experiment)]


def test_the_slow_party_reports_less_often_and_its_model_is_older() -> None:
    """Equal parties, one of them 5 times as slow: while it trains once the three others do so about 5 times each."""
    experiment = Experiment(**{**SMALL, "rounds": 32}, slow_parties=0.25, slowdown=5.0, algorithm="fedasync")
    rounds = list(run(experiment))
    reports = [report.party for one in rounds for report in one.parties]
    counts = sorted(reports.count(party) for party in range(4))
    assert counts == [2, 10, 10, 10]


def test_nobody_waits_for_the_slowest() -> None:
    """In the time of one round of FedAvg the server has taken several steps."""
    settings = {**SMALL, "slow_parties": 0.25}
    (waiting, *_), buffered = rounds_of(**settings), rounds_of(**settings, algorithm="fedbuff", buffer=2)
    assert sum(one.simulated_seconds for one in buffered) < waiting.simulated_seconds


def test_bytes_are_a_model_each_way_of_those_in_the_step() -> None:
    """7,850 weights of 4 bytes; down with the step's number, 4 bytes, and up from FedAsync with α."""
    (one, *_) = rounds_of(**SMALL, algorithm="fedbuff", buffer=3)
    assert (one.bytes_up, one.bytes_down) == (3 * 31_400, 3 * 31_404)
    (one, *_) = rounds_of(**SMALL, algorithm="fedasync")
    assert (one.bytes_up, one.bytes_down) == (31_404, 31_404)


# They go through the house like all others


def test_a_run_goes_on_from_any_step_as_if_it_had_never_stopped(
    assert_same_rounds: Callable[[list[Round], list[Round]], None],
) -> None:
    experiment = Experiment(**UNEQUAL, algorithm="fedbuff", buffer=2)
    whole = list(run(experiment))
    on = list(run(experiment, start=whole[2].state))
    assert_same_rounds(on, whole[3:])
    assert [one.simulated_seconds for one in on] == [one.simulated_seconds for one in whole[3:]]


def test_without_threads_it_is_the_same(assert_same_rounds: Callable[[list[Round], list[Round]], None]) -> None:
    experiment = Experiment(**UNEQUAL, algorithm="fedasync")
    assert_same_rounds([one for one in in_pieces(experiment) if one is not None], list(run(experiment)))


def test_a_party_that_is_away_is_in_no_step_and_a_change_of_algorithm_begins_anew() -> None:
    events = "2: away=#0; 4: algorithm=fedavg away=0; 5: algorithm=fedbuff buffer=2"
    rounds = rounds_of(**{**SMALL, "rounds": 8}, algorithm="fedbuff", buffer=3, events=events)
    assert [len(one.parties) for one in rounds] == [3, 3, 3, 3, 4, 2, 2, 2]
    assert all(report.party != 0 for one in rounds[2:4] for report in one.parties)
    assert rounds[6].simulated_seconds == 0  # parties 2 and 3 had arrived with 0 and 1, and were next


def test_liars_lie_in_the_steps_that_they_are_in() -> None:
    honest = rounds_of(**SMALL, algorithm="fedbuff", buffer=2)
    lied = rounds_of(**SMALL, algorithm="fedbuff", buffer=2, attack="sign_flip", attackers=2)
    assert not np.array_equal(weights(honest)[-1], weights(lied)[-1])


@pytest.mark.parametrize(
    ("settings", "role"),
    [({"privacy": "dp"}, "privacy"), ({"compression": "topk"}, "compression"), ({"secure_sum": "masks"}, "secure_sum")],
)
@pytest.mark.parametrize("algorithm", ["fedbuff", "fedasync"])
def test_what_needs_rounds_is_refused_in_one_sentence(
    algorithm: str, settings: dict[str, str], role: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(InvalidSetting, match="does not go with Fed") as caught:
        Experiment(algorithm=algorithm, **settings)
    assert caught.value.setting == role
    assert is_one_sentence(caught.value)


def test_memories_take_room_once_however_many_parties_have_the_same_model() -> None:
    state = first_state(prepare(Experiment(**SMALL, algorithm="fedbuff")))
    (one, *_) = rounds_of(**SMALL, algorithm="fedbuff", buffer=3)
    assert one.state is not None
    assert state.nbytes == 31_400
    assert one.state.nbytes == 2 * 31_400  # the new model, which three parties have too, and the first


def test_prices_are_not_reckoned_where_steps_overlap() -> None:
    """A step is no round: other prices would put other parties into it."""
    experiment = Experiment(**SMALL, algorithm="fedasync")
    assert until(History(experiment, run(experiment)), 0.1, Prices(1.0, 1.0)) is None
