"""FedJAX's own federated averaging on the same task: started by `rounds.py --fedjax PYTHON`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fedjax
import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.worker import Task, images, serve


def logits(weights: list[Any], batch: dict[str, Any], *_: Any) -> Any:
    """Kernels and biases in turn, as Keras lists them: 5×5 'same' convolutions with 2×2 pooling, then dense layers."""
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    out = batch["x"][..., None]
    for i, (kernel, bias) in enumerate(layers):
        if kernel.ndim == 4:
            out = jax.lax.conv_general_dilated(out, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            pool = (1, 2, 2, 1)
            out = jax.lax.reduce_window(jax.nn.relu(out + bias), -jnp.inf, jax.lax.max, pool, pool, "VALID")
        else:
            out = out.reshape(len(out), -1) @ kernel + bias
            out = jax.nn.relu(out) if i < len(layers) - 1 else out
    return out


def rounds(task: Task) -> Iterator[tuple[float, Any]]:
    model = fedjax.Model(
        init=lambda rng: [jnp.asarray(weight) for weight in task.weights],
        apply_for_train=logits,
        apply_for_eval=logits,
        train_loss=lambda batch, out: fedjax.metrics.unreduced_cross_entropy_loss(batch["y"], out),
        eval_metrics={"accuracy": fedjax.metrics.Accuracy()},
    )
    algorithm = fedjax.algorithms.fed_avg.federated_averaging(
        fedjax.model_grad(model),
        fedjax.optimizers.sgd(task.learning_rate),
        fedjax.optimizers.sgd(1.0),
        fedjax.ShuffleRepeatBatchHParams(batch_size=task.batch_size, num_epochs=task.local_epochs),
    )
    data = images()
    held = [fedjax.ClientDataset({"x": data["x_train"][own], "y": data["y_train"][own]}) for own in task.parties]
    test = list(fedjax.ClientDataset({"x": data["x_test"], "y": data["y_test"]}).padded_batch(batch_size=1000))
    state = algorithm.init(model.init(None))
    draw = np.random.default_rng(task.seed)
    for number in range(1, sys.maxsize):
        chosen = draw.choice(len(held), task.per_round, replace=False)
        keys = jax.random.split(jax.random.PRNGKey(number), len(chosen))
        state, _ = algorithm.apply(
            state, [(b"%d" % party, held[party], key) for party, key in zip(chosen, keys, strict=True)]
        )
        yield float(fedjax.evaluate_model(model, state.params, test)["accuracy"]), None


if __name__ == "__main__":
    serve(rounds(Task.load(Path(sys.argv[1]))))
