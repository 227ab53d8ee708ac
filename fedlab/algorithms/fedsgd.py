"""FedSGD: one gradient of all its data from each party, then average.

Source: McMahan et al. 2017 (arXiv 1602.05629), section 2, the baseline that FedAvg improves on.
"""

from __future__ import annotations

from typing import Any, ClassVar

from fedlab.algorithms.fedavg import FedAvg


class FedSGD(FedAvg):
    """FedAvg with E = 1 and B = ∞: w_{t+1} = w_t - η Σ n_k/n ∇F_k(w_t).

    When all parties take part, that is gradient descent on the union of their data.
    """

    name: ClassVar[str] = "fedsgd"
    title: ClassVar[str] = "FedSGD"
    lesson: ClassVar[str] = "One step a round: exact, but it pays for every single step with a round trip."
    fixes: ClassVar[dict[str, Any]] = {"local_epochs": 1, "batch_size": "all"}
