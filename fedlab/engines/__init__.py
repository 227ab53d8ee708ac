"""Engines: what trains. Each takes the same jobs and gives the same uploads, up to float rounding.

numpy    dense models: starts at once, and can be read
keras    any Keras classifier: TensorFlow starts when it is first needed
flower   either of them at each party of a federation of Flower's, simulated in other processes or on other machines
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fedlab.engines.base import Engine, processors
from fedlab.models import Dense
from fedlab.settings import short
from fedlab.text import say

if TYPE_CHECKING:
    import keras

    from fedlab.experiment import Experiment
    from fedlab.prepare import Prepared

ENGINES = ("numpy", "keras", "flower")

__all__ = [
    "ENGINES",
    "Engine",
    "FlowerBroken",
    "FlowerMissing",
    "default_engine",
    "engine_for",
    "processors",
    "require_flower",
    "require_known",
]


def default_engine(experiment: Experiment, model: keras.Model | None = None) -> str:
    """The name of the first engine that can train the experiment's model, or the learner's own Keras model."""
    return "numpy" if model is None and isinstance(experiment.model, Dense) else "keras"


def require_known(name: str) -> None:
    """Raise `ValueError` unless there is an engine of this name."""
    if name not in ENGINES:
        raise ValueError(
            say("There is no engine {name}: choose one of {engines}.", name=short(name), engines=", ".join(ENGINES))
        )


def require_flower() -> None:
    """Raise `FlowerMissing` unless Flower and Ray, which it simulates on, are installed and run here."""
    if sys.platform == "win32":
        raise FlowerMissing(say("Flower's simulation runs on Linux and macOS: take another engine here."))
    if not (find_spec("flwr") and find_spec("ray")):
        raise FlowerMissing(say("Flower is not installed here: install it with pip install 'flwr[simulation]'."))


class FlowerMissing(ImportError):
    """Flower is not installed; the text says how to get it."""


class FlowerBroken(RuntimeError):
    """Flower's processes have ended by themselves, or one of them did what it should not; the text says what."""


def engine_for(prepared: Prepared, name: str | None = None) -> Engine:
    """The engine of this name for an experiment; without a name, the first that can train its model."""
    default = default_engine(prepared.experiment, prepared.model)
    name = name or default
    require_known(name)
    if name == "flower":
        raise ValueError(say("The engine flower runs a whole federation: take run(experiment, engine='flower')."))
    if name == "numpy":
        if default != "numpy":
            raise ValueError(say("The engine numpy trains dense models only: take the engine keras for this one."))
        from fedlab.engines.numpy import NumPyEngine

        return NumPyEngine(prepared)
    from fedlab.engines.keras import KerasEngine

    return KerasEngine(prepared)
