"""Ways out of the kit: an experiment as a small program for another framework, which needs nothing of the kit.

Each target is a function that takes an experiment and a folder, writes the program there and returns the files; it
raises `CannotExport` with the reason for what it cannot express.
"""

from collections.abc import Callable
from pathlib import Path

from fedlab.bridges.flower import to_flower
from fedlab.bridges.plain import CannotExport
from fedlab.experiment import Experiment

TARGETS: dict[str, Callable[[Experiment, Path], list[Path]]] = {"flower": to_flower}

__all__ = ["TARGETS", "CannotExport"]
