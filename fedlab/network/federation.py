"""The teacher's side: a server that others can join, in a folder from which it can go on after it died."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from fedlab.apart import require_sendable
from fedlab.engines import require_flower
from fedlab.experiment import Experiment
from fedlab.federation import prepare
from fedlab.history import History
from fedlab.messages import size_of
from fedlab.network import certificates, codes, ledger
from fedlab.network.codes import JoinCode
from fedlab.network.front import Front, Refusal
from fedlab.network.leash import Leashed
from fedlab.text import say

APP = Path(__file__).parent / "app"
ENVIRONMENT = {"FLWR_TELEMETRY_ENABLED": "0", "RAY_USAGE_STATS_ENABLED": "0", "PYTHONUNBUFFERED": "1"}
LATE, GONE = 20.0, 45.0  # seconds without a word from a node after which it is late, and away
PATIENCE = 60.0  # seconds that a round waits for its parties
START = 60.0  # seconds that Flower's SuperLink may take to start


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
        self._host, self._port = about_port
        self._front: Front | None = None
        self._superlink: Leashed | None = None
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
        return ledger.rounds_so_far(self.folder, self.experiment)

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
        home, port = self.folder / "flower", free_port()
        home.mkdir(exist_ok=True)
        superlink = f"127.0.0.1:{port}"
        authority = str(self.folder / certificates.AUTHORITY)
        (home / "config.toml").write_text(
            f'[superlink]\ndefault = "here"\n\n[superlink.here]\naddress = "{superlink}"\n'
            f"root-certificates = {json.dumps(authority)}\n"
        )
        self._environment = {**ENVIRONMENT, "FLWR_HOME": str(home), "PATH": path_with_ours()}
        command = [
            program("flower-superlink"), "--host", "127.0.0.1", "--port", str(port), "--enable-supernode-auth",
            "--ssl-ca-certfile", authority, "--ssl-certfile", str(self.folder / certificates.CERTIFICATE),
            "--ssl-keyfile", str(self.folder / certificates.KEY), "--database", str(home / "superlink.db"),
            "--disable-runtime-dependency-installation",
        ]  # fmt: skip
        self._superlink = Leashed(command, self.folder / "superlink.log", self._environment)
        self._wait_for(f"https://{superlink}")
        self._front = Front(
            self.folder, self._host, self._port, f"https://{superlink}", self._invited, self._news, self._let_in,
            self._knows, self._tell, self._hear,
        )  # fmt: skip
        try:
            self._about["port"] = self._front.open()
        except OSError as error:
            raise ValueError(
                say("Cannot listen on {host}:{port}: {reason}.", host=self._host, port=self._port, reason=error)
            ) from None
        self._save()
        app = self.folder / "app"
        shutil.copytree(APP, app, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        self._flwr("run", str(app), "here", "--run-config", f"folder={json.dumps(str(self.folder))}")

    def _wait_for(self, url: str) -> None:
        assert self._superlink is not None
        context = certificates.trusting((self.folder / certificates.AUTHORITY).read_bytes())
        until = time.monotonic() + START
        while time.monotonic() < until and self._superlink.code is None:
            try:
                httpx.get(url, verify=context, timeout=2)
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise ValueError(say("Flower's SuperLink did not start: {log} says why.", log=self._superlink.log))

    def _flwr(self, *arguments: str) -> dict[str, Any]:
        """Tell the SuperLink something by Flower's own command; what it answers."""
        command = [program("flwr"), *arguments, "--format", "json"]
        environment = {**os.environ, **self._environment}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
        try:
            answer = json.loads(done.stdout[done.stdout.index("{") :])
        except ValueError:
            answer = {}
        if done.returncode or not answer.get("success"):
            reason = answer.get("error-message") or (done.stderr or done.stdout).strip()
            raise ValueError(say("Flower refused: {reason}", reason=str(reason)[-500:]))
        return dict(answer)

    def _invited(self, token: str) -> dict[str, Any]:
        party = self._of_token(token)
        data = self._sample.dataset
        own = self._sample.parties[party["party"]]
        return {
            "experiment": self._about["experiment"], "party": party["party"], "parties": len(self._about["parties"]),
            "name": party["name"], "examples": len(own), "shape": data.train_x.shape[1:],
            "type": str(data.train_x.dtype), "classes": data.classes, "run": self._about["run"],
            "bytes down": size_of(self._down()), "weights": self._sample.size,
        }  # fmt: skip

    def _news(self, token: str) -> dict[str, Any]:
        self._of_token(token)
        rounds = self.history.rounds
        return {"state": self.state, "round": len(rounds), "accuracy": rounds[-1].test_accuracy if rounds else None}

    def _down(self) -> tuple[np.ndarray, ...]:
        algorithm, w = self.experiment.algorithm, np.zeros(self._sample.size, np.float32)
        return algorithm.send(w, algorithm.server_memory(w))

    def _let_in(self, token: str, about: dict[str, Any]) -> dict[str, Any]:
        """A party with this token says who it is; the number of its node at Flower's."""
        party = self._of_token(token)
        data = self._sample.dataset
        name, key, examples = str(about.get("name", ""))[:40], str(about.get("key", "")), about.get("examples")
        if party["key"] and party["key"] != key:
            raise Refusal(say("This code has been used by somebody else: each party needs a code of its own."))
        shape, labels = list(about.get("shape", [])), about.get("highest label")
        if shape != list(data.train_x.shape[1:]):
            raise Refusal(
                say("Your examples have the shape {given}, but here it must be {wanted}.", given=tuple(shape),
                    wanted=data.train_x.shape[1:])
            )  # fmt: skip
        if not isinstance(examples, int) or not 1 <= examples <= 60_000:
            raise Refusal(say("You have {examples} examples, but it must be 1 to 60,000.", examples=examples))
        if not isinstance(labels, int) or not 0 <= labels < data.classes:
            raise Refusal(
                say(
                    "Your highest label is {label}, but labels go from 0 to {last}.",
                    label=labels,
                    last=data.classes - 1,
                )
            )
        if party["examples"] not in (0, examples):
            raise Refusal(
                say(
                    "You came with {before} examples and come back with {now}: bring the same.",
                    before=party["examples"],
                    now=examples,
                )
            )
        try:
            certificates.require_public_key(key)
        except ValueError as error:
            raise Refusal(str(error)) from None
        if party["node"] is None:
            node = self._register(party["party"], key)
            with self._lock:
                party.update(key=key, pem=certificates.as_pem(key).decode(), node=node, examples=examples)
        with self._lock:
            party["name"] = name or say("party {number}", number=party["party"])
            self._save()
            everybody = all(one["examples"] for one in self._about["parties"])
        if everybody and self.state == "waiting":
            self._wish("running")
        return {"party": party["party"], "node": party["node"], "name": party["name"]}

    def _register(self, number: int, key: str) -> int:
        path = self.folder / f"party_{number}.pub"
        path.write_text(key)
        return int(self._flwr("supernode", "register", str(path), "here", "--name", f"party-{number}")["node-id"])

    def _of_token(self, token: str) -> dict[str, Any]:
        party: dict[str, Any]
        for party in self._about["parties"]:
            if secrets.compare_digest(party["token"], token):
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
        host, port = about["host"], about["port"]
    else:
        assert experiment is not None
        about = _new(experiment, place, host, patience)
    federation = Federation(place, about, (host, port))
    try:
        federation.open()
    except BaseException:
        federation.close()
        raise
    return federation


def _new(experiment: Experiment, folder: Path, host: str, patience: float) -> dict[str, Any]:
    require_sendable(prepare(experiment))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    everywhere = host in ("0.0.0.0", "::")
    address = own_addresses()[0] if everywhere else host
    certificates.make(folder, [address, *(own_addresses() if everywhere else []), "localhost", "127.0.0.1"])
    parties = [
        {"party": number, "token": codes.new_token(), "name": "", "key": "", "pem": None, "node": None, "examples": 0,
         "kicked": False}
        for number in range(experiment.parties)
    ]  # fmt: skip
    ledger.put(folder / ledger.WISHES, {"state": "waiting"})
    return {
        "experiment": experiment.link(), "run": secrets.token_hex(8), "host": host, "port": 0, "patience": patience,
        "address": f"[{address}]" if ":" in address else address,
        "fingerprint": certificates.fingerprint((folder / certificates.AUTHORITY).read_bytes()), "parties": parties,
    }  # fmt: skip


def own_addresses() -> list[str]:
    """The addresses of this machine that others may reach; its own name if there is none."""
    found = [
        one.address
        for addresses in psutil.net_if_addrs().values()
        for one in addresses
        if one.family == socket.AF_INET and not one.address.startswith("127.")
    ]
    return found or [socket.gethostname()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    """Where a command of this environment is."""
    return str(Path(sys.executable).with_name(name))


def path_with_ours() -> str:
    """The PATH with this environment first: Flower's programs start each other by name."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
