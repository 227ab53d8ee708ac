"""The command line: `fedlab run`, `fedlab compare`, `fedlab lab`."""

from fedlab.cli.commands import main

__all__ = ["main"]
