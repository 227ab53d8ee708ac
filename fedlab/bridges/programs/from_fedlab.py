"""The files that fedlab wrote, read back; and a journal of what came of them, beside fedlab's own run. NumPy alone."""

import json
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent / "data"


def settings(data=HERE):
    """parties, rounds, local_epochs, batch_size (0: all at once), learning_rate, mu, seed, scale."""
    return json.loads((data / "settings.json").read_text())


def examples(name, data=HERE):
    """x (n, inputs) in float32, y (n,): of party0, party1, ..., or test."""
    with np.load(data / f"{name}.npz") as file:
        x, y = file["x"], file["y"]
    return x.reshape(len(y), -1).astype(np.float32) / np.float32(settings(data)["scale"]), y


def first_weights(data=HERE):
    """The first shared model: kernel, bias, kernel, bias, ... of dense layers with ReLU between them."""
    with np.load(data / "first_weights.npz") as file:
        return [file[name] for name in file.files]


def batches(given, number, party, n):
    """The rows of each batch of a party with n examples, for all its local epochs of a round, in fedlab's order."""
    shuffles = np.random.default_rng([given["seed"], 4, number, party])
    size = given["batch_size"] or n
    for _ in range(given["local_epochs"]):
        order = shuffles.permutation(n)
        yield from (order[start : start + size] for start in range(0, n, size))


class Journal:
    """Judges the shared model after each round on the test examples, and says how far it is from fedlab's."""

    def __init__(self, framework, data=HERE):
        self.data, self.framework, self.began = data, framework, time.perf_counter()
        self.x, self.y = examples("test", data)
        self.rounds, self.models = [], {}

    def accuracy(self, weights):
        """The share of the test examples that these weights (kernel, bias, kernel, bias, ...) answer rightly."""
        x = self.x
        for kernel, bias in zip(weights[0:-2:2], weights[1:-2:2]):
            x = np.maximum(x @ kernel + bias, 0)
        return float(((x @ weights[-2] + weights[-1]).argmax(axis=1) == self.y).mean())

    def round(self, weights):
        """Judge, print and keep the shared model after the next round; its accuracy."""
        number, seconds = len(self.rounds) + 1, time.perf_counter() - self.began
        accuracy = self.accuracy(weights)
        name, text, far = f"round_{number}", f"round {number}: test accuracy {100 * accuracy:.2f} %", None
        with np.load(self.data / "kit_weights.npz") as kit:
            if name in kit.files:
                self.models[name] = np.concatenate([np.ravel(part) for part in weights])
                far = float(np.abs(self.models[name] - kit[name]).max())
                text += f", no weight is farther than {far:.1e} from fedlab's"
        print(text, flush=True)
        self.rounds.append({"accuracy": accuracy, "far": far, "seconds": seconds})
        (self.data / f"{self.framework}_result.json").write_text(json.dumps(self.rounds, indent=1))
        np.savez(self.data / f"{self.framework}_weights.npz", **self.models)
        self.began = time.perf_counter()
        return accuracy
