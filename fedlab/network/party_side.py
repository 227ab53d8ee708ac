"""What Flower runs at a party, a process for each message: carry out the order, remember, write down what leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from flwr.app import Context, Message, RecordDict
from flwr.clientapp import ClientApp

from fedlab.datasets import Dataset
from fedlab.engines import engine_for
from fedlab.engines.flower import answer, memory_of, parcel, records, remember
from fedlab.evaluation import judge
from fedlab.experiment import Experiment
from fedlab.network import ledger
from fedlab.parcels import Parcel, load, save
from fedlab.prepare import Prepared

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    """One round of this party. What it remembers is on its own disk, and not in Flower's memory of it."""
    folder = Path(str(context.node_config["folder"]))
    x, y, scale = ledger.examples_in(folder / ledger.EXAMPLES)
    state, path = RecordDict(), folder / ledger.MEMORY
    if path.exists():
        remember(state, load(path))
    order = parcel(message.content)
    reply = answer(message.content, x, y, state)
    report = parcel(reply)
    if (memory := memory_of(state)) is not None and "trouble" not in report.about:
        save(path, memory)
    write_down(folder, order, report, x, y, scale)
    return Message(records(report), reply_to=message)


def write_down(folder: Path, order: Parcel, report: Parcel, x: np.ndarray, y: np.ndarray, scale: float) -> None:
    """A line for each array that leaves now, and one for the round: own loss, and the shared model on own examples."""
    if "trouble" in report.about:
        ledger.add_line(folder / ledger.ROUNDS, {"round": order.about["round"], "trouble": report.about["trouble"]})
        return
    number = report.about["round"]
    save(folder / ledger.LAST, Parcel({"round": number}, report.arrays))
    for place, array in enumerate(report.arrays):
        line = {"round": number, "array": place, "shape": array.shape, "type": str(array.dtype), "bytes": array.nbytes}
        ledger.add_line(folder / ledger.SENT, line)
    experiment = Experiment.from_link(order.about["experiment"])
    own = Dataset("own", x, y, x, y, classes=int(order.about["classes"]), scale=scale)
    engine = engine_for(Prepared(experiment, own, [np.arange(len(y))]))
    with engine.open(1):
        accuracy, loss = judge(engine, [order.arrays[0]], own)
    ledger.add_line(
        folder / ledger.ROUNDS,
        {
            "round": number, "shared model on own": accuracy, "its loss on own": loss,
            "own training loss": report.about["train_loss"], "steps": report.about["steps"],
            "bytes down": sum(array.nbytes for array in order.arrays),
            "bytes up": sum(array.nbytes for array in report.arrays),
        },
    )  # fmt: skip
