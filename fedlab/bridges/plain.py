"""What every framework can be given: an experiment as plain files, with the kit's own result to compare with.

    settings.json        the experiment as `Experiment.to_json` writes it
    first_weights.npz    layer_1_kernel, layer_1_bias, ...: the first shared model
    party0.npz, ...      x, y: each party's examples, as it sees them
    test.npz             x, y: the test examples
    kit_result.json      the kit's test accuracy and loss after each round

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
                say("The exported program cannot express {name} {value}: it must be {allowed}.",
                    name=name, value=values[name], allowed=say(" or ").join(map(str, allowed)))
            )  # fmt: skip


def write_plain(experiment: Experiment, folder: Path) -> tuple[Prepared, list[Round], list[Path]]:
    """Write the plain files into a folder; what was prepared, the kit's own rounds, and the paths."""
    prepared = prepare(experiment)
    folder.mkdir(parents=True, exist_ok=True)
    rounds = list(run(experiment))
    seen = prepared.seen
    files = {"settings.json": experiment.to_json().encode()}
    files["first_weights.npz"] = weights_file(prepared.first_weights(), prepared.shapes)
    for party, own in enumerate(prepared.training):
        files[f"party{party}.npz"] = _examples(seen.train_x[own], seen.train_y[own])
    files["test.npz"] = _examples(seen.test_x, seen.test_y)
    result = {
        "test_accuracy": [one.test_accuracy for one in rounds],
        "test_loss": [one.test_loss for one in rounds],
    }
    files["kit_result.json"] = json.dumps(result, indent=1).encode()
    for name, content in files.items():
        write(folder / name, content)
    return prepared, rounds, [folder / name for name in files]


def _examples(x: np.ndarray, y: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, x=x, y=y)
    return file.getvalue()
