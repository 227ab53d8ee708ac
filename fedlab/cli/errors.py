"""How the command line says that something went wrong: one sentence, and an exit code."""

from __future__ import annotations

import click


class Refused(click.ClickException):
    """Something that was asked for cannot be done."""

    exit_code = 2


class Incomplete(click.ClickException):
    """Not everything could be computed or written."""

    exit_code = 1


class Interrupted(Incomplete):
    """Somebody wants the program to end."""

    def __init__(self, sentence: str, signal_number: int):
        super().__init__(sentence)
        self.exit_code = 128 + signal_number  # type: ignore[misc]  # as shells count
