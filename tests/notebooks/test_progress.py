"""The bar of a slow cell: it counts, says how long, is silent while lessons are checked, and never stays behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import nbformat
import pytest

from fedlab import Experiment, History
from fedlab.lessons import progress

SMALL = Experiment(parties=2, examples=40, model="softmax", rounds=3)


class Bar:
    """A bar that keeps what it is told."""

    def __init__(self) -> None:
        self.total, self.done, self.said = 0, 0, list[str]()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *error: object) -> None: ...

    def set_description(self, text: str) -> None:
        self.said.append(text)

    def update(self) -> None:
        self.done += 1


@pytest.fixture
def bar(monkeypatch: pytest.MonkeyPatch) -> Bar:
    made = Bar()

    def progress_(total: int, unit: str) -> Bar:
        made.total = total
        return made

    monkeypatch.setattr(progress, "progress", progress_)
    return made


def test_training_counts_the_rounds_of_all_experiments_and_names_each(bar: Bar) -> None:
    runs = progress.train({"one": SMALL, "other": SMALL.with_(rounds=2, seed=1)}, what="Two seeds")
    assert (bar.total, bar.done) == (5, 5)
    assert bar.said == ["Two seeds: one", "Two seeds: other"]
    assert {name: len(history) for name, history in runs.items()} == {"one": 3, "other": 2}


def test_training_gives_what_run_gives(bar: Bar) -> None:
    from fedlab import run

    (history,) = progress.train({"one": SMALL}).values()
    assert history.column("test_loss") == History(SMALL, run(SMALL)).column("test_loss")


def test_watching_changes_nothing_in_the_loop(bar: Bar) -> None:
    seen = [(thing, bar.done) for thing in progress.watch("abc", "Letters")]
    assert seen == [("a", 0), ("b", 1), ("c", 2)]
    assert (bar.total, bar.done, bar.said) == (3, 3, ["Letters"])


LOOP = "from fedlab.lessons import watch\nfor number in watch(range(3), 'Counting'): print(number)\n"


def notebook(*sources: str) -> Any:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def ran(made: Any, **environment: str) -> Any:
    from nbclient import NotebookClient

    here = {name: value for name, value in os.environ.items() if not name.startswith("FEDLAB_")}
    NotebookClient(made, timeout=120, allow_errors=True).execute(env=here | environment)
    return made.cells


def bars(cell: Any) -> list[Any]:
    return [output.data for output in cell.outputs if output.output_type == "display_data"]


def test_a_bar_leaves_nothing_in_the_notebook_however_its_cell_ends() -> None:
    """An empty output is left where it stood; no word of it, no widget, and nothing on standard error."""
    done, broken, left = ran(
        notebook(LOOP, LOOP.replace("print(number)", "1 / 0"), LOOP.replace("print(number)", "break"))
    )
    assert [bars(cell) for cell in (done, broken, left)] == [[{}], [{}], [{}]]
    assert "".join(output.text for output in done.outputs if output.output_type == "stream") == "0\n1\n2\n"
    assert broken.outputs[-1].ename == "ZeroDivisionError"
    assert "stderr" not in str([done.outputs, broken.outputs, left.outputs])


def test_the_bar_says_what_runs_how_much_is_done_and_how_long_it_takes() -> None:
    """The words of the widget while its loop is at the second of three things."""
    look = "import ipywidgets\nfrom ipywidgets.widgets.widget import _instances\n"
    words = "print([one.value for one in _instances.values() if isinstance(one, ipywidgets.HTML)])"
    cell = LOOP.replace("print(number)", f"\n    {words} if number == 1 else __import__('time').sleep(0.3)")
    (ended,) = ran(notebook(look + cell))
    (printed,) = [output.text for output in ended.outputs if output.output_type == "stream"]
    said = printed.replace("\\u2007", " ")  # tqdm's spaces, as a list of strings is printed
    assert "Counting" in said
    assert "1 of 3, about 00:0" in said
    assert "to go" in said


def test_while_lessons_are_checked_there_is_no_bar() -> None:
    (cell,) = ran(notebook(LOOP), FEDLAB_CHECK="1")
    assert [output.output_type for output in cell.outputs] == ["stream"]
    assert cell.outputs[0].name == "stdout"


def test_a_cell_can_be_interrupted_and_no_bar_is_left() -> None:
    from jupyter_client.manager import start_new_kernel

    here = {name: value for name, value in os.environ.items() if not name.startswith("FEDLAB_")}
    manager, client = start_new_kernel(env=here)
    messages: list[Any] = []

    def hear(message: Any) -> None:
        messages.append(message)
        if message["content"].get("text") == "0\n":
            time.sleep(0.3)  # the cell is then asleep
            manager.interrupt_kernel()

    try:
        cell = LOOP.replace("print(number)", "\n    print(number, flush=True)\n    __import__('time').sleep(60)")
        reply = client.execute_interactive(cell, timeout=60, output_hook=hear)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    places = [message for message in messages if "display" in message["header"]["msg_type"]]
    assert places[0]["header"]["msg_type"] == "display_data"
    assert places[-1]["header"]["msg_type"] == "update_display_data"
    assert places[-1]["content"]["data"] == {}


def test_outside_a_notebook_and_a_terminal_nothing_is_printed() -> None:
    """Standard error is a pipe here."""
    here = {name: value for name, value in os.environ.items() if not name.startswith("FEDLAB_")}
    done = subprocess.run([sys.executable, "-c", LOOP], capture_output=True, text=True, check=True, env=here)
    assert (done.stdout, done.stderr) == ("0\n1\n2\n", "")
