"""What has to do with dense models only never imports TensorFlow, and runs where there is none.

`make test` runs the tests of this folder a second time with `tests/without_tensorflow` on PYTHONPATH.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HIDDEN = str(Path(__file__).parents[1] / "without_tensorflow")
HEAVY = ("tensorflow", "keras", "jax", "torch")


def python(code: str, folder: Path, **variables: str) -> list[str]:
    """The lines that a Python of its own prints; at its end it says what it has imported of `HEAVY`."""
    tail = f"\nimport sys\nprint([name for name in {HEAVY} if name in sys.modules])"
    command = [sys.executable, "-c", code + tail]
    answer = subprocess.run(
        command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.splitlines()


@pytest.mark.parametrize(
    "code",
    [
        "import fedlab",
        "import fedlab_widgets",
        "from fedlab import Experiment, run\nlist(run(Experiment(rounds=2, algorithm='scaffold', momentum=0.9)))",
        "from fedlab_widgets import Lab\nlab = Lab()\nlab.run(2)\nlab.close()",
        "from fedlab.cli import main\n"
        "main(['run', '--rounds', '2', '--json', 'run.json', '--plot', 'run.png'], standalone_mode=False)",
        "from fedlab.cli import main\n"
        "main(['compare', '--algorithm', 'fedavg', '--algorithm', 'fedprox', '--rounds', '1'], standalone_mode=False)",
    ],
    ids=["science", "widgets", "run", "lab", "fedlab run", "fedlab compare"],
)
def test_dense_models_never_import_tensorflow(code: str, tmp_path: Path) -> None:
    assert python(code, tmp_path)[-1] == "[]"


def test_importing_the_science_imports_no_jupyter_and_no_plotting(tmp_path: Path) -> None:
    code = "import sys, fedlab\nprint([n for n in ('IPython', 'ipywidgets', 'matplotlib') if n in sys.modules])"
    assert python(code, tmp_path) == ["[]", "[]"]


def test_a_folder_on_pythonpath_hides_tensorflow_as_if_it_were_not_installed(tmp_path: Path) -> None:
    code = """
from importlib.util import find_spec
for name in ("tensorflow", "keras", "numpy"):
    print(name, find_spec(name) is not None)
try:
    import tensorflow.keras
except ModuleNotFoundError as error:
    print(error.name)
"""
    hidden = ["tensorflow False", "keras False", "numpy True", "tensorflow", "[]"]
    assert python(code, tmp_path, PYTHONPATH=HIDDEN) == hidden


@pytest.mark.parametrize(
    "needs_it",
    ["list(run(Experiment(rounds=1, model='cnn')))", "list(run(Experiment(rounds=1), engine='keras'))"],
    ids=["a CNN", "the Keras engine"],
)
def test_without_tensorflow_what_needs_it_says_in_one_sentence_what_to_install(needs_it: str, tmp_path: Path) -> None:
    code = f"from fedlab import Experiment, run\ntry:\n    {needs_it}\nexcept ImportError as error:\n    print(error)"
    said, imported = python(code, tmp_path, PYTHONPATH=HIDDEN)
    assert said.startswith("TensorFlow is not installed here")
    assert "pip install" in said
    assert imported == "[]"


def test_the_command_line_says_without_tensorflow_what_a_cnn_needs(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "fedlab", "run", "--model", "cnn", "--rounds", "1"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": HIDDEN}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode in (1, 2)
    assert "TensorFlow is not installed here" in answer.stderr
    assert "Traceback" not in answer.stderr
