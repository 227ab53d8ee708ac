"""Stages: what can happen to a message between a party and the server's step, in the order of the world.

    at each party:  attack -> privacy (clip) -> compression -> secure sum (mask)
    at the server:  aggregation -> secure sum -> compression -> privacy (noise) -> attack -> the algorithm's step

Each is a role of an experiment, like partition and algorithm, and by default does nothing; aggregation is the mean by
default. To add a kind, write a subclass of its role's base in a file of its own and name it in `STAGES`: the lab, the
command line and the property tests find it there.
"""

from fedlab.stages.aggregation import Aggregation, Mean
from fedlab.stages.base import Attack, Compression, Privacy, SecureSum, Stage

STAGES: dict[str, dict[str, type[Stage]]] = {
    "attack": {Attack.name: Attack},
    "privacy": {Privacy.name: Privacy},
    "compression": {Compression.name: Compression},
    "secure_sum": {SecureSum.name: SecureSum},
}
AGGREGATIONS: dict[str, type[Aggregation]] = {Mean.name: Mean}

__all__ = [
    "AGGREGATIONS",
    "STAGES",
    "Aggregation",
    "Attack",
    "Compression",
    "Mean",
    "Privacy",
    "SecureSum",
    "Stage",
]
