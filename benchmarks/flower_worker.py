"""Flower's simulation (Ray) with a Keras model in each party: started by `rounds.py --flower PYTHON`.

Favoured: all processors train parties, and each of Flower's processes keeps its model, so only the first round builds
it.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

os.environ |= {"FLWR_TELEMETRY_ENABLED": "0", "RAY_USAGE_STATS_ENABLED": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}

from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg
from flwr.simulation import run_simulation

from benchmarks.worker import Task, Turns, images


@cache
def workbench(path: str) -> tuple[Task, dict[str, Any], Any]:
    """What each process keeps: the task, the images and a compiled Keras model."""
    import keras

    task = Task.load(Path(path))
    model = keras.models.model_from_json(task.model)
    model.compile(
        optimizer=keras.optimizers.SGD(task.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return task, images(), model


def train_party(path: str, party: int, shared: list[Any]) -> tuple[list[Any], int]:
    """One party's local training: its weights and how many examples it has."""
    task, data, model = workbench(path)
    own = task.parties[party]
    model.set_weights(shared)
    x, y = data["x_train"][own], data["y_train"][own]
    model.fit(x, y, batch_size=task.batch_size, epochs=task.local_epochs, verbose=0)
    return model.get_weights(), len(own)


def client(path: str) -> ClientApp:
    app = ClientApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        from benchmarks.flower_worker import train_party  # by import, so that `workbench` is kept in the process

        shared = message.content["arrays"].to_numpy_ndarrays()
        weights, examples = train_party(path, int(context.node_config["partition-id"]), shared)
        content = {"arrays": ArrayRecord(weights), "metrics": MetricRecord({"num-examples": examples})}
        return Message(content=RecordDict(content), reply_to=message)

    return app


def server(path: str) -> ServerApp:
    app = ServerApp()
    task, data, model = workbench(path)
    turns = Turns(children=True)

    def evaluate(number: int, arrays: ArrayRecord) -> MetricRecord:
        try:
            if number == 0:
                turns.wait()
                return MetricRecord()
            model.set_weights(arrays.to_numpy_ndarrays())
            accuracy = model.evaluate(data["x_test"], data["y_test"], verbose=0)[1]
            turns.done(accuracy)
        except SystemExit:  # Flower would take it for an error of the server and wait for its other threads
            import ray

            ray.shutdown()
            os._exit(0)
        return MetricRecord({"accuracy": accuracy})

    @app.main()
    def main(grid: Grid, context: Context) -> None:
        strategy = FedAvg(
            fraction_train=task.per_round / len(task.parties),
            fraction_evaluate=0.0,
            min_train_nodes=task.per_round,
            min_available_nodes=len(task.parties),
        )
        strategy.start(grid, ArrayRecord(task.weights), num_rounds=sys.maxsize, evaluate_fn=evaluate)

    return app


if __name__ == "__main__":
    resources = {"client_resources": {"num_cpus": 1, "num_gpus": 0.0}}
    task_path = sys.argv[1]
    parties = len(Task.load(Path(task_path)).parties)
    run_simulation(server(task_path), client(task_path), num_supernodes=parties, backend_config=resources)
