"""FedProx: FedAvg whose parties are held back by a rubber band to the shared model.

Source: Li, Sahu, Zaheer, Sanjabi, Talwalkar and Smith 2020 (arXiv 1812.06127), algorithm 2.
"""

from __future__ import annotations

from typing import Any, ClassVar

from fedlab.algorithms.fedavg import FedAvg
from fedlab.settings import setting


class FedProx(FedAvg):
    """Party k minimises F_k(w) + μ/2 ||w - w_t||², so each local step follows ∇l(w; b) + μ (w - w_t).

    The norm is squared, taken over all weights, and measured from the model the round began with. Parties that manage
    only a part of their epochs send what they have, and it counts, whatever μ is; FedAvg drops it. So μ = 0 is FedAvg
    where there are no such stragglers, and only there.
    """

    name: ClassVar[str] = "fedprox"
    title: ClassVar[str] = "FedProx"
    lesson: ClassVar[str] = "Local steps are pulled back to the shared model: steadier under skew, slower without it."
    keeps_partial_work: ClassVar[bool] = True

    mu: float = setting(
        0.1,
        "How strongly every party is pulled back to the shared model; with 0 and without stragglers it is FedAvg.",
        symbol="μ",
        low=0.0,
        high=10.0,
        slider=(0.0, 2.0),
    )

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        return gradient + self.mu * (weights - global_weights)
