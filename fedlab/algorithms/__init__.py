"""The algorithms: one algorithm, one file, each as short as its pseudocode.

To add one, write a subclass of `FedAvg` and name it in `ALGORITHMS`: the lab, the command line and the property tests
find it there. A class written in a notebook cell goes straight into `Experiment(algorithm=MyAlgorithm())`.
"""

from fedlab.algorithms.alone import Alone
from fedlab.algorithms.central import Central
from fedlab.algorithms.ditto import Ditto
from fedlab.algorithms.fedasync import FedAsync
from fedlab.algorithms.fedavg import FedAvg
from fedlab.algorithms.fedavgm import FedAvgM
from fedlab.algorithms.fedbuff import FedBuff
from fedlab.algorithms.feddyn import FedDyn
from fedlab.algorithms.fednova import FedNova
from fedlab.algorithms.fedopt import FedAdagrad, FedAdam, FedYogi
from fedlab.algorithms.fedprox import FedProx
from fedlab.algorithms.fedsgd import FedSGD
from fedlab.algorithms.qfedavg import QFedAvg
from fedlab.algorithms.scaffold import SCAFFOLD

Algorithm = FedAvg  # every algorithm is FedAvg with something changed

ALGORITHMS: dict[str, type[FedAvg]] = {
    kind.name: kind
    for kind in (
        FedSGD,
        FedAvg,
        FedProx,
        FedAvgM,
        FedAdagrad,
        FedAdam,
        FedYogi,
        SCAFFOLD,
        FedNova,
        FedDyn,
        QFedAvg,
        Ditto,
        FedBuff,
        FedAsync,
        Central,
        Alone,
    )
}

__all__ = ["ALGORITHMS", "Algorithm", "FedAvg", "FedProx", "FedSGD"]
