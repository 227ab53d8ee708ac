"""What is on disk: the folder of a server and the folder of a party. Whoever dies goes on from there.

    server   authority.pem server.pem server.key     who it is: see `certificates.py`
             federation.json                         the experiment, the address, each party's token, name, key, ...
             wishes.json                             what the teacher wants: waiting, running, paused or stopped
             history.json, state.npz                 the rounds so far; the newest shared model and server's memory
             silent.jsonl                            who did not answer in which round, and why
    party    key, key.pub, authority.pem             who it is, and whom it trusts
             party.json, examples.npz                its number and its run; its own examples
             memory.npz                              what it remembers between rounds
             sent.jsonl, last.npz                    each array that has left, and the last of them
             rounds.jsonl                            its own loss and accuracy by round

All are written whole or not at all; lines of .jsonl are added.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fedlab.apart import releases_told, state_of
from fedlab.experiment import Experiment
from fedlab.files import write
from fedlab.history import History
from fedlab.parcels import load, packed, save, unpacked
from fedlab.prepare import Prepared
from fedlab.rounds import State
from fedlab.text import say

FEDERATION, WISHES, HISTORY, STATE, SILENT = (
    "federation.json",
    "wishes.json",
    "history.json",
    "state.npz",
    "silent.jsonl",
)
PARTY, EXAMPLES, MEMORY = "party.json", "examples.npz", "memory.npz"
SENT, LAST, ROUNDS = "sent.jsonl", "last.npz", "rounds.jsonl"


def put(path: Path, value: Mapping[str, Any]) -> None:
    write(path, json.dumps(value, ensure_ascii=False, indent=1).encode())


def get(path: Path) -> dict[str, Any]:
    """What `put` wrote; `ValueError` with one sentence if it is not there or damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(say("Cannot read {path}: {reason}.", path=path, reason=error.strerror)) from None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError(say("{path} is damaged: take another folder, and begin anew.", path=path))
    return value


def add_line(path: Path, value: Mapping[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(value, ensure_ascii=False) + "\n")


def lines(path: Path) -> list[dict[str, Any]]:
    """What `add_line` added; a last line that somebody died while writing is left out."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


def save_round(folder: Path, history: History, state: State) -> None:
    """What has happened so far. The state first: a history never tells of a round that one cannot go on from."""
    about = {"round": state.number, "releases": releases_told(state)}
    save(folder / STATE, packed(about, {"weights": state.weights, "server": state.server}))
    write(folder / HISTORY, history.to_json().encode())


def rounds_so_far(folder: Path, experiment: Experiment) -> History:
    """The rounds that a server did before; none if it has just begun."""
    path = folder / HISTORY
    return History.from_json(path.read_text(encoding="utf-8")) if path.exists() else History(experiment)


def state_after(folder: Path, number: int, prepared: Prepared) -> State | None:
    """The state after round `number`, to go on from; None before the first round."""
    if number == 0:
        return None
    parcel = load(folder / STATE)
    return state_of(int(parcel.about["round"]), unpacked(parcel), parcel.about["releases"], prepared)


def save_examples(path: Path, x: np.ndarray, y: np.ndarray, scale: float) -> None:
    save(path, packed({"scale": scale}, {"x": x, "y": y}))


def examples_in(path: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """A party's examples (n, ...), their labels (n,), and what a model divides them by."""
    parcel = load(path)
    memory = unpacked(parcel)
    return memory["x"], memory["y"], float(parcel.about["scale"])
