"""A server and four parties with addresses of their own, in network namespaces that this test makes and takes away.

Nothing here reaches the machine's own network: the namespaces are joined to each other by a bridge in one more of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from fedlab import Experiment, History, run
from fedlab.network.codes import check_sum

pytestmark = pytest.mark.timeout(500)

EXPERIMENT = Experiment(
    parties=4, examples=200, partition="quantity", model="softmax", rounds=6, learning_rate=0.05, local_epochs=2
)
SERVER = "10.77.0.100"
PATIENCE = 40  # seconds that a round waits: a node that has lost its server tries again after up to 20


def sh(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True)


class Net:
    """Namespaces by name, each with an address on one bridge."""

    def __init__(self) -> None:
        self.tag = f"fl{os.getpid()}"
        self.hub = f"{self.tag}hub"
        self.names: list[str] = []
        made = sh("ip", "netns", "add", self.hub)
        if made.returncode:
            pytest.skip(f"no network namespaces here: {made.stderr.strip()}")
        self._in(self.hub, "ip", "link", "set", "lo", "up")
        self._in(self.hub, "ip", "link", "add", "br0", "type", "bridge")
        self._in(self.hub, "ip", "link", "set", "br0", "up")

    def add(self, name: str, address: str) -> None:
        space, here, there = f"{self.tag}{name}", f"v{name}", f"h{name}"
        self.names.append(space)
        sh("ip", "netns", "add", space)
        self._in(self.hub, "ip", "link", "add", here, "type", "veth", "peer", "name", there)
        self._in(self.hub, "ip", "link", "set", here, "netns", space)
        self._in(self.hub, "ip", "link", "set", there, "master", "br0", "up")
        self._in(space, "ip", "link", "set", "lo", "up")
        self._in(space, "ip", "addr", "add", f"{address}/24", "dev", here)
        self._in(space, "ip", "link", "set", here, "up")

    def add_badly(self, name: str, address: str, log: Path) -> None:
        """The same, at the end of a line with 100 ms each way and 5 % loss."""
        space = f"{self.tag}{name}"
        self.names.append(space)
        sh("ip", "netns", "add", space)
        self._in(space, "ip", "link", "set", "lo", "up")
        self.line = self.start_in(
            self.hub, str(Path(__file__).with_name("bad_line.py")), space, f"{address}/24", log=log
        )
        until(lambda: "up" in log.read_text() or self.line.poll() is not None, 20)
        if self.line.poll() is not None:
            pytest.skip(f"no bad line here: {log.read_text()}")

    def start(self, name: str, *words: str, log: Path) -> subprocess.Popen[str]:
        return self.start_in(f"{self.tag}{name}", "-m", *words, log=log)

    def start_in(self, space: str, *words: str, log: Path) -> subprocess.Popen[str]:
        with log.open("a") as file:
            process = subprocess.Popen(
                ["ip", "netns", "exec", space, sys.executable, *words],
                stdout=file, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        return process

    def processes(self) -> list[psutil.Process]:
        """What runs in the namespaces."""
        pids = [pid for space in [*self.names, self.hub] for pid in sh("ip", "netns", "pids", space).stdout.split()]
        return [psutil.Process(int(pid)) for pid in pids if psutil.pid_exists(int(pid))]

    def run_by(self, program: str) -> list[psutil.Process]:
        """The processes of a program, but for those that are over."""
        found = []
        for process in self.processes():
            with suppress(psutil.Error):  # it may end at this moment
                found += [process] if any(program in word for word in process.cmdline()) else []
        return found

    def close(self) -> None:
        for process in self.processes():
            with suppress(psutil.Error):
                process.kill()
        for space in [*self.names, self.hub]:
            sh("ip", "netns", "del", space)

    def _in(self, space: str, *words: str) -> None:
        done = sh("ip", "netns", "exec", space, *words)
        if done.returncode:
            pytest.skip(f"no network between namespaces here: {done.stderr.strip()}")


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    if not shutil.which("ip"):
        pytest.skip("there is no command ip")
    net = Net()
    try:
        net.add("srv", SERVER)
        for party in (0, 2, 3):
            net.add(f"p{party}", f"10.77.0.{party + 1}")
        net.add_badly("p1", "10.77.0.2", tmp_path / "line.log")
        yield net
    finally:
        net.close()


def until(true: Callable[[], Any], seconds: float = 120) -> Any:
    """What it gives once it gives something."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.2)
    return found


def test_a_federation_over_a_network_learns_what_one_program_would_have_with_the_same_dropouts(
    net: Net, tmp_path: Path
) -> None:
    """TLS; a stranger is refused; a party is killed in a round and comes back; a bad line; the server dies and goes on.

    The accuracies are those of the local engine, to the bit, when the same parties are away in the same rounds.
    """
    folder, log = tmp_path / "server", tmp_path / "server.log"
    start = ["fedlab", "federation", "start"]
    options = ["--host", SERVER, "--folder", str(folder), "--patience", str(PATIENCE)]
    server = net.start("srv", *start, EXPERIMENT.link(), *options, log=log)
    codes = until(lambda: (c := [w for w in log.read_text().split() if w.startswith("fedlab1:")])[3:] and c)

    def join(party: int, code: str = "", name: str = "") -> subprocess.Popen[str]:
        words = ["join", code or codes[party], "--yes", "--name", name or f"P{party}"]
        where = ["--folder", str(tmp_path / (name or f"party_{party}"))]
        return net.start(f"p{party}", "fedlab", "federation", *words, *where, log=tmp_path / f"p{party}{name}.log")

    def rounds() -> int:
        path = folder / "history.json"
        return len(json.loads(path.read_text())["rounds"]) if path.exists() else 0

    parties = [join(party) for party in range(4)]

    until(lambda: log.read_text().count("has joined") == 4)
    stranger = join(3, name="stranger")  # with a code that has been used
    assert stranger.wait(60) == 2
    assert "used by somebody else" in (tmp_path / "p3stranger.log").read_text()
    assert "was turned away: This code has been used by somebody else" in until(
        lambda: "away" in (t := log.read_text()) and t
    )
    wrong = codes[0].replace(codes[0].split("/")[1], "A" * 26).rpartition("#")[0]
    assert join(3, f"{wrong}#{check_sum(wrong)}", "liar").wait(60) == 2
    assert "is not the one that the code is about" in (tmp_path / "p3liar.log").read_text()

    until(lambda: rounds() >= 1)
    parties[2].kill()  # in the middle of round 2; its children go with it
    killed_in = rounds() + 1
    until(lambda: rounds() >= killed_in + 1)
    parties[2] = join(2)

    until(lambda: rounds() >= killed_in + 2)
    server.kill()
    server.wait()
    until(lambda: not net.run_by("flower-superlink"))
    server = net.start("srv", *start, *options, log=log)
    assert server.wait(240) == 0, log.read_text()
    for party in parties:
        assert party.wait(60) == 0
    net.line.kill()
    net.line.wait()
    until(lambda: not net.run_by("python") and not net.run_by("flower"), 20)  # nothing is left behind

    history = History.from_json((folder / "history.json").read_text())
    assert len(history) == 6
    there = [{report.party for report in one.parties} for one in history]
    assert there[killed_in - 1] == {0, 1, 3}
    assert any(2 in who for who in there[killed_in:]), "it has come back"
    events, before = list[str](), set(range(4))
    for number, who in enumerate(there):
        if who != before:
            gone = ",".join(f"#{party}" for party in sorted(set(range(4)) - who)) or "0"
            events.append(f"{number}: away={gone}")
            before = who
    assert before == set(range(4)), f"all are back at the end: {there}"
    assert there[0] == set(range(4))
    local = run(EXPERIMENT.with_(events="; ".join(events)))
    assert [one.test_accuracy for one in history] == [one.test_accuracy for one in local]
    assert [one.test_loss for one in history] == [
        one.test_loss for one in run(EXPERIMENT.with_(events="; ".join(events)))
    ]
    no_example_has_left(tmp_path)


def no_example_has_left(folder: Path) -> None:
    """What each party has written down that it sent: one array of the model's size a round, and nothing else."""
    for path in folder.glob("party_*/sent.jsonl"):
        sent = [json.loads(line) for line in path.read_text().splitlines()]
        assert sent
        assert {tuple(one["shape"]) for one in sent} == {(7850,)}
        assert {one["bytes"] for one in sent} == {31_400}
