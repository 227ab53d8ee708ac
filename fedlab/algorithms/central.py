"""A yardstick: all data in one place, trained by plain SGD. What federated learning would like to reach."""

from __future__ import annotations

from typing import ClassVar

from fedlab.algorithms.fedavg import FedAvg


class Central(FedAvg):
    """One party holds everybody's examples, so a round is E epochs of plain SGD on them.

    It is FedAvg with one party. No model travels, so no bytes are counted; the data has travelled before round 1.
    A round takes more steps, one after the other, than FedAvg's parties take side by side.
    """

    name: ClassVar[str] = "central"
    title: ClassVar[str] = "All data in one place (yardstick)"
    lesson: ClassVar[str] = "What one could reach if everybody gave the data away."
    in_one_place: ClassVar[bool] = True
