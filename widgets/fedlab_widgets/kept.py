"""Whom the aggregation rule kept in a round that was watched, and whom it threw out: numbers, sentences, a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fedlab.differences import title_of
from fedlab.plan import arrived, stages_of, turn_of
from fedlab.plots.kept import HARDLY, kept
from fedlab.prepare import Prepared
from fedlab.stages import Aggregation, Mean
from fedlab.text import say
from fedlab_widgets.picture import Picture
from fedlab_widgets.watching import Watched
from fedlab_widgets.whose_turn import nothing_travels, whose_turn

IN_FULL = 20  # parties that a sentence names


@dataclass(frozen=True)
class Kept:
    """The m parties that reported, in the order of their numbers."""

    rule: type[Aggregation]
    parties: list[int]
    weights: np.ndarray  # (m,) what each of them counts in the rule's result
    by_mean: np.ndarray  # (m,) and would by the mean
    liars: list[int]  # of these parties
    names: list[str]  # of all parties, by number: their owners, or the numbers

    @property
    def out(self) -> list[int]:
        """The parties that were thrown out."""
        return [party for party, weight in zip(self.parties, self.weights, strict=True) if weight < HARDLY]

    def draw(self, picture: Picture, accuracies: np.ndarray) -> None:
        """accuracies: (K,) how much of its own data each party has right."""
        own = accuracies[self.parties]
        called = [self.names[party] for party in self.parties]
        kept(picture.begin(), self.parties, self.weights, self.by_mean, own, self.liars, called)
        rows = [
            say("{party} (lies): {weight:.0%}, {own:.0%}", party=self.names[party], weight=weight, own=right)
            if party in self.liars
            else say("{party}: {weight:.0%}, {own:.0%}", party=self.names[party], weight=weight, own=right)
            for party, weight, right in zip(self.parties, self.weights, own, strict=True)
        ]
        picture.show(
            say(
                "What each party's message counts in the result ({rule}), and how much of its own data it has right. "
                "Party {rows}.",
                rule=title_of(self.rule), rows="; ".join(rows),
            )
        )  # fmt: skip

    def in_words(self) -> str:
        """What the rule does, who was thrown out, and what liars count for."""
        honest, lies = [party for party in self.out if party not in self.liars], np.isin(self.parties, self.liars)
        told = [
            say("{rule}. {lesson}", rule=title_of(self.rule), lesson=say(self.rule.lesson)),
            say("Upper bars: what each party's message counts in the result. Lower bars: how much of its own data it "
                "has right."),
        ]  # fmt: skip
        if self.liars:
            told.append(
                say(
                    "Who lies ({liars}) counts {weight:.0%} of the result; by the mean it would be {mean:.0%}.",
                    liars=self._named(self.liars), weight=self.weights[lies].sum(), mean=self.by_mean[lies].sum(),
                )
            )  # fmt: skip
        if honest:
            told.append(say("Honest and thrown out: {parties}.", parties=self._named(honest)))
        elif not self.out and not self.liars:
            told.append(say("Nobody was thrown out."))
        return " ".join(told)

    def _named(self, parties: Sequence[int]) -> str:
        first = ", ".join(self.names[party] for party in parties[:IN_FULL])
        if len(parties) > IN_FULL:
            return say("{parties} and {more} more", parties=first, more=len(parties) - IN_FULL)
        return first


def kept_in(prepared: Prepared, watched: Watched) -> Kept | None:
    """Whom the rule kept; None where nothing is sent, so many report that not all was kept, or the rule does not tell.

    prepared: with the settings that held in the round.
    """
    experiment, number = prepared.experiment, watched.ended.number
    if nothing_travels(experiment.algorithm) or not 0 < len(watched.counts) == len(watched.uploads):
        return None
    stages, turn = stages_of(experiment), turn_of(prepared, number)
    in_order = sorted(watched.uploads, key=lambda upload: upload.party)
    uploads = [arrived(upload, stages, turn) for upload in in_order]
    weights = experiment.aggregation.weights(uploads)
    if weights is None:
        return None
    parties = [upload.party for upload in uploads]
    liars = sorted(whose_turn(prepared, number).liars.intersection(parties))
    return Kept(type(experiment.aggregation), parties, weights, Mean().weights(uploads), liars, prepared.names)
