"""What every framework can be given: an experiment as plain files, with the kit's own result to compare with.

    experiment.json      the experiment as `Experiment.to_json` writes it
    settings.json        what of it a program needs, as numbers: see `settings`
    first_weights.npz    layer_1_kernel, layer_1_bias, ...: the first shared model
    party0.npz, ...      x, y: each party's examples, as it sees them, before they are divided by the scale
    test.npz             x, y: the test examples
    kit_result.json      the kit's test accuracy and loss after each round
    kit_weights.npz      round_1, ...: (P,) the kit's shared model after the first rounds and the last, all kernels and
                         biases in their order

In round t party k takes its batches, for each local epoch, in the order of
`np.random.default_rng([seed, 4, t, k]).permutation(n_k)`.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from fedlab.experiment import Experiment
from fedlab.federation import run
from fedlab.files import weights_file, write
from fedlab.models import Dense
from fedlab.prepare import Prepared, prepare
from fedlab.rounds import Round
from fedlab.text import say

COMPARED = 3  # rounds whose weights are kept, and the last: rounding grows, so later ones tell less


class CannotExport(ValueError):
    """An experiment that a target cannot express; the text says why."""


PLAIN: dict[
    str, tuple[Any, ...]
] = {  # what a framework's own FedAvg does; anything else would come out as something else
    "algorithm": ("fedavg", "fedprox"),
    "attack": ("none",),
    "privacy": ("none",),
    "compression": ("none",),
    "secure_sum": ("none",),
    "aggregation": ("mean",),
    "participation": (1.0,),
    "momentum": (0.0,),
    "stragglers": (0.0,),
    "dropouts": (0.0,),
    "away": (0,),
}


def require_plain(experiment: Experiment) -> None:
    """Raise `CannotExport` unless this is FedAvg or FedProx with dense layers, and everybody takes part."""
    if experiment.own_kinds:
        raise CannotExport(
            say("{kind} is a class of your own, which nobody else has: export the kit's own kinds.",
                kind=experiment.own_kinds[0])
        )  # fmt: skip
    if not isinstance(experiment.model, Dense):
        raise CannotExport(
            say("The exported program trains stacks of dense layers, and {model} is none: take softmax or 2nn.",
                model=experiment.model.name)
        )  # fmt: skip
    if experiment.events:
        raise CannotExport(say("The exported program knows no events: leave them out."))
    values = experiment.to_dict()
    for name, allowed in PLAIN.items():
        if values[name] not in allowed:
            raise CannotExport(
                say("The exported program cannot express {name} {value}, which a framework's own FedAvg does not do: "
                    "it must be {allowed}.",
                    name=name, value=values[name], allowed=say(" or ").join(map(str, allowed)))
            )  # fmt: skip


def write_plain(experiment: Experiment, folder: Path) -> tuple[Prepared, list[Round], list[Path]]:
    """Write the plain files into a folder; what was prepared, the kit's own rounds, and the paths."""
    prepared = prepare(experiment)
    rounds, weights = [], {}
    for one in run(experiment):
        assert one.state is not None
        if one.number <= COMPARED or one.number == experiment.rounds:
            weights[f"round_{one.number}"] = one.state.weights
        rounds.append(one)
    seen = prepared.seen
    files = {"experiment.json": experiment.to_json().encode()}
    files["settings.json"] = json.dumps(settings(prepared), indent=1).encode()
    files["first_weights.npz"] = weights_file(prepared.first_weights(), prepared.shapes)
    for party, own in enumerate(prepared.training):
        files[f"party{party}.npz"] = _arrays(x=seen.train_x[own], y=seen.train_y[own])
    files["test.npz"] = _arrays(x=seen.test_x, y=seen.test_y)
    result = {
        "test_accuracy": [one.test_accuracy for one in rounds],
        "test_loss": [one.test_loss for one in rounds],
    }
    files["kit_result.json"] = json.dumps(result, indent=1).encode()
    files["kit_weights.npz"] = _arrays(**weights)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write(folder / name, content)
    return prepared, rounds, [folder / name for name in files]


def settings(prepared: Prepared) -> dict[str, float]:
    """What a program needs of an experiment; batch_size 0: all examples at once; mu 0: FedAvg."""
    experiment = prepared.experiment
    return {
        "parties": experiment.parties,
        "rounds": experiment.rounds,
        "local_epochs": experiment.local_epochs,
        "batch_size": 0 if experiment.batch_size == "all" else experiment.batch_size,
        "learning_rate": float(experiment.learning_rate),
        "mu": float(getattr(experiment.algorithm, "mu", 0.0)),
        "seed": experiment.seed,
        "scale": float(prepared.dataset.scale),
    }


def _arrays(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()
