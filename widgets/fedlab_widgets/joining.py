"""The class as the federation, for a student: what would run here and what would leave; then what did."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from fedlab.engines import require_flower
from fedlab.text import say
from fedlab_widgets.desk import Desk, button, megabytes, table
from fedlab_widgets.picture import Picture

if TYPE_CHECKING:
    from fedlab.network import Invitation, Membership

LAST = 8  # rounds in the table
ASK = 2.0  # seconds after which the server is asked again
TILES = 10  # units of the update that are shown as images


class Joining(Desk):
    """What `join` shows. membership: None before the owner of this machine has agreed."""

    def __init__(self, code: str, data: Any, name: str, folder: str | Path | None):
        self._code, self._data, self._name, self._folder = code, data, name, folder
        self.invitation: Invitation | None = None
        self.membership: Membership | None = None
        self._stage = "looking"
        self._picture = Picture(560, 114, heights=(1, 1))
        self._picture.view = widgets.HTML("", layout={"max_width": "580px"})
        self._drawn = 0
        self._asked = 0.0  # when the server was asked how far it is
        self._news: Mapping[str, Any] | None = None  # and what it said
        super().__init__(self._picture.view)
        self._beside("fedlab invitation", self._look)
        self._watch("fedlab party's desk")

    def approve(self) -> None:
        """Agree: the party's node starts here."""
        from fedlab.network import join as take_part

        if self.invitation is None or self._stage != "asked":
            raise ValueError(say("There is nothing to agree to."))
        self._stage = "joining"
        self._draw()
        try:
            data = (self._data.x, self._data.y) if hasattr(self._data, "x") else self._data
            membership = take_part(self.invitation, data, name=self._name, folder=self._folder)
        except BaseException:
            self._stage = "asked"
            raise
        self.membership, self._stage = membership, "in"
        if self._over.is_set():
            membership.leave()

    def _look(self) -> None:
        from fedlab.network import look_at

        require_flower()
        try:
            self.invitation = look_at(self._code)
            self._stage = "asked"
        except BaseException:
            self._stage = "refused"
            raise

    def _acts(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "approve": lambda: self._beside("fedlab joins", self.approve),
            "refuse": self._refuse,
            "leave": self._leave,
            "again": lambda: self._beside("fedlab joins", self._come_back),
        }

    def _refuse(self) -> None:
        self._stage = "refused"

    def _leave(self) -> None:
        if self.membership:
            self._stage = "left"
            self.membership.leave()

    def _come_back(self) -> None:
        self._folder, self._stage = self.membership.folder if self.membership else self._folder, "asked"
        self.approve()

    def _end(self) -> None:
        if self.membership:
            self.membership.leave()

    def _ask(self) -> None:
        """How far the server is; when its last round is over, so is this party's part."""
        if self._stage != "in" or self.membership is None or time.monotonic() - self._asked < ASK:
            return
        self._asked, self._news = time.monotonic(), self.membership.news()
        if self._news and self._news["state"] in ("finished", "stopped"):
            self._stage = "over"
            self.membership.leave()

    def _in(self) -> str:
        """How it stands, while this party takes part."""
        if self._news is None and self._asked:
            return say("You take part. The server does not answer just now: your party waits for it.")
        return say("You take part.")

    def _over_title(self) -> str:
        accuracy = (self._news or {}).get("accuracy")
        if accuracy is None:
            return say("The run is over.")
        return say(
            "The run is over: the shared model has {percent:.1f} % of the server's test images right.",
            percent=100 * accuracy,
        )

    def _shown(self) -> dict[str, Any]:
        titles = {
            "over": self._over_title(),
            "looking": say("Looking at what the code leads to …"),
            "asked": say("Nothing has run yet. May this run on your machine?"),
            "joining": say("Joining: your party's node starts, which takes some seconds."),
            "in": self._in(),
            "left": say("You have left. What your party remembers is still here."),
            "refused": say("Nothing has run here, and nothing but your code's token was told."),
        }
        buttons = {
            "asked": [
                button("approve", say("Yes, take part"), main=True),
                button("refuse", say("No")),
            ],
            "in": [button("leave", say("Leave"), about=say("End your party's node; you may come back"))],
            "left": [button("again", say("Come back"), main=True)],
        }
        stage = "left" if self._stage == "in" and self.membership and self.membership.state == "ended" else self._stage
        return {"title": titles[stage], "buttons": buttons.get(stage, []), "blocks": self._blocks(stage)}

    def _blocks(self, stage: str) -> list[dict[str, Any]]:
        if self.invitation is None or stage == "refused":
            return []
        if self.membership is None:
            return self._question(self.invitation)
        self._paint()
        rounds = [one for one in self.membership.rounds if "trouble" not in one]
        trouble = [{"says": one["trouble"]} for one in self.membership.rounds[-1:] if "trouble" in one]
        sent = sum(one["bytes"] for one in self.membership.sent)
        own = (self.membership.folder / "examples.npz").stat().st_size
        head = [say("round"), say("the shared model on your images"), say("your loss while training"), say("sent")]
        rows = [
            [str(one["round"]), f"{100 * one['shared model on own']:.1f} %", f"{one['own training loss']:.3f}",
             megabytes(one["bytes up"])]
            for one in rounds[-LAST:]
        ]  # fmt: skip
        total = say(
            "What has left so far: {sent}, all of it numbers about the model. Your images, {own}, are where they were.",
            sent=megabytes(sent),
            own=megabytes(own),
        )
        return [*trouble, table(say("Your party"), head, rows), {"says": total}, *self._caption()]

    def _caption(self) -> list[dict[str, Any]]:
        if not self._drawn:
            return []
        picture = say(
            "First row: some of your images, which stay here. Second row: the update that left last, for {count} units "
            "of the first layer how each pixel's weight changes. It is no image of yours; but of few images an "
            "attacker can read much from it, as the lesson on what the server sees shows.",
            count=TILES,
        )  # fmt: skip
        return [{"says": picture}]

    def _question(self, invitation: Invitation) -> list[dict[str, Any]]:
        experiment = invitation.experiment
        about = say(
            "{algorithm}, {rounds} rounds, {parties} parties; you are party {party}. The server's certificate is the "
            "one that your code is about.",
            algorithm=say(experiment.algorithm.title), rounds=experiment.rounds, parties=invitation.parties,
            party=invitation.party,
        )  # fmt: skip
        runs = table(
            say("What would run here"),
            [say("what"), say("version or hash")],
            [list(one) for one in invitation.runs_here],
        )
        leaves = table(
            say("What would leave"), [say("when"), say("what")], [list(one) for one in invitation.leaves_here]
        )
        return [{"says": about}, runs, leaves]

    def _paint(self) -> None:
        """Some images of this party, and below them the newest update as images: what its first layer changes."""
        assert self.membership
        assert self.invitation
        path, shape = self.membership.folder / "last.npz", self.invitation.shape
        number = len(self.membership.rounds)
        if len(shape) != 2 or number == self._drawn or not path.exists():
            return
        try:
            from fedlab.network.ledger import EXAMPLES, examples_in
            from fedlab.parcels import load

            update = load(path).arrays[0]
            own = examples_in(self.membership.folder / EXAMPLES)[0][:TILES]
        except (ValueError, OSError):
            return
        kernel = self.invitation.experiment.model.kernels(shape, self.invitation.classes)[0]
        if update.ndim != 1 or len(update) < np.prod(kernel) or len(kernel) != 2:
            return
        self._drawn = number
        tiles = update[: int(np.prod(kernel))].reshape(kernel)[:, :TILES].T.reshape(-1, *shape)
        paper = np.zeros((TILES, *shape))
        paper[: len(own)] = own.reshape(-1, *shape) / max(1, own.max())
        above, below = self._picture.begin()
        above.imshow(np.hstack([np.pad(tile, 1) for tile in paper]), cmap="gray_r", vmin=0, vmax=1)
        most = abs(tiles).max()
        below.imshow(np.hstack([np.pad(tile, 1) for tile in tiles]), cmap="PuOr", vmin=-most, vmax=most)
        for ax in (above, below):
            ax.set_axis_off()
        self._picture.show(
            say(
                "Above: some of your images, which stay. Below: the update that left last, as {count} images.",
                count=len(tiles),
            )
        )

    def __repr__(self) -> str:
        return say("A party of a federation, for its owner.")


def join(code: str, data: Any = None, *, name: str = "", folder: str | Path | None = None) -> Joining:
    """Look at what a join code leads to; nothing runs before its owner has pressed *Yes, take part*.

    data: an .npz with x and y, a pair of arrays, or a `DigitPad`; None takes what the experiment deals to this party.
    """
    return Joining(code, data, name, folder)
