"""Stages: what can happen to a message between a party and the server's step, in the order of the world.

    at each party:  attack -> privacy (clip) -> compression -> secure sum (mask)
    on arrival:     secure sum -> compression (decode) -> privacy -> attack
    at the server:  aggregation -> secure sum -> compression -> privacy (noise) -> attack -> the algorithm's step

Each is a role of an experiment, like partition and algorithm, and by default does nothing; aggregation is the mean by
default. To add a kind, write a subclass of its role's base in a file of its own and name it in `STAGES`: the lab, the
command line and the property tests find it there.
"""

from fedlab.stages.aggregation import Aggregation, Mean
from fedlab.stages.attack import Attack, FreeRider, LabelFlip, Noise, SignFlip
from fedlab.stages.backdoor import Replacement
from fedlab.stages.base import Place, Stage, Turn
from fedlab.stages.compression import Compression, Quantize, RandomK, Sign, TopK
from fedlab.stages.little import Little
from fedlab.stages.privacy import PartyPrivacy, Privacy
from fedlab.stages.robust import GeometricMedian, Krum, Median, MultiKrum, NormBound, TrimmedMean
from fedlab.stages.secure_sum import Masks, SecureSum

STAGES: dict[str, dict[str, type[Stage]]] = {
    "attack": {kind.name: kind for kind in (Attack, LabelFlip, SignFlip, Noise, Replacement, Little, FreeRider)},
    "privacy": {Privacy.name: Privacy, PartyPrivacy.name: PartyPrivacy},
    "compression": {kind.name: kind for kind in (Compression, TopK, RandomK, Quantize, Sign)},
    "secure_sum": {SecureSum.name: SecureSum, Masks.name: Masks},
}
AGGREGATIONS: dict[str, type[Aggregation]] = {
    kind.name: kind for kind in (Mean, Median, TrimmedMean, Krum, MultiKrum, GeometricMedian, NormBound)
}

__all__ = [
    "AGGREGATIONS",
    "STAGES",
    "Aggregation",
    "Attack",
    "Compression",
    "Mean",
    "Place",
    "Privacy",
    "SecureSum",
    "Stage",
    "Turn",
]
