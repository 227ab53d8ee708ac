"""The command line: fedlab run | compare | lab.

Its flags are the settings of the experiment, the partitions and the algorithms (`cli_settings.py`). Whatever is wrong
with them is said in one sentence, with exit code 2, before TensorFlow starts. What was computed is saved, however a
run ends.
"""

from __future__ import annotations

import os
import signal
import threading
import warnings
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from tqdm import tqdm

from fedlab.cli.files import Files, file_options
from fedlab.cli.results import comparison, round_line
from fedlab.cli.settings import Refused, described, setting_options
from fedlab.differences import differences
from fedlab.experiment import Experiment
from fedlab.federation import Diverged, run
from fedlab.history import History
from fedlab.engines.tensorflow_setup import TensorFlowMissing

REPOSITORY = Path(__file__).parents[1]  # the lessons are there, and not in the installed package
FIRST_LESSON = "notebooks/00_start_here.ipynb"


class Incomplete(click.ClickException):
    """Not everything could be computed; the message says why."""

    exit_code = 1


class Interrupted(Incomplete):
    """Ctrl-C was pressed."""

    exit_code = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="fedlab-kit", prog_name="fedlab")
def main() -> None:
    """Federated learning on MNIST: run it, compare algorithms, or open the lab."""


@main.command("run")
@setting_options
@file_options
def run_command(experiments: list[Experiment], files: Files) -> None:
    """Run one experiment and print a line for each round."""
    if len(experiments) > 1:
        raise Refused("fedlab run takes each setting once; fedlab compare runs several values.")
    click.echo(described(experiments[0]))
    (history,), troubles = train_all(experiments, files)
    if history.rounds:
        click.echo(f"Final test accuracy {100 * history.rounds[-1].test_accuracy:.2f} %.")
    click.echo(f'The same again: fedlab run --from "{experiments[0].link()}"')
    finish(troubles)


@main.command("compare")
@setting_options
@file_options
def compare_command(experiments: list[Experiment], files: Files) -> None:
    """Run several experiments: one picture, one table.

    Give any setting more than once and all combinations run. A setting that only some algorithms or partitions have
    goes to those. Several seeds give a mean and its spread.

    \b
    fedlab compare --algorithm fedavg --algorithm fedprox --mu 0.1 --mu 1 --seed 0 --seed 1 --seed 2
    """
    files = replace(files, several=True, plot=files.plot or Path("comparison.png"))
    click.echo(f"{len(experiments)} runs")
    histories, troubles = train_all(experiments, files)
    click.echo(comparison(histories))
    finish(troubles)


@main.command("lab", context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def lab_command(options: tuple[str, ...]) -> None:
    """Open JupyterLab on the first lesson.

    Any option, such as --no-browser or --port 9000, goes to JupyterLab.
    """
    if not (REPOSITORY / FIRST_LESSON).exists():
        raise Refused("The lessons are not in the installed package: clone the repository and type `make lab` in it.")
    try:
        import voila  # noqa: F401  when imported, it asks to see a deprecation that is Jupyter's own matter
        from jupyterlab.labapp import LabApp
    except ImportError:
        raise Refused("JupyterLab is not installed. Install it with: pip install jupyterlab voila") from None
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="traitlets")
    LabApp.launch_instance([*jupyter_options(), *options])


def jupyter_options() -> list[str]:
    """How JupyterLab starts: in the repository, on the first lesson, on machines without a browser and for root too."""
    options = [
        f"--ServerApp.root_dir={REPOSITORY}",
        f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}",
        f"--LabApp.app_settings_dir={REPOSITORY / 'binder' / 'jupyterlab'}",  # asks the network for nothing
        "--Application.log_level=ERROR",  # the address is told all the same, and easy to find
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    try:
        webbrowser.get()
    except webbrowser.Error:
        options.append("--no-browser")
    return options


def train_all(experiments: list[Experiment], files: Files) -> tuple[list[History], list[Incomplete]]:
    """Run the experiments one after another; save what was computed, however that ends."""
    histories = [History(experiment) for experiment in experiments]
    names = differences(experiments) if len(experiments) > 1 else [""]
    troubles: list[Incomplete] = []
    try:
        with ctrl_c() as check, tqdm(total=sum(e.rounds for e in experiments), unit=" rounds", disable=None) as bar:
            for history, name in zip(histories, names, strict=True):
                if name:
                    tqdm.write(name)
                try:
                    train(history, bar, check)
                except Diverged as error:
                    troubles.append(Incomplete(f"{name}: {error}".removeprefix(": ")))
    except TensorFlowMissing as error:
        troubles.append(Incomplete(str(error)))
    except Interrupted as error:
        troubles.append(error)
    finally:
        files.save(histories)
    return histories, troubles


def train(history: History, bar: tqdm, check: Callable[[], None]) -> None:
    """Run one experiment into its history, a line for each round."""
    for one in run(history.experiment, between_chunks=check):
        history.append(replace(one, state=None))  # nobody forks from here: keep no models
        bar.update()
        tqdm.write(round_line(one, history.experiment.rounds))


def finish(troubles: list[Incomplete]) -> None:
    """End with what went wrong, if anything did: a sentence each, and the last one's exit code."""
    for trouble in troubles[:-1]:
        trouble.show()
    if troubles:
        raise troubles[-1]


@contextmanager
def ctrl_c() -> Iterator[Callable[[], None]]:
    """A check that raises `Interrupted` once Ctrl-C was pressed; Ctrl-C a second time ends the program at once."""
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def press(number: int, frame: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)

    def check() -> None:
        if pressed.is_set():
            raise Interrupted("Stopped by Ctrl-C.")

    signal.signal(signal.SIGINT, press)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
