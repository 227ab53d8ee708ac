"""`fedlab export --to fate`: guest, hosts and an arbiter that come to the kit's weights, and trees on split columns."""

from __future__ import annotations

import ast
import json
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment
from fedlab.bridges import CannotExport
from fedlab.bridges.fate import FATE
from fedlab.bridges.framework import SHARED
from tests.unit.alone import needs, run_alone

WATCHED = """
import sys, time
from pathlib import Path
from subprocess import Popen
child, listening = Popen([sys.executable, "-B", "run.py"]), set()
while child.poll() is None:
    sockets = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()]
    listening |= {socket[1] for socket in sockets if socket[3] == "0A"}
    time.sleep(0.05)
time.sleep(1)  # multiprocessing's own helper ends a moment after its parent
processes = [one for one in Path("/proc").glob("[0-9]*") if one.name != "1"]
left = [one.name for one in processes if (one / "stat").read_text().rpartition(")")[2].split()[0] != "Z"]
assert not listening, listening
assert not left, left
sys.exit(child.returncode)
"""


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"algorithm": "fedprox"}, "FATE 2.2.0 has no FedProx: its HomoNN offers FedAvg alone."),
        ({"parties": 1}, "FATE needs a guest and at least one host"),
    ],
)
def test_what_fate_cannot_do_is_refused_with_the_reason(
    settings: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(CannotExport, match=sentence):
        FATE.export(Experiment(**{"parties": 3, "examples": 60, "rounds": 1, **settings}), tmp_path / "app")
    assert not (tmp_path / "app").exists()


def test_a_partys_batches_are_the_kits_one_epoch_after_the_other(tmp_path: Path) -> None:
    """The trainer goes through its sampler once an epoch and asks for its length: 7 rows by 3 are batches of 3, 3, 1.
    Round t of party k shuffles with the generator [seed, 4, t, k], one permutation for each of its epochs."""
    experiment = Experiment(parties=2, examples=14, rounds=2, local_epochs=2, batch_size=3, seed=5, model="softmax")
    FATE.export(experiment, tmp_path)
    names: dict[str, Any] = {"__file__": str(tmp_path / SHARED), "Sampler": object, "chain": chain, "islice": islice}
    exec(FATE.source(SHARED), names)
    program = FATE.source("run.py")
    (order,) = (one for one in ast.parse(program).body if isinstance(one, ast.ClassDef) and one.name == "Order")
    exec(str(ast.get_source_segment(program, order)), names)
    sampler = names["Order"](names["settings"](), 1, 7)
    assert len(sampler) == 3
    for number in (1, 2):
        shuffles = np.random.default_rng([5, 4, number, 1])
        for _ in range(2):
            epoch = list(sampler)
            assert [len(rows) for rows in epoch] == [3, 3, 1]
            assert np.concatenate(epoch).tolist() == shuffles.permutation(7).tolist()
    assert list(sampler) == []


def test_torch_comes_by_itself_since_it_brings_others() -> None:
    first, *pins = FATE.pins().splitlines()
    assert first == "# besides: pip install torch==2.13.0"
    assert "pyfate==2.2.0" in pins
    assert not [line for line in pins if line.startswith("torch==")]
    assert first.removeprefix("# besides: ") in FATE.install


def test_the_page_tells_the_roles_the_second_program_and_the_sum(tmp_path: Path) -> None:
    FATE.export(Experiment(parties=2, examples=20, rounds=1, model="softmax"), tmp_path)
    page = (tmp_path / "README.md").read_text()
    for piece in ("guest (party 0)", "arbiter", ".venv/bin/python secureboost.py", "fate_secureboost.json",
                  "the sum of what the parties send, not the mean"):  # fmt: skip
        assert piece in page


@needs("fate")
def test_in_fate_the_weights_are_the_kits_and_nobody_listens_or_stays(tmp_path: Path) -> None:
    """Two rounds of unequal parties, all examples at once: float32 sums in another order, so 1e-6 in both."""
    folder = tmp_path / "app"
    FATE.export(Experiment(parties=2, examples=200, rounds=2, partition="quantity", batch_size="all"), folder)
    before = {path.relative_to(folder) for path in folder.rglob("*")}
    run_alone("fate", folder, WATCHED)
    found = json.loads((folder / "data" / "fate_result.json").read_text())
    assert len(found) == 2
    assert max(one["far"] for one in found) < 1e-6
    new = {path.relative_to(folder).name for path in folder.rglob("*")} - {path.name for path in before}
    assert new - {".cache", "hub", "version.txt"} == {"fate_result.json", "fate_weights.npz"}
