"""A party's side: look at what a code leads to, and join once its owner agrees."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np

from fedlab.engines import require_flower
from fedlab.experiment import Experiment
from fedlab.federation import prepare
from fedlab.network import certificates, codes, ledger
from fedlab.network.codes import JoinCode
from fedlab.network.front import TOKEN, Refusal
from fedlab.network.leash import Leashed
from fedlab.network.superlink import APP, environment, free_port, program
from fedlab.settings import short_name
from fedlab.text import say

__all__ = ["Invitation", "Membership", "Refusal", "app_hash", "join", "look_at"]


class Invitation(NamedTuple):
    """What a code leads to, before anything runs here."""

    code: JoinCode
    authority: bytes  # the server's certificate authority, whose fingerprint is the code's
    experiment: Experiment
    party: int  # its number, from 0
    parties: int
    examples: int  # how many the experiment deals to this party, if it brings none of its own
    shape: tuple[int, ...]  # of one example
    classes: int
    bytes_down: int  # in a round
    run: str

    @property
    def runs_here(self) -> list[tuple[str, str]]:
        """What would run on this machine: programs and files, each with its version or the hash of what is in it."""
        files = [
            (path.relative_to(APP).as_posix(), _hash(path)[:12]) for path in sorted(APP.rglob("*")) if is_app(path)
        ]
        return [("fedlab", version("fedlab-kit")), ("flwr", version("flwr")), *files]

    @property
    def leaves_here(self) -> list[tuple[str, str]]:
        """What would leave this machine, and what never does, in words."""
        compression = self.experiment.compression
        changed = say("{weights:,} numbers, {bytes:,} bytes: what {algorithm} has to report",
                      weights=self.bytes_down // 4, bytes=self.bytes_down,
                      algorithm=say(self.experiment.algorithm.title))  # fmt: skip
        if compression.name != "none":
            changed = say("what {algorithm} has to report, made smaller by {code}",
                          algorithm=say(self.experiment.algorithm.title), code=say(compression.title))  # fmt: skip
        return [
            (say("once"), say("your name, how many examples you have, their shape and highest label, a public key")),
            (say("each round"), changed),
            (say("each round"), say("five numbers: round, examples, steps, training loss, how far the model moved")),
            (say("never"), say("an example, a label, or what this party remembers between rounds")),
        ]  # fmt: skip


def look_at(code: str) -> Invitation:
    """What a join code leads to. Nothing runs yet and nothing is told but the token; `ValueError` with one sentence."""
    return _invitation(codes.read(code))


def join(
    invitation: Invitation,
    data: str | Path | tuple[np.ndarray, np.ndarray] | None = None,
    *,
    name: str = "",
    folder: str | Path | None = None,
) -> Membership:
    """Take part: to be called when the owner of this machine has agreed. `ValueError` with one sentence if it cannot.

    data: an .npz file with the arrays x (n, ...) and y (n,), or the two arrays; None takes what the experiment deals to
    this party. folder: where the party's key, data and memory lie; with the same folder and code it comes back as
    itself.
    """
    require_flower()
    place = Path(folder or f"party_{invitation.run}_{invitation.party}").absolute()
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o700)
    x, y, scale = _examples(invitation, data, place)
    certificates.new_key(place / "key")
    about = {
        "name": name, "key": (place / "key.pub").read_text(), "examples": len(y), "shape": x.shape[1:],
        "highest label": int(y.max()),
    }  # fmt: skip
    with _client(invitation.code, invitation.authority) as client:
        let_in = _asked(lambda: client.post("/fedlab/join", json=about))
    (place / certificates.AUTHORITY).write_bytes(invitation.authority)
    ledger.save_examples(place / ledger.EXAMPLES, x, y, scale)
    ledger.put(place / ledger.PARTY, {"party": let_in["party"], "name": let_in["name"], "code": str(invitation.code)})
    return Membership(invitation, place, let_in["name"])


class Membership:
    """A party that takes part: a SuperNode of Flower's as a child of this process; `leave` ends it."""

    def __init__(self, invitation: Invitation, folder: Path, name: str):
        self.invitation, self.folder, self.name = invitation, folder, name
        home = folder / "flower"
        home.mkdir(exist_ok=True)
        code = invitation.code
        command = [
            program("python"), "-m", "fedlab.network.supernode", app_hash(),
            "--superlink", f"{code.host}:{code.port}", "--root-certificates", str(folder / certificates.AUTHORITY),
            "--auth-supernode-private-key", str(folder / "key"), "--port", str(free_port()),
            "--node-config", f"folder={json.dumps(str(folder))}",
        ]  # fmt: skip
        self._node = Leashed(command, folder / "supernode.log", {**environment(home), "OPENBLAS_NUM_THREADS": "1"})

    @property
    def state(self) -> str:
        """ "taking part", or "ended" if its node has ended, which its log says why."""
        return "taking part" if self._node.code is None else "ended"

    @property
    def rounds(self) -> list[dict[str, Any]]:
        """By round: own training loss, and the shared model's accuracy and loss on the own examples."""
        return ledger.lines(self.folder / ledger.ROUNDS)

    @property
    def sent(self) -> list[dict[str, Any]]:
        """Each array that has left this machine: round, shape, type, bytes."""
        return ledger.lines(self.folder / ledger.SENT)

    def news(self) -> Mapping[str, Any] | None:
        """How far the server is: its state, round and test accuracy; None if it does not answer."""
        try:
            with _client(self.invitation.code, self.invitation.authority) as client:
                return _asked(lambda: client.get("/fedlab/news"))
        except ValueError:
            return None

    def leave(self) -> None:
        """End the node and all that it has started; what this party remembers stays in its folder."""
        self._node.end()

    def __enter__(self) -> Membership:
        return self

    def __exit__(self, *error: object) -> None:
        self.leave()


def app_hash() -> str:
    """The SHA-256 of the app as Flower carries it: a node runs no other. It is made here, of this kit's own files."""
    from flwr.cli.build import build_fab_from_disk

    return hashlib.sha256(build_fab_from_disk(APP)).hexdigest()


def is_app(path: Path) -> bool:
    return path.suffix in (".py", ".toml")


def _invitation(code: JoinCode) -> Invitation:
    try:  # whoever answers may say anything here: what counts is the fingerprint
        authority = httpx.get(f"{code.url}/fedlab/authority", verify=False, timeout=10, trust_env=False).content
        known = certificates.fingerprint(authority) == code.fingerprint
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise ValueError(_unreachable(code, error)) from None
    except ValueError:
        known = False
    if not known:
        raise ValueError(
            say(
                "The server at {host}:{port} is not the one that the code is about: its certificate does not fit. "
                "Do not join; ask who gave you the code.",
                host=code.host,
                port=code.port,
            )
        )
    with _client(code, authority) as client:
        about = _asked(lambda: client.get("/fedlab/invitation"))
    try:
        return Invitation(
            code, authority, Experiment.from_link(about["experiment"]), int(about["party"]), int(about["parties"]),
            int(about["examples"]), tuple(map(int, about["shape"])), int(about["classes"]),
            int(about["bytes down"]), "".join(one for one in str(about["run"]) if one.isalnum())[:16],
        )  # fmt: skip
    except (KeyError, TypeError):
        raise ValueError(say("The server speaks another version of the kit: have both use the same.")) from None


def _client(code: JoinCode, authority: bytes) -> httpx.Client:
    headers = {TOKEN: code.token}
    return httpx.Client(
        base_url=code.url, verify=certificates.trusting(authority), headers=headers, timeout=60, trust_env=False
    )


def _asked(ask: Any) -> Mapping[str, Any]:
    """The server's answer; `Refusal` with its sentence if it does not let us in."""
    try:
        answer = ask()
        content = answer.json()
        if answer.status_code == 200 and isinstance(content, dict):
            return content
        refused = str(content["refused"])[:500]
    except httpx.TransportError as error:
        raise ValueError(say("The server does not answer any more: {reason}", reason=error)) from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(say("The server speaks another version of the kit: have both use the same.")) from None
    raise Refusal(refused)


def _unreachable(code: JoinCode, error: Exception) -> str:
    return say(
        "No server answers at {host}:{port} ({reason}): is it running, are both machines in the same network, and does "
        "no firewall stand between them?",
        host=code.host,
        port=code.port,
        reason=str(error) or type(error).__name__,
    )


def _examples(
    invitation: Invitation, data: str | Path | tuple[np.ndarray, np.ndarray] | None, folder: Path
) -> tuple[np.ndarray, np.ndarray, float]:
    """The party's examples as it sees them, their labels, and what a model divides them by."""
    if data is None:
        if (folder / ledger.EXAMPLES).exists():  # it comes back
            return ledger.examples_in(folder / ledger.EXAMPLES)
        prepared = prepare(invitation.experiment)
        own, seen = prepared.parties[invitation.party], prepared.seen
        return seen.train_x[own], seen.train_y[own], seen.scale
    if invitation.experiment.data().raw:
        raise ValueError(
            say(
                "The columns of {dataset} are scaled by means over all parties, and nobody asks for those over a "
                "network: take part with what you are dealt.",
                dataset=say(invitation.experiment.dataset.title),
            )
        )
    if isinstance(data, tuple):
        x, y = np.asarray(data[0]), np.asarray(data[1])
    else:
        try:
            with np.load(data, allow_pickle=False) as file:
                x, y = file["x"], file["y"]
        except (OSError, ValueError, KeyError, EOFError) as error:
            reason = getattr(error, "strerror", None) or say("it must be an .npz with the arrays x and y")
            raise ValueError(say("Cannot read {path}: {reason}.", path=short_name(str(data)), reason=reason)) from None
    fits = x.ndim >= 2 and y.shape == (len(x),) and len(y) and y.dtype.kind in "iu" and y.min() >= 0
    if not fits or not (x.dtype == np.uint8 or np.issubdtype(x.dtype, np.floating)):
        raise ValueError(
            say(
                "x must be uint8 images or numbers, (n, ...), and y whole numbers from 0 upwards, one for each of them."
            )
        )
    return x, y.astype(np.int64), 255.0 if x.dtype == np.uint8 else 1.0


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
