"""fedlab federation start | join: this machine as the server of a real federation, or as a party of one."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedlab.cli.errors import Incomplete, Refused
from fedlab.cli.results import round_line
from fedlab.cli.running import stopped_by_signals
from fedlab.cli.settings import setting_options
from fedlab.experiment import Experiment
from fedlab.text import say

if TYPE_CHECKING:
    from fedlab.network import Federation, Invitation, Membership

PAUSE = 0.3  # seconds between two looks at what has happened
ASK = 1.5  # seconds after which a party asks again how far the run is
LINGER = 4.0  # seconds that a server stays when all is done, so that its parties hear of it


class WithExperiment(click.Command):
    """A command whose first word may be an experiment's file or link, as `--from` takes it."""

    def parse_args(self, context: click.Context, words: list[str]) -> list[str]:
        if words and not words[0].startswith("-"):
            words = ["--from", *words]
        return super().parse_args(context, words)


@click.group(
    "federation",
    help=say("A real federation: this machine is its server, or one of its parties. Needs Flower (flwr)."),
)
def federation_group() -> None:
    """Two commands."""


@federation_group.command(
    "start",
    cls=WithExperiment,
    help=say(
        "Start a server, print a join code for each party, and run the experiment when all have joined.\n\n"
        "EXPERIMENT is a saved experiment or a link; flags change it. With a folder that holds a federation it goes on "
        "from the last round.\n\n"
        "\b\nfedlab federation start --parties 3 --examples 750 --rounds 5\n"
        "fedlab federation start --host 192.168.1.20 --port 8443 --parties 20"
    ),
)
@setting_options
@click.option(
    "--host", default="127.0.0.1", show_default=True, help=say("The address that others reach this machine by.")
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help=say("The one open port; 0 takes a free one."))
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("federation"), show_default=True,
    help=say("Where the server keeps what it needs to go on."),
)  # fmt: skip
@click.option(
    "--patience", type=click.FloatRange(1), default=60.0, show_default=True,
    help=say("Seconds that a round waits for its parties."),
)  # fmt: skip
def start_command(
    experiments: list[Experiment], engine: str | None, host: str, port: int, folder: Path, patience: float
) -> None:
    """The server."""
    if len(experiments) > 1 or engine:
        raise Refused(say("A federation runs one experiment, and each party trains with the engine that it has."))
    with_server(experiments[0], folder, host=host, port=port, patience=patience)


@federation_group.command("join", help=say("Join a federation as a party, once you have seen what that means."))
@click.argument("code")
@click.option(
    "--data", type=click.Path(path_type=Path), help=say("Your own examples: an .npz with the arrays x and y.")
)
@click.option("--name", default="", help=say("What the others see; without it, your party's number."))
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False),
    help=say("Where your key, your data and your party's memory lie; with the same folder you come back as yourself."),
)  # fmt: skip
@click.option("--yes", is_flag=True, help=say("Do not ask whether this may run here."))
def join_command(code: str, data: Path | None, name: str, folder: Path | None, yes: bool) -> None:
    """A party."""
    network = needed()
    try:
        invitation = network.look_at(code)
        show_invitation(invitation)
        if not yes and not click.confirm(say("May this run here?")):
            click.echo(say("Nothing has run, and nothing but your code's token was told."))
            return
        with stopped_by_signals() as check, network.join(invitation, data, name=name, folder=folder) as membership:
            click.echo(say("You take part as {name}. Ctrl-C leaves.", name=membership.name))
            follow_party(membership, check)
    except ValueError as error:
        raise Refused(str(error)) from None


def needed() -> Any:
    """fedlab.network, which needs Flower; `Refused` without it."""
    from fedlab.engines import FlowerMissing, require_flower

    try:
        require_flower()
    except FlowerMissing as error:
        raise Refused(str(error)) from None
    from fedlab import network

    return network


def with_server(experiment: Experiment, folder: Path, **options: Any) -> None:
    """Start a server and tell what happens, until its run is over."""
    network = needed()
    from fedlab.network import ledger

    goes_on = (folder / ledger.FEDERATION).exists() and experiment == Experiment()
    with stopped_by_signals() as check:
        try:
            federation: Federation = network.host(None if goes_on else experiment, folder=folder, **options)
        except ValueError as error:
            raise Refused(str(error)) from None
        with federation:
            show_codes(federation)
            if sys.stdin.isatty():
                click.echo(say("It begins when all are here; Enter begins with those who are."))
                threading.Thread(target=start_on_enter, args=(federation,), daemon=True).start()
            follow_server(federation, check)


def start_on_enter(federation: Federation) -> None:
    """Begin with those who are here when the teacher presses Enter."""
    while sys.stdin.readline():
        if federation.state == "waiting":
            try:
                federation.start()
            except ValueError as error:
                click.echo(str(error))


def show_codes(federation: Federation) -> None:
    where = federation.address
    click.echo(say("The server listens on {address}. What it needs to go on is in {folder}.", address=where,
                   folder=federation.folder))  # fmt: skip
    click.echo(say("A join code for each party, to type after: fedlab federation join"))
    for party in federation.parties:
        click.echo(f"  {party.name}: {party.code}")


def follow_server(federation: Federation, check: Callable[[], None]) -> None:
    """A line for who joins, is turned away or does not answer, and for each round."""
    there: set[int] = {party.number for party in federation.parties if party.examples}
    rounds, silent, told = len(federation.history), len(federation.silent), 0
    while True:
        check()
        state = federation.state
        for party in federation.parties:
            if party.examples and party.number not in there:
                there.add(party.number)
                click.echo(
                    say("{name} has joined with {examples:,} examples.", name=party.name, examples=party.examples)
                )
        for sentence in federation.told[told:]:
            click.echo(sentence)
        told = len(federation.told)
        names = {party.number: party.name for party in federation.parties}
        for line in federation.silent[silent:]:
            click.echo(say("Round {round} goes on without {name}: {reason}.", round=line["round"],
                           name=names[line["party"]], reason=line["reason"]))  # fmt: skip
            silent += 1
        history = federation.history
        for one in history.rounds[rounds:]:
            click.echo(round_line(one, history.experiment.rounds))
        rounds = len(history)
        if state in ("finished", "stopped"):
            if rounds:
                percent = 100 * history.rounds[-1].test_accuracy
                click.echo(say("Final test accuracy {percent:.2f} %.", percent=percent))
            time.sleep(LINGER)
            return
        if state == "broken":
            raise Incomplete(
                say("A process of the server has died: see the logs in {folder}. Start it again with the same folder, "
                    "and it goes on.", folder=federation.folder)
            )  # fmt: skip
        time.sleep(PAUSE)


def show_invitation(invitation: Invitation) -> None:
    experiment = invitation.experiment
    click.echo(
        say(
            "{algorithm}, {rounds} rounds, with {parties} parties; you are party {party}. The server is at "
            "{host}:{port}, and its certificate is the one in your code.",
            algorithm=say(experiment.algorithm.title), rounds=experiment.rounds, parties=invitation.parties,
            party=invitation.party, host=invitation.code.host, port=invitation.code.port,
        )
    )  # fmt: skip
    click.echo(say("What would run on this machine:"))
    for what, version in invitation.runs_here:
        click.echo(f"  {what} {version}")
    click.echo(say("What would leave it:"))
    for when, what in invitation.leaves_here:
        click.echo(f"  {when}: {what}")


def follow_party(membership: Membership, check: Callable[[], None]) -> None:
    """A line for each round of this party, until the server's last round is over; a server that died is waited for."""
    seen, asked, news = 0, 0.0, None
    while not (news and news["state"] in ("finished", "stopped")):
        check()
        for line in membership.rounds[seen:]:
            seen += 1
            if "trouble" in line:
                raise Incomplete(line["trouble"])
            click.echo(
                say(
                    "round {round}: the shared model has {percent:.1f} % of your examples right; your own loss "
                    "{loss:.4f}; {sent:,} bytes sent",
                    round=line["round"], percent=100 * line["shared model on own"], loss=line["own training loss"],
                    sent=line["bytes up"],
                )
            )  # fmt: skip
        if membership.state == "ended":
            raise Incomplete(
                say("Your party's node has ended: {log} says why.", log=membership.folder / "supernode.log")
            )
        if time.monotonic() - asked > ASK:
            asked, news = time.monotonic(), membership.news()
        time.sleep(PAUSE)
    if news["accuracy"] is not None:
        click.echo(say("The shared model has {percent:.1f} % of the server's test examples right.",
                       percent=100 * news["accuracy"]))  # fmt: skip
