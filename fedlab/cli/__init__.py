"""The command line: `fedlab run`, `fedlab compare`, `fedlab check`, `fedlab lab`.

commands    the four commands
settings    their flags: one for each setting; which experiments they make
files       what they write: --json, --csv, --plot
running     what `run` and `compare` do: train, save, stop when asked to
results     what they show
check       what `check` shows
jupyter     how `lab` starts JupyterLab
federation  `federation start` and `federation join`: a server and its parties
party       `party deal`, `train`, `merge`, `judge`: the six steps by hand, with files
export      `export`: an experiment as a program for another framework
"""

from fedlab.cli.commands import main

__all__ = ["main"]
