"""What Flower runs at the server: the kit's own rounds, with parties that are at other machines.

It waits until the teacher starts, goes on from the last round on disk, and writes each new one there. The server's data
set has the test examples and nothing else: of the parties' examples it only knows how many there are.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from fedlab.datasets import Dataset
from fedlab.engines.flower import GridEngine
from fedlab.experiment import Experiment
from fedlab.federation import prepare, run
from fedlab.network import ledger
from fedlab.rounds import NobodyReported

PAUSE = 0.3  # seconds between two looks at what the teacher wants
app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """The rounds that are left, then the end."""
    folder = Path(str(context.run_config["folder"]))
    wait_until(folder, "running")
    about = ledger.get(folder / ledger.FEDERATION)
    whole = Experiment.from_link(about["experiment"])
    experiment, dataset = of_owners(whole, [party["examples"] or 0 for party in about["parties"]])
    history = ledger.rounds_so_far(folder, whole)
    nodes = Nodes(grid, folder)
    wait_for(
        nodes, sum(1 for party in about["parties"] if party["examples"] and not party["kicked"]), about["patience"]
    )

    def silent(number: int, party: int, reason: str) -> None:
        ledger.add_line(folder / ledger.SILENT, {"round": number, "party": party, "reason": reason})

    while len(history) < whole.rounds:
        start = ledger.state_after(folder, len(history), prepare(experiment, dataset))
        rounds = run(
            experiment,
            start=start,
            dataset=dataset,
            engine=lambda prepared: GridEngine(
                prepared, grid, nodes, patience=about["patience"], run=about["run"], silent=silent
            ),
            between_chunks=lambda: stop_if_wanted(folder),
        )
        try:
            for one in rounds:
                assert one.state is not None
                history.append(replace(one, state=None))
                ledger.save_round(folder, history, one.state)
                wait_until(folder, "running")
        except NobodyReported:
            time.sleep(PAUSE)  # they may come back
    ledger.put(folder / ledger.WISHES, {"state": "finished"})


class Stopped(Exception):
    """The teacher wants an end."""


class Nodes(Mapping[int, int]):
    """The node of each party that is there now; the list on disk and Flower's of who is online, looked up anew."""

    def __init__(self, grid: Grid, folder: Path):
        self.grid, self.folder = grid, folder

    def now(self) -> dict[int, int]:
        online = set(self.grid.get_node_ids())
        parties = ledger.get(self.folder / ledger.FEDERATION)["parties"]
        return {one["party"]: one["node"] for one in parties if one["node"] in online and not one["kicked"]}

    def __getitem__(self, party: int) -> int:
        return self.now()[party]

    def __iter__(self) -> Iterator[int]:
        return iter(self.now())

    def __len__(self) -> int:
        return len(self.now())


def of_owners(experiment: Experiment, sizes: list[int]) -> tuple[Experiment, Dataset]:
    """The experiment as the server runs it: each party holds its own, as many examples as it says, all of them blank.

    A party that has not come holds one, so that it has a number; it never reports.
    """
    data = prepare(experiment).dataset
    owners = np.repeat(np.arange(len(sizes)), np.maximum(sizes, 1))
    shape, dtype = data.train_x.shape[1:], data.train_x.dtype
    blank = np.broadcast_to(np.zeros((), dtype), (len(owners), *shape))
    own = replace(data, train_x=blank, train_y=np.zeros(len(owners), np.int64), owners=owners)
    return experiment.with_(partition="natural", examples=len(owners)), own


def wait_until(folder: Path, wanted: str) -> None:
    while (state := wish(folder)) != wanted:
        if state == "stopped":
            raise Stopped
        time.sleep(PAUSE)


def wait_for(nodes: Nodes, parties: int, patience: float) -> None:
    """Until so many are there: those that have joined are still starting."""
    until = time.monotonic() + patience
    while len(nodes) < parties and time.monotonic() < until:
        time.sleep(PAUSE)


def stop_if_wanted(folder: Path) -> None:
    if wish(folder) == "stopped":
        raise Stopped


def wish(folder: Path) -> Any:
    return ledger.get(folder / ledger.WISHES)["state"]
