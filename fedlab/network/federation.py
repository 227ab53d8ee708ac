"""The teacher's side: a server that others can join, in a folder from which it can go on after it died."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from fedlab.engines import require_flower
from fedlab.experiment import Experiment
from fedlab.federation import prepare
from fedlab.history import History
from fedlab.messages import size_of
from fedlab.network import certificates, ledger
from fedlab.network.admission import begun, require_fit
from fedlab.network.codes import JoinCode
from fedlab.network.front import Front, Refusal
from fedlab.network.superlink import SuperLink
from fedlab.text import say

LATE, GONE = 20.0, 45.0  # seconds without a word from a node after which it is late, and away
PATIENCE = 60.0  # seconds that a round waits for its parties


@dataclass(frozen=True)
class Party:
    """A party as the server knows it."""

    number: int
    name: str
    state: str  # "not joined", "waiting", "working", "reported", "late", "away" or "kicked"
    examples: int  # n_k, as it says; 0 before it has joined
    last_round: int  # the last that it has reported in; 0 if none
    code: str  # its join code


class Federation:
    """A server. `host` makes it; `close` ends it and all that it has started."""

    def __init__(self, folder: Path, about: dict[str, Any], about_port: tuple[str, int]):
        self.folder, self._about = folder, about
        self.experiment = Experiment.from_link(about["experiment"])
        self.told: list[str] = []  # a sentence about each who was turned away, and the like
        self._lock, self._heard = threading.RLock(), dict[bytes, float]()
        self._read = 0, History(self.experiment)  # when the history on disk was written, and what it said
        self._doors = [threading.Lock() for _ in about["parties"]]
        self._host, self._port = about_port
        self._front: Front | None = None
        self._superlink: SuperLink | None = None
        self._sample = prepare(self.experiment)

    # what a teacher sees

    @property
    def codes(self) -> list[str]:
        """A join code for each party."""
        return [party.code for party in self.parties]

    @property
    def parties(self) -> list[Party]:
        with self._lock:
            records = [dict(one) for one in self._about["parties"]]
        reported = {report.party: one.number for one in self.history.rounds for report in one.parties}
        return [self._party(one, reported.get(one["party"], 0)) for one in records]

    @property
    def history(self) -> History:
        """The rounds so far."""
        path = self.folder / ledger.HISTORY
        written = path.stat().st_mtime_ns if path.exists() else 0
        if self._read[0] != written:
            self._read = written, ledger.rounds_so_far(self.folder, self.experiment)
        return self._read[1]

    @property
    def state(self) -> str:
        """ "waiting" for its parties, "running", "paused", "stopped", "finished", or "broken" if a process has died."""
        wish = str(ledger.get(self.folder / ledger.WISHES)["state"])
        broken = self._superlink is not None and self._superlink.code is not None
        return "broken" if broken and wish in ("waiting", "running", "paused") else wish

    @property
    def silent(self) -> list[dict[str, Any]]:
        """Who did not answer in which round, and why: round, party, reason."""
        return ledger.lines(self.folder / ledger.SILENT)

    @property
    def address(self) -> str:
        """Where others reach it, as host:port."""
        return f"{self._about['address']}:{self._about['port']}"

    # what a teacher does

    def start(self) -> None:
        """Begin, or go on, with the parties that are there."""
        if not any(one["examples"] for one in self._about["parties"]):
            raise ValueError(say("No party has joined yet: wait for at least one."))
        self._wish("running")

    def pause(self) -> None:
        """Let the round under way end, and wait."""
        self._wish("paused")

    def stop(self) -> None:
        """End the run; the rounds so far stay."""
        self._wish("stopped")

    def kick(self, name: str | int) -> None:
        """Put a party out, by its name or number: its key and its code are worth nothing from now on."""
        with self._lock:
            for one in self._about["parties"]:
                if name in (one["party"], one["name"]):
                    one["kicked"] = True
                    self._save()
                    return
        raise ValueError(say("There is no party {name} here.", name=name))

    def close(self) -> None:
        """End it, with all processes. The folder stays: `host(folder=...)` goes on from the last round."""
        if self._front:
            self._front.close()
        if self._superlink:
            self._superlink.end()

    def __enter__(self) -> Federation:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # how it is done

    def open(self) -> None:
        """Start Flower's SuperLink and the one open port, and hand Flower the app."""
        self._superlink = SuperLink(self.folder)
        self._superlink.wait()
        self._front = Front(
            self.folder, self._host, self._port, self._superlink.url, self._invited, self._news, self._let_in,
            self._knows, self._tell, self._hear,
        )  # fmt: skip
        try:
            self._about["port"] = self._front.open()
        except OSError as error:
            raise ValueError(
                say("Cannot listen on {host}:{port}: {reason}.", host=self._host, port=self._port, reason=error)
            ) from None
        self._save()
        self._superlink.run_app()

    def _invited(self, token: str) -> dict[str, Any]:
        party = self._of_token(token)
        data = self._sample.dataset
        own = self._sample.parties[party["party"]]
        return {
            "experiment": self._about["experiment"], "party": party["party"], "parties": len(self._about["parties"]),
            "name": party["name"], "examples": len(own), "shape": data.train_x.shape[1:],
            "type": str(data.train_x.dtype), "classes": data.classes, "run": self._about["run"],
            "bytes down": size_of(self._down()),
        }  # fmt: skip

    def _news(self, token: str) -> dict[str, Any]:
        self._of_token(token)
        rounds = self.history.rounds
        return {"state": self.state, "round": len(rounds), "accuracy": rounds[-1].test_accuracy if rounds else None}

    def _down(self) -> tuple[np.ndarray, ...]:
        algorithm, w = self.experiment.algorithm, np.zeros(self._sample.size, np.float32)
        return algorithm.send(w, algorithm.server_memory(w))

    def _let_in(self, token: str, about: dict[str, Any]) -> dict[str, Any]:
        """A party with this token says who it is; its number, and its node's at Flower's."""
        party = self._of_token(token)
        with self._doors[party["party"]]:  # two may come with one code at the same moment
            return self._let_in_alone(party, about)

    def _let_in_alone(self, party: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
        others = sum(one["examples"] for one in self._about["parties"] if one is not party)
        require_fit(party, about, self._sample.dataset, others)
        if party["node"] is None:
            assert self._superlink is not None
            node = self._superlink.register(party["party"], about["key"])
            with self._lock:
                pem = certificates.as_pem(about["key"]).decode()
                party.update(key=about["key"], pem=pem, node=node, examples=about["examples"])
        with self._lock:
            party["name"] = str(about.get("name", ""))[:40] or say("party {number}", number=party["party"])
            self._save()
            everybody = all(one["examples"] for one in self._about["parties"])
        if everybody and self.state == "waiting":
            self._wish("running")
        return {"party": party["party"], "node": party["node"], "name": party["name"]}

    def _of_token(self, token: str) -> dict[str, Any]:
        party: dict[str, Any]
        for party in self._about["parties"]:
            if secrets.compare_digest(party["token"].encode(), token.encode()):
                if party["kicked"]:
                    raise Refusal(say("The teacher has put you out."))
                return party
        raise Refusal(say("This server does not know the token in your code: ask for a new code."))

    def _knows(self, key: bytes) -> bool:
        with self._lock:
            return any(
                one["pem"] is not None and one["pem"].encode() == key and not one["kicked"]
                for one in self._about["parties"]
            )

    def _hear(self, key: bytes) -> None:
        self._heard[key] = time.monotonic()

    def _tell(self, sentence: str) -> None:
        if not self.told or self.told[-1] != sentence:
            self.told.append(sentence)

    def _party(self, one: dict[str, Any], last_round: int) -> Party:
        host, port = self._about["address"], self._about["port"]
        code = str(JoinCode(host, port, self._about["fingerprint"], one["token"]))
        name = one["name"] or say("party {number}", number=one["party"])
        return Party(one["party"], name, self._state_of(one, last_round), one["examples"], last_round, code)

    def _state_of(self, one: dict[str, Any], last_round: int) -> str:
        if one["kicked"]:
            return "kicked"
        if one["pem"] is None:
            return "not joined"
        silence = time.monotonic() - self._heard.get(one["pem"].encode(), -GONE)
        if silence > LATE:
            return "away" if silence > GONE else "late"
        if self.state != "running":
            return "waiting"
        return "reported" if last_round and last_round == len(self.history) else "working"

    def _wish(self, state: str) -> None:
        ledger.put(self.folder / ledger.WISHES, {"state": state})

    def _save(self) -> None:
        ledger.put(self.folder / ledger.FEDERATION, self._about)


def _answers(about: dict[str, Any]) -> bool:
    """Whether a server with this authority is up, at its own port."""
    try:
        url = f"https://{about['address']}:{about['port']}/fedlab/authority"
        authority = httpx.get(url, verify=False, timeout=3, trust_env=False).content
        return certificates.fingerprint(authority) == about["fingerprint"]
    except (httpx.TransportError, ValueError):
        return False


def host(
    experiment: Experiment | None = None,
    *,
    folder: str | Path = "federation",
    host: str = "127.0.0.1",
    port: int = 0,
    patience: float = PATIENCE,
) -> Federation:
    """Start a federation, or go on with the one in the folder; `ValueError` with one sentence if that cannot be done.

    experiment: what to run, with as many join codes as it has parties; None for the one that the folder holds.
    host: the address of this machine that others reach; only this machine itself unless it is given. port: 0 takes a
    free one, and a federation that goes on keeps its own. patience: seconds that a round waits for its parties.
    """
    require_flower()
    place = Path(folder).absolute()
    known = (place / ledger.FEDERATION).exists()
    if experiment is None and not known:
        raise ValueError(say("There is no federation in {folder}: give an experiment to begin one.", folder=place))
    if known:
        about = ledger.get(place / ledger.FEDERATION)
        if experiment is not None and experiment.link() != about["experiment"]:
            raise ValueError(
                say(
                    "{folder} holds a federation with another experiment: take another folder, or leave the experiment "
                    "out.",
                    folder=place,
                )
            )
        if _answers(about):
            raise ValueError(say("The federation in {folder} is running already.", folder=place))
        host, port = about["host"], about["port"]
    else:
        assert experiment is not None
        about = begun(experiment, place, host, patience)
    federation = Federation(place, about, (host, port))
    try:
        federation.open()
    except BaseException:
        federation.close()
        raise
    return federation
