"""The class as the federation, for the teacher: the curve, who is there, who has reported; start, pause, put out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fedlab import Experiment
from fedlab.engines import require_flower
from fedlab.text import say
from fedlab_widgets.curves import Curves
from fedlab_widgets.desk import Desk, button, table
from fedlab_widgets.session import Session

if TYPE_CHECKING:
    from fedlab.network import Federation, Party

STATES = {  # of a party, with a sign that does not need colour
    "not joined": "○ not here yet",
    "waiting": "◌ waiting",
    "working": "… working",
    "reported": "✓ has reported",
    "late": "! late",
    "away": "✗ away",
    "kicked": "✗ put out",
}
TITLES = {
    "closed": "The doors are closed: nobody can join, and nothing runs.",
    "opening": "Opening: Flower starts, which takes some seconds.",
    "waiting": "The doors are open at {address}. It begins when all are here.",
    "running": "Round {round} of {rounds} is under way.",
    "paused": "Paused after round {done} of {rounds}.",
    "stopped": "Stopped after {done} of {rounds} rounds.",
    "finished": "Finished after {done} rounds: the shared model has {percent} % of the test images right.",
    "broken": "A process of the server has died. Close, and open again with the same folder: it goes on.",
}


class Classroom(Desk):
    """experiment: what the class runs; it has as many join codes as the experiment has parties.

    options: host, port, folder, patience, as `fedlab.network.host` takes them. Nothing starts before *Open the doors*.

    >>> Classroom(Experiment(parties=4, examples=1_000, rounds=5), host="192.168.1.20", port=8443)
    """

    def __init__(self, experiment: Experiment | None = None, **options: Any):
        self._experiment = experiment or Experiment(parties=4, examples=1_000, rounds=5)
        self._options = options
        self._federation: Federation | None = None
        self._opening = False
        self._session = Session(self._experiment)
        self._curves = Curves(self._session, empty=say("no round yet"))
        self._run = self._session.runs.begin(self._experiment)
        super().__init__(self._curves.view)
        self._watch("fedlab classroom")

    @property
    def federation(self) -> Federation | None:
        """What it shows; None as long as the doors are closed."""
        return self._federation

    @property
    def codes(self) -> list[str]:
        """The join codes; none as long as the doors are closed."""
        return self._federation.codes if self._federation else []

    def open(self) -> None:
        """Open the doors, and wait until they are."""
        from fedlab.network import host

        require_flower()
        self._opening = True
        self._draw()
        try:
            federation = host(self._experiment, **self._options)
        finally:
            self._opening = False
        if self._over.is_set():
            federation.close()
        self._federation = federation

    def _acts(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "open": lambda: self._beside("fedlab doors", self.open),
            "start": lambda: self._there().start(),
            "pause": lambda: self._there().pause(),
            "stop": lambda: self._there().stop(),
            "kick": lambda party: self._there().kick(int(party)),
        }

    def _there(self) -> Federation:
        if self._federation is None:
            raise ValueError(say("The doors are closed."))
        return self._federation

    def _end(self) -> None:
        if self._federation:
            self._federation.close()
        self._session.close()

    def _shown(self) -> dict[str, Any]:
        state = "opening" if self._opening else self._federation.state if self._federation else "closed"
        self._grow()
        done, rounds = len(self._run.history), self._experiment.rounds
        accuracy = self._run.history.rounds[-1].test_accuracy if done else 0.0
        address = self._federation.address if self._federation else ""
        title = say(
            TITLES[state], address=address, round=min(done + 1, rounds), rounds=rounds, done=done,
            percent=f"{100 * accuracy:.1f}",
        )  # fmt: skip
        return {"title": title, "buttons": self._buttons(state), "blocks": self._blocks()}

    def _buttons(self, state: str) -> list[dict[str, Any]]:
        if state in ("closed", "opening"):
            return [button("open", say("Open the doors"), main=True, off=state == "opening")]
        over = state in ("finished", "stopped", "broken")
        begin = say("Go on") if state == "paused" else say("Start with those who are here")
        return [
            button("start", begin, main=True, off=over or state == "running"),
            button("pause", say("Pause"), off=state != "running", about=say("Let the round end, then wait")),
            button("stop", say("Stop"), off=over, about=say("End the run; the rounds so far stay")),
        ]

    def _blocks(self) -> list[dict[str, Any]]:
        if self._federation is None:
            return [
                {
                    "says": say(
                        "A join code is good for one party. Hand them out; the codes are shown when the doors open."
                    )
                }
            ]
        head = [say("party"), say("state"), say("images"), say("last round"), "", say("join code")]
        rows = [self._row(party) for party in self._federation.parties]
        told = [{"says": sentence} for sentence in self._federation.told[-3:]]
        names = {party.number: party.name for party in self._federation.parties}
        silent = [
            {"says": say("Round {round} went on without {name}: {reason}.", round=one["round"],
                         name=names[one["party"]], reason=one["reason"])}
            for one in self._federation.silent[-3:]
        ]  # fmt: skip
        return [table(say("The class"), head, rows), *told, *silent]

    def _row(self, party: Party) -> list[Any]:
        out: Any = ""
        if party.examples and party.state != "kicked":
            about = say("Put {name} out: its code and its key are worth nothing any more", name=party.name)
            out = button("kick", say("Put out"), about=about, party=party.number)
        code = "" if party.examples else party.code
        return [party.name, say(STATES[party.state]), f"{party.examples:,}" if party.examples else "–",
                str(party.last_round or "–"), out, code]  # fmt: skip

    def _grow(self) -> None:
        """Draw the rounds that are new."""
        if self._federation is None:
            return
        new = self._federation.history.rounds[len(self._run.history) :]
        for one in new:
            self._run.history.append(one)
        if new:
            self._session.changed("runs")
            self._curves.draw()

    def __repr__(self) -> str:
        return say("A federation for a class of {parties} parties, for its teacher.", parties=self._experiment.parties)
