"""One party's upload as the server gets it: what it makes of the numbers, and sentences that are right in each case."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fedlab import attacks_on_privacy as attack
from fedlab.algorithms import FedAvg
from fedlab.differences import title_of
from fedlab.messages import Upload, flat, size_of
from fedlab.plan import arrived, stages_of, turn_of
from fedlab.prepare import Prepared
from fedlab.stages import PartyPrivacy
from fedlab.stages.compression import Coded
from fedlab.text import say
from fedlab_widgets.reading import Reading
from fedlab_widgets.whose_turn import WhoseTurn, nothing_travels, whose_turn

FIRST = 6  # numbers that are shown
IN_FULL = 12  # parties that a sentence names


@dataclass(frozen=True)
class Received:
    """An upload of one round, with what everybody knows of that round."""

    prepared: Prepared  # with the settings that held in the round
    number: int  # the round's
    upload: Upload

    @property
    def masked(self) -> bool:
        return all(part.dtype == np.uint32 for part in self.upload.message) and bool(self.upload.message)

    def update(self) -> np.ndarray | None:
        """(P,) what the server can take for the party's update; None if it is sent nothing of that size.

        Whole numbers under masks stand for themselves, those of the upper half for negative ones.
        """
        experiment, upload = self.prepared.experiment, self.upload
        if self.masked:
            upload = replace(upload, message=tuple(part.view(np.int32).astype(np.float64) for part in upload.message))
        message = arrived(upload, stages_of(experiment), turn_of(self.prepared, self.number)).message
        code = experiment.compression
        if isinstance(code, Coded) and code.adds_up and message:  # decoded with the mean, but could be now
            at = turn_of(self.prepared, self.number).at("compression", upload.party)
            message = Coded.on_arrival(code, message, at)
        fits = bool(message) and message[0].shape == (self.prepared.size,)
        return message[0] if fits else None

    def facts(self) -> list[tuple[str, str]]:
        """Names and values, for a table."""
        message, name = self.upload.message, self.prepared.names[self.upload.party]
        some = np.atleast_1d(flat(message))
        some = some[np.flatnonzero(some)[:FIRST]]
        first = ", ".join(f"{one:,}" if some.dtype.kind in "iu" else f"{one:.6f}" for one in some.tolist())
        label = say("the first numbers") if self.masked else say("the first that are not 0")
        return [
            (say("from party"), f"{self.upload.party:,}" if name.isdecimal() else f"{self.upload.party:,}, {name}"),
            (say("its examples"), f"{self.upload.examples:,}"),
            (say("bytes"), f"{size_of(message):,}"),
            (say("what they are"), "; ".join(self._kind(part) for part in message)),
            (label, f"{first}, …" if first else say("all are 0")),
        ]  # fmt: skip

    def _kind(self, part: np.ndarray) -> str:
        if part.dtype == np.uint32:
            return say("{size:,} whole numbers modulo 2³² (uint32), under masks", size=part.size)
        if part.dtype == np.uint8:
            title = title_of(type(self.prepared.experiment.compression))
            return say("{size:,} bytes of a code, which the server decodes ({title})", size=part.size, title=title)
        if part.shape == ():
            return say("one number ({type})", type=part.dtype)
        return say("{size:,} numbers ({type})", size=part.size, type=part.dtype)


def why_not(prepared: Prepared, number: int, party: int, reported: list[int]) -> str:
    """Why there is no upload of this party to see; "" if there is one."""
    experiment = prepared.experiment
    if experiment.algorithm.in_one_place:
        return say("One computer holds all the data here: no party sends anything, so there is nothing to see.")
    if nothing_travels(experiment.algorithm):
        return say("Every party trains alone here and sends nothing, so there is nothing to see.")
    if party in reported:
        return ""
    if not reported:
        return say("Nobody reported in round {number}, so the server got nothing.", number=number)
    others = ", ".join(map(str, reported[:IN_FULL]))
    if len(reported) > IN_FULL:
        others = say("{others} and {more:,} more", others=others, more=len(reported) - IN_FULL)
    if party in turn_of(prepared, number).chosen:
        return say("Party {party} was asked in round {number}, but nothing of its work counted. These sent something: "
                   "{others}.", party=party, number=number, others=others)  # fmt: skip
    return say("Party {party} did not take part in round {number}. These sent something: {others}.",
               party=party, number=number, others=others)  # fmt: skip


def explained(received: Received, reading: Reading) -> list[str]:
    """Why so much, or so little, is recovered from this upload."""
    experiment, told = received.prepared.experiment, list[str]()
    who: WhoseTurn = whose_turn(received.prepared, received.number)
    if received.upload.party in who.liars:
        told.append(
            say("This party lies ({title}): what it sends is not what honest training on its data came to.",
                title=title_of(type(experiment.attack)))
        )  # fmt: skip
    if isinstance(experiment.privacy, PartyPrivacy):
        told.append(_private(experiment.privacy))
    if received.masked:
        told.append(say("Under masks every number looks drawn by lot, and so does what is reckoned from them."))
    elif experiment.compression.name != "none":
        told.append(
            say("The attack is on what the server decodes ({title}): what a code leaves out or rounds is missing "
                "in the quotients too.", title=title_of(type(experiment.compression)))
        )  # fmt: skip
    if told:
        return told
    share, examples, steps = reading.same.mean(), received.upload.examples, received.upload.report.steps
    if len(received.prepared.shapes) == 2 and examples > 1:
        return [say("This model has no hidden layer: every example moves every unit, so only one alone can be read.")]
    if share <= 0.5 and type(experiment.algorithm).correction is not FedAvg.correction:
        return [
            say("{algorithm} corrects each local step by what it remembers, so one upload is no sum of gradients. A "
                "server that keeps what the party has sent before can take that away; this attack does not.",
                algorithm=title_of(type(experiment.algorithm)))
        ]  # fmt: skip
    if share > 0.5:
        return [say("Nothing is guessed: each of them is a quotient of numbers that were sent, ΔW / Δb of one unit.")]
    return [
        say(
            "Several {called} are in this one update ({examples:,}; local steps: {steps:,}), and a unit that is on for "
            "more than one gives their mixture. Try few {called} a party and a batch of all.",
            called=reading.called, examples=examples, steps=steps,
        )
    ]  # fmt: skip


def _private(privacy: PartyPrivacy) -> str:
    """What clipping and noise do to what one server sees of one party."""
    clip, noise = privacy.dp_clip, privacy.dp_noise
    if noise == 0:
        return say("The update was clipped to the length {clip:g}: the quotients stay as they are, so clipping alone "
                   "hides nothing.", clip=clip)  # fmt: skip
    if privacy.dp_where == "server":
        return say("The party has clipped its update to the length {clip:g}. The noise is the server's, added to the "
                   "mean later: it hides the party from others, and this server has seen the upload without it.",
                   clip=clip)  # fmt: skip
    return say("Before it left, the party clipped its update to the length {clip:g} and added noise of {size:g} to "
               "every number. Other attacks read through more noise than this one: only ε speaks of all of them.",
               clip=clip, size=noise * clip)  # fmt: skip


def labels_told(received: Received, update: np.ndarray) -> str:
    """The labels that the last bias gives away, and how many of them are there; "" under masks, where all is chance."""
    prepared = received.prepared
    classes = prepared.dataset.classes
    if tuple(prepared.shapes[-1]) != (classes,) or received.masked:
        return ""
    read = attack.labels_of(update, classes).tolist()
    there = set(prepared.dataset.train_y[prepared.training[received.upload.party]].tolist())
    if not read:
        return say("No bias of the last layer went up, so no label is read.")
    return say(
        "Labels read from the last bias, those that went up: {read}. Right: {right} of {all}. Labels in its data: "
        "{held}.",
        read=", ".join(prepared.dataset.label_names[label] for label in read),
        right=len(there.intersection(read)), all=len(read), held=len(there),
    )  # fmt: skip
