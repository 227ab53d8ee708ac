"""How TensorFlow is started: once, quietly, also without a stderr, and with a sentence where it does not start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

STARTED = "from fedlab.engines.tensorflow_setup import load_tensorflow\nload_tensorflow()\nprint('started')\n"
ASKED = """
from fedlab.engines.tensorflow_setup import TensorFlowMissing, load_tensorflow
try:
    load_tensorflow()
except TensorFlowMissing as error:
    print(error)
"""

pytestmark = pytest.mark.usefixtures("tensorflow")  # without it, even a fake Keras cannot be found


def python(
    code: str, path: Path | None = None, closed: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run code in a new process; path: found before all else; closed: without a stderr."""
    paths = [str(path)] if path else []
    more = {"PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")]), **environment}
    return subprocess.run(
        [sys.executable, "-c", f"import os\nos.close(2)\n{code}" if closed else code],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **more},
        check=False,
    )


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], Path]:
    """A folder in which `import keras` runs this code instead."""

    def write(code: str) -> Path:
        (tmp_path / "keras.py").write_text(code, encoding="utf-8")
        return tmp_path

    return write


def test_tensorflow_starts_without_a_word_on_stderr() -> None:
    done = python(STARTED)
    assert (done.stdout, done.stderr) == ("started\n", "")


def test_tensorflow_starts_without_a_stderr() -> None:
    """As under pythonw and in some services."""
    done = python(STARTED, closed=True)
    assert (done.returncode, done.stdout) == (0, "started\n")


def test_what_was_hidden_is_shown_if_tensorflow_does_not_start(fake: Callable[[str], Path]) -> None:
    """Libraries say on stderr why they will not load, often in more words than in the error."""
    told = "import os\nos.write(2, b'this processor lacks AVX')\nraise ImportError('DLL load failed')\n"
    done = python(STARTED, fake(told))
    assert done.returncode == 1
    assert done.stderr.startswith("this processor lacks AVX")
    assert done.stderr.count("this processor lacks AVX") == 1
    assert "DLL load failed" in done.stderr


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("tensorflow", "TensorFlow is not installed here: install it with pip install tensorflow"),
        ("keras", "TensorFlow is not installed here: install it with pip install tensorflow"),
        ("jax", "Keras is set to compute with jax, which is not installed here: set KERAS_BACKEND to tensorflow"),
        ("torch", "Keras is set to compute with torch, which is not installed here: set KERAS_BACKEND to tensorflow"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(
    fake: Callable[[str], Path], module: str, told: str, is_one_sentence: Callable[[object], bool]
) -> None:
    done = python(ASKED, fake(f"raise ModuleNotFoundError('No module named {module}', name='{module}')"))
    assert done.stdout.startswith(told)
    assert is_one_sentence(done.stdout.rstrip("\n"))
