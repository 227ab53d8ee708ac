"""Who holds which data: one small file for each kind of skew.

To add one, write a subclass of `Partition` in a file of its own and name it in `PARTITIONS`: the lab, the command
line and the property tests find it there. `Natural` is not among them: it deals nothing out, and data must have owners.
"""

from fedlab.partitions.base import Partition, label_counts, label_skew
from fedlab.partitions.dirichlet import Dirichlet
from fedlab.partitions.iid import IID
from fedlab.partitions.label_dirichlet import LabelDirichlet
from fedlab.partitions.label_limit import LabelLimit
from fedlab.partitions.natural import Natural
from fedlab.partitions.quantity import Quantity
from fedlab.partitions.shards import Shards

PARTITIONS: dict[str, type[Partition]] = {
    kind.name: kind for kind in (IID, Dirichlet, LabelDirichlet, LabelLimit, Shards, Quantity)
}

__all__ = ["IID", "PARTITIONS", "Dirichlet", "Natural", "Partition", "label_counts", "label_skew"]
