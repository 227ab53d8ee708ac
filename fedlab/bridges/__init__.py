"""Ways out of the kit: an experiment as a small program of another framework, which needs nothing of the kit."""

from fedlab.bridges.fate import FATE
from fedlab.bridges.flower import FLOWER
from fedlab.bridges.framework import Framework
from fedlab.bridges.plain import CannotExport
from fedlab.bridges.pysyft import PYSYFT
from fedlab.bridges.tff import TFF

TARGETS: dict[str, Framework] = {one.name: one for one in (FLOWER, TFF, PYSYFT, FATE)}

__all__ = ["TARGETS", "CannotExport", "Framework"]
