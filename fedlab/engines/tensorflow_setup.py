"""Start TensorFlow once: quietly, and with one thread inside each operation.

Parties train in parallel, each on a thread of its own; splitting the 32-row products inside a party as well would only
make the threads wait for each other. A thread setting that the user has already made is left alone.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fedlab.text import say

_starting = threading.Lock()
_started = False


class TensorFlowMissing(ImportError):
    """TensorFlow is not installed; the text says how to get it."""


def load_tensorflow() -> None:
    """Import TensorFlow and start its runtime; takes 2 to 5 seconds the first time, nothing afterwards."""
    global _started
    with _starting:
        if not _started:
            _start()
            _started = True


def _start() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _quiet_stderr():
        try:
            import keras  # noqa: F401  now, on this thread: two threads that import it at the same time break it
            import tensorflow as tf
        except ModuleNotFoundError as error:
            raise _missing(error) from None
        try:
            if tf.config.threading.get_intra_op_parallelism_threads() == 0:
                tf.config.threading.set_intra_op_parallelism_threads(1)
        except RuntimeError:
            pass  # the user has started TensorFlow before us; its threads are as they chose
        tf.constant(0)


def _missing(error: ModuleNotFoundError) -> ImportError:
    if error.name in ("tensorflow", "keras"):
        return TensorFlowMissing(
            say("TensorFlow is not installed here: install it with pip install tensorflow (or tensorflow-cpu).")
        )
    if error.name in ("jax", "torch"):
        return TensorFlowMissing(
            say(
                "Keras is set to compute with {backend}, which is not installed here: set KERAS_BACKEND to tensorflow "
                "before Keras is imported.",
                backend=error.name,
            )
        )
    return error


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Hide the notices that TensorFlow's C++ code writes before its own log level takes effect.

    If the import fails they are shown after all: they may say why.
    """
    try:
        saved = os.dup(2)
    except OSError:  # there is no stderr, as in a service or under pythonw
        yield
        return
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            hidden.seek(0)
            os.write(2, hidden.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
