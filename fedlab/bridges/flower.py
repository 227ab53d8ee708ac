"""An experiment as a Flower app of three short files: `fedlab export --to flower FOLDER`, then `flwr run FOLDER`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from fedlab.bridges.framework import Framework, Word
from fedlab.prepare import Prepared

VERSION, NUMPY = "1.42.0", "2.4.6"


def project(prepared: Prepared, data: Path) -> Mapping[str, str]:
    """The app's pyproject.toml: what it needs, where its two halves are, and where its examples are."""
    return {
        "pyproject.toml": f"""[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "from-fedlab"
version = "1.0.0"
description = "A federated learning experiment of fedlab as a Flower app"
license = "MIT"
dependencies = ["flwr[simulation]=={VERSION}", "numpy=={NUMPY}"]

[tool.hatch.build.targets.wheel]
packages = ["."]

[tool.flwr.app]
publisher = "fedlab"

[tool.flwr.app.components]
serverapp = "server_app:app"
clientapp = "client_app:app"

[tool.flwr.app.config] # where the folder with the examples, the settings and the first weights is
data = {json.dumps(str(data), ensure_ascii=False)}
""",
    }


FLOWER = Framework(
    "flower",
    "Flower",
    VERSION,
    program=("server_app.py", "client_app.py", "model.py"),
    words={
        "party": Word("SuperNode, with a ClientApp", "app = ClientApp()"),
        "server": Word("SuperLink, with a ServerApp", "app = ServerApp()"),
        "round": Word("`num_rounds` of a strategy", 'num_rounds=given["rounds"]'),
        "average": Word("a strategy: FedAvg", "FedAvg(**everybody)"),
        "optimiser": Word("your own code, in the ClientApp", "part -= rate * (slope + mu * (part - at_first))"),
        "security": Word("TLS, SuperNodes with keys; secure sums (SecAgg+) with its older strategies"),
    },
    run="""In this folder, with the environment's programs on the path (`. .venv/bin/activate`):

    export FLWR_HOME=.flwr FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION=1
    export FLWR_TELEMETRY_ENABLED=0 FLWR_DISABLE_UPDATE_CHECK=1 RAY_USAGE_STATS_ENABLED=0
    export RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 OPENBLAS_NUM_THREADS=1
    flwr run . --federation-config "num-supernodes={parties}" --stream

The last line runs a federation of {parties} nodes, simulated on this machine. For it Flower starts a server on
127.0.0.1, which keeps its files in `.flwr`, and leaves it running: end the process `flower-superlink` when you are
done. The parties run on Ray, which leaves its logs in `/tmp/ray`. The first line also keeps Flower from installing what
`pyproject.toml` names before each run. Without the second, Flower and Ray tell their makers that they are used. The
third keeps Ray from listening to other machines, and its start from hanging, which it does now and then where NumPy has
more threads. The place of the folder `data` is in `pyproject.toml`: mend it after a move.""",
    cannot=(
        "It has no batches of its own: what a party does with its examples is your code.",
        "Its FedProx is FedAvg plus the number `proximal-mu` for the parties: the term itself is your code too.",
        "Its secure sum, SecAgg+, works with its older strategies alone (`flwr.server.strategy`), not with those here.",
    ),
    more=project,
)
