"""Flower's own simulation, on Ray: the local engine's numbers to the bit, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
import pytest

pytest.importorskip("flwr")
pytest.importorskip("ray")

from fedlab import Experiment, run
from fedlab.engines.flower_simulation import Simulation
from fedlab.messages import Message, Upload, arrays_in
from fedlab.rounds import CannotTrain, Diverged

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Ray's processes need process groups to be ended together"),
    pytest.mark.xdist_group("flower simulation"),
]

SMALL: dict[str, Any] = {"examples": 200, "rounds": 2, "local_epochs": 2, "batch_size": 20, "model": "softmax"}
KINDS: dict[str, dict[str, Any]] = {
    "fedavg": {},
    "fedprox": {"algorithm": "fedprox", "mu": 0.5, "stragglers": 0.4},
    "scaffold": {"algorithm": "scaffold", "participation": 0.7, "rounds": 3},
    "2nn": {"model": "2nn", "partition": "dirichlet", "alpha": 0.5},
    "topk": {"compression": "topk", "topk_share": 0.02},
    "dp": {"privacy": "dp", "dp_clip": 1.0, "dp_noise": 0.5},
    "masks": {"secure_sum": "masks", "dropouts": 0.3},
    "attack": {"attack": "sign_flip", "attackers": 1, "aggregation": "median"},
    "events": {"algorithm": "scaffold", "rounds": 3, "events": "1: attack=noise attackers=1; 2: away=#1"},
}


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """Ten nodes, started once."""
    with Simulation(10) as ten:
        yield ten


@pytest.mark.parametrize("parties", [3, 10])
@pytest.mark.parametrize("kind", KINDS)
def test_rounds_are_the_local_engines_to_the_bit(simulation: Simulation, kind: str, parties: int) -> None:
    experiment = Experiment(**{**SMALL, "parties": parties, **KINDS[kind]})
    local = list(run(experiment, engine="numpy"))
    found = list(simulation.run(experiment))
    assert len(found) == len(local)
    for one, other in zip(found, local, strict=True):
        assert one.state is not None
        assert other.state is not None
        assert np.array_equal(one.state.weights, other.state.weights)
        ours, theirs = arrays_in(one.state.server), arrays_in(other.state.server)
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
        assert (one.parties, one.test_accuracy, one.test_loss) == (other.parties, other.test_accuracy, other.test_loss)
        assert (one.bytes_up, one.bytes_down, one.absent) == (other.bytes_up, other.bytes_down, other.absent)
        assert one.engine == "flower"


def test_a_run_goes_on_from_a_state_of_the_local_engine_with_what_its_parties_remember(simulation: Simulation) -> None:
    experiment = Experiment(**{**SMALL, "parties": 3, "algorithm": "scaffold", "compression": "topk", "rounds": 4})
    local = list(run(experiment, engine="numpy"))
    for one, other in zip(simulation.run(experiment, start=local[1].state), local[2:], strict=True):
        assert one.state is not None
        assert other.state is not None
        assert np.array_equal(one.state.weights, other.state.weights)


def test_uploads_and_means_are_shown_as_by_the_local_engine(simulation: Simulation) -> None:
    experiment = Experiment(**SMALL, parties=3)
    shown: dict[str, list[tuple[int, Message]]] = {"local": [], "flower": []}
    for name, rounds in (("local", run), ("flower", simulation.run)):

        def keep(number: int, upload: Upload, name: str = name) -> None:
            shown[name].append((number, upload.message))

        def keep_mean(number: int, mean: Message, name: str = name) -> None:
            shown[name].append((number, mean))

        list(rounds(experiment, on_upload=keep, on_mean=keep_mean))
    assert len(shown["local"]) == 2 * (3 + 1)
    for (one, ours), (other, theirs) in zip(shown["flower"], shown["local"], strict=True):
        assert one == other
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_who_stops_looking_leaves_the_simulation_ready_for_another_run(simulation: Simulation) -> None:
    experiment = Experiment(**SMALL, parties=3)
    rounds = simulation.run(experiment)
    first = next(rounds)
    rounds.close()  # type: ignore[attr-defined]  # it is a generator
    assert next(iter(simulation.run(experiment))).test_loss == first.test_loss


def test_a_party_that_breaks_down_ends_the_run_in_a_sentence(simulation: Simulation) -> None:
    wild = Experiment(parties=2, examples=100, rounds=3, local_epochs=20, batch_size=5, learning_rate=100.0)
    with pytest.raises(Diverged, match=r"^Training broke down in round 1 at party \d: .*smaller learning rate\.$"):
        list(simulation.run(wild))


def test_nothing_listens_but_on_the_loopback_interface(simulation: Simulation) -> None:
    group = members(simulation.child.pid)
    assert len(group) > 3  # Ray's own and the two that train
    at = {c.laddr.ip.removeprefix("::ffff:") for one in group for c in one.net_connections() if c.status == "LISTEN"}
    assert at
    assert at <= {"127.0.0.1", "::1"}


def test_an_interrupt_in_mid_round_ends_every_process(simulation: Simulation) -> None:
    """The last test with these ten nodes: `between_chunks` raises while parties train."""
    group = simulation.child.pid
    assert members(group)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(simulation.run(Experiment(**SMALL, parties=10), between_chunks=interrupted))
    assert not members(group)
    assert not simulation.folder.exists()


def test_ctrl_c_on_the_command_line_keeps_what_was_computed_and_leaves_no_process(tmp_path: Any) -> None:
    """A second start, as a learner makes it: `fedlab run --engine flower`, and Ctrl-C after the second round."""
    flags = ["--engine", "flower", "--parties", "3", "--examples", "150", "--model", "softmax", "--rounds", "100000"]
    with subprocess.Popen(
        [sys.executable, "-m", "fedlab", "run", *flags, "--json", str(tmp_path / "run.json")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        lines = iter(program.stdout.readline, "")
        assert any(" 2 of 100000" in line for line in lines)
        child = next(one.pid for one in psutil.Process(program.pid).children() if "flower_child" in str(one.cmdline()))
        program.send_signal(signal.SIGINT)
        rest = "".join(lines)
        assert program.stderr is not None
        errors = program.stderr.read()
    assert program.returncode == 130
    assert "Final test accuracy" in rest
    assert "Stopped by Ctrl-C." in errors
    assert "ray" not in errors.lower()
    assert "flwr" not in errors.lower()
    assert (tmp_path / "run.json").exists()
    assert not members(child)


def test_what_cannot_be_simulated_is_refused_before_anything_starts() -> None:
    began = time.monotonic()
    with pytest.raises(CannotTrain, match="every model stays at its party"):
        next(run(Experiment(**SMALL, parties=3, algorithm="alone"), engine="flower"))
    assert time.monotonic() - began < 60


def members(group: int) -> list[psutil.Process]:
    """The processes of a group that are still at work."""
    found = []
    for one in psutil.process_iter():
        try:
            if os.getpgid(one.pid) == group and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
        except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            continue
    return found
