"""Without Flower the kit says so in one sentence, and does the rest."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fedlab import Experiment, engines, run
from fedlab.engines import FlowerMissing
from tests.unit.command_line import fedlab_

SENTENCE = "Flower is not installed here: install it with pip install 'flwr[simulation]'."


@pytest.fixture(params=["flwr", "ray"])
def without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flower, or only Ray, which the extra `simulation` brings, is not there."""
    monkeypatch.setattr(engines, "find_spec", lambda name: None if name == request.param else object())


@pytest.mark.usefixtures("without")
def test_a_run_says_what_to_install() -> None:
    with pytest.raises(FlowerMissing) as caught:
        next(run(Experiment(parties=2, examples=100), engine="flower"))
    assert str(caught.value) == SENTENCE


@pytest.mark.usefixtures("without")
def test_the_command_line_says_what_to_install_before_anything_runs() -> None:
    result = fedlab_("run", "--engine", "flower", "--parties", "2", "--examples", "100")
    assert (result.exit_code, result.output) == (2, f"Error: {SENTENCE}\n")


def test_neither_flower_nor_ray_is_started_by_what_does_not_need_them() -> None:
    code = (
        "import sys, fedlab.cli, fedlab.apart, fedlab.unplugged, fedlab.bridges, fedlab.engines.flower_simulation; "
        "sys.exit(sorted({'flwr', 'ray', 'tensorflow'} & {name.partition('.')[0] for name in sys.modules}).__str__())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.stderr.strip() == "[]"
