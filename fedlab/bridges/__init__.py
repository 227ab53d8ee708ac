"""Ways out of the kit: an experiment as a small program of another framework, which needs nothing of the kit."""

from fedlab.bridges.flower import FLOWER
from fedlab.bridges.framework import Framework
from fedlab.bridges.plain import CannotExport

TARGETS: dict[str, Framework] = {one.name: one for one in (FLOWER,)}

__all__ = ["TARGETS", "CannotExport", "Framework"]
