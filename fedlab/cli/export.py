"""fedlab export: leave the kit with an experiment, as a small program for another framework."""

from __future__ import annotations

from pathlib import Path

import click

from fedlab.bridges import TARGETS
from fedlab.cli.errors import Refused
from fedlab.cli.files import reason
from fedlab.cli.settings import described, setting_options
from fedlab.experiment import Experiment
from fedlab.rounds import Diverged
from fedlab.text import say


@click.command(
    "export",
    help=say(
        "Write an experiment as a small program for another framework, with the data and the kit's own result.\n\n"
        "\b\nfedlab export --to flower my_app --parties 3 --examples 3000 --rounds 5"
    ),
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", "target", required=True, metavar="|".join(TARGETS), help=say("Which framework."))
@setting_options
def export_command(folder: Path, target: str, experiments: list[Experiment], engine: str | None) -> None:
    """One experiment, for one framework."""
    if target not in TARGETS:
        raise Refused(
            say("There is no way to {target}: choose one of {targets}.", target=target, targets=", ".join(TARGETS))
        )
    if len(experiments) > 1:
        raise Refused(say("fedlab export takes each setting once."))
    if engine:
        raise Refused(say("The kit's own result is made by the first engine that can: leave --engine out."))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(say("{folder} is there already: give the name of a new folder.", folder=folder))
    try:
        written = TARGETS[target].export(experiments[0], folder)
    except (ValueError, Diverged) as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(
            say("{path} is not written: {reason}.", path=error.filename or folder, reason=reason(error))
        ) from None
    click.echo(described(experiments[0]))
    click.echo(say("Written: {number} files in {folder}; read its README.md.", number=len(written), folder=folder))
