"""The commands: fedlab run | compare | check | lab | voila | federation | party | export.

Whatever is wrong with what was asked for is said in one sentence, with exit code 2, before anything trains. What was
computed is saved, however a run ends.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import click

from fedlab.cli.check import check_notebooks
from fedlab.cli.errors import Incomplete, Refused
from fedlab.cli.export import export_command
from fedlab.cli.federation import federation_group
from fedlab.cli.files import Files, file_options, writable
from fedlab.cli.jupyter import open_lab, open_page
from fedlab.cli.party import party_group
from fedlab.cli.results import comparison
from fedlab.cli.running import finish, require_runnable, train_all
from fedlab.cli.settings import described, setting_options
from fedlab.experiment import Experiment
from fedlab.text import say


class Program(click.Group):
    """A group of commands that runs wherever its output goes."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        require_streams()
        try:
            return super().main(*arguments, **options)
        except OSError as error:  # from printing: what is behind > is full, or the terminal is gone
            with suppress(OSError):
                Incomplete(say("The output ended: {reason}.", reason=error.strerror)).show()
            sys.exit(Incomplete.exit_code)


def require_streams() -> None:
    """Let no output be the end of a run: characters that it has not become ?, and without one, words go nowhere."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed, as after 2>&-; opened again, so that no file of ours gets its number
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=say("Federated learning: run it, compare algorithms, or open the lab."),
)
@click.version_option(package_name="fedlab-kit", prog_name="fedlab")
def main() -> None:
    """The program: a group of commands."""


@main.command("run", help=say("Run one experiment and print a line for each round."))
@partial(setting_options, table=True)
@file_options()
def run_command(experiments: list[Experiment], engine: str | None, files: Files) -> None:
    """One experiment."""
    if len(experiments) > 1:
        raise Refused(say("fedlab run takes each setting once; fedlab compare runs several values."))
    require_runnable(experiments, engine)
    click.echo(described(experiments[0]))
    (history,), troubles = train_all(experiments, engine, files)
    if history.rounds:
        percent = 100 * history.rounds[-1].test_accuracy
        click.echo(say("Final test accuracy {percent:.2f} %.", percent=percent))
        if (area := history.rounds[-1].test_auc) is not None:
            click.echo(say("Final test AUC {auc:.3f}.", auc=area))
    if not experiments[0].own_kinds:  # no link can hold a table of one's own
        flags = f'--from "{experiments[0].link()}"' + (f" --engine {engine}" if engine else "")
        click.echo(say("The same again: {command}", command="fedlab run " + flags))
    finish(troubles)


@main.command(
    "compare",
    help=say(
        "Run several experiments: one picture, one table.\n\n"
        "Give any setting more than once and all combinations run. A setting that only some algorithms, partitions or "
        "other kinds have goes to those. Several seeds give a mean and its spread.\n\n"
        "\b\nfedlab compare --algorithm fedavg --algorithm fedprox --mu 0.1 --mu 1 --seed 0 --seed 1 --seed 2"
    ),
)
@partial(setting_options, table=True)
@file_options(plot="comparison.png", several=True)
def compare_command(experiments: list[Experiment], engine: str | None, files: Files) -> None:
    """Every combination of the given values."""
    require_runnable(experiments, engine)
    click.echo(say("{number} runs", number=len(experiments)))
    histories, troubles = train_all(experiments, engine, files)
    click.echo(comparison(histories))
    finish(troubles)


@main.command(
    "check",
    help=say(
        "Check the exercises in notebooks of the lessons, and count the points.\n\n"
        "Answers are found by the names of their functions, in whatever cells they are; only what they need is run. "
        "The exit code is 0 if all points are there, 1 if not, and 2 if a notebook cannot be checked.\n\n"
        "\b\nfedlab check notebooks/01_six_steps.ipynb\nfedlab check submitted/*/*.ipynb --json points.json"
    ),
)
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--json",
    type=click.Path(path_type=Path),
    metavar=say("FILE"),
    callback=writable,
    help=say("Write what came of each exercise too."),
)
@click.pass_context
def check_command(context: click.Context, notebooks: tuple[Path, ...], json: Path | None) -> None:
    """The exercises of notebooks."""
    context.exit(check_notebooks(notebooks, json))


@main.command(
    "lab",
    context_settings={"ignore_unknown_options": True},
    help=say(
        "Open JupyterLab on the first lesson.\n\n"
        "Any option, such as --no-browser or --port 9000, goes to JupyterLab, and goes before what it is given here."
    ),
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def lab_command(options: tuple[str, ...]) -> None:
    """JupyterLab."""
    open_lab(options)


@main.command(
    "voila",
    context_settings={"ignore_unknown_options": True},
    help=say(
        "Show a lesson as a page with text and labs, without code: the first one, or the notebook that is named.\n\n"
        "Any option, such as --no-browser or --theme=dark, goes to Voilà.\n\n"
        "\b\nfedlab voila notebooks/03_non_iid.ipynb"
    ),
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def voila_command(options: tuple[str, ...]) -> None:
    """Voilà."""
    open_page(options)


main.add_command(federation_group)
main.add_command(party_group)
main.add_command(export_command)
