"""Engines: what trains. Each takes the same jobs and gives the same uploads, up to float rounding.

numpy    dense models: starts at once, and can be read
keras    any Keras classifier: TensorFlow starts when it is first needed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedlab.engines.base import Engine, processors
from fedlab.models import Dense
from fedlab.settings import short
from fedlab.text import say

if TYPE_CHECKING:
    from fedlab.prepare import Prepared

ENGINES = ("numpy", "keras")

__all__ = ["ENGINES", "Engine", "engine_for", "processors"]


def engine_for(prepared: Prepared, name: str | None = None) -> Engine:
    """The engine of this name for an experiment; without a name, the first that can train its model."""
    dense = prepared.model is None and isinstance(prepared.experiment.model, Dense)
    name = name or ("numpy" if dense else "keras")
    if name == "numpy":
        if not dense:
            raise ValueError(say("The engine numpy trains dense models only: take the engine keras for this one."))
        from fedlab.engines.numpy import NumPyEngine

        return NumPyEngine(prepared)
    if name == "keras":
        from fedlab.engines.keras import KerasEngine

        return KerasEngine(prepared)
    raise ValueError(
        say("There is no engine {name}: choose one of {engines}.", name=short(name), engines=", ".join(ENGINES))
    )
