"""Columns split between parties: vertical federated learning.

Elsewhere in the kit each party has people of its own, and all know the same about theirs. Here all parties know the
same people, and each knows something else about them. Settings, rounds and messages are others:

    for one in run(Columns(who="doctor,imaging")):
        print(one.number, one.score)
"""

from fedlab.vertical.columns import Columns
from fedlab.vertical.federation import CutRound, run
from fedlab.vertical.tables import HOLDERS, Table, table_of

__all__ = ["HOLDERS", "Columns", "CutRound", "Table", "run", "table_of"]
