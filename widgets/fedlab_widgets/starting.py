"""TensorFlow's start: only when something needs it, on the thread that does, and never while a cell imports it too."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from fedlab import Experiment
from fedlab.engines import default_engine
from fedlab.engines.tensorflow_setup import load_tensorflow

if TYPE_CHECKING:
    import keras

importing = threading.Lock()  # held meanwhile: Python breaks when two threads import TensorFlow at the same time


def needs_tensorflow(experiment: Experiment, model: keras.Model | None) -> bool:
    """Whether TensorFlow has to start before this experiment, or the learner's own Keras model, can train."""
    return default_engine(experiment, model) == "keras" and sys.modules.get("tensorflow") is None


def start_tensorflow() -> None:
    """Import TensorFlow and start its runtime, in a few seconds; nothing the second time."""
    with importing:
        load_tensorflow()
