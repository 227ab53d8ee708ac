"""What came of columns that are split between parties, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from fedlab.text import say
from fedlab.vertical import Columns, CutRound, table_of
from fedlab.vertical.federation import shared_people
from fedlab.vertical.tables import fifths


def title_of(name: str) -> str:
    """A data set or a party, as a learner reads it."""
    titles = {
        "heart": say("hearts: four parties, the same patients"),
        "mnist_left_right": say("digits: left and right half"),
        "mnist_upper_lower": say("digits: upper and lower half"),
        "doctor": say("doctor"), "laboratory": say("laboratory"), "cardiologist": say("cardiologist"),
        "imaging": say("imaging"), "left": say("left"), "right": say("right"), "upper": say("upper"),
        "lower": say("lower"),
    }  # fmt: skip
    return titles[name]


def in_words(
    columns: Columns, alone: Mapping[str, Sequence[float]], together: Sequence[Sequence[CutRound]],
    one_place: Sequence[float],
) -> list[str]:  # fmt: skip
    """The three numbers, what limits them, bytes, and what the cut gives away."""
    holder, joint = title_of(columns.holder), fmean(rounds[-1].score for rounds in together)
    own, folds = fmean(alone[holder]), len(together)
    parts = {"holder": holder, "own": own, "joint": joint, "place": fmean(one_place), "folds": folds}
    if columns.data == "heart":
        told = say("AUC on people nobody trained on, mean of {folds} fifths: {holder} alone {own:.3f}, together "
                   "{joint:.3f}, all in one place {place:.3f}.", **parts)  # fmt: skip
    else:
        told = say("Digits read right that nobody trained on, mean of {folds} fifths: {holder} alone {own:.3f}, "
                   "together {joint:.3f}, all in one place {place:.3f}.", **parts)  # fmt: skip
    lines = [told, _who_has_labels(holder, [name for name in alone if name != holder])]
    people = table_of(columns.data, columns.people, columns.seed)
    training, _ = fifths(len(people.y), columns.fold, columns.seed)
    if columns.overlap < 1:
        shared = len(shared_people(columns, len(training)))
        lines.append(say("Together they train on {shared:,} of {all:,} people: only those whom all of them know.",
                         shared=shared, all=len(training)))  # fmt: skip
    if len(columns.parties) > 1:
        lines += [_bytes(columns, together[0]), _leak(columns, together)]
    if len(columns.parties) > 1 and joint < own:
        lines.append(say("Alone, {holder} does better: joining in costs more than it brings.", holder=holder))
    return [line for line in lines if line]


def _who_has_labels(holder: str, others: Sequence[str]) -> str:
    if not others:
        return say("Nobody takes part beside {holder}: nothing travels.", holder=holder)
    return say("Only {holder} knows the label; hatched bars are what {others} would reach alone if they knew it too.",
               holder=holder, others=", ".join(others))  # fmt: skip


def _bytes(columns: Columns, rounds: Sequence[CutRound]) -> str:
    """What training sends, beside what the columns themselves would take."""
    table = table_of(columns.data, columns.people, columns.seed).of(columns.parties)
    training, _ = fifths(len(table.y), columns.fold, columns.seed)
    size = 1 if columns.data != "heart" else 4  # bytes of a grey level, and of a number
    raw = sum(own.shape[1] for name, own in table.columns.items() if name != columns.holder) * len(training) * size
    total = sum(one.bytes_up + one.bytes_down for one in rounds)
    told = say(
        "Over the cut: {up:,} bytes up and as many back in a round, {total:,.0f} kB in all {rounds} rounds. Sent once, "
        "the columns themselves would be {raw:,.0f} kB.",
        up=rounds[0].bytes_up, total=total / 1e3, rounds=len(rounds), raw=raw / 1e3,
    )  # fmt: skip
    return f"{told} {say('Splitting saves no bytes: it keeps columns at home.')}" if total > raw else told


def _leak(columns: Columns, together: Sequence[Sequence[CutRound]]) -> str:
    """How well labels are read from what comes back."""
    first, last = (fmean(rounds[place].leak for rounds in together) for place in (0, -1))
    if columns.data == "heart":
        return say(
            "Labels read from what came back over the cut: AUC {first:.2f} after round 1, {last:.2f} after round "
            "{rounds}; 1 is every label, 0.5 a coin. The attacker knows five people of each label.",
            first=first, last=last, rounds=len(together[0]),
        )  # fmt: skip
    return say(
        "Labels read from what came back over the cut: {first:.0%} after round 1, {last:.0%} after round {rounds}. "
        "The attacker knows five people of each label.",
        first=first, last=last, rounds=len(together[0]),
    )  # fmt: skip
