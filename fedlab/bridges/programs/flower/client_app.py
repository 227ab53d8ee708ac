"""A party: trains the shared model on its own examples, and sends back its weights and how many examples it has."""

from pathlib import Path

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from from_fedlab import batches, examples, settings
from model import gradient

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    data, config = Path(context.run_config["data"]), message.content["config"]
    party, number = int(context.node_config["partition-id"]), int(config["server-round"])
    given, (x, y) = settings(data), examples(f"party{party}", data)
    shared = message.content["arrays"].to_numpy_ndarrays()
    weights = [part.copy() for part in shared]
    rate, mu = np.float32(given["learning_rate"]), np.float32(config.get("proximal-mu", 0.0))
    for rows in batches(given, number, party, len(y)):
        for part, slope, at_first in zip(weights, gradient(weights, x[rows], y[rows]), shared):
            part -= rate * (slope + mu * (part - at_first))  # μ = 0 is FedAvg
    content = {"arrays": ArrayRecord(weights), "metrics": MetricRecord({"num-examples": len(y)})}
    return Message(RecordDict(content), reply_to=message)
