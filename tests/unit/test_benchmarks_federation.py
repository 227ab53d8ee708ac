"""Facts about the benchmark of a federation: what its relay counts, what its tables are made of."""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path

import pytest

from benchmarks.federation import Relay, differences, join_codes, left_behind, memory, require_same, started, summary
from fedlab import run
from fedlab.experiment import Experiment

MB = 1_000_000


def test_the_relay_passes_all_bytes_on_and_counts_each_way() -> None:
    """100,000 bytes go up, and a server that says everything twice sends 200,000 down."""
    said = bytes(range(250)) * 400
    heard: list[bytes] = []

    def twice() -> None:
        connection, _ = server.accept()
        with connection:
            parts = []
            while part := connection.recv(1 << 16):
                parts.append(part)
            heard.append(b"".join(parts))
            connection.sendall(2 * heard[0])

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=twice)
        thread.start()
        relay = Relay(server.getsockname()[1])
        answer = b""
        with socket.create_connection(("127.0.0.1", relay.own_port)) as near:
            near.sendall(said)
            near.shutdown(socket.SHUT_WR)
            while part := near.recv(1 << 16):
                answer += part
        thread.join(5)
        relay.close()
    assert heard == [said]
    assert answer == 2 * said
    assert (relay.up, relay.down) == (100_000, 200_000)


def test_the_relay_of_a_server_that_is_gone_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    relay = Relay(port)
    with socket.create_connection(("127.0.0.1", relay.own_port), timeout=5) as near:
        assert near.recv(1) == b""
    relay.close()


def test_only_codes_that_stand_in_full_on_the_terminal_are_taken(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert join_codes(log) == []
    log.write_text(
        "A code for each, to type after: fedlab federation join\n  party 0: fedlab1:a#01\n  party 1: fedlab1:b"
    )
    assert join_codes(log) == ["fedlab1:a#01"]


def test_seconds_of_rounds_are_medians_over_all_turns_and_memory_is_the_most() -> None:
    """Rounds of 2, 3, 4 and 9 seconds: 3.5 in the middle. Turns that began in 20 and 30 seconds: 25."""
    one = {
        "server": 4.0, "joined": 6.0, "round 1": 20.0, "rounds": [2.0, 3.0],
        "counted up": MB, "counted down": 2 * MB, "sent up": [MB, 3 * MB], "sent down": [2 * MB, 2 * MB],
        "memory": {"server": 5 * MB, "party": MB},
    }  # fmt: skip
    other = {**one, "round 1": 30.0, "rounds": [4.0, 9.0], "memory": {"server": MB, "party": 7 * MB}}
    found = summary([one, other])
    assert found["round 1"] == 25.0
    assert found["a round"] == 3.5
    assert (found["counted up"], found["counted down"]) == (1.0, 2.0)
    assert (found["sent up"], found["sent down"]) == (2.0, 2.0)
    assert (found["memory of the server"], found["memory of the party"]) == (5.0, 7.0)
    assert differences([5.0, 7.0, 10.0]) == [2.0, 3.0]


def test_a_turn_whose_accuracies_differ_in_the_last_bit_fails_the_command() -> None:
    local = [one.test_accuracy for one in run(Experiment(parties=2, examples=20, model="softmax", rounds=2))]
    require_same([{"accuracy": local}], local)
    with pytest.raises(SystemExit, match="local engine"):
        require_same([{"accuracy": [local[0], local[1] + 2**-40]}], local)


def test_what_is_left_behind_is_seen_by_the_folder_in_its_command(tmp_path: Path) -> None:
    assert left_behind(tmp_path) == []
    asleep = (sys.executable, "-c", "import time; time.sleep(60)", str(tmp_path))
    with started(tmp_path / "log", *asleep) as process:
        assert len(left_behind(tmp_path)) == 1
        assert memory(process.pid) > 0
    assert left_behind(tmp_path) == []
    assert memory(process.pid) == 0, "and a process that has ended has no memory"
