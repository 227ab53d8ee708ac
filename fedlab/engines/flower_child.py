"""The process in which Flower simulates a federation: started by `flower_simulation.py`, and by nobody else.

The ServerApp runs `federation.run` with the grid engine; each party's ClientApp reads its own examples from a file of
its own, as it would on a machine of its own.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import traceback
import zlib
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil
import ray
from flwr.app import Context, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.simulation import run_simulation

from fedlab.apart import brought
from fedlab.engines.flower import GridEngine, answer, parcel, party_of, remember
from fedlab.experiment import Experiment
from fedlab.federation import run
from fedlab.parcels import Parcel, load, save
from fedlab.prepare import Prepared
from fedlab.rounds import CannotTrain, Diverged, State
from fedlab.text import say

with suppress(KeyError, ValueError):  # Flower, which needs no TensorFlow but would start it, is imported by now
    sys.path.remove(os.environ["FEDLAB_SHIELD"])
ATTEMPTS = 3
STORE = 100 * 2**20  # bytes of shared memory for messages on their way between processes; more go by the disk


def main(pipe: Connection, folder: Path, parties: int, processes: int) -> None:
    """Simulate a federation until the other side is gone."""
    adopt()
    told: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=listen, args=(pipe, told), daemon=True).start()
    resources = {"client_resources": {"num_cpus": 1, "num_gpus": 0.0}}
    try:
        start_ray(folder, processes)
        run_simulation(server(pipe, told, folder), client(folder), num_supernodes=parties, backend_config=resources)
    except Exception:
        traceback.print_exc()  # the last line of the log, which the other side shows
    end()  # the server's thread may still wait to be told something


def start_ray(folder: Path, processes: int) -> None:
    """Start Ray's own processes; again if they are not there within the 30 s that Ray gives them on a busy machine."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            ray.init(
                address="local", _node_ip_address="127.0.0.1", include_dashboard=False, log_to_driver=False,
                num_cpus=processes, object_store_memory=STORE, _temp_dir=str(folder / f"ray{attempt}"),
            )  # fmt: skip
            return
        except Exception:
            if attempt == ATTEMPTS:
                raise
            ray.shutdown()
            see_out()


def listen(pipe: Connection, told: SimpleQueue[Any]) -> None:
    """Pass on what we are told; end when nobody is there any more to tell."""
    try:
        while True:
            told.put(pipe.recv())
    except (EOFError, OSError):
        end()


def adopt() -> None:
    """Let processes whose parent is gone be ours, so that `end` finds them all (on Linux, where that can be had)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def end() -> None:
    """End this process and all that it has started."""
    see_out()
    os._exit(0)


def see_out() -> None:
    """End all that this process has started, and see it out: not every container's first process would."""
    me = psutil.Process()
    while others := me.children(recursive=True):
        for other in others:
            with suppress(psutil.NoSuchProcess):
                other.kill()
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def server(pipe: Connection, told: SimpleQueue[Any], folder: Path) -> ServerApp:
    """Runs the experiments that we are told, round by round."""
    app = ServerApp()

    @app.main()
    def main(grid: Grid, context: Context) -> None:
        number = 0
        while True:
            request = told.get()
            if isinstance(request, tuple):
                number += 1
                pipe.send(outcome(pipe, told, grid, folder, str(number), *request))

    return app


def outcome(
    pipe: Connection,
    told: SimpleQueue[Any],
    grid: Grid,
    folder: Path,
    name: str,
    experiment: str,
    start: State | None,
    dataset: Any,
    uploads: bool,
    means: bool,
) -> tuple[Any, ...]:
    """Run one experiment, a round each time that we are told to; how it ended."""

    def engine(prepared: Prepared) -> GridEngine:
        hand_out(prepared, folder / name, start, name)
        nodes = dict(enumerate(sorted(grid.get_node_ids())))
        return GridEngine(prepared, grid, nodes, run=name, silent=broken)

    calls: dict[str, Any] = {}
    if uploads:
        calls["on_upload"] = lambda number, upload: pipe.send(("upload", number, upload))
    if means:
        calls["on_mean"] = lambda number, mean: pipe.send(("mean", number, mean))
    try:
        rounds = run(Experiment.from_json(experiment), start=start, dataset=dataset, engine=engine, **calls)
        while told.get() == "next":
            one = next(rounds, None)
            if one is None:
                return ("done",)
            pipe.send(("round", one))
        return ("done",)
    except (CannotTrain, Diverged) as error:
        kind = "Diverged" if isinstance(error, Diverged) else "CannotTrain"
        return "failed", kind, str(error)
    except Exception as error:
        return "failed", type(error).__name__, f"{type(error).__name__}: {error}"


def broken(number: int, party: int, reason: str) -> None:
    """Here nobody is far away: a party that does not answer is an error."""
    first = reason.partition("\n")[0]
    raise RuntimeError(say("Party {party} broke down in round {number}: {reason}", party=party, number=number,
                           reason=first))  # fmt: skip


def hand_out(prepared: Prepared, folder: Path, start: State | None, run: str) -> None:
    """Give each party what it has before the run: its examples as it sees them, and what it remembers."""
    there = folder / name_of(prepared.experiment.link())
    there.mkdir(parents=True, exist_ok=True)
    for party, own in enumerate(prepared.training):
        save(there / f"{party}.npz", Parcel({}, (prepared.seen.train_x[own], prepared.seen.train_y[own])))
        memory = folder / f"memory {party}.npz"
        if start and start.parties and start.parties[party] and not memory.with_suffix(".read").exists():
            save(memory, brought(start, party, run))


def name_of(link: str) -> str:
    """The folder of what parties see in this experiment."""
    return f"{zlib.crc32(link.encode()):08x}"


def client(folder: Path) -> ClientApp:
    """Trains at a node."""
    app = ClientApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        from fedlab.engines.flower_child import at_node  # by import: Ray would send the function's code each time

        return Message(content=at_node(folder, message.content, context.state), reply_to=message)

    return app


def at_node(folder: Path, content: RecordDict, state: RecordDict) -> RecordDict:
    """What a party does with a message, and with the files that are its own."""
    about, party = parcel(content).about, party_of(content)
    mine = folder / about["run"]
    x, y = load(mine / name_of(about["experiment"]) / f"{party}.npz").arrays
    memory = mine / f"memory {party}.npz"
    if memory.exists():
        remember(state, load(memory))
        memory.rename(memory.with_suffix(".read"))
    return answer(content, x, y, state)


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
