"""An experiment as a Flower app of three short files: `fedlab export --to flower FOLDER`, then `flwr run FOLDER`."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from fedlab.bridges.plain import require_plain, write_plain
from fedlab.experiment import Experiment
from fedlab.files import write
from fedlab.prepare import Prepared
from fedlab.rounds import Round
from fedlab.text import say

FLOWER = "1.42.0"  # the version that the app is written for, where none is installed
CODE = ("model.py", "client_app.py", "server_app.py")


def to_flower(experiment: Experiment, folder: Path) -> list[Path]:
    """Write the app; the paths of its files."""
    require_plain(experiment)
    data = (folder / "data").resolve()
    prepared, rounds, written = write_plain(experiment, data)
    app = {name: (files("fedlab.bridges") / "flower_app" / f"{name}.txt").read_text("utf-8") for name in CODE}
    app["pyproject.toml"] = project(prepared, data)
    app["README.md"] = readme(experiment, rounds)
    for name, text in app.items():
        write(folder / name, text.encode())
    return [*(folder / name for name in app), *written]


def project(prepared: Prepared, data: Path) -> str:
    """The app's pyproject.toml: what it needs, where its two halves are, and its settings."""
    experiment = prepared.experiment
    settings: dict[str, Any] = {
        "data": str(data),
        "parties": experiment.parties,
        "rounds": experiment.rounds,
        "local-epochs": experiment.local_epochs,
        "batch-size": 0 if experiment.batch_size == "all" else experiment.batch_size,
        "learning-rate": float(experiment.learning_rate),
        "proximal-mu": float(getattr(experiment.algorithm, "mu", 0.0)),
        "seed": experiment.seed,
        "scale": float(prepared.dataset.scale),
    }
    lines = "\n".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items())
    return f"""[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "from-fedlab"
version = "1.0.0"
description = "A federated learning experiment of fedlab as a Flower app"
dependencies = ["flwr[simulation]=={installed("flwr", FLOWER)}", "numpy=={np.__version__}"]

[tool.hatch.build.targets.wheel]
packages = ["."]

[tool.flwr.app]
publisher = "fedlab"

[tool.flwr.app.components]
serverapp = "server_app:app"
clientapp = "client_app:app"

[tool.flwr.app.config] # batch-size 0: all examples at once; data: where the folder of the examples is
{lines}
"""


def readme(experiment: Experiment, rounds: list[Round]) -> str:
    """What the app is, how to run it, and what should come of it."""
    table = "\n".join(f"| {one.number} | {100 * one.test_accuracy:.2f} % | {one.test_loss:.4f} |" for one in rounds)
    return say(
        """# A federated learning experiment, as a Flower app

{parties} parties, {algorithm}, {rounds} rounds. The experiment was made with fedlab; this folder needs nothing of it.

    pip install "flwr[simulation]=={flower}" "numpy=={numpy}"

Flower keeps its federations in `config.toml` in the folder `~/.flwr` (or where `FLWR_HOME` points). Add one with as
many nodes as there are parties:

    [superlink.parties]
    address = ":local-in-memory:"
    options.num-supernodes = {parties}

Then, in this folder:

    flwr run . parties --stream

Flower starts a server on 127.0.0.1 for this and leaves it running: end the process `flower-superlink` when you are
done. Before a run it installs what `pyproject.toml` names, from the network; set
`FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION=1` where all of it is there. Ray, which the parties run on, listens on all
interfaces; `RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0` keeps it to this machine. Examples are read from the folder `data`,
whose place stands in `pyproject.toml`: correct it there when you move this folder.

- `client_app.py`: a party trains on its own examples.
- `server_app.py`: the server averages with Flower's own strategy, and tests the shared model after each round.
- `model.py`: the model, in NumPy, forward and backward.

## What should come of it

Batches are shuffled as in fedlab, so the accuracies should be the same, up to a few test images that sums in another
order may move. Flower's are written to `data/flower_result.json`, fedlab's are in `data/kit_result.json`:

| round | test accuracy | test loss |
|---|---|---|
{table}
""",
        parties=experiment.parties,
        algorithm=say(experiment.algorithm.title),
        rounds=experiment.rounds,
        flower=installed("flwr", FLOWER),
        numpy=np.__version__,
        table=table,
    )


def installed(package: str, otherwise: str) -> str:
    """The version of a package here."""
    try:
        return version(package)
    except PackageNotFoundError:
        return otherwise
