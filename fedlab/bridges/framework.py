"""A way out of the kit: an experiment as one readable program of another framework, and a page about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from fedlab.bridges.plain import require_plain, write_plain
from fedlab.experiment import Experiment
from fedlab.files import write
from fedlab.prepare import Prepared
from fedlab.rounds import Round
from fedlab.text import say

HERE = files("fedlab.bridges")
SHARED = "from_fedlab.py"  # reads what was written, and compares: the same beside every program


@dataclass(frozen=True)
class Word:
    """What a framework calls something, and the piece of a line of the program where it is seen; empty if nowhere."""

    called: str
    seen: str = ""


def nothing(experiment: Experiment) -> None:
    """Refuse nothing more than `require_plain` does."""


def no_more(prepared: Prepared, folder: Path) -> Mapping[str, str]:
    """No further files."""
    return {}


@dataclass(frozen=True)
class Framework:
    """One of the tools, as the kit writes for it.

    name: for the command, and of the folder `programs/NAME` and of the file `pins/NAME.txt`.
    program: files of that folder; the first is the one to read, and to run with `python`.
    words: what is called what there, of party, server, round, average, optimiser, security.
    install, run: paragraphs of the README: what the common lines do not say.
    cannot: what the framework cannot do, a sentence each.
    require: raises `CannotExport` for what it cannot express besides.
    more: further files, by name, such as settings of its own.
    """

    name: str
    title: str
    version: str
    program: tuple[str, ...]
    words: Mapping[str, Word]
    run: str
    cannot: tuple[str, ...]
    install: str = ""
    require: Callable[[Experiment], None] = nothing
    more: Callable[[Prepared, Path], Mapping[str, str]] = no_more

    def source(self, name: str) -> str:
        """The text of one of the program's files."""
        folder = HERE / "programs" if name == SHARED else HERE / "programs" / self.name
        return (folder / name).read_text("utf-8")

    def pins(self) -> str:
        """The versions that it ran with."""
        return (HERE / "pins" / f"{self.name}.txt").read_text("utf-8")

    def export(self, experiment: Experiment, folder: Path) -> list[Path]:
        """Write the program, its data and its page; the paths of all files."""
        self.require(experiment)
        require_plain(experiment)
        data = (folder / "data").resolve()
        prepared, rounds, written = write_plain(experiment, data)
        texts = {name: self.source(name) for name in (*self.program, SHARED)}
        texts |= {"requirements.txt": self.pins(), "README.md": self.page(experiment, rounds)}
        texts |= self.more(prepared, data)
        for name, text in texts.items():
            (folder / name).parent.mkdir(exist_ok=True)
            write(folder / name, text.encode())
        return [*(folder / name for name in texts), *written]

    def page(self, experiment: Experiment, rounds: list[Round]) -> str:
        """The README: how to run it, what is called what, what the framework cannot do, what should come of it."""
        table = "\n".join(f"| {one.number} | {100 * one.test_accuracy:.2f} % | {one.test_loss:.4f} |" for one in rounds)
        words = "\n".join(
            f"| {say(kit)} | {say(word.called)} | {f'`{word.seen}`' if word.seen else ''} |"
            for kit, word in self.words.items()
        )
        return say(
            """# A federated learning experiment in {title}

{parties} parties, {algorithm}, {rounds} rounds. It was made with fedlab; this folder needs nothing of it.

## How to run it

{title} {version} ran with the versions in `requirements.txt`, on Python 3.11:

    python3.11 -m venv .venv
    .venv/bin/pip install --no-deps -r requirements.txt

{install}{run}

The program is `{main}`. `{shared}` beside it reads the files in `data`, and keeps what came of each round in
`data/{name}_result.json` and `data/{name}_weights.npz`.

## What is called what

| in fedlab | in {title} | in the program |
|---|---|---|
{words}

## What {title} cannot do here

{cannot}

## What should come of it

Batches are shuffled as in fedlab, so the shared model should be the same, up to rounding, which grows from round to
round, and may move a few test images. fedlab's own weights, of the first three rounds and the last, are in
`data/kit_weights.npz`, its accuracies in `data/kit_result.json`:

| round | test accuracy | test loss |
|---|---|---|
{table}
""",
            title=self.title, version=self.version, name=self.name, main=self.program[0], shared=SHARED,
            parties=experiment.parties, algorithm=say(experiment.algorithm.title), rounds=experiment.rounds,
            install=say(self.install) + "\n\n" if self.install else "", run=say(self.run, parties=experiment.parties),
            words=words, table=table,
            cannot="\n".join(f"- {say(one)}" for one in self.cannot),
        )  # fmt: skip
