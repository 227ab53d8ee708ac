"""The server's and the parties' halves of the engine flower, joined in this process: no Ray, no network.

`Loop` is a Grid that carries each message to `answer` at once, through Flower's own bytes both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import numpy as np
import pytest

pytest.importorskip("flwr")

from flwr.app import Error, Message, RecordDict
from flwr.common.serde import recorddict_from_proto, recorddict_to_proto
from flwr.supercore.task_identity import TaskIdentity

from fedlab import Experiment, run
from fedlab.algorithms import FedAvg
from fedlab.engines import Engine
from fedlab.engines.flower import GridEngine, answer, parcel, party_of, records
from fedlab.messages import Upload, arrays_in, size_of
from fedlab.parcels import Parcel
from fedlab.plan import turn_of
from fedlab.prepare import Prepared
from fedlab.rounds import CannotTrain, Diverged, NobodyReported, Round

SMALL: dict[str, Any] = {
    "parties": 3,
    "examples": 150,
    "rounds": 3,
    "local_epochs": 2,
    "batch_size": 20,
    "model": "softmax",
}


@pytest.fixture(autouse=True)
def in_a_federation() -> None:
    """Flower lets a message be made only by a process that it has told who it is."""
    TaskIdentity.run_id = TaskIdentity.node_id = TaskIdentity.task_id = 1


def sent(content: RecordDict) -> RecordDict:
    """The same on the other side, through the bytes that Flower sends."""
    kind = type(recorddict_to_proto(content))
    return recorddict_from_proto(kind.FromString(recorddict_to_proto(content).SerializeToString()))


class Loop:
    """Four lines of a SuperLink: keeps what each node remembers, and what has crossed."""

    def __init__(self, away: Callable[[int, int], bool] = lambda number, party: False):
        self.away = away  # whether a party does not answer in a round
        self.states: dict[int, RecordDict] = {}
        self.messages: dict[str, Message] = {}
        self.replies: dict[str, Message] = {}
        self.crossed: list[tuple[str, RecordDict]] = []
        self.prepared: Prepared | None = None

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        (message,) = messages
        name = f"message {len(self.crossed)}"
        message.metadata.__dict__["_message_id"] = name
        self.messages[name] = message
        self.crossed.append(("down", message.content))
        party = party_of(message.content)
        number = parcel(message.content).about["round"]
        if not self.away(number, party):
            assert self.prepared is not None
            own, seen = self.prepared.training[party], self.prepared.seen
            state = self.states.setdefault(party, RecordDict())
            content = answer(sent(message.content), seen.train_x[own], seen.train_y[own], state)
            self.crossed.append(("up", content))
            self.replies[name] = Message(sent(content), reply_to=message)
        return [name]

    def pull_messages(self, wanted: Iterable[str]) -> Iterator[Message]:
        for name in wanted:
            if name in self.replies:
                yield self.replies.pop(name)

    def engine(self, **more: Any) -> Callable[[Prepared], Engine]:
        def made(prepared: Prepared) -> Engine:
            self.prepared = prepared
            return GridEngine(prepared, self, {party: 10 + party for party in range(len(prepared.training))}, **more)

        return made


def same(ours: list[Round], theirs: list[Round]) -> None:
    assert len(ours) == len(theirs) > 0
    for one, other in zip(ours, theirs, strict=True):
        assert one.state is not None
        assert other.state is not None
        assert np.array_equal(one.state.weights, other.state.weights)
        assert all(
            np.array_equal(a, b)
            for a, b in zip(arrays_in(one.state.server), arrays_in(other.state.server), strict=True)
        )
        assert (one.parties, one.test_accuracy, one.test_loss) == (other.parties, other.test_accuracy, other.test_loss)
        assert (one.bytes_up, one.bytes_down, one.epsilon) == (other.bytes_up, other.bytes_down, other.epsilon)


KINDS: dict[str, dict[str, Any]] = {
    "fedavg": {},
    "fedprox": {"algorithm": "fedprox", "mu": 0.5, "stragglers": 0.4},
    "scaffold": {"algorithm": "scaffold", "parties": 4, "participation": 0.5, "rounds": 5},
    "feddyn": {"algorithm": "feddyn"},
    "fednova": {"algorithm": "fednova", "momentum": 0.5},
    "fedadam": {"algorithm": "fedadam"},
    "topk": {"compression": "topk", "topk_share": 0.02},
    "quantize": {"compression": "quantize"},
    "randomk": {"compression": "randomk", "secure_sum": "masks"},
    "sign": {"compression": "sign", "algorithm": "scaffold"},
    "dp": {"privacy": "dp", "dp_clip": 1.0, "dp_noise": 0.5},
    "masks": {"secure_sum": "masks", "dropouts": 0.3},
    "liars": {"attack": "sign_flip", "attackers": 1, "aggregation": "median"},
    "labels": {"attack": "label_flip", "attackers": 1, "label_noise": 0.2, "noisy_parties": 0.5, "feature_noise": 0.2},
    "events": {"algorithm": "scaffold", "events": "1: attack=noise attackers=1; 2: partition=dirichlet alpha=0.5"},
    "leaves": {"events": "1: algorithm=scaffold; 2: algorithm=fedavg compression=topk"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_rounds_with_parties_apart_are_the_local_engines_to_the_bit(kind: str) -> None:
    experiment = Experiment(**{**SMALL, **KINDS[kind]})
    same(list(run(experiment, engine=Loop().engine())), list(run(experiment, engine="numpy")))


def test_a_party_that_does_not_answer_is_a_dropout_as_if_it_were_away_in_that_round() -> None:
    """C = 1: party 1 is silent in round 2; with events it is away in round 2. The others' numbers are the same."""
    silent: list[tuple[int, int, str]] = []
    found = list(
        run(
            Experiment(**SMALL, algorithm="scaffold"),
            engine=Loop(lambda number, party: (number, party) == (2, 1)).engine(
                patience=0.05, silent=lambda *what: silent.append(what)
            ),
        )
    )
    away = list(run(Experiment(**SMALL, algorithm="scaffold", events="1: away=#1; 2: away=0"), engine="numpy"))
    for one, other in zip(found, away, strict=True):
        assert one.state is not None
        assert other.state is not None
        assert np.array_equal(one.state.weights, other.state.weights)
        assert one.parties == other.parties
    assert [one.absent for one in found] == [0, 1, 0]
    assert [(number, party) for number, party, _ in silent] == [(2, 1)]


def test_masks_are_taken_away_when_a_party_falls_silent() -> None:
    """t = ⌈0.6 · 4⌉ = 3 of 4 reported: their mean is that of open messages up to the grid of 2^-20."""
    four = {**SMALL, "parties": 4, "rounds": 1}
    found = {
        how: next(iter(run(Experiment(**four, secure_sum=how), engine=Loop(lambda n, p: p == 2).engine(patience=0.05))))
        for how in ("masks", "none")
    }
    masked, plain = (one.state.weights for one in found.values() if one.state is not None)
    assert np.abs(masked - plain).max() < 4 * 2.0**-20
    assert not np.array_equal(masked, plain)


def test_when_nobody_answers_the_round_is_not_made() -> None:
    rounds = run(Experiment(**SMALL), engine=Loop(lambda number, party: number == 2).engine(patience=0.05))
    assert next(rounds).number == 1
    with pytest.raises(NobodyReported, match=r"^In round 2 no party has reported\.$"):
        next(rounds)


def test_a_server_that_died_goes_on_from_its_last_state_with_what_the_parties_remember() -> None:
    """It had sent round 3 when it died, so every party has worked in round 3 already, and must answer it again."""
    experiment, loop = Experiment(**SMALL, algorithm="scaffold", compression="topk"), Loop()
    before = list(run(experiment, engine=loop.engine()))
    again = list(run(experiment, start=before[1].state, engine=loop.engine()))
    same(again, before[2:])


def test_two_rounds_back_is_more_than_a_party_remembers() -> None:
    experiment, loop = Experiment(**SMALL, algorithm="scaffold"), Loop()
    before = list(run(experiment, engine=loop.engine()))
    with pytest.raises(CannotTrain, match="no longer knows what it knew before round 2"):
        next(run(experiment, start=before[0].state, engine=loop.engine()))


def test_what_parties_remember_of_another_run_is_not_taken_up() -> None:
    experiment, loop = Experiment(**SMALL, algorithm="scaffold"), Loop()
    first = list(run(experiment, engine=loop.engine(run="a")))
    same(list(run(experiment, engine=loop.engine(run="b"))), first)


def test_neither_examples_nor_weights_nor_memories_cross() -> None:
    """All that crosses, by name and shape: w_t and c of SCAFFOLD down, two differences of as many numbers up."""
    loop = Loop()
    rounds = list(run(Experiment(**SMALL, algorithm="scaffold"), engine=loop.engine()))
    size = len(rounds[0].state.weights) if rounds[0].state else 0
    down = {"experiment", "run", "round", "parties", "expected", "chosen", "counts", "epochs", "size", "classes"}
    up = {"run", "fingerprint", "round", "party", "examples", "steps", "train_loss", "distance"}
    for way, content in loop.crossed:
        assert set(content) == {"about", "arrays"}
        found = parcel(content)
        assert found.about.keys() == (down | {"scale", "fingerprint"} if way == "down" else up)
        assert [(array.shape, array.dtype.name) for array in found.arrays] == [((size,), "float32")] * 2
    reports = [parcel(content) for way, content in loop.crossed if way == "up"]
    starts = [parcel(content).arrays[0] for way, content in loop.crossed if way == "down"]
    for report, start in zip(reports, starts, strict=True):  # w_k - w_t and c_k⁺ - c_k: neither w_k nor what is kept
        assert report.about["distance"] == pytest.approx(float(np.linalg.norm(report.arrays[0])), rel=1e-6)
        assert not np.array_equal(report.arrays[0], report.arrays[0] + start)
    assert rounds[-1].state is not None
    assert rounds[-1].state.parties == ({}, {}, {})


@pytest.mark.parametrize("kind", ["fedavg", "scaffold", "topk", "quantize", "masks"])
def test_bytes_are_those_of_the_arrays_that_cross(kind: str) -> None:
    """Three parties, one round; masks send keys and shares beside the messages, which this counts apart."""
    loop = Loop()
    experiment = Experiment(**{**SMALL, **KINDS[kind], "parties": 3, "participation": 1.0, "rounds": 1, "dropouts": 0})
    (found,) = run(experiment, engine=loop.engine())
    crossed = {way: [parcel(c).arrays for w, c in loop.crossed if w == way] for way in ("down", "up")}
    beside_up, beside_down = 0, 0
    if kind == "masks":
        assert loop.prepared is not None
        at = turn_of(loop.prepared, 1).at("secure_sum")
        beside_up, beside_down = experiment.secure_sum.bytes_beside(at, 3)
    assert found.bytes_down == sum(map(size_of, crossed["down"])) + beside_down
    assert found.bytes_up == sum(map(size_of, crossed["up"])) + beside_up


def test_uploads_are_shown_without_what_stays_at_the_party() -> None:
    seen: list[Upload] = []
    list(run(Experiment(**SMALL), engine=Loop().engine(), on_upload=lambda number, upload: seen.append(upload)))
    assert [upload.party for upload in seen] == [0, 1, 2] * 3
    assert all(np.isnan(upload.weights).all() and not upload.own for upload in seen)


class Mine(FedAvg):
    name: ClassVar[str] = "mine"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"algorithm": Mine()}, "Mine is a class of your own, and code does not travel"),
        ({"algorithm": "alone"}, "every model stays at its party"),
        ({"algorithm": "central"}, "all data in one place"),
        ({"attack": "little", "attackers": 2}, "show each other what they have learned"),
    ],
)
def test_what_cannot_be_apart_is_refused_in_a_sentence(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CannotTrain, match=sentence):
        next(run(Experiment(**{**SMALL, **settings}), engine=Loop().engine()))


def test_a_party_that_breaks_down_ends_the_run_with_the_local_engines_sentence() -> None:
    wild = Experiment(parties=2, examples=100, rounds=3, local_epochs=20, batch_size=5, learning_rate=100.0)
    sentences = []
    for engine in ("numpy", Loop().engine()):
        with pytest.raises(Diverged) as caught:
            list(run(wild, engine=engine, threads=1))
        sentences.append(str(caught.value))
    assert sentences[0] == sentences[1]


def broken(change: Callable[[dict[str, Any]], None], arrays: int = 2) -> RecordDict:
    """An order for party 0 that somebody has changed on its way."""
    loop = Loop()
    next(run(Experiment(**SMALL, algorithm="scaffold"), engine=loop.engine()))
    order = parcel(loop.crossed[0][1])
    change(order.about)
    return records(Parcel(order.about, order.arrays[:arrays]))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: RecordDict(), "holds nothing that fedlab has sent"),
        (lambda: broken(lambda about: about.pop("scale")), "no order that this version of fedlab understands"),
        (lambda: broken(lambda about: about.update(experiment="fedlab9:#")), "no order that this version"),
        (lambda: broken(lambda about: about.update(counts=[1])), "no order that this version"),
        (
            lambda: broken(lambda about: about.update(counts=[7, 50, 50])),
            "has 50 examples here, but the server counts 7",
        ),
        (lambda: broken(lambda about: about.update(classes=3)), "Labels must be whole numbers from 0 to 2"),
        (lambda: broken(lambda about: None, arrays=0), "no order that this version"),
    ],
)
def test_a_party_refuses_what_is_no_order_in_a_sentence(content: Callable[[], RecordDict], sentence: str) -> None:
    x, y = np.zeros((50, 28, 28), np.uint8), np.arange(50) % 10
    about = parcel(answer(content(), x, y, RecordDict())).about
    assert sentence in about["trouble"]
    assert not about["diverged"]


@pytest.mark.parametrize(
    ("change", "arrays"),
    [
        ({"round": 2}, None),
        ({"party": 1}, None),
        ({"examples": 49}, None),
        ({"train_loss": "much"}, None),
        ({"distance": float("nan")}, None),
        ({}, (np.array(["a"]),)),
        ({}, ()),
        ({}, (np.zeros(7, np.float32),)),
        ({}, (np.zeros((7850, 1), np.float32),)),
        ({}, (np.zeros(7850, np.float32),) * 2),
    ],
)
def test_a_report_that_does_not_fit_counts_as_none(change: dict[str, Any], arrays: Any) -> None:
    class Tampering(Loop):
        def pull_messages(self, wanted: Iterable[str]) -> Iterator[Message]:
            for reply in super().pull_messages(wanted):
                report = parcel(reply.content)
                if report.about["party"] == 0:
                    about, message = {**report.about, **change}, report.arrays if arrays is None else arrays
                    reply.content = records(Parcel(about, message))
                yield reply

    silent: list[int] = []
    (found,) = run(
        Experiment(**{**SMALL, "rounds": 1}),
        engine=Tampering().engine(silent=lambda n, party, why: silent.append(party)),
    )
    assert silent == [0]
    assert [report.party for report in found.parties] == [1, 2]


def test_a_code_that_nobody_can_read_counts_as_none() -> None:
    class Tampering(Loop):
        def pull_messages(self, wanted: Iterable[str]) -> Iterator[Message]:
            for reply in super().pull_messages(wanted):
                report = parcel(reply.content)
                if report.about["party"] == 0:
                    reply.content = records(Parcel(report.about, (report.arrays[0][:-3],)))
                yield reply

    for compression in ("topk", "randomk", "quantize", "sign"):
        (found,) = run(Experiment(**{**SMALL, "rounds": 1}, compression=compression), engine=Tampering().engine())
        assert [report.party for report in found.parties] == [1, 2]


def test_a_node_that_broke_down_is_a_dropout() -> None:
    class Breaking(Loop):
        def pull_messages(self, wanted: Iterable[str]) -> Iterator[Message]:
            for reply in super().pull_messages(wanted):
                if parcel(reply.content).about["party"] == 1:
                    reply = Message(Error(0, "killed"), reply_to=self.messages[reply.metadata.reply_to_message_id])
                yield reply

    (found,) = run(Experiment(**{**SMALL, "rounds": 1}), engine=Breaking().engine())
    assert [report.party for report in found.parties] == [0, 2]
