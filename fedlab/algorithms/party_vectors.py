"""The memory of algorithms that remember one vector for each party: SCAFFOLD and FedDyn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class PartyVectors:
    """One vector for each party, and the mean of them: v = Σ p_k v_k."""

    mean: np.ndarray  # (P,) v
    own: tuple[np.ndarray, ...]  # v_k of every party, (P,) each
    shares: np.ndarray  # (K,) p_k = n_k / (all parties' examples)

    @classmethod
    def zeros(cls, size: int, examples: np.ndarray) -> PartyVectors:
        """All vectors zero; arguments as in `FedAvg.initial_memory`."""
        zero = np.zeros(size, np.float32)
        return cls(zero, (zero,) * len(examples), examples / examples.sum())

    def moved(self, party: int, change: np.ndarray) -> PartyVectors:
        """A copy in which this party's vector has changed by `change`, and the mean with it."""
        own = (*self.own[:party], self.own[party] + change, *self.own[party + 1 :])
        return PartyVectors(self.mean + np.float32(self.shares[party]) * change, own, self.shares)
