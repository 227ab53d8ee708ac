"""Who holds which data: one small file for each kind of skew.

To add one, write a subclass of `Partition` in a file of its own and name it in `PARTITIONS`: the lab, the command
line and the property tests find it there.
"""

from fedlab.partitions.base import Partition, label_counts
from fedlab.partitions.dirichlet import Dirichlet
from fedlab.partitions.iid import IID

PARTITIONS: dict[str, type[Partition]] = {kind.name: kind for kind in (IID, Dirichlet)}

__all__ = ["IID", "PARTITIONS", "Dirichlet", "Partition", "label_counts"]
