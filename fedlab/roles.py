"""The roles of an experiment, and the kinds that each of them chooses from.

The settings of a kind stand beside the experiment's others, so no two may share a name unless they mean the same.
"""

from __future__ import annotations

from typing import Any

from fedlab.algorithms import ALGORITHMS
from fedlab.datasets import DATASETS
from fedlab.models import MODELS
from fedlab.partitions import PARTITIONS, Natural
from fedlab.settings import InvalidSetting, Kind, short
from fedlab.stages import AGGREGATIONS, STAGES
from fedlab.text import say

KINDS: dict[str, dict[str, Any]] = {
    "dataset": DATASETS,
    "partition": {**PARTITIONS, Natural.name: Natural},
    "algorithm": ALGORITHMS,
    "model": MODELS,
    **STAGES,
    "aggregation": AGGREGATIONS,
}
ON_THE_WAY = tuple(STAGES)  # the stages that a message passes, in the order in which it meets them


def kind_of(role: str, chosen: Any) -> type[Kind]:
    """The class that is meant by a name or by an instance; `InvalidSetting` if there is none."""
    known = KINDS[role]
    if isinstance(chosen, str) and chosen in known:
        found: type[Kind] = known[chosen]
        return found
    if isinstance(chosen, Kind):
        return type(chosen)
    if isinstance(chosen, type) and issubclass(chosen, Kind):
        text = say("{role} is the class {kind}: write {kind}(), with brackets.", role=role, kind=chosen.__name__)
        raise InvalidSetting(role, text)
    raise InvalidSetting(
        role,
        say(
            "{role} is {chosen}, but it must be one of {names}.",
            role=role,
            chosen=short(chosen),
            names=", ".join(known),
        ),
    )


def is_ours(role: str, kind: type[Kind]) -> bool:
    """Whether a kind is the kit's, and so has a name that everyone knows."""
    return KINDS[role].get(kind.name) is kind
