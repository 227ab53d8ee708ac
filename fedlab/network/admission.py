"""Who may take part: a token for each party when a federation begins, and what a party that comes must bring."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path
from typing import Any

import psutil

from fedlab.apart import require_sendable
from fedlab.datasets import Dataset
from fedlab.experiment import Experiment
from fedlab.federation import prepare
from fedlab.network import certificates, codes, ledger
from fedlab.network.front import Refusal
from fedlab.text import say

MOST = 60_000  # examples of all parties together, as everywhere in the kit


def begun(experiment: Experiment, folder: Path, host: str, patience: float) -> dict[str, Any]:
    """What a new federation knows of itself and of its parties; its certificates and wishes are then in the folder."""
    require_sendable(prepare(experiment))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    everywhere = host in ("0.0.0.0", "::")
    address = own_addresses()[0] if everywhere else host
    certificates.make(folder, [address, *(own_addresses() if everywhere else []), "localhost", "127.0.0.1"])
    ledger.put(folder / ledger.WISHES, {"state": "waiting"})
    return {
        "experiment": experiment.link(),
        "run": secrets.token_hex(8),
        "host": host,
        "port": 0,
        "patience": patience,
        "address": f"[{address}]" if ":" in address else address,
        "fingerprint": certificates.fingerprint((folder / certificates.AUTHORITY).read_bytes()),
        "parties": [nobody(number) for number in range(experiment.parties)],
    }


def nobody(number: int) -> dict[str, Any]:
    """A party that has not come yet."""
    return {
        "party": number, "token": codes.new_token(), "name": "", "key": "", "pem": None, "node": None, "examples": 0,
        "kicked": False,
    }  # fmt: skip


def require_fit(party: dict[str, Any], about: dict[str, Any], data: Dataset, others: int = 0) -> None:
    """Raise `Refusal` unless a party that comes with this party's token says such things of itself as fit.

    others: how many examples the other parties have.
    """
    examples, labels, shape = about.get("examples"), about.get("highest label"), about.get("shape")
    if party["key"] and party["key"] != about.get("key"):
        raise Refusal(say("This code has been used by somebody else: each party needs a code of its own."))
    if shape != list(data.train_x.shape[1:]):
        given = tuple(shape) if isinstance(shape, list) else shape
        raise Refusal(
            say("Your examples have the shape {given}, but here it must be {wanted}.", given=given,
                wanted=data.train_x.shape[1:])
        )  # fmt: skip
    most = MOST - others
    if not isinstance(examples, int) or not 1 <= examples <= most:
        raise Refusal(say("You have {examples} examples, but it must be 1 to {most:,}.", examples=examples, most=most))
    if not isinstance(labels, int) or not 0 <= labels < data.classes:
        raise Refusal(
            say("Your highest label is {label}, but labels go from 0 to {last}.", label=labels, last=data.classes - 1)
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
        certificates.require_public_key(str(about.get("key", "")))
    except ValueError as error:
        raise Refusal(str(error)) from None


def own_addresses() -> list[str]:
    """The addresses of this machine that others may reach; its own name if there is none."""
    found = [
        one.address
        for addresses in psutil.net_if_addrs().values()
        for one in addresses
        if one.family == socket.AF_INET and not one.address.startswith("127.")
    ]
    return found or [socket.gethostname()]
