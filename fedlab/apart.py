"""A server and parties that are apart: what each of them does with the parcels that cross between them.

    down, an order     about: the experiment as a link, the run, the round, who takes part and what each counts, the
                       local epochs of those who are to report, and the data's classes, scale and fingerprint
                       arrays: the server's message, such as w_t
    up, a report       about: the round, the party, n_k, its steps, train loss and distance
                       arrays: the party's message, as it has left the stages

A round's `bytes_down` and `bytes_up` count those arrays. No example, no label, no w_k and no memory ever crosses: what
a party remembers is a parcel of its own, which stays with it. It has the last two memories, so a server that died in
round r may ask for round r again, and gets the same answer.

    server   order(prepared, turn, down, epochs) -> order             upload(report, turn, size) -> Upload
    party    carried_out(order, party, x, y, memory) -> report, memory

Either side checks what it gets, and says in one sentence what does not fit. Parties know the kit's own kinds only: an
algorithm of a learner's own is code, and code does not travel.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from fedlab.accounting import Release
from fedlab.datasets import Dataset
from fedlab.engines import Engine, engine_for
from fedlab.experiment import Experiment
from fedlab.memories import kept
from fedlab.messages import Message, Trained, Upload
from fedlab.parcels import Parcel, packed, unpacked
from fedlab.party import Job
from fedlab.plan import arrived, stages_of
from fedlab.prepare import Prepared
from fedlab.roles import ON_THE_WAY
from fedlab.rounds import CannotTrain, Diverged, PartyReport, State
from fedlab.stages import Attack, SecureSum, Turn
from fedlab.text import say


def require_sendable(prepared: Prepared) -> None:
    """Raise `CannotTrain` unless this experiment can run with parties that are apart from the server."""
    experiment = prepared.experiment
    if experiment.own_kinds or prepared.model is not None:
        raise CannotTrain(
            say(
                "{kind} is a class of your own, and code does not travel: with parties that are apart, take the kit's "
                "own kinds, or another engine.",
                kind=experiment.own_kinds[0] if experiment.own_kinds else type(prepared.model).__name__,
            )
        )
    if experiment.algorithm.in_one_place:
        raise CannotTrain(
            say("{algorithm} has all data in one place, so there are no parties to be apart: take another engine.",
                algorithm=say(experiment.algorithm.title))
        )  # fmt: skip
    if experiment.algorithm.asynchronous:
        raise CannotTrain(
            say("{algorithm} follows when each party began, which parties that are apart would have to tell: "
                "take another engine.", algorithm=say(experiment.algorithm.title))
        )  # fmt: skip
    if experiment.algorithm.name == "alone":
        raise CannotTrain(
            say("With {algorithm} every model stays at its party, so a server that is apart has none to judge: "
                "take another engine.", algorithm=say(experiment.algorithm.title))
        )  # fmt: skip
    if type(experiment.attack).colluders is not Attack.colluders:
        raise CannotTrain(
            say("The liars of {attack} show each other what they have learned, and parties that are apart never meet: "
                "take another attack, or another engine.", attack=say(type(experiment.attack).title))
        )  # fmt: skip


def order(prepared: Prepared, turn: Turn, down: Message, epochs: Mapping[int, int], run: str = "") -> Parcel:
    """What the server sends for a round. epochs: of those that are to report. run: tells this run from any other."""
    about = {
        "experiment": prepared.experiment.link(),
        "run": run,
        "round": turn.number,
        "parties": turn.parties,
        "expected": turn.expected,
        "chosen": list(turn.weights),
        "counts": list(turn.weights.values()),
        "epochs": {str(party): done for party, done in epochs.items()},
        "size": turn.size,
        "classes": turn.classes,
        "scale": prepared.dataset.scale,
        "fingerprint": prepared.fingerprint,
    }
    return Parcel(about, down)


def carried_out(
    order: Parcel, party: int, x: np.ndarray, y: np.ndarray, memory: Parcel | None = None
) -> tuple[Parcel, Parcel]:
    """What a party does with an order: its report, and what it remembers from now on.

    party: its number. x: (n_k, ...) its examples as it sees them. y: (n_k,) their labels. memory: what the last call
    gave; None before the first. `CannotTrain` or `Diverged` with one sentence if it cannot be done.
    """
    turn, experiment, epochs, identity, scale = _read(order, party)
    own = recalled(memory, turn.number, identity)
    first = experiment.algorithm.party_memory(order.arrays[0])
    if "algorithm" not in own and first is not None:
        own["algorithm"] = first
    engine = _engine(experiment, x.shape[1:], x.dtype, turn.classes)
    job = Job(
        party, turn, experiment.algorithm, stages_of(experiment), kept(order.arrays), kept(own), x, y, scale, epochs,
        experiment.batch_size, experiment.learning_rate, experiment.momentum,
    )  # fmt: skip
    _require_fit(job)
    with engine.open(1):
        (upload,) = engine.work(iter([job]))
    report = upload.report
    about = {
        "run": order.about["run"], "fingerprint": order.about["fingerprint"], "round": turn.number, "party": party,
        "examples": report.examples, "steps": report.steps, "train_loss": report.train_loss,
        "distance": report.distance,
    }  # fmt: skip
    return Parcel(about, upload.message), _remembered(memory, turn.number, identity, upload.own)


def upload(report: Parcel, turn: Turn, size: int) -> Upload:
    """A party's report as the server counts it; `ValueError` if it is none of this round.

    What it remembers and its weights w_k have stayed with it: `own` is empty, and `weights`, (P,), not numbers.
    """
    try:
        about = report.about
        number, party, examples, steps = (int(about[name]) for name in ("round", "party", "examples", "steps"))
        loss, distance = float(about["train_loss"]), float(about["distance"])
        if number != turn.number or turn.weights[party] not in (1, examples) or not np.isfinite(loss + distance):
            raise ValueError
        if any(array.dtype.kind not in "biuf" for array in report.arrays):
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise ValueError(say("This is no report of round {number}.", number=turn.number)) from None
    nowhere = np.broadcast_to(np.float32(np.nan), size)
    return Upload(party, examples, report.arrays, {}, nowhere, PartyReport(party, examples, steps, loss, distance))


Form = list[tuple[tuple[int, ...], str]]  # the shape and the type of each array of a message


def form_of(job: Job) -> Form:
    """What messages look like that come up in a job's round, from an honest report of a party that has not moved."""
    memory = job.algorithm.party_memory(job.down[0])
    trained = Trained(job.down[0], 1, 1, 0.0, job.learning_rate, job.momentum)
    with np.errstate(all="ignore"):
        message = tuple(map(np.asarray, job.algorithm.report(job.down, memory, trained)[0]))
        message, _ = job.stages["compression"].at_party(message, None, job.turn.at("compression", job.party))
    masked = type(job.stages["secure_sum"]) is not SecureSum
    return [(part.shape, "uint32" if masked else np.dtype(part.dtype).name) for part in message]


def readable(found: Upload, job: Job, form: Form) -> bool:
    """Whether a message that came up looks as it must, and is a code that the stages can read."""
    if [(part.shape, part.dtype.name) for part in found.message] != form:
        return False
    try:
        arrived(found, job.stages, job.turn)
    except Exception:  # what a stage makes of numbers that are no code of its own can be anything
        return False
    return True


def brought(state: State, party: int, run: str) -> Parcel:
    """What a party remembers in a state of the same experiment, as its node keeps it: to go on from there."""
    kinds = {role: kind.name for role, kind in zip(("algorithm", *ON_THE_WAY), state.kinds, strict=True)}  # type: ignore[attr-defined]
    identity = {"run": run, "fingerprint": state.fingerprint, "kinds": kinds}
    return packed({}, [{**identity, "round": state.number, "own": state.parties[party]}])


def releases_told(state: State) -> list[list[float]]:
    """In how many rounds a party was hidden in which way, as JSON can hold it."""
    return [[*release, rounds] for release, rounds in state.releases.items()]


def state_of(number: int, memory: Mapping[str, Any], told: list[list[float]], prepared: Prepared) -> State:
    """The state after round `number` that a server kept: `memory` has its "weights" and "server"; nobody's else."""
    kinds = tuple(type(getattr(prepared.experiment, role)) for role in ("algorithm", *ON_THE_WAY))
    releases = {Release(noise, share): int(rounds) for noise, share, rounds in told}
    parties: tuple[dict[str, Any], ...] = tuple({} for _ in prepared.training)
    weights, server = kept(memory["weights"]), kept(memory["server"])
    return State(number, weights, server, parties, kinds, prepared.fingerprint, releases)


def trouble(error: Exception) -> Parcel:
    """What a party reports when it cannot carry out an order: why, in a sentence."""
    return Parcel({"trouble": str(error), "diverged": isinstance(error, Diverged)}, ())


def require_no_trouble(report: Parcel) -> None:
    """Raise what a party could not do, as its own engine would have."""
    if "trouble" in report.about:
        raise (Diverged if report.about.get("diverged") else CannotTrain)(str(report.about["trouble"])[:500])


def _read(order: Parcel, party: int) -> tuple[Turn, Experiment, int, dict[str, Any], float]:
    """What an order says, checked: the round, the settings, this party's epochs, whose memories it is about, scale."""
    about = order.about
    try:
        experiment = Experiment.from_link(about["experiment"])
        chosen, counts = map(int, about["chosen"]), map(int, about["counts"])
        turn = Turn(
            experiment.seed, int(about["round"]), int(about["parties"]), float(about["expected"]),
            int(about["classes"]), int(about["size"]), dict(zip(chosen, counts, strict=True)),
        )  # fmt: skip
        if not order.arrays:
            raise ValueError(say("it brings no model."))
        epochs, scale = about["epochs"].get(str(party)), float(about["scale"])
        identity = {"run": about["run"], "fingerprint": int(about["fingerprint"]), "kinds": _kinds(experiment)}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CannotTrain(
            say(
                "This is no order that this version of fedlab understands: {reason}",
                reason=str(error) or say("it is damaged."),
            )
        ) from None
    if epochs is None:
        raise CannotTrain(say("Party {party} has no part in round {number}.", party=party, number=turn.number))
    return turn, experiment, int(epochs), identity, scale


def _require_fit(job: Job) -> None:
    """Raise `CannotTrain` unless the party's examples are such as the model takes, and as many as the server counts."""
    labels_fit = job.y.shape == (len(job.x),) and job.y.dtype.kind in "iu" and len(job.y) > 0
    if not labels_fit or job.y.min() < 0 or job.y.max() >= job.turn.classes:
        raise CannotTrain(
            say("Labels must be whole numbers from 0 to {last}, one for each example.", last=job.turn.classes - 1)
        )
    if job.turn.weights[job.party] not in (1, len(job.y)):
        raise CannotTrain(
            say(
                "Party {party} has {has:,} examples here, but the server counts {counts:,}.",
                party=job.party, has=len(job.y), counts=job.turn.weights[job.party],
            )
        )  # fmt: skip


@lru_cache(maxsize=4)
def _engine(experiment: Experiment, shape: tuple[int, ...], dtype: np.dtype, classes: int) -> Engine:
    """What trains here; `CannotTrain` if the model does not take examples of this shape."""
    one, label = np.zeros((1, *shape), dtype), np.zeros(1, np.int64)
    nothing = Dataset("", one, label, one, label, classes=classes)
    return engine_for(Prepared(experiment, nothing, [np.zeros(1, np.int64)]))


def _kinds(experiment: Experiment) -> dict[str, str]:
    return {role: getattr(experiment, role).name for role in ("algorithm", *ON_THE_WAY)}


def recalled(memory: Parcel | None, number: int, identity: dict[str, Any]) -> dict[str, Any]:
    """What the party knew before round `number`, by role, as far as it is about this run, its data and its kinds."""
    entries = [] if memory is None else unpacked(memory)
    entries = [entry for entry in entries if entry["run"] == identity["run"]]
    before = [entry for entry in entries if entry["round"] < number]
    if entries and not before:
        raise CannotTrain(
            say("This party no longer knows what it knew before round {number}: it has been in round {later} since.",
                number=number, later=entries[0]["round"])
        )  # fmt: skip
    if not before or before[-1]["fingerprint"] != identity["fingerprint"]:
        return {}
    last = before[-1]
    return {role: own for role, own in last["own"].items() if last["kinds"].get(role) == identity["kinds"][role]}


def _remembered(memory: Parcel | None, number: int, identity: dict[str, Any], own: dict[str, Any]) -> Parcel:
    """The last memory from before round `number`, and the one from after it."""
    entries = [] if memory is None else unpacked(memory)
    before = [entry for entry in entries if entry["run"] == identity["run"] and entry["round"] < number]
    blank = {**identity, "round": 0, "own": {}}
    return packed({}, [(before or [blank])[-1], {**identity, "round": number, "own": own}])
