"""What a stage is: something that happens to a message on its way. The base of each role does nothing to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from fedlab.messages import Message
from fedlab.settings import Kind


class Stage(Kind):
    """Something that happens to each party's message, or to what the server made of all of them."""

    def at_party(self, up: Message, own: Any, rng: np.random.Generator, party: int) -> tuple[Message, Any]:
        """The message as it leaves this stage, and what the party remembers of it until its next round.

        up: arrays, as the stage before sent them. own: what the party remembers; None the first time. rng: draws of
        this stage, party and round.
        """
        return up, own

    def at_server(self, mean: Message, parties: Sequence[int], rng: np.random.Generator) -> Message:
        """What becomes of the parties' mean before the server's step.

        parties: the numbers of those whose messages are in it. rng: draws of this stage and round.
        """
        return mean


class Attack(Stage):
    """What dishonest parties do to what they send. This base is the kind `none`: nobody does anything."""

    name: ClassVar[str] = "none"
    title: ClassVar[str] = "Nobody lies"
    lesson: ClassVar[str] = "Every party sends what its training came to."


class Privacy(Stage):
    """What hides a single party in the result: clipping at the party, noise. This base is the kind `none`."""

    name: ClassVar[str] = "none"
    title: ClassVar[str] = "No noise"
    lesson: ClassVar[str] = "Messages are neither clipped nor hidden in noise."


class Compression(Stage):
    """What makes messages smaller. This base is the kind `none`."""

    name: ClassVar[str] = "none"
    title: ClassVar[str] = "All of it"
    lesson: ClassVar[str] = "Every number is sent, with 32 bits."


class SecureSum(Stage):
    """What hides each message from the server and leaves their sum. This base is the kind `none`."""

    name: ClassVar[str] = "none"
    title: ClassVar[str] = "Open messages"
    lesson: ClassVar[str] = "The server sees what each single party sends."
