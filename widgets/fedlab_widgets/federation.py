"""The federation at work: the server, its parties, and the six steps of a round as they happen."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import traitlets

from fedlab import Round
from fedlab.events import at
from fedlab.partitions import label_counts
from fedlab.prepare import Prepared, prepare
from fedlab.text import say
from fedlab_widgets.holdings import as_bytes
from fedlab_widgets.part import Part, source
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.view import View
from fedlab_widgets.whose_turn import WhoseTurn, nothing_travels, whose_turn

MOST_DRAWN = 30  # parties that are drawn one by one


class Picture(Part):
    """state: who there is, and the words. round: what happened in one round, short, since it is sent with each."""

    _esm = traitlets.Unicode(source("base.js", "federation.js", "motion.js")).tag(sync=True)
    _css = traitlets.Unicode(source("holdings.css", "federation.css")).tag(sync=True)
    round = traitlets.Dict().tag(sync=True)


class Federation(View):
    """It shows a run's newest round, or the one that is selected; while there is no run, how a first round would go."""

    follows: ClassVar[tuple[str, ...]] = ("runs", "controls", "selected")

    def __init__(self, session: Session):
        super().__init__(session)
        self.view = self.make(Picture)
        self.view.answer(
            select=lambda party: session.guard(lambda: session.select(party=int(party))),
            step=lambda at: session.guard(lambda: session.select(step=int(at))),
            round=lambda at: session.guard(lambda: session.select(round=max(1, int(at)))),
        )
        self.in_sight = False  # what nobody sees costs training nothing
        self._run: Run | None = None
        self._prepared: Prepared | None = None
        self._done = 0  # rounds of that run when it was drawn last

    def draw(self) -> None:
        if not self.in_sight:
            return
        run = self.session.selected["run"]
        if run is not None and (run.done == 0 or self.session.moved):
            run = None
        done, number = run.done if run else 0, self.session.round_of(run)
        prepared = self._prepared_for(run, number)
        if prepared is None:
            return
        is_newest = run is not None and number == done
        is_new = is_newest and (done > self._done if run is self._run else done == 1)
        if prepared is not self._prepared:
            self.view.state = _described(prepared, self.session.selected["party"])
        elif self.view.state["party"] != self.session.selected["party"]:
            self.view.state = {**self.view.state, "party": self.session.selected["party"]}
        self._run, self._prepared, self._done = run, prepared, done
        pace = ("slow" if run.target < run.planned else "fast") if run and is_new else "still"
        told = _told(prepared, number, run, pace)
        if told != {**self.view.round, "pace": pace}:
            self.view.round = told

    def _prepared_for(self, run: Run | None, number: int) -> Prepared | None:
        """Who holds what in this round of the run, or, without one, as the controls say."""
        if run is None:
            return self.session.prepared()
        holds = at(run.experiment, number)
        if run is self._run and self._prepared and self._prepared.experiment.with_(rounds=holds.rounds) == holds:
            return self._prepared
        return prepare(holds, self.session.dataset, self.session.model)


def _told(prepared: Prepared, number: int, run: Run | None, pace: str) -> dict[str, Any]:
    """One round, as the page needs it: less than a kilobyte."""
    turn, parties = whose_turn(prepared, number), len(prepared.parties)
    alone = prepared.experiment.algorithm.in_one_place
    drawn = list(range(parties)) if parties <= MOST_DRAWN else _some(turn)
    one = run.history.rounds[number - 1] if run else None
    steps = {report.party: report.steps for report in one.parties} if one else turn.epochs
    return {
        "number": number,
        "done": run.done if run else 0,
        "of": run.planned if run else prepared.experiment.rounds,
        "pace": pace,
        "drawn": drawn,
        "marks": ["" if alone else turn.mark(party) for party in drawn],
        "steps": [0 if alone else steps.get(party, 0) for party in drawn],
        "chosen": len(turn.chosen),
        "counted": len(turn.epochs),
        "next": [] if alone else [party for party in whose_turn(prepared, number + 1).chosen if party in drawn],
        **_numbers(prepared, one, turn),
    }


def _some(turn: WhoseTurn) -> list[int]:
    """Those of a round that are drawn where there are many parties, spread over all of them."""
    places = np.linspace(0, len(turn.chosen) - 1, min(MOST_DRAWN, len(turn.chosen))).round().astype(int)
    return [turn.chosen[place] for place in places]


def _numbers(prepared: Prepared, one: Round | None, turn: WhoseTurn) -> dict[str, Any]:
    """What is known of a round only when it is over, and how thick the lines are: 1 is the model itself."""
    if one is None:
        return {"thick": [1, 1]}
    down, up = one.bytes_down / max(1, len(turn.chosen)), one.bytes_up / max(1, len(turn.epochs))
    model = 4 * prepared.size
    return {
        "thick": [round(down / model, 3), round(up / model, 3)],
        "values": {"down": _size(down), "up": _size(up), "accuracy": f"{one.test_accuracy:.1%}"},
    }


def _size(count: float) -> str:
    """Bytes as a person would say them."""
    if count < 1e6:
        return say("{kilobytes:,.3g} kB", kilobytes=count / 1e3)
    return say("{megabytes:,.3g} MB", megabytes=count / 1e6)


def _described(prepared: Prepared, party: int) -> dict[str, Any]:
    """Who there is, and all that the picture says."""
    experiment = prepared.experiment
    counts = label_counts(prepared.parties, prepared.dataset.train_y, prepared.dataset.classes)
    rule = experiment.aggregation
    titles = [
        say("initialise"), say("local training"), say("upload"), say("aggregate"), say("send back"),
        say("repeat until converged"),
    ]  # fmt: skip
    return {
        "counts": as_bytes(counts),
        "parties": len(counts),
        "classes": counts.shape[1],
        "party": party,
        "weighs": experiment.privacy.weighs_examples,
        "ways": _ways(prepared),
        "legend": _legend(prepared),
        "titles": titles,
        "steps": _steps(prepared, say(rule.title), say(rule.lesson)),
        "words": {
            "alt": say("The federation: a server and {parties:,} parties.", parties=len(counts)),
            "server": say("server"), "round": say("Round {number}"), "back": say("previous step"),
            "on": say("next step"), "play": say("play this round"),
            "preview": say("Not trained yet: this is how round 1 would go."),
            "party": say("Party {party}: {all} examples. {what}"),
            "others": say("and {others} other parties, {working} of which work in this round"),
            "what": {
                "": say("It is not asked in this round."), "c": say("It takes part."),
                "n": say("Its work comes too late and does not count."),
                "l": say("It is late and sends what it has done so far."),
                "s": say("It falls silent: its report never comes."), "a": say("It lies."),
            },
        },
    }  # fmt: skip


def _ways(prepared: Prepared) -> list[str]:
    """What happens to a message on its way, as the page draws it."""
    experiment = prepared.experiment
    if nothing_travels(experiment.algorithm):
        return []
    on = {
        "coded": experiment.compression.name != "none",
        "masked": experiment.secure_sum.name != "none",
        "noisy": experiment.privacy.name != "none",
    }
    return [name for name, so in on.items() if so]


def _legend(prepared: Prepared) -> list[list[str]]:
    """The signs that can occur in this experiment, each with its meaning."""
    experiment = prepared.experiment
    if nothing_travels(experiment.algorithm):
        return []
    late = (
        say("straggler: sends what it has")
        if experiment.algorithm.keeps_partial_work
        else say("straggler: too late, does not count")
    )
    signs = [
        ("model", say("the shared model"), True),
        ("update", say("what a party sends"), True),
        ("l", late, experiment.stragglers > 0),
        ("s", say("falls silent"), experiment.dropouts > 0),
        ("a", say("attack: {title}", title=say(experiment.attack.title)), experiment.attack.name != "none"),
        ("coded", say("compression: {title}", title=say(experiment.compression.title)), True),
        ("masked", say("masked: the server reads only the sum"), True),
        ("noisy", say("clipped, with noise"), True),
    ]
    ways = _ways(prepared)
    return [
        [sign, text] for sign, text, so in signs if so and (sign not in ("coded", "masked", "noisy") or sign in ways)
    ]


def _steps(prepared: Prepared, rule: str, about_rule: str) -> dict[str, list[str]]:
    """A sentence for each of the six steps; `first` in round 1, `later` after it; `preview` before it is trained."""
    algorithm = prepared.experiment.algorithm
    again = say("Round {number} of {of} is done. Repeat until the model gets no better.")
    draws = say("The server draws the first shared model: {size:,} weights.", size=prepared.size)
    held = say("The server has the shared model of round {before}.")
    if nothing_travels(algorithm):
        works = say(algorithm.lesson)
        rest = [works, say("Nothing is sent."), say("Nothing is averaged."), say("No model goes out.")]
        return {"first": [draws, *rest, again], "later": [held, *rest, again], "preview": [draws, *rest, again]}
    rest = [
        say("The model goes out to {chosen} parties, {down} each. They train it on their own data, which stays there."),
        say("{counted} parties send back what training has changed, {up} each: a thicker line carries more."),
        say("The server makes one of {counted} messages: {rule}. {about}", rule=rule, about=about_rule,
            counted="{counted}"),
        say("The new shared model has {accuracy} of the test examples right. It goes out with the next round."),
    ]  # fmt: skip
    before = [
        say("The model goes out to {chosen} parties. They train it on their own data, which stays there."),
        say("{counted} parties send back what training has changed."),
        rest[2],
        say("The new shared model goes out with the next round."),
    ]
    return {
        "first": [draws, *rest, again],
        "later": [held, *rest, again],
        "preview": [draws, *before, say("Repeat, {of} rounds in all or until the model gets no better.")],
    }
