"""`fedlab export --to flower`: an app that needs nothing of the kit, and comes to the same."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.bridges import TARGETS
from fedlab.engines.flower_simulation import QUIET
from fedlab.models import tensors
from fedlab.prepare import prepare

SMALL: dict[str, Any] = {"parties": 3, "examples": 300, "rounds": 3}
to_flower = TARGETS["flower"].export
KINDS: dict[str, dict[str, Any]] = {
    "all at once": {"batch_size": "all"},
    "quantity": {"partition": "quantity", "local_epochs": 2, "learning_rate": 0.05},
    "fedprox": {"algorithm": "fedprox", "mu": 0.5, "local_epochs": 3, "model": "softmax", "partition": "dirichlet"},
    "seen otherwise": {"rotation": 45, "label_noise": 0.2, "noisy_parties": 1.0, "seed": 3},
}

ROUND = """
import sys, tomllib
import numpy as np
sys.path.insert(0, sys.argv[1])
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, RecordDict
from flwr.supercore.task_identity import TaskIdentity
from client_app import app
TaskIdentity.run_id = TaskIdentity.node_id = TaskIdentity.task_id = 1
settings = tomllib.load(open(sys.argv[1] + "/pyproject.toml", "rb"))["tool"]["flwr"]["app"]["config"]
from pathlib import Path
from from_fedlab import first_weights, settings as given
data = Path(settings["data"])
settings |= given(data)
weights = first_weights(data)
total, count = [0.0 for _ in weights], 0
for party in range(settings["parties"]):
    config = ConfigRecord({"server-round": 1, "proximal-mu": settings["mu"]})
    message = Message(RecordDict({"arrays": ArrayRecord(weights), "config": config}), 2, "train")
    message.metadata.__dict__["_message_id"] = "1"
    context = Context(1, 2, {"partition-id": party}, RecordDict(), settings)
    content = app(message, context).content
    examples = content["metrics"]["num-examples"]
    total = [t + examples * w.astype(float) for t, w in zip(total, content["arrays"].to_numpy_ndarrays())]
    count += examples
assert not any(name.partition(".")[0] == "fedlab" for name in sys.modules)
np.savez(sys.argv[2], *[t / count for t in total])
"""

SIMULATION = """
import sys, tomllib
folder = sys.argv[1]
sys.path.insert(0, folder)
import flwr.app
import ray
from flwr.simulation import run_simulation
from flwr.app import Context
import client_app, server_app
settings = tomllib.load(open(folder + "/pyproject.toml", "rb"))["tool"]["flwr"]["app"]["config"]
ray.init(address="local", _node_ip_address="127.0.0.1", include_dashboard=False, num_cpus=2,
         object_store_memory=100 * 2**20, _temp_dir=sys.argv[2], log_to_driver=False)


def with_run_config(context):  # as `flwr run` does, and `run_simulation` does not
    return Context(context.run_id, context.node_id, context.node_config, context.state, settings)


class Server(type(server_app.app)):
    def __call__(self, grid, context):
        return server_app.app(grid, with_run_config(context))


class Client(type(client_app.app)):
    def __call__(self, message, context):
        return client_app.app(message, with_run_config(context))


run_simulation(Server(), Client(), num_supernodes=3,
               backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0.0}})
assert not any(name.partition(".")[0] == "fedlab" for name in sys.modules)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_round_of_the_apps_parties_is_the_kits_up_to_rounding(kind: str, tmp_path: Path) -> None:
    """1e-6 is what float32 sums in another order come to in a round; the parties' own files and code make it."""
    pytest.importorskip("flwr")
    experiment = Experiment(**{**SMALL, "rounds": 1, **KINDS[kind]})
    to_flower(experiment, tmp_path / "app")
    subprocess.run(
        [sys.executable, "-c", ROUND, str(tmp_path / "app"), str(tmp_path / "mean.npz")],
        check=True, cwd=tmp_path, env=os.environ | QUIET, timeout=120,
    )  # fmt: skip
    ours = next(run(experiment, engine="numpy")).state
    assert ours is not None
    with np.load(tmp_path / "mean.npz") as mean:
        pairs = list(zip(tensors(ours.weights, prepare(experiment).shapes), mean.values(), strict=True))
    assert max(float(np.abs(one - other).max()) for one, other in pairs) < 1e-6


def test_who_types_what_the_page_says_tells_nobody_and_lets_nobody_in(tmp_path: Path) -> None:
    """Flower and Ray report their use unless told not to, and Ray listens to the network: as in the kit's engine."""
    to_flower(Experiment(parties=2, examples=20, rounds=1, model="softmax"), tmp_path)
    page = (tmp_path / "README.md").read_text()
    typed = page[page.index("export ") : page.index("flwr run")]
    for name in ("FLWR_TELEMETRY_ENABLED", "RAY_USAGE_STATS_ENABLED", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"):
        assert f" {name}={QUIET[name]}" in typed


@pytest.mark.skipif(sys.platform == "win32", reason="Ray's processes need process groups to be ended together")
@pytest.mark.xdist_group("flower simulation")
def test_the_app_runs_in_flower_and_is_as_accurate_as_the_kit(tmp_path: Path) -> None:
    """10,000 test images: 0.002, which is 20 of them, is what the yardstick of four frameworks allows after round 1."""
    pytest.importorskip("flwr")
    pytest.importorskip("ray")
    app = tmp_path / "app"
    to_flower(Experiment(**{**SMALL, **KINDS["quantity"]}), app)
    shield = tmp_path / "shield"  # Flower imports TensorFlow wherever it finds it, and needs none
    shield.mkdir()
    (shield / "tensorflow.py").write_text("raise ModuleNotFoundError('none here', name='tensorflow')")
    path = os.pathsep.join([str(shield), str(app)])
    short = Path(f"/tmp/fx{os.getpid()}")  # Ray's sockets are in it
    with (tmp_path / "log").open("w") as log:
        child = subprocess.Popen(
            [sys.executable, "-c", SIMULATION, str(app), str(short)],
            cwd=tmp_path, env=os.environ | QUIET | {"PYTHONPATH": path, "FLWR_HOME": str(tmp_path / "home")},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            status = child.wait(240)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            shutil.rmtree(short, ignore_errors=True)
    assert status == 0, (tmp_path / "log").read_text()[-3000:]
    found, kit = (json.loads((app / "data" / f"{who}_result.json").read_text()) for who in ("flower", "kit"))
    assert [one["accuracy"] for one in found] == pytest.approx(kit["test_accuracy"], abs=0.002)
    assert len(found) == 3
    assert found[0]["far"] < 1e-6
