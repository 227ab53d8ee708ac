"""Cells that need what is not everywhere: where it is not installed they say so in one sentence, and the page goes on.

    %%needs_tensorflow
    model = build("2nn", (28, 28), classes=10, seed=0)

    %%needs_flower
    rounds = list(run(experiment, engine="flower"))

    %%needs_privacy
    encrypted_mean(updates, counts)

An exception instead would end *Run All*, and a page in Voilà, at the first such cell.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.getipython import get_ipython
from IPython.display import display

from fedlab.engines import require_flower
from fedlab.engines.tensorflow_setup import load_tensorflow
from fedlab.lessons.switches import checking
from fedlab.text import say


def needs_tensorflow(line: str, cell: str) -> None:
    """Start TensorFlow and run the cell; or say what to install."""
    try:
        with _told("" if "tensorflow" in sys.modules else say("Starting TensorFlow: some seconds.")):
            load_tensorflow()
    except ImportError as missing:
        print("○", missing)
        return
    _run(cell)


def needs_flower(line: str, cell: str) -> None:
    """Run the cell; or say what to install."""
    try:
        require_flower()
    except ImportError as missing:
        print("○", missing)
        return
    with _told(say("This takes Flower: up to half a minute.")):
        _run(cell)


def needs_privacy(line: str, cell: str) -> None:
    """Run the cell; or say which of OpenMined's packages to install, in the words of the function that misses it."""
    try:
        _run(cell)
    except ImportError as missing:
        print("○", missing)


def _run(cell: str) -> None:
    shell = get_ipython()
    assert shell is not None
    code = shell.transform_cell(cell)
    exec(compile(code, shell.compile.cache(code), "exec"), shell.user_ns)


@contextmanager
def _told(sentence: str) -> Iterator[None]:
    """Say what takes some seconds, as long as it does. Silent while the lessons are being checked."""
    if not sentence or checking():
        yield
        return
    place = display({"text/plain": sentence}, raw=True, display_id=True)
    try:
        yield
    finally:
        place.update({}, raw=True)


def offer() -> None:
    """Make them known to the notebook that imports the lessons; does nothing outside of one."""
    if shell := get_ipython():
        for magic in (needs_tensorflow, needs_flower, needs_privacy):
            shell.magics_manager.register_function(magic, "cell")
