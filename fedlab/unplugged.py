"""The six steps by hand, with files instead of a network: by USB stick, by mail, or acted out in a class.

    1 initialise    the server deals out round1.npz, and to each party a file with its own examples: party0.npz, ...
    2 local         a party trains round1.npz on its own file, which also keeps what it remembers
    3 upload        and gives update0.npz to the server
    4 aggregate     the server merges the updates that came into round2.npz; who sent none is a dropout
    5 send back     which goes to the parties
    6 repeat

What crosses is what `apart.py` sends over a network: an update holds a report and nothing else. The file of a round
holds the order, and what the server itself needs for the next step: on paper it would keep that page to itself. The
numbers are those of `run`, to the last bit.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from fedlab.apart import (
    carried_out,
    form_of,
    order,
    readable,
    releases_told,
    require_sendable,
    state_of,
    upload,
)  # fmt: skip
from fedlab.engines import engine_for
from fedlab.evaluation import judge
from fedlab.events import at, legs
from fedlab.experiment import Experiment
from fedlab.federation import finished
from fedlab.memories import first_state, remembered
from fedlab.messages import Upload, size_of
from fedlab.parcels import Parcel, load, packed, save, unpacked
from fedlab.plan import jobs, plan_of
from fedlab.prepare import Prepared, prepare
from fedlab.rounds import PartyReport, Round, State
from fedlab.settings import short_name
from fedlab.text import say

NEEDED = {
    "round": {"run", "round", "rounds", "whole", "releases", "memory"},
    "party": {"run", "party", "memory"},
    "update": {"run", "round", "party"},
}  # what is written into each kind of file


def deal(experiment: Experiment, folder: str | Path) -> list[Path]:
    """Write the first round's file and each party's own into a folder; returns their paths."""
    prepared = prepare(at(experiment, 1))
    _require_unplugged(experiment, prepared)
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = [Path(folder) / "round1.npz"]
    save(paths[0], _file_of(experiment, first_state(prepared)))
    for party, own in enumerate(prepared.training):
        x, y = prepared.seen.train_x[own], prepared.seen.train_y[own]
        paths.append(Path(folder) / f"party{party}.npz")
        save(paths[-1], packed({"kind": "party", "party": party, "run": run_of(experiment)}, {"x": x, "y": y}))
    return paths


def train(model: str | Path, data: str | Path, out: str | Path) -> tuple[PartyReport, int]:
    """A party's part of a round: reads the round's file and its own, writes its update, and what it remembers now.

    Returns its report and how many bytes of numbers the update holds. `ValueError` with one sentence if files do not
    fit each other.
    """
    asked, own = _opened(model, "round"), _opened(data, "party")
    _require_same_run(own, data, asked.about["run"])
    mine, party = unpacked(own), int(own.about["party"])
    memory = Parcel(*mine["memory"]) if "memory" in mine else None
    if asked.about["round"] > asked.about["rounds"]:
        raise ValueError(say("Round {number} was the last one.", number=asked.about["rounds"]))
    report, memory = carried_out(Parcel(asked.about, unpacked(asked)["down"]), party, mine["x"], mine["y"], memory)
    save(out, Parcel({**report.about, "kind": "update"}, report.arrays))
    save(data, packed({key: own.about[key] for key in ("kind", "party", "run")}, {**mine, "memory": tuple(memory)}))
    about = report.about
    names = ("party", "examples", "steps", "train_loss", "distance")
    return PartyReport(*(about[name] for name in names)), size_of(report.arrays)


def merge(model: str | Path, updates: Sequence[str | Path], out: str | Path) -> Round:
    """The server's part of a round: reads its file and the parties' updates, writes the next round's file."""
    asked = _opened(model, "round")
    experiment, prepared, state = _read(asked)
    if state.number >= experiment.rounds:
        raise ValueError(say("Round {number} was the last one.", number=experiment.rounds))
    began, plan = time.perf_counter(), plan_of(prepared, state)
    found: dict[int, Upload] = {}
    job = next(jobs(prepared, state, plan))
    form = form_of(job)
    for path in updates:
        report = _opened(path, "update")
        _require_same_run(report, path, asked.about["run"])
        if report.about["round"] != plan.turn.number:
            raise ValueError(
                say("{path} is an update of round {its}, but the model is that of round {number}.",
                    path=short_name(str(path)), its=report.about["round"], number=plan.turn.number)
            )  # fmt: skip
        one = upload(report, plan.turn, prepared.size)
        if not readable(one, job, form):
            raise ValueError(
                say("What {path} holds does not look like an update of this round.", path=short_name(str(path)))
            )
        if one.party in found:
            raise ValueError(
                say("{path} is a second update of party {party}: give each party's once.",
                    path=short_name(str(path)), party=one.party)
            )  # fmt: skip
        found[one.party] = one
    with (engine := engine_for(prepared)).open():
        made = finished(prepared, state, plan, iter([found[k] for k in sorted(found)]), engine, _nobody, began)
    assert made.state is not None
    save(out, _file_of(experiment, made.state))
    return made


def accuracy(model: str | Path) -> tuple[int, float, float]:
    """The rounds that a model has behind it, its test accuracy, and its mean loss on the test examples."""
    _, prepared, state = _read(_opened(model, "round"))
    with (engine := engine_for(prepared)).open():
        return state.number, *judge(engine, [state.weights], prepared.dataset)


_nobody: Callable[[int, Upload], None] = lambda number, upload: None  # noqa: E731


def run_of(experiment: Experiment) -> str:
    """What tells the files of one experiment from those of another."""
    return f"{zlib.crc32(experiment.link().encode()):08x}"


def _file_of(experiment: Experiment, state: State) -> Parcel:
    """The file of the round after this state."""
    number = state.number + 1
    prepared = prepare(at(experiment, min(number, experiment.rounds)))
    ready = remembered(state, prepared)
    plan = plan_of(prepared, ready)
    about = {
        **order(prepared, plan.turn, plan.down, plan.epochs, run_of(experiment)).about,
        "kind": "round",
        "rounds": experiment.rounds,
        "whole": experiment.link(),
        "releases": releases_told(state),
    }
    return packed(about, {"down": plan.down, "weights": ready.weights, "server": ready.server})


def _read(asked: Parcel) -> tuple[Experiment, Prepared, State]:
    """What the server needs for the round that a file is of."""
    about, memory = asked.about, unpacked(asked)
    experiment, number = Experiment.from_link(about["whole"]), int(about["round"]) - 1
    prepared = prepare(at(experiment, min(number + 1, experiment.rounds)))
    state = state_of(number, memory, about["releases"], prepared)
    return experiment, prepared, remembered(state, prepared)


def _opened(path: str | Path, kind: str) -> Parcel:
    """The file, if it is of this kind: a round, a party or an update."""
    found = load(path)
    if found.about.get("kind") != kind or not NEEDED[kind] <= found.about.keys():
        wanted = {
            "round": say("the file of a round, such as round1.npz"),
            "party": say("a party's own file, such as party0.npz"),
            "update": say("a party's update, as fedlab party train writes it"),
        }
        raise ValueError(say("{path} is not {wanted}.", path=short_name(str(path)), wanted=wanted[kind]))
    return found


def _require_same_run(found: Parcel, path: str | Path, run: str) -> None:
    if found.about["run"] != run:
        raise ValueError(say("{path} belongs to another experiment than the model.", path=short_name(str(path))))


def _require_unplugged(experiment: Experiment, first: Prepared) -> None:
    """Raise `ValueError` if an event would give parties other examples than those in their files."""
    for leg, _ in legs(experiment):
        prepared = prepare(leg)
        require_sendable(prepared)
        seen = ("rotation", "feature_noise", "label_noise", "noisy_parties")
        same = all(getattr(leg, name) == getattr(first.experiment, name) for name in seen)
        if prepared.fingerprint != first.fingerprint or not same:
            raise ValueError(
                say("An event of this experiment changes what the parties hold, but their files are dealt out once: "
                    "leave it out.")
            )  # fmt: skip
