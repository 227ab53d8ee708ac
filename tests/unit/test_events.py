"""Facts about a run that is steered: it is the chain of its parts, it repeats, it is one experiment as any other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedlab import Experiment, History, run
from fedlab.differences import differences
from fedlab.events import at, events_from, legs, text_of
from fedlab.federation import in_pieces
from fedlab.rounds import Round, State
from fedlab.settings import InvalidSetting

CALM = Experiment(parties=5, examples=200, model="softmax", rounds=6)
STEERED = CALM.with_(
    events=[(2, {"attack": "sign_flip", "attackers": 2}), (4, {"aggregation": "median", "learning_rate": 0.05})]
)
BAD = {"attack": "sign_flip", "attackers": 2}
PARTS = [
    CALM.with_(rounds=2),
    CALM.with_(rounds=4, **BAD),
    CALM.with_(rounds=6, **BAD, aggregation="median", learning_rate=0.05),
]


def models(rounds: Sequence[Round | None]) -> list[np.ndarray]:
    return [one.state.weights for one in rounds if one is not None and one.state is not None]


def chained(parts: Sequence[Experiment]) -> list[np.ndarray]:
    """The shared models of runs without events, each begun where the one before ended."""
    state: State | None = None
    found = list[np.ndarray]()
    for part in parts:
        rounds = list(run(part, start=state))
        found += models(rounds)
        state = rounds[-1].state
    return found


def equal(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))


def test_a_steered_run_is_the_chain_of_its_parts_to_the_bit() -> None:
    assert equal(models(list(run(STEERED))), chained(PARTS))


def test_without_an_event_yet_it_is_the_calm_run_and_after_it_another() -> None:
    calm, steered = models(list(run(CALM))), models(list(run(STEERED)))
    assert equal(calm[:2], steered[:2])
    assert not any(map(np.array_equal, calm[2:], steered[2:]))


def test_its_link_its_file_and_its_text_give_the_same_run() -> None:
    again = [
        Experiment.from_link(STEERED.link()),
        Experiment.from_json(STEERED.to_json()),
        Experiment.from_json(History(STEERED, list(run(STEERED))[:1]).to_json()),
        CALM.with_(events=text_of(STEERED.events)),
    ]
    assert all(one == STEERED and hash(one) == hash(STEERED) for one in again)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_from_any_of_its_rounds_it_goes_on_as_if_it_had_never_stopped(number: int) -> None:
    rounds = list(run(STEERED))
    assert equal(models(list(run(STEERED, start=rounds[number - 1].state))), models(rounds[number:]))


def test_where_there_are_no_threads_it_is_the_same() -> None:
    assert equal(models(list(in_pieces(STEERED))), models(list(run(STEERED))))


def test_an_event_after_the_last_round_changes_nothing_until_there_are_more() -> None:
    late = CALM.with_(rounds=3, events=[(3, {"learning_rate": 0.5})])
    assert equal(models(list(run(late))), models(list(run(CALM)))[:3])
    assert not np.array_equal(models(list(run(late.with_(rounds=4))))[-1], models(list(run(CALM)))[3])


def test_when_the_skew_changes_the_data_are_dealt_anew() -> None:
    """Before it all five hold 40 examples, after it they hold unequal shares of the same 200."""
    rounds = list(run(CALM.with_(events=[(3, {"partition": "quantity", "size_beta": 0.5})])))
    assert {one.examples for one in rounds[2].parties} == {40}
    assert len({one.examples for one in rounds[3].parties}) > 1
    assert sum(one.examples for one in rounds[3].parties) == 200


def test_what_parties_remember_survives_an_event_that_does_not_concern_it() -> None:
    """SCAFFOLD's control variates after another rule are those of the round before, so its path is the chain's."""
    scaffold = CALM.with_(algorithm="scaffold", rounds=4)
    steered = scaffold.with_(events=[(2, {"learning_rate": 0.02})])
    parts = [scaffold.with_(rounds=2), scaffold.with_(learning_rate=0.02)]
    assert equal(models(list(run(steered))), chained(parts))
    forgetful = models(list(run(parts[1], start=State(2, chained(parts[:1])[-1]))))
    assert not np.array_equal(forgetful[-1], models(list(run(steered)))[-1])


def test_what_was_given_away_before_an_event_counts_after_it() -> None:
    """ε of two rounds with σ = 1 and two with σ = 2 lies between four with either; and it never falls."""
    private = CALM.with_(rounds=4, privacy="dp", dp_noise=1.0, dp_clip=1.0)
    spent = [one.epsilon for one in run(private.with_(events=[(2, {"dp_noise": 2.0})]))]
    less, more = ([one.epsilon for one in run(private.with_(dp_noise=sigma))][-1] for sigma in (2.0, 1.0))
    assert spent == sorted(spent)  # type: ignore[type-var]
    assert less < spent[-1] < more  # type: ignore[operator]


def test_what_holds_in_a_round_is_an_experiment_without_events() -> None:
    assert [at(STEERED, number) for number in (1, 2, 3, 4, 5)] == [
        one.with_(rounds=6) for one in (PARTS[0], PARTS[0], PARTS[1], PARTS[1], PARTS[2])
    ]
    assert [last for _, last in legs(STEERED)] == [2, 4, 6]
    assert [last for _, last in legs(STEERED, done=4)] == [6]


@given(
    after=st.lists(st.integers(1, 500), min_size=1, max_size=5),
    rate=st.sampled_from([0.01, 0.05, 1.0]),
    batch=st.sampled_from([1, 64, "all"]),
)
def test_events_are_read_as_they_were_written(after: list[int], rate: float, batch: Any) -> None:
    events = [(number, {"learning_rate": rate, "batch_size": batch}) for number in after]
    steered = CALM.with_(events=events)
    assert [event.after for event in steered.events] == sorted(set(after))
    assert CALM.with_(events=text_of(steered.events)) == steered
    assert Experiment.from_link(steered.link()) == steered


def test_two_events_after_one_round_are_one() -> None:
    both = events_from([(3, {"momentum": 0.5}), (3, {"seedless": 1}), (1, {"mu": 0})])
    assert both == ((1, (("mu", 0),)), (3, (("momentum", 0.5), ("seedless", 1))))


def test_thirty_random_events_leave_a_run_that_repeats_from_its_link() -> None:
    rng = np.random.default_rng(0)
    choices: list[dict[str, Any]] = [
        {"attack": "sign_flip", "attackers": 1}, {"attack": "none"}, {"aggregation": "median"}, {"aggregation": "mean"},
        {"partition": "dirichlet", "alpha": 0.5}, {"partition": "iid"}, {"algorithm": "fedprox", "mu": 0.1},
        {"algorithm": "fedavg"}, {"participation": 0.6}, {"local_epochs": 2}, {"compression": "topk"},
        {"compression": "none"},
    ]  # fmt: skip
    events = [(number, choices[rng.integers(len(choices))]) for number in range(1, 31)]
    steered = CALM.with_(rounds=31, events=events)
    assert equal(models(list(run(steered))), models(list(run(Experiment.from_link(steered.link())))))


def test_the_legend_tells_what_happened_when() -> None:
    assert differences([CALM, STEERED]) == [
        "FedAvg",
        "after round 2: attack sign_flip, attackers 2; after round 4: aggregation median, learning rate 0.05",
    ]


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ("sometimes", "is no event"),
        ("7:", "is no event"),
        ("7: attack", "is no event"),
        ("soon: attack=none", "is no event"),
        (5, "is no event"),
        ("0: momentum=0.5", "after a round, 1 or a later one"),
        ([(True, {"momentum": 0.5})], "after a round, 1 or a later one"),
        ("3: mu=1", "After round 3: mu is a setting of the algorithm fedprox"),
        ("3: momentum=2", "After round 3: momentum is"),
        ("3: parties=7", "parties stays as it is"),
        ("3: seed=7", "seed stays as it is"),
        ("2: compression=topk; 5: secure_sum=masks", "After round 5: "),
        ([(3, {"aggregation": CALM.aggregation})], "by a name of the kit's"),
    ],
)
def test_an_event_that_cannot_be_is_refused_in_one_sentence(
    events: Any, says: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(InvalidSetting, match=says) as caught:
        CALM.with_(events=events)
    assert caught.value.setting == "events"
    assert is_one_sentence(caught.value)
