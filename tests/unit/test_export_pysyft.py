"""`fedlab export --to pysyft`: what it sends to the Datasites trains as the kit does, and runs only with consent."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.bridges.framework import SHARED
from fedlab.bridges.pysyft import PYSYFT
from fedlab.models import tensors
from fedlab.prepare import prepare
from tests.unit.alone import needs, run_alone

KINDS: dict[str, dict[str, Any]] = {
    "all at once": {"batch_size": "all"},
    "quantity": {"partition": "quantity", "local_epochs": 2, "learning_rate": 0.05},
    "fedprox": {"algorithm": "fedprox", "mu": 0.5, "local_epochs": 3, "model": "softmax", "partition": "dirichlet"},
    "a table": {"dataset": "heart", "partition": "natural", "parties": 4, "model": "mlp"},
}
PROGRAM = """
import runpy
names = runpy.run_path("run.py", run_name="__main__")
with names["quiet"]:
    again = names["run"]()  # of party 1, in round 2; it was approved for a single execution
    policies = [code.output_policy for code in names["owner"].code]
assert again[1] == len(names["examples"]("party1")[1])
assert [(policy.limit, policy.count()) for policy in policies] == [(1, 1), (1, 2)]
import psutil
assert [one for one in psutil.net_connections() if one.status == "LISTEN"] == []
assert psutil.Process().children() == []
"""


def sent() -> str:
    """The text of the function that goes to the Datasites."""
    program = PYSYFT.source("run.py")
    (train,) = (one for one in ast.parse(program).body if isinstance(one, ast.FunctionDef) and one.name == "train")
    return str(ast.get_source_segment(program, train))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_sent_stands_alone_and_makes_the_kits_round_up_to_rounding(kind: str, tmp_path: Path) -> None:
    """It is run with no name from outside, and its models averaged by numbers of examples; 1e-6 is what float32 sums
    in another order come to in a round."""
    experiment = Experiment(**{"parties": 3, "examples": 300, "rounds": 1, "seed": 3, **KINDS[kind]})
    PYSYFT.export(experiment, tmp_path)
    read: dict[str, Any] = {"__file__": str(tmp_path / SHARED)}
    exec(PYSYFT.source(SHARED), read)
    alone: dict[str, Any] = {}
    exec(sent(), alone)
    given, first, answers = read["settings"](), read["first_weights"](), []
    for party in range(experiment.parties):
        x, y = read["examples"](f"party{party}")
        answers.append(alone["train"](x, y, first, given | {"shuffle": [given["seed"], 4, 1, party]}))
    models, counts = zip(*answers, strict=True)
    mean = [np.average(parts, axis=0, weights=counts) for parts in zip(*models, strict=True)]
    ours = next(run(experiment, engine="numpy")).state
    assert ours is not None
    pairs = list(zip(tensors(ours.weights, prepare(experiment).shapes), mean, strict=True))
    assert max(float(np.abs(one - other).max()) for one, other in pairs) < 1e-6
    assert any((one != other).any() for one, other in zip(first, mean, strict=True))


def test_the_page_says_what_protects_an_owner_and_that_the_next_version_is_another(tmp_path: Path) -> None:
    PYSYFT.export(Experiment(parties=2, examples=20, rounds=1, model="softmax"), tmp_path)
    page = (tmp_path / "README.md").read_text()
    for piece in (".venv/bin/python run.py", "CVE-2026-31220", "issue 9391", "PySyft 0.10", "pysyft_consent.json"):
        assert piece in page


@needs("pysyft")
def test_in_pysyft_nothing_is_given_or_run_without_consent_and_nothing_is_left(tmp_path: Path) -> None:
    """Two rounds of two parties: the kit's weights, PySyft's own words, nobody listens, no file outside the folder.

    Beside it what the page says of version 0.9.5: it counts executions, and does not stop the second.
    """
    folder = tmp_path / "app"
    PYSYFT.export(Experiment(parties=2, examples=60, rounds=2, model="softmax", batch_size="all"), folder)
    before = {path.relative_to(folder) for path in folder.rglob("*")}
    run_alone("pysyft", folder, PROGRAM)
    found, consent = (
        json.loads((folder / "data" / f"pysyft_{what}.json").read_text()) for what in ("result", "consent")
    )
    assert len(found) == 2
    assert max(one["far"] for one in found) < 1e-6
    assert consent["answer"] == "You have no access to the private data"
    assert "Your code is waiting for approval." in consent["run at once"]
    who, _, what = consent["request"].partition("\n")
    assert who == "Dana, dana@server.example"
    assert what.strip() == sent().replace("def train(", "def train_round_1(")
    assert "changes applied" in consent["approved"]
    new = {path.relative_to(folder) for path in folder.rglob("*")} - before
    assert {path.name for path in new} == {"pysyft_result.json", "pysyft_weights.npz", "pysyft_consent.json"}
