"""A federation over a real network, all on this machine: how long a class waits, what it sends, what a laptop needs.

    python -m benchmarks.federation                        4 parties × 500 images, 2NN, 6 rounds; three turns
    python -m benchmarks.federation --parties 10 --turns 1

Each turn types what a class would: `fedlab federation start`, then `fedlab federation join` once for each party. A
relay between the parties and the server counts every byte that goes by, encrypted as it is. Seconds are counted from
the moment when Enter is pressed:

server       until the join codes stand on the terminal
joined       until all parties, which join at the same moment, have been let in; from the join codes on
round 1      until the shared model of round 1 is on the server's disk; from the first second on. Wanted: at most 30
a round      between one shared model and the next; the median of all later rounds
counted      megabytes of a round's arrays, as `bytes_down` and `bytes_up` count them
sent         megabytes that went through the relay between one shared model and the next
megabytes    of memory, the most that the processes of the server, and of one party, had for themselves (USS)

The accuracies must be those of the local engine, to the bit, or the command fails. Its seconds a round stand beside.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import click
import psutil

from benchmarks.common import RESULTS, report, save
from fedlab import Experiment, History, run
from fedlab.network import codes

PAUSE, PATIENCE = 0.05, 150.0  # seconds between two looks; seconds after which a turn has failed
COMMAND = [sys.executable, "-m", "fedlab", "federation"]


class Relay:
    """Listens on loopback, passes all bytes on to a port there, and counts them."""

    def __init__(self, port: int):
        self.port, self.up, self.down = port, 0, 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.own_port: int = self.listening.getsockname()[1]
        threading.Thread(target=self._take_all, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()

    def _take_all(self) -> None:
        with suppress(OSError):  # it has been closed
            while True:
                near, _ = self.listening.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.port))
                except OSError:
                    near.close()
                    continue
                for pair, way in (((near, far), "up"), ((far, near), "down")):
                    threading.Thread(target=self._pass_on, args=(*pair, way), daemon=True).start()

    def _pass_on(self, source: socket.socket, goal: socket.socket, way: str) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                setattr(self, way, getattr(self, way) + len(data))
                goal.sendall(data)
        with suppress(OSError):
            goal.shutdown(socket.SHUT_WR)


class Turn:
    """One federation, from Enter to its last round; `measured` once it is over."""

    def __init__(self, experiment: Experiment, folder: Path):
        self.experiment, self.folder = experiment, folder
        self.began = time.perf_counter()
        self.rounds: list[tuple[float, int, int]] = []  # after each: seconds, bytes up and down so far
        self.memory = {"server": 0, "party": 0}
        self.looked_at_memory = 0.0

    def go(self) -> dict[str, Any]:
        log = self.folder / "server.log"
        words = ("start", self.experiment.link(), "--folder", str(self.folder / "server"))
        with started(log, *COMMAND, *words) as server:
            found = self._until(lambda: len(read := join_codes(log)) == self.experiment.parties and read, server)
            printed = self._seconds()
            relay = Relay(codes.read(found[0]).port)
            try:
                with joined(self.folder, [through(code, relay) for code in found]) as parties:
                    self._until(lambda: log.read_text().count("has joined") == len(parties), server)
                    all_in = self._seconds()
                    self._until(lambda: self._is_over(relay, server, parties[0]), server)
                    for one in (server, *parties):
                        one.wait(60)
            finally:
                relay.close()
        return self._measured(printed, all_in)

    def _is_over(self, relay: Relay, server: subprocess.Popen[bytes], party: subprocess.Popen[bytes]) -> bool:
        now = len(self._history())
        if now > len(self.rounds):
            self.rounds.append((self._seconds(), relay.up, relay.down))
        if self._seconds() > self.looked_at_memory + 1:
            self.looked_at_memory = self._seconds()
            for name, process in (("server", server), ("party", party)):
                self.memory[name] = max(self.memory[name], memory(process.pid))
        return now == self.experiment.rounds

    def _history(self) -> History:
        path = self.folder / "server" / "history.json"
        return History.from_json(path.read_text()) if path.exists() else History(self.experiment)

    def _measured(self, printed: float, all_in: float) -> dict[str, Any]:
        history = self._history()
        return {
            "server": printed,
            "joined": all_in - printed,
            "round 1": self.rounds[0][0],
            "rounds": differences([seconds for seconds, _, _ in self.rounds]),
            "counted up": history.rounds[-1].bytes_up,
            "counted down": history.rounds[-1].bytes_down,
            "sent up": differences([up for _, up, _ in self.rounds]),
            "sent down": differences([down for _, _, down in self.rounds]),
            "memory": self.memory,
            "accuracy": [one.test_accuracy for one in history],
        }

    def _until(self, true: Any, server: subprocess.Popen[bytes]) -> Any:
        while not (found := true()):
            if self._seconds() > PATIENCE or server.poll() is not None:
                raise RuntimeError((self.folder / "server.log").read_text()[-2000:])
            time.sleep(PAUSE)
        return found

    def _seconds(self) -> float:
        return time.perf_counter() - self.began


@contextmanager
def started(log: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command, which is asked to end when the block does."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def joined(folder: Path, of_parties: Sequence[str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """All parties, one process each."""
    if not of_parties:
        yield []
        return
    number = len(of_parties)
    words = ("join", of_parties[-1], "--yes", "--name", f"P{number}", "--folder", str(folder / f"party_{number}"))
    with (
        joined(folder, of_parties[:-1]) as others,
        started(folder / f"party_{number}.log", *COMMAND, *words) as process,
    ):
        yield [*others, process]


def join_codes(log: Path) -> list[str]:
    """Those that stand in full on the server's terminal."""
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return [line.split()[-1] for line in lines if f": fedlab{codes.VERSION}:" in line]


def through(code: str, relay: Relay) -> str:
    """The same code by way of the relay. TLS holds: the address is the same, and only the port another."""
    return str(codes.read(code)._replace(port=relay.own_port))


def memory(process: int) -> int:
    """Bytes that a process and its descendants have for themselves (USS)."""
    total = 0
    with suppress(psutil.Error):
        root = psutil.Process(process)
        for one in [root, *root.children(recursive=True)]:
            with suppress(psutil.Error):
                total += one.memory_full_info().uss
    return total


def differences(sums: Sequence[float]) -> list[float]:
    """What each adds to the one before."""
    return [after - before for before, after in pairwise(sums)]


def summary(turns: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Medians over the turns, and over all later rounds of all turns; seconds and megabytes."""
    found = {name: median(turn[name] for turn in turns) for name in ("server", "joined", "round 1")}
    found["a round"] = median(seconds for turn in turns for seconds in turn["rounds"])
    for way in ("up", "down"):
        found[f"counted {way}"] = median(turn[f"counted {way}"] for turn in turns) / 1e6
        found[f"sent {way}"] = median(sent for turn in turns for sent in turn[f"sent {way}"]) / 1e6
    for who in ("server", "party"):
        found[f"memory of the {who}"] = max(turn["memory"][who] for turn in turns) / 1e6
    return found


def require_same(turns: Sequence[Mapping[str, Any]], local: Sequence[float]) -> None:
    """Raise `SystemExit` unless each turn's accuracies are the local engine's, to the bit."""
    for turn in turns:
        if list(turn["accuracy"]) != list(local):
            raise SystemExit(f"Over the network {turn['accuracy']}, but the local engine has {list(local)}.")


def locally(experiment: Experiment) -> dict[str, Any]:
    """The same rounds by the local engine: accuracies, and the median of the seconds of a round after the first."""
    history = list(run(experiment))
    return {"accuracy": [one.test_accuracy for one in history], "a round": median(one.seconds for one in history[1:])}


def left_behind(folder: Path) -> list[str]:
    """The commands of processes that still have to do with a folder."""
    found = [one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline", "pid"]) if one.pid != os.getpid()]
    return [" ".join(words) for words in found if any(str(folder) in word for word in words)]


@click.command(help=__doc__)
@click.option("--parties", default=4, show_default=True, type=click.IntRange(1))
@click.option("--images", default=500, help="Of each party.", show_default=True, type=click.IntRange(1))
@click.option("--rounds", default=6, show_default=True, type=click.IntRange(2))
@click.option("--turns", default=3, show_default=True, type=click.IntRange(1))
@click.option("--json", "path", type=click.Path(path_type=Path), default=RESULTS / "federation.json", show_default=True)
def main(parties: int, images: int, rounds: int, turns: int, path: Path) -> None:
    experiment = Experiment(parties=parties, examples=parties * images, rounds=rounds)
    local = locally(experiment)
    measured = []
    for _ in range(turns):
        with tempfile.TemporaryDirectory() as folder:
            measured.append(Turn(experiment, Path(folder)).go())
            if left := left_behind(Path(folder)):
                raise SystemExit(f"Left behind: {left}")
    require_same(measured, local["accuracy"])
    found = summary(measured)
    rows = [[name, f"{value:.2f}"] for name, value in found.items()]
    rows.append(["a round, local engine", f"{local['a round']:.2f}"])
    about = f"{parties} parties × {images} images, 2NN, {rounds} rounds, {turns} turns"
    report(about, ["", "seconds or megabytes"], rows)
    save(path, {"experiment": experiment.link(), "summary": found, "local": local, "turns": measured})
    if found["round 1"] > 30 and parties == 4:
        raise SystemExit("Wanted: the end of round 1 after at most 30 seconds.")


if __name__ == "__main__":
    main()
