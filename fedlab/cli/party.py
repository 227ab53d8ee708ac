"""fedlab party deal | train | merge | judge: the six steps by hand, with files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from fedlab.cli.errors import Refused
from fedlab.cli.files import reason
from fedlab.cli.results import round_line
from fedlab.cli.settings import described, setting_options
from fedlab.experiment import Experiment
from fedlab.rounds import Diverged
from fedlab.text import say

FILE = click.Path(path_type=Path)


@click.group(
    "party",
    help=say(
        "Federated learning by hand: files instead of a network, by USB stick or by mail.\n\n"
        "\b\nfedlab party deal desk --parties 3 --examples 300\n"
        "fedlab party train --model desk/round1.npz --data desk/party0.npz -o update0.npz\n"
        "fedlab party merge update0.npz update1.npz --model desk/round1.npz -o round2.npz"
    ),
)
def party_group() -> None:
    """The six steps by hand."""


@party_group.command("deal", help=say("Write the first round's file, and for each party one with its own examples."))
@click.argument("folder", type=FILE)
@setting_options
def deal_command(folder: Path, experiments: list[Experiment], engine: str | None) -> None:
    """Step 1."""
    from fedlab.unplugged import deal

    if len(experiments) > 1:
        raise Refused(say("fedlab party deal takes each setting once."))
    if engine:
        raise Refused(say("Files need no engine: leave --engine out."))
    with in_a_sentence():
        paths = deal(experiments[0], folder)
    click.echo(described(experiments[0]))
    click.echo(say("For the server and for everybody: {path}", path=paths[0]))
    for party, path in enumerate(paths[1:]):
        click.echo(say("For party {party} alone: {path}", party=party, path=path))


@party_group.command("train", help=say("Train a round's model on a party's own file, and write its update."))
@click.option("--model", type=FILE, required=True, metavar=say("FILE"), help=say("The round's file."))
@click.option("--data", type=FILE, required=True, metavar=say("FILE"), help=say("The party's own file."))
@click.option("-o", "--out", type=FILE, required=True, metavar=say("FILE"), help=say("Where the update goes."))
def train_command(model: Path, data: Path, out: Path) -> None:
    """Steps 2 and 3."""
    from fedlab.unplugged import train

    with in_a_sentence():
        report, size = train(model, data, out)
    click.echo(
        say(
            "Party {party} took {steps} steps on {examples} examples: train loss {loss:.4f}. For the server: {out}, "
            "{size:,} bytes of numbers.",
            party=report.party,
            steps=report.steps,
            examples=report.examples,
            loss=report.train_loss,
            out=out,
            size=size,
        )
    )


@party_group.command("merge", help=say("Merge the parties' updates, and write the next round's file."))
@click.argument("updates", nargs=-1, required=True, type=FILE)
@click.option("--model", type=FILE, required=True, metavar=say("FILE"), help=say("The round's file."))
@click.option(
    "-o", "--out", type=FILE, required=True, metavar=say("FILE"), help=say("Where the next round's file goes.")
)
def merge_command(updates: tuple[Path, ...], model: Path, out: Path) -> None:
    """Steps 4 and 5."""
    from fedlab.parcels import load
    from fedlab.unplugged import merge

    with in_a_sentence():
        one = merge(model, updates, out)
    click.echo(round_line(one, load(model).about["rounds"]))
    if one.absent:
        click.echo(say("Asked and not heard of: {absent} of the round's parties.", absent=one.absent))


@party_group.command("judge", help=say("Say how good the shared model in a round's file is, on the test examples."))
@click.argument("model", type=FILE)
def judge_command(model: Path) -> None:
    """The shared model's accuracy."""
    from fedlab.unplugged import accuracy

    with in_a_sentence():
        rounds, right, loss = accuracy(model)
    click.echo(
        say("After {rounds} rounds: test accuracy {percent:.2f} %, test loss {loss:.4f}.",
            rounds=rounds, percent=100 * right, loss=loss)
    )  # fmt: skip


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """Refuse what cannot be done, and what cannot be written, in one sentence."""
    try:
        yield
    except (ValueError, Diverged) as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(
            say("{path} is not written: {reason}.", path=error.filename or say("The file"), reason=reason(error))
        ) from None
