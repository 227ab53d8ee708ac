"""Training on columns that are split between parties, a round at a time.

    0 align         private set intersection tells whom all parties know (`intersection.py`); only they train together
    1 up            each party sends h_k about the people of a step, (B, c)
    2 top           the label holder finishes the model's answer, compares it with the labels, and takes its step
    3 down          it sends each party d_k, how the loss changes with what that party sent
    4 bottom        each party takes its step

Labels and columns stay where they are. What crosses the cut is h_k and d_k; `leaks.py` says what that gives away.
To ask the model about a new person takes all parties again: h_k of that person from each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fedlab.randomness import Choice, generator, local_batches
from fedlab.rounds import Diverged
from fedlab.settings import InvalidSetting
from fedlab.text import say
from fedlab.vertical import leaks
from fedlab.vertical.columns import Columns
from fedlab.vertical.split import Bottom, Top, slope_of_loss
from fedlab.vertical.tables import Table, fifths, scaled, table_of

Messages = dict[str, np.ndarray]  # by party


@dataclass(frozen=True, eq=False)
class CutRound:
    """What happened in one pass through the shared people; rounds count from 1."""

    number: int
    score: float  # of the test people: AUC where there are two labels, else the share that is right
    train_loss: float  # mean cross-entropy in nats over the round's steps
    bytes_up: int  # over the cut to the label holder
    bytes_down: int  # and back
    leak: float  # the most labels that a party has read by now, from all gradients so far; nan if nothing travels
    leak_by_norm: float  # from the length of this round's gradients; nan unless there are two labels
    bottoms: Messages  # W_k of each party after the round
    top: tuple[np.ndarray, ...]  # V_k of each party, if it is a network, then b


class Pieces:
    """A model in pieces, before its first step. columns: the settings. widths: how many columns each party holds."""

    def __init__(self, columns: Columns, holder: str, widths: dict[str, int], classes: int):
        self.holder, self.rate, self.t = holder, columns.learning_rate, columns.noise
        network, logits = columns.model == "network", 1 if classes == 2 else classes
        self.cut = columns.cut if network else logits
        drawn = generator(columns.seed, Choice.PIECES, columns.fold)
        self.noise = generator(columns.seed, Choice.PRIVACY, columns.fold)
        self.bottoms = {name: Bottom(width, self.cut, network, drawn) for name, width in widths.items()}
        self.top = Top([self.cut] * len(widths), logits, network, drawn)

    def step(self, x: Messages, y: np.ndarray) -> tuple[float, Messages]:
        """Steps 1 to 4 for people with these columns and labels: their mean loss, and what each party got back."""
        h = {name: self.over_the_cut(name, bottom.forward(x[name])) for name, bottom in self.bottoms.items()}
        d, loss = slope_of_loss(self.top.forward([*h.values()]), y)
        back = dict(zip(h, self.top.backward([*h.values()], d, self.rate), strict=True))
        for name, bottom in self.bottoms.items():
            if self.t and name != self.holder:
                back[name] = leaks.noisy(back[name], self.t, self.noise)
            back[name] = self.over_the_cut(name, back[name])
            bottom.backward(x[name], back[name], self.rate)
        return loss, back

    def over_the_cut(self, party: str, message: np.ndarray) -> np.ndarray:
        """A message as it arrives: numbers travel as float32. The label holder's own do not travel."""
        return message if party == self.holder else message.astype(np.float32).astype(np.float64)

    def answer(self, x: Messages) -> np.ndarray:
        """(n, logits) about people with these columns."""
        return self.top.forward([bottom.forward(x[name]) for name, bottom in self.bottoms.items()])


def run(columns: Columns, table: Table | None = None) -> Iterator[CutRound]:
    """Run it, one round at a time. table: another one than the data's; its first party holds the label.

    `InvalidSetting` if nobody is left to train on, `Diverged` if numbers grow without end.
    """
    table = table or table_of(columns.data, columns.people, columns.seed).of(columns.parties)
    holder = columns.holder if columns.holder in table.columns else next(iter(table.columns))
    away = [name for name in table.columns if name != holder]  # whose messages cross the cut
    training, test = fifths(len(table.y), columns.fold, columns.seed)
    shared = training[shared_people(columns, len(training))] if away else training
    _require_people(table, shared)
    whole = {name: scaled(own, training) for name, own in table.columns.items()}
    x, test_x = ({name: own[rows] for name, own in whole.items()} for rows in (shared, test))
    y = table.y[shared]
    pieces = Pieces(columns, holder, {name: own.shape[1] for name, own in x.items()}, table.classes)
    order = generator(columns.seed, Choice.BATCHES, columns.fold)
    known = leaks.acquaintances(y, generator(columns.seed, Choice.ATTACK, columns.fold))
    batch = len(y) if columns.batch_size == "all" else int(columns.batch_size)
    so_far = {name: np.zeros((len(y), pieces.cut)) for name in away}
    leak = 0.0 if away else float("nan")
    sent = 4 * pieces.cut * len(y) * len(away)  # bytes
    for number in range(1, columns.rounds + 1):
        got, total_loss = {name: np.zeros((len(y), pieces.cut)) for name in away}, 0.0
        for rows in local_batches(order, len(y), batch, epochs=1):
            with np.errstate(all="ignore"):  # said below
                loss, back = pieces.step({name: own[rows] for name, own in x.items()}, y[rows])
            total_loss += loss * len(rows)
            for name in away:
                got[name][rows] = back[name] * len(rows)
        if not np.isfinite(total_loss):
            raise Diverged(
                say("Training broke down in round {number}: take a smaller learning rate or less noise.", number=number)
            )
        for name in away:
            so_far[name] += got[name]
            leak = max(leak, leaks.by_direction(so_far[name], y, known))  # what was read stays read
        yield CutRound(
            number, _score(pieces.answer(test_x), table.y[test]), total_loss / len(y), sent, sent,
            leak,
            max((leaks.by_norm(one, y) for one in got.values() if table.classes == 2), default=float("nan")),
            {name: bottom.w for name, bottom in pieces.bottoms.items()}, (*(pieces.top.v or ()), pieces.top.b),
        )  # fmt: skip


def shared_people(columns: Columns, people: int) -> np.ndarray:
    """The positions of those whom all parties know, of so many whom the label holder knows; in ascending order."""
    drawn = generator(columns.seed, Choice.PARTICIPANTS, columns.fold).permutation(people)
    return np.sort(drawn[: round(columns.overlap * people)])


def people_of(columns: Columns) -> dict[str, list[str]]:
    """Whom each party knows, by name, each in an order of its own: what private set intersection is asked about.

    The label holder knows all who train. The others know those of them who are shared, and as many others besides.
    """
    table = table_of(columns.data, columns.people, columns.seed)
    training, _ = fifths(len(table.y), columns.fold, columns.seed)
    shared, rng = training[shared_people(columns, len(training))], generator(columns.seed, Choice.AWAY, columns.fold)
    known = {}
    for place, party in enumerate(columns.parties):
        others = len(table.y) * (place + 1) + np.arange(len(training) - len(shared))  # nobody else knows these
        own = training if party == columns.holder else np.concatenate([shared, others])
        known[party] = [f"person {number}" for number in rng.permutation(own)]
    return known


def _score(z: np.ndarray, y: np.ndarray) -> float:
    """AUC of one logit; of several the share of people whose largest is their label's."""
    return leaks.auc(z[:, 0], y) if z.shape[1] == 1 else float((z.argmax(axis=1) == y).mean())


def _require_people(table: Table, rows: np.ndarray) -> None:
    found = len(np.unique(table.y[rows]))
    if found < table.classes:
        raise InvalidSetting(
            "overlap",
            say(
                "The parties have {people} people in common, with {found} of the {classes} labels: nothing can be "
                "learned together from them, so take a larger overlap or more people.",
                people=len(rows), found=found, classes=table.classes,
            ),
        )  # fmt: skip
