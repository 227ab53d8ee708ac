"""`fedlab export --to tff`: its batches and its FedProx are the kit's, and TFF's own FedProx is the kit's with -μ."""

from __future__ import annotations

import ast
import collections
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.algorithms import FedProx
from fedlab.bridges.framework import SHARED
from fedlab.bridges.plain import CannotExport
from fedlab.bridges.tff import MESSAGE, TFF
from tests.unit.alone import needs, run_alone

PROGRAM = """
import runpy, sys
names = runpy.run_path("run.py", run_name="__main__")
import psutil
assert [one.name() for one in psutil.Process().children()] == ["worker_binary"]
names["end_the_worker"]()
assert psutil.Process().children() == []
"""


class PushedAway(FedProx):
    """FedProx with -μ."""

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        return gradient - self.mu * (weights - global_weights)


class SGD:
    """w <- w - 0.1 g, counted: a stand-in for what TFF's `build_sgdm` makes."""

    def initialize(self, specs: Any) -> Any:
        return 0

    def next(self, state: Any, weights: Any, gradients: Any) -> Any:
        return state + 1, tuple(w - 0.1 * g for w, g in zip(weights, gradients, strict=True))


def piece(name: str, **names: Any) -> Any:
    """A function or a class of the program, without the rest of it: TFF is not needed to define it, or to use it."""
    tf = pytest.importorskip("tensorflow")
    program = TFF.source("run.py")
    (node,) = (one for one in ast.parse(program).body if getattr(one, "name", "") == name)
    names |= {"tf": tf, "collections": collections}
    exec(str(ast.get_source_segment(program, node)), names)
    return names[name]


def test_a_party_gets_the_batches_of_all_its_epochs_with_the_short_last_one_of_each() -> None:
    """Two epochs of 5 examples in batches of 2; the order is the documented draw, made here once more."""
    x, y = np.arange(10, dtype=np.float32).reshape(5, 2), np.arange(5, dtype=np.uint8)
    read: dict[str, Any] = {"__file__": SHARED}
    exec(TFF.source(SHARED), read)
    given = {"seed": 7, "batch_size": 2, "local_epochs": 2}
    data_of = piece("data_of", PARTIES=[None, (x, y)], GIVEN=given, batches=read["batches"])
    found = [(bx.numpy(), by.numpy()) for bx, by in data_of(1, 3)]
    shuffles = np.random.default_rng([7, 4, 3, 1])
    epochs = [shuffles.permutation(5) for _ in range(2)]
    rows = [epoch[start : start + 2] for epoch in epochs for start in (0, 2, 4)]
    assert [by.tolist() for _, by in found] == [one.tolist() for one in rows]
    assert all((bx == x[one]).all() for (bx, _), one in zip(found, rows, strict=True))
    assert data_of(1, 3).element_spec[0].shape.as_list() == [None, 2]


def test_its_fedprox_steps_as_the_kits_does_and_is_drawn_to_where_it_began() -> None:
    """∇l = w - 1 from w_t = 3 with η 0.1, μ 2: each step is w <- w - 0.1 (w - 1 + 2 (w - 3)) = 0.7 w + 0.7, so 2.8,
    2.66, 2.562, on its way to 7/3, where the pull of the loss and that of w_t are the same."""
    optimizers = SimpleNamespace(Optimizer=object)
    proximal = piece("Proximal", tff=SimpleNamespace(learning=SimpleNamespace(optimizers=optimizers)))
    import tensorflow as tf

    optimizer, weights = proximal(SGD(), 2.0), (tf.constant([3.0]),)
    state = optimizer.initialize((tf.TensorSpec((1,), tf.float32),))
    found, ours = [], [np.array([3.0])]
    for _ in range(3):
        state, weights = optimizer.next(state, weights, (weights[0] - 1.0,))
        found.append(float(weights[0][0]))
        ours.append(ours[-1] - 0.1 * FedProx(mu=2.0).local_gradient(ours[-1] - 1.0, ours[-1], ours[0], None))
    assert found == pytest.approx([2.8, 2.66, 2.562], abs=1e-6)
    assert found == pytest.approx([float(one[0]) for one in ours[1:]], abs=1e-6)
    assert state["inner"] == 3  # the inner optimiser's own state is kept


@pytest.mark.parametrize(("examples", "size"), [(40_000, "120"), (34_000, "102")])
def test_a_party_with_more_than_a_message_holds_is_refused(examples: int, size: str, tmp_path: Path) -> None:
    """An image is 784 numbers of 4 bytes, a label of 1, and a position of 8 in the order of its one epoch: 3,145 bytes,
    so 33,341 of them are 100 MB, and 40,000 are 120."""
    with pytest.raises(CannotExport, match=rf"at most 100 MB, and those of party 0 have {size}: take more parties"):
        TFF.export(Experiment(parties=1, examples=examples, rounds=1), tmp_path / "app")
    assert not (tmp_path / "app").exists()
    assert MESSAGE // 3145 == 33_341
    TFF.require(Experiment(parties=1, examples=33_341))
    TFF.require(Experiment(parties=2, examples=60_000))


def test_the_page_says_what_is_wrong_with_its_own_fedprox_and_how_to_keep_its_worker_in(tmp_path: Path) -> None:
    TFF.export(Experiment(parties=2, examples=20, rounds=1, model="softmax"), tmp_path)
    page = (tmp_path / "README.md").read_text()
    for part in ("unshare --map-root-user --net", "--as-it-is", "the wrong sign", "jaxlib 0.4.18", "100 MB"):
        assert part in page
    assert "jaxlib==0.4.18" in (tmp_path / "requirements.txt").read_text()


@needs("tff")
def test_in_tff_the_program_is_the_kits_fedprox_and_tffs_own_is_the_kits_with_minus_mu(tmp_path: Path) -> None:
    """A round of 5 full-batch steps with μ 1, unequal parties; and no process is left."""
    base = Experiment(parties=2, examples=60, rounds=1, model="softmax", batch_size="all", partition="quantity",
                      local_epochs=5, algorithm=FedProx(mu=1.0))  # fmt: skip
    TFF.export(base, tmp_path / "app")
    theirs = {}
    for name, arguments in {"program": [], "as it is": ["--as-it-is"]}.items():
        run_alone("tff", tmp_path / "app", PROGRAM, *arguments)
        theirs[name] = np.load(tmp_path / "app/data/tff_weights.npz")["round_1"]
    kit = {}
    for name, algorithm in {"+": FedProx(mu=1.0), "-": PushedAway(mu=1.0)}.items():
        state = next(run(base.with_(algorithm=algorithm), engine="numpy")).state
        assert state is not None
        kit[name] = state.weights
    assert np.abs(theirs["program"] - kit["+"]).max() < 1e-6
    assert np.abs(theirs["as it is"] - kit["-"]).max() < 1e-6
    assert np.abs(kit["+"] - kit["-"]).max() > 1e-3
    assert len(json.loads((tmp_path / "app/data/tff_result.json").read_text())) == 1
