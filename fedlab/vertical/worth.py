"""What each party's columns add: with whom, in which order, and on average over all orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from math import factorial
from statistics import fmean

from fedlab.vertical.columns import Columns
from fedlab.vertical.federation import run
from fedlab.vertical.tables import table_of

CHANCE = 0.5  # the AUC of those who know nothing


def shapley(parties: Sequence[str], value: Mapping[frozenset[str], float]) -> dict[str, float]:
    """φ_k = Σ_S |S|! (K - |S| - 1)! / K! (v(S + k) - v(S)), over all sets S of parties without k.

    value: v of every set of parties, the empty one too. The φ sum up to v(all) - v(none). Source: Shapley 1953.
    """
    count = len(parties)
    return {
        party: sum(
            factorial(size) * factorial(count - size - 1) / factorial(count)
            * (value[frozenset(others) | {party}] - value[frozenset(others)])
            for size in range(count)
            for others in combinations([one for one in parties if one != party], size)
        )
        for party in parties
    }  # fmt: skip


def coalitions(parties: Sequence[str]) -> list[tuple[str, ...]]:
    """All sets of parties but the empty one, the smallest first."""
    return [some for size in range(1, len(parties) + 1) for some in combinations(parties, size)]


def values(columns: Columns) -> dict[frozenset[str], float]:
    """What every set of the parties scores: `shapley(columns.parties, values(columns))`. Nobody scores `CHANCE`.

    Each set is trained as if one of it knew the label. Of two labels only: chance is 0.5 there.
    """
    sets = coalitions(columns.parties)
    found = {frozenset(some): score(columns.with_(who=",".join(some), label_holder="first")) for some in sets}
    return {frozenset(): CHANCE, **found}


def score(columns: Columns) -> float:
    """The mean over the five folds of what the last round scores."""
    return fmean(last_score(columns.with_(fold=fold)) for fold in range(5))


@lru_cache(maxsize=1024)
def last_score(columns: Columns, in_one_place: bool = False) -> float:
    """What the last round scores; with all columns in one place if asked for."""
    table = table_of(columns.data, columns.people, columns.seed).of(columns.parties)
    *_, last = run(columns, table.merged() if in_one_place else None)
    return last.score


def alone(columns: Columns, party: str) -> Columns:
    """What this party would train by itself: on all its people. Only the label holder has the labels to do it."""
    return columns.with_(who=party, label_holder="first", overlap=1.0, noise=0.0)


def wide(columns: Columns) -> Columns:
    """For all columns in one place: all people, no cut, and in a network as many hidden units as the bottoms have."""
    cut = min(64, columns.cut * len(columns.parties))
    return columns.with_(cut=cut, label_holder="first", overlap=1.0, noise=0.0)


def in_one_place(columns: Columns) -> float:
    """The mean over the five folds of one model on everybody's columns, of all people, in one place."""
    return fmean(last_score(wide(columns).with_(fold=fold), in_one_place=True) for fold in range(5))
