"""One round, one local step at a time: what a party does alone, and what parties do that average after every step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fedlab.engines.numpy import Workbench, scaled, slope_of_loss
from fedlab.prepare import Prepared
from fedlab.randomness import Choice, generator, local_batches
from fedlab.text import say


def walk(prepared: Prepared, w: np.ndarray, parties: Sequence[int], number: int = 1) -> Iterator[np.ndarray]:
    """w (P,), and then the model after each local step of a round, where these parties average after every one.

        w <- w - η Σ n_k/n ∇l(w; b_k)

    With one party that is its local training. The batches b_k are those of the experiment's round `number`, and n is
    what these parties hold. They must hold equally many examples: some would have no step left while others go on. Then
    the mean of their gradients is the gradient of all their batches together.
    """
    experiment, seen = prepared.experiment, prepared.seen
    held = [prepared.parties[k] for k in parties]
    if len({len(own) for own in held}) > 1:
        raise ValueError(say("These parties hold unequally many examples: they cannot average after every step."))
    width = len(held[0]) if experiment.batch_size == "all" else int(experiment.batch_size)
    orders = [
        local_batches(
            generator(experiment.seed, Choice.BATCHES, number, k), len(own), width, epochs=experiment.local_epochs
        )
        for k, own in zip(parties, held, strict=True)
    ]
    kernels = prepared.shapes[::2]
    bench = Workbench([kernels[0][0], *(out for _, out in kernels)])
    yield w
    for batches in zip(*orders, strict=True):
        examples = np.concatenate([own[batch] for own, batch in zip(held, batches, strict=True)])
        x = scaled(seen.train_x[examples], seen.scale)
        w = w - np.float32(experiment.learning_rate) * _gradient(bench, w, x, seen.train_y[examples])
        yield w


def _gradient(bench: Workbench, w: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(P,) ∇l(w; b): the gradient of the mean loss on the examples x (n, features) with the labels y (n,).

    It is good until the next one is computed.
    """
    np.copyto(bench.w, w)
    batch = bench.batch(len(x))
    batch.x[:, : x.shape[1]] = x
    slope_of_loss(batch, bench.forward(batch), y, len(x))
    bench.backward(batch, bench.slopes[0])
    return bench.gradient
