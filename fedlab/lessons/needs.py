"""Cells that need TensorFlow: where it is not installed they say so in one sentence, and the page goes on without them.

    %%needs_tensorflow
    model = build("2nn", (28, 28), classes=10, seed=0)

An exception instead would end *Run All*, and a page in Voilà, at the first such cell.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.getipython import get_ipython
from IPython.display import display

from fedlab.engines.tensorflow_setup import load_tensorflow
from fedlab.lessons.switches import checking
from fedlab.text import say


def needs_tensorflow(line: str, cell: str) -> None:
    """Start TensorFlow and run the cell; or say what to install."""
    try:
        with _told():
            load_tensorflow()
    except ImportError as missing:
        print("○", missing)
        return
    shell = get_ipython()
    assert shell is not None
    code = shell.transform_cell(cell)
    exec(compile(code, shell.compile.cache(code), "exec"), shell.user_ns)


@contextmanager
def _told() -> Iterator[None]:
    """While TensorFlow starts, say so: that takes some seconds, once. Silent while the lessons are being checked."""
    if "tensorflow" in sys.modules or checking():
        yield
        return
    place = display({"text/plain": say("Starting TensorFlow: some seconds.")}, raw=True, display_id=True)
    try:
        yield
    finally:
        place.update({}, raw=True)


def offer() -> None:
    """Make `%%needs_tensorflow` known to the notebook that imports the lessons; does nothing outside of one."""
    if shell := get_ipython():
        shell.magics_manager.register_function(needs_tensorflow, "cell")
