"""What `run` and `compare` do: train one experiment after another, save what was computed, stop when asked to."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import click
from tqdm import tqdm

from fedlab.cli.errors import Incomplete, Interrupted, Refused
from fedlab.cli.files import Files
from fedlab.cli.results import round_line
from fedlab.differences import differences
from fedlab.engines import FlowerBroken, FlowerMissing, engine_for
from fedlab.engines.flower_simulation import require_simulation
from fedlab.engines.tensorflow_setup import TensorFlowMissing
from fedlab.experiment import Experiment
from fedlab.federation import prepare, run
from fedlab.history import History
from fedlab.party import CannotTrain
from fedlab.rounds import Diverged
from fedlab.text import say

STOPPING = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "SIGHUP"}  # signals, and what a learner calls them
SHARE = 10  # a comparison is saved after every run, but not within so many times what saving took


def require_runnable(experiments: Sequence[Experiment], engine: str | None) -> None:
    """Refuse them all, before any of them trains, if there is one that cannot."""
    for experiment, name in zip(experiments, names_of(experiments), strict=True):
        try:
            prepared = prepare(experiment)
            if engine == "numpy":  # the others take every model, and are started only to train
                engine_for(prepared, engine)
            if engine == "flower":
                require_simulation(experiment)
        except (ValueError, FlowerMissing) as error:
            raise Refused(of_run(name, error)) from None


def train_all(
    experiments: Sequence[Experiment], engine: str | None, files: Files
) -> tuple[list[History], list[click.ClickException]]:
    """Run the experiments one after another; save what was computed, after each of them and however that ends.

    Returns the histories, and what went wrong.
    """
    histories = [History(experiment) for experiment in experiments]
    troubles: list[click.ClickException] = []
    unsaved: list[Incomplete] = []
    save_again = 0.0
    with stopped_by_signals() as check:
        try:
            with tqdm(total=sum(e.rounds for e in experiments), unit=" " + say("rounds"), disable=None) as bar:
                for history, name in zip(histories, names_of(experiments), strict=True):
                    if (began := time.monotonic()) >= save_again:
                        files.save(histories)
                        save_again = time.monotonic() + SHARE * (time.monotonic() - began)
                    if name:
                        tell(name)
                    try:
                        train(history, engine, bar, check)
                    except Diverged as error:
                        troubles.append(Incomplete(of_run(name, error)))
                    except CannotTrain as error:
                        troubles.append(Refused(of_run(name, error)))
        except (TensorFlowMissing, FlowerBroken) as error:
            troubles.append(Incomplete(str(error)))
        except Interrupted as error:
            troubles.append(error)
        finally:
            unsaved += files.save(histories)
    return histories, [*unsaved, *troubles]


def train(history: History, engine: str | None, bar: tqdm, check: Callable[[], None]) -> None:
    """Run one experiment into its history, a line for each round."""
    for one in run(history.experiment, engine=engine, between_chunks=check):
        history.append(replace(one, state=None))  # nobody forks from here: keep no models
        bar.update()
        tell(round_line(one, history.experiment.rounds))


def tell(line: str) -> None:
    """Print a line above the progress bar, at once."""
    with tqdm.external_write_mode():
        click.echo(line)


def names_of(experiments: Sequence[Experiment]) -> list[str]:
    """What tells several runs apart; a single one needs no name."""
    return differences(experiments) if len(experiments) > 1 else [""]


def of_run(name: str, sentence: object) -> str:
    """A sentence about one of several runs."""
    return say("{run}: {sentence}", run=name, sentence=sentence) if name else str(sentence)


def finish(troubles: list[click.ClickException]) -> None:
    """End with what went wrong, if anything did: a sentence each, and the last one's exit code."""
    for trouble in troubles[:-1]:
        trouble.show()
    if troubles:
        raise troubles[-1]


@contextmanager
def stopped_by_signals() -> Iterator[Callable[[], None]]:
    """A check that raises `Interrupted` once Ctrl-C was pressed, the terminal closed, or a batch system wants an end.

    Ctrl-C a second time ends the program at once. Under nohup, which lets a program outlive its terminal, it does.
    """
    numbers = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    caught = [n for n in numbers if n == signal.SIGINT or before[n] != signal.SIG_IGN]
    asked = threading.Event()
    by = signal.SIGINT

    def stop(number: int, frame: object) -> None:
        nonlocal by
        by = signal.Signals(number)
        asked.set()
        if number == signal.SIGINT:
            signal.signal(number, before[number])

    def check() -> None:
        if asked.is_set():
            raise Interrupted(say("Stopped by {signal}.", signal=STOPPING[by.name]), by)

    for number in caught:
        signal.signal(number, stop)
    try:
        yield check
    finally:
        for number in caught:
            signal.signal(number, before[number])
