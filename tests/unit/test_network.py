"""A federation over a network, piece by piece; `tests/network` has all of it at once."""

from __future__ import annotations

import base64
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest

from fedlab import Experiment, run
from fedlab.network import certificates, codes, ledger
from fedlab.network.codes import JoinCode

flwr = pytest.importorskip("flwr", reason="Flower is not installed")

import httpx  # noqa: E402  with Flower

from fedlab.network import Refusal, host, look_at  # noqa: E402
from fedlab.network import federation as teacher  # noqa: E402
from fedlab.network import membership as student  # noqa: E402
from fedlab.network.admission import require_fit  # noqa: E402
from fedlab.network.leash import Leashed  # noqa: E402
from fedlab.network.server_side import of_owners  # noqa: E402

TINY = Experiment(parties=3, examples=90, model="softmax", rounds=2, learning_rate=0.05)
CODE = JoinCode("192.168.1.20", 8443, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A2B3C4D5E6F7A2B3")


@pytest.mark.parametrize("written", [str(CODE), f"  {CODE}\n", str(CODE).replace("/", "/ "), str(CODE).lower()])
def test_a_join_code_is_read_as_it_was_written_whatever_the_spaces_and_the_case(written: str) -> None:
    assert codes.read(written) == CODE


def test_every_letter_of_a_join_code_that_is_wrong_is_noticed(is_one_sentence: Callable[[object], bool]) -> None:
    text = str(CODE)
    for place in range(text.index("/") + 1, text.index("#")):
        if text[place] != "/":
            other = "A" if text[place] != "A" else "B"
            with pytest.raises(ValueError, match="damaged") as caught:
                codes.read(text[:place] + other + text[place + 1 :])
            assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no join code"),
        ("fedlab2:parties=3#0a1b", "version 2"),
        ("fedlab1:nowhere", "is no join code"),
        (str(CODE)[:-10], "is no join code"),
        (str(CODE).replace("8443", "0x1f"), "is no join code"),
        ("ſ" * 50, "is no join code"),
    ],
)
def test_what_is_no_join_code_is_refused_in_one_sentence(
    text: str, said: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        codes.read(text)
    assert is_one_sentence(caught.value)


def test_a_fingerprint_is_the_sha256_that_openssl_gives(tmp_path: Path) -> None:
    """Of the certificate in DER, in base 32; Python's ssl turns PEM into DER."""
    import base64
    import hashlib

    certificates.make(tmp_path, ["127.0.0.1"])
    pem = (tmp_path / certificates.AUTHORITY).read_text()
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
    assert certificates.fingerprint(pem.encode()) == base64.b32encode(digest).decode()[:26]


def test_keys_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    certificates.make(tmp_path, ["localhost"])
    certificates.new_key(tmp_path / "key")
    for name in (certificates.KEY, "key"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_party_that_comes_back_keeps_its_key(tmp_path: Path) -> None:
    certificates.new_key(tmp_path / "key")
    before = (tmp_path / "key").read_bytes()
    certificates.new_key(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == before


def test_what_is_on_a_leash_ends_with_its_parent_even_if_that_is_killed(tmp_path: Path) -> None:
    """The parent starts a child that starts a grandchild in a session of its own; SIGKILL for the parent ends both."""
    note = tmp_path / "pids"
    grandchild = "import subprocess, sys; subprocess.Popen(['sleep', '600'], start_new_session=True); "
    child = grandchild + f"open({str(note)!r}, 'w').write('up'); import time; time.sleep(600)"
    parent = (
        "import sys, time\nfrom pathlib import Path\nfrom fedlab.network.leash import Leashed\n"
        f"Leashed([sys.executable, '-c', {child!r}], Path({str(tmp_path / 'log')!r}), {{}})\ntime.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    try:
        wait(lambda: note.exists() and note.read_text() == "up")
        family = psutil.Process(process.pid).children(recursive=True)
        assert any(one.name() == "sleep" for one in family)
    finally:
        process.kill()
        process.wait()
    assert psutil.wait_procs(family, timeout=30)[1] == []


def test_a_leash_that_is_ended_leaves_nothing(tmp_path: Path) -> None:
    held = Leashed(["sleep", "600"], tmp_path / "log", {})
    wait(lambda: psutil.Process(held.process.pid).children())
    family = psutil.Process(held.process.pid).children(recursive=True)
    held.end()
    assert held.code is not None
    assert psutil.wait_procs(family, timeout=10)[1] == []


def wait(true: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


HEART = {"dataset": "heart", "partition": "natural", "parties": 4, "examples": 920}


@pytest.mark.parametrize(
    "settings", [{}, {"partition": "quantity"}, {"algorithm": "scaffold"}, {"participation": 0.5}, HEART]
)
def test_a_server_that_knows_only_how_many_examples_there_are_makes_the_same_rounds(settings: dict[str, Any]) -> None:
    """Its own data set is blank: the parties' engine is replaced by one that trains on what the parties really hold."""
    from fedlab.engines import engine_for
    from fedlab.federation import prepare

    experiment = TINY.with_(**settings)
    dealt = prepare(experiment)
    server, blank = of_owners(experiment, [len(own) for own in dealt.parties])
    assert not blank.train_x.any()
    assert not blank.train_y.any()

    def really(prepared: Any) -> Any:
        engine = engine_for(prepared)
        train = engine.train

        def trained(job: Any) -> Any:
            from dataclasses import replace

            own = dealt.parties[job.party]
            assert len(job.y) == len(own)
            return (yield from train(replace(job, x=dealt.seen.train_x[own], y=dealt.seen.train_y[own])))

        engine.train = trained  # type: ignore[method-assign]
        return engine

    over_there = [one.test_loss for one in run(server, dataset=blank, engine=really)]
    assert over_there == [one.test_loss for one in run(experiment)]


@pytest.mark.parametrize("algorithm", ["fedavg", "scaffold", "fedadam"])
def test_a_server_that_dies_goes_on_as_if_it_had_not(tmp_path: Path, algorithm: str) -> None:
    """After round 1 all that it has is what is on disk; the parties remember by themselves, so theirs is put back."""
    from dataclasses import replace

    from fedlab import History
    from fedlab.federation import prepare

    experiment = TINY.with_(algorithm=algorithm)
    first, second = run(experiment)
    assert first.state is not None
    ledger.save_round(tmp_path, History(experiment, [replace(first, state=None)]), first.state)
    assert len(ledger.rounds_so_far(tmp_path, experiment)) == 1
    state = ledger.state_after(tmp_path, 1, prepare(experiment))
    assert state is not None
    (again,) = run(experiment, start=replace(state, parties=first.state.parties))
    assert again.test_loss == second.test_loss


def test_lines_of_a_ledger_are_read_up_to_where_somebody_died(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    ledger.add_line(path, {"round": 1})
    with path.open("a") as file:
        file.write('{"roun')
    assert ledger.lines(path) == [{"round": 1}]


COMES = {"key": "", "examples": 30, "shape": [28, 28], "highest label": 9}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shape": [8, 8]}, r"shape \(8, 8\), but here it must be \(28, 28\)"),
        ({"shape": None}, "shape None"),
        ({"examples": 0}, "must be 1 to 60,000"),
        ({"examples": "many"}, "must be 1 to 60,000"),
        ({"highest label": 10}, "labels go from 0 to 9"),
        ({"highest label": -1}, "labels go from 0 to 9"),
        ({"key": "ssh-rsa AAAA"}, "no public key"),
    ],
)
def test_a_party_whose_data_or_key_do_not_fit_is_refused_in_one_sentence(
    tmp_path: Path, changes: dict[str, Any], said: str, is_one_sentence: Callable[[object], bool]
) -> None:
    certificates.new_key(tmp_path / "key")
    comes = {**COMES, "key": (tmp_path / "key.pub").read_text()}
    party = {"key": "", "examples": 0}
    require_fit(party, comes, TINY.data())
    with pytest.raises(Refusal, match=said) as caught:
        require_fit(party, {**comes, **changes}, TINY.data())
    assert is_one_sentence(caught.value)


class FakeSuperLink:
    """Stands for Flower's: gives each party that is let in a node's number."""

    code, url = None, "https://127.0.0.1:1"

    def __init__(self, folder: Path):
        self.nodes = 0

    def wait(self) -> None: ...
    def run_app(self) -> None: ...
    def end(self) -> None: ...

    def register(self, number: int, key: str) -> int:
        self.nodes += 1
        return 100 + number


@pytest.fixture
def federation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(teacher, "SuperLink", FakeSuperLink)
    with host(TINY, folder=tmp_path / "server") as federation:
        yield federation


def knock(federation: Any, number: int, folder: Path, **changes: Any) -> Any:
    """Come with a party's token, as `join` does, but start no node."""
    invitation = look_at(federation.codes[number])
    folder.mkdir(exist_ok=True)
    certificates.new_key(folder / "key")
    about = {**COMES, "name": f"N{number}", "key": (folder / "key.pub").read_text(), **changes}
    with student._client(invitation.code, invitation.authority) as client:
        return student._asked(lambda: client.post("/fedlab/join", json=about))


def test_the_run_begins_when_the_last_party_has_joined(federation: Any, tmp_path: Path) -> None:
    for number in range(3):
        assert federation.state == "waiting"
        assert knock(federation, number, tmp_path / str(number)) == {
            "party": number, "node": 100 + number, "name": f"N{number}",
        }  # fmt: skip
    assert federation.state == "running"
    assert [party.name for party in federation.parties] == ["N0", "N1", "N2"]


def test_a_code_that_has_been_used_is_good_for_nobody_else_and_for_its_owner_again(
    federation: Any, tmp_path: Path
) -> None:
    knock(federation, 0, tmp_path / "ann")
    with pytest.raises(Refusal, match="used by somebody else"):
        knock(federation, 0, tmp_path / "ben")
    assert "was turned away: This code has been used by somebody else" in federation.told[-1]
    assert knock(federation, 0, tmp_path / "ann")["node"] == 100


def test_whoever_is_put_out_is_told_so_and_gets_no_answer_any_more(federation: Any, tmp_path: Path) -> None:
    knock(federation, 1, tmp_path / "ben")
    key = federation._about["parties"][1]["pem"].encode()
    assert federation._knows(key)
    federation.kick("N1")
    assert not federation._knows(key)
    with pytest.raises(Refusal, match="put you out"):
        look_at(federation.codes[1])
    with pytest.raises(ValueError, match="no party Zoe"):
        federation.kick("Zoe")


def test_a_server_with_another_certificate_is_not_joined(federation: Any) -> None:
    code = codes.read(federation.codes[0])
    liar = code._replace(fingerprint="A" * codes.FINGERPRINT)
    with pytest.raises(ValueError, match="not the one that the code is about"):
        look_at(str(liar))


def test_where_no_server_is_the_sentence_says_what_to_look_at(is_one_sentence: Callable[[object], bool]) -> None:
    nowhere = CODE._replace(host="127.0.0.1", port=9)
    with pytest.raises(ValueError, match="firewall") as caught:
        look_at(str(nowhere))
    assert is_one_sentence(caught.value)


def test_the_open_port_passes_on_nothing_but_messages_of_nodes_that_were_let_in(federation: Any) -> None:
    """Flower's SuperLink would let anybody on its port start programs at all nodes (/v1/control)."""
    code = codes.read(federation.codes[0])
    context = certificates.trusting((federation.folder / certificates.AUTHORITY).read_bytes())
    with httpx.Client(base_url=code.url, verify=context) as client:
        for path in ("/v1/control/start-run", "/v1/control/register-node", "/v1/runtime/pull-task", "/docs", "/health"):
            assert client.post(path).status_code == 404
        assert client.post("/v1/fleet/pull-messages").status_code == 403
        assert client.post("/v1/fleet/../control/start-run").status_code in (403, 404)
        assert client.get("/fedlab/invitation", headers={"x-fedlab-token": "guess"}).status_code == 403
        assert client.get("/fedlab/news").status_code == 403
    assert any("its key is unknown" in sentence for sentence in federation.told)


@pytest.mark.parametrize("path", ["/v1/fleet/../control/start-run", "/v1/fleet/%2e%2e/control/start-run",
                                  "/v1/fleet/..%2fcontrol/start-run", "/v1/fleet/", "/v1/fleet/start-run"])  # fmt: skip
def test_a_party_that_was_let_in_reaches_nothing_else_by_a_crooked_path(
    federation: Any, tmp_path: Path, path: str
) -> None:
    """Written as it is into the connection, since clients straighten paths; 503 would be the SuperLink's absence."""
    knock(federation, 0, tmp_path / "ann")
    key = base64.b64encode(federation._about["parties"][0]["pem"].encode()).decode()
    assert answered(federation, "/v1/fleet/pull-messages", key) == 503
    assert answered(federation, path, key) == 404


def answered(federation: Any, path: str, key: str) -> int:
    """The status of a POST."""
    code = codes.read(federation.codes[0])
    context = certificates.trusting((federation.folder / certificates.AUTHORITY).read_bytes())
    lines = [f"POST {path} HTTP/1.1", "Host: here", f"flwr-public-key: {key}", "Content-Length: 0", "Connection: close"]
    with context.wrap_socket(socket.create_connection((code.host, code.port)), server_hostname=code.host) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(connection.recv(100).split()[1])


def test_of_two_who_come_with_one_code_at_the_same_moment_one_is_let_in(
    federation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flower takes a while to register a node: the second comes before the first is done."""
    at_the_door, register = threading.Event(), FakeSuperLink.register

    def slowly(self: FakeSuperLink, number: int, key: str) -> int:
        at_the_door.set()
        time.sleep(0.5)
        return register(self, number, key)

    monkeypatch.setattr(FakeSuperLink, "register", slowly)
    first = threading.Thread(target=knock, args=(federation, 0, tmp_path / "ann"))
    first.start()
    assert at_the_door.wait(30)
    with pytest.raises(Refusal, match="used by somebody else"):
        knock(federation, 0, tmp_path / "ben")
    first.join()
    assert federation._about["parties"][0]["key"] == (tmp_path / "ann" / "key.pub").read_text()


def test_a_stranger_can_neither_break_the_door_nor_fill_the_memory(federation: Any) -> None:
    code = codes.read(federation.codes[0])
    context = certificates.trusting((federation.folder / certificates.AUTHORITY).read_bytes())
    with httpx.Client(base_url=code.url, verify=context) as client:
        odd = [(b"x-fedlab-token", "gué".encode("latin-1"))]
        assert client.get("/fedlab/invitation", headers=odd).status_code == 403
        assert client.post("/fedlab/join", content=20_000 * b"x").status_code == 413


def test_a_federation_listens_on_loopback_unless_a_host_is_given(federation: Any) -> None:
    mine = psutil.Process(os.getpid()).net_connections("tcp")
    listening = [one.laddr.ip for one in mine if one.status == psutil.CONN_LISTEN]
    assert set(listening) == {"127.0.0.1"}


def test_a_folder_goes_on_with_its_own_experiment_and_no_other(
    federation: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    codes_before = federation.codes
    with pytest.raises(ValueError, match="running already"):
        host(folder=federation.folder)
    federation.close()
    with host(folder=federation.folder) as again:
        assert again.codes == codes_before
    with pytest.raises(ValueError, match="another experiment"):
        host(TINY.with_(seed=1), folder=federation.folder)
    with pytest.raises(ValueError, match="no federation"):
        host(folder=tmp_path / "empty")


def test_what_cannot_be_sent_is_refused_before_anything_starts(tmp_path: Path) -> None:
    for algorithm in ("alone", "central"):
        with pytest.raises(ValueError, match="take another engine"):
            host(TINY.with_(algorithm=algorithm), folder=tmp_path / algorithm)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.zeros((3, 28, 28), np.int64), np.zeros(3, int), "x must be"),
        (np.zeros((3, 28, 28), np.uint8), np.zeros(2, int), "one for each"),
        (np.zeros((0, 28, 28), np.uint8), np.zeros(0, int), "one for each"),
        (np.zeros((2, 28, 28), np.uint8), np.array([1, -1]), "from 0 upwards"),
        (np.zeros((2, 28, 28), np.uint8), np.array([0.5, 1]), "whole numbers"),
    ],
)
def test_own_examples_that_are_none_are_refused_where_they_are(
    federation: Any, tmp_path: Path, x: np.ndarray, y: np.ndarray, said: str
) -> None:
    np.savez(tmp_path / "mine.npz", x=x, y=y)
    with pytest.raises(ValueError, match=said):
        student._examples(look_at(federation.codes[0]), tmp_path / "mine.npz", tmp_path)
    assert not any(party.examples for party in federation.parties)


def test_rows_of_a_table_that_all_scale_together_are_not_brought(tmp_path: Path) -> None:
    invited = SimpleNamespace(experiment=Experiment(dataset="heart", partition="natural", model="softmax"), party=0)
    with pytest.raises(ValueError, match="take part with what you are dealt"):
        student._examples(invited, (np.zeros((2, 15)), np.array([0, 1])), tmp_path)  # type: ignore[arg-type]
    x, _, scale = student._examples(invited, None, tmp_path)  # type: ignore[arg-type]
    assert np.isfinite(x).all()
    assert scale == 1


def test_without_data_of_its_own_a_party_takes_what_the_experiment_deals_to_it(federation: Any, tmp_path: Path) -> None:
    from fedlab.federation import prepare

    x, y, scale = student._examples(look_at(federation.codes[2]), None, tmp_path)
    dealt = prepare(TINY)
    assert np.array_equal(x, dealt.seen.train_x[dealt.parties[2]])
    assert np.array_equal(y, dealt.seen.train_y[dealt.parties[2]])
    assert scale == 255


def test_an_invitation_tells_what_runs_here_and_what_leaves(federation: Any) -> None:
    invitation = look_at(federation.codes[0])
    assert invitation.experiment == TINY
    assert invitation.bytes_down == 4 * 7850
    told = " ".join(what for _, what in invitation.leaves_here)
    assert "7,850 numbers" in told
    assert {name for name, _ in invitation.runs_here} >= {"fedlab", "flwr", "pyproject.toml"}


def test_the_app_that_flower_carries_is_the_same_bytes_on_every_machine(tmp_path: Path) -> None:
    """A party compares the SHA-256 with that of its own copy."""
    import shutil

    from flwr.cli.build import build_fab_from_disk

    shutil.copytree(student.APP, tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (tmp_path / "app").rglob("*"):
        os.utime(path, (1, 1))
    import hashlib

    assert hashlib.sha256(build_fab_from_disk(tmp_path / "app")).hexdigest() == student.app_hash()
    (tmp_path / "app" / "fedlab_federation" / "client_app.py").write_text("import os")
    assert hashlib.sha256(build_fab_from_disk(tmp_path / "app")).hexdigest() != student.app_hash()
