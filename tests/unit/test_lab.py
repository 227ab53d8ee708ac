"""Facts about the lab as a whole, as a notebook's code and a page without a kernel see it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fedlab import Experiment, History, run
from fedlab.algorithms import FedAvg
from fedlab_widgets import Lab
from fedlab_widgets.runs import Runs
from fedlab_widgets.saving import save
from fedlab_widgets.show_code import code_of

SMALL = Experiment(parties=3, examples=300, model="softmax", rounds=2)


@pytest.fixture
def labs() -> Iterator[Callable[..., Lab]]:
    made: list[Lab] = []

    def make(*values: Any, **named: Any) -> Lab:
        made.append(Lab(*values, **named))
        return made[-1]

    yield make
    for lab in made:
        lab.close()


def button(lab: Lab, text: str) -> Any:
    """A button of the lab by what is written on it."""

    def search(widget: Any) -> Any:
        if getattr(widget, "description", "") == text and hasattr(widget, "click"):
            return widget
        found = (search(child) for child in getattr(widget, "children", ()))
        return next((one for one in found if one is not None), None)

    found = search(lab.view)
    assert found is not None, text
    return found


def text_of(widget: Any) -> str:
    """Everything that a widget and those inside it say."""
    own = getattr(widget, "value", "")
    return (own if isinstance(own, str) else "") + "".join(text_of(child) for child in getattr(widget, "children", ()))


def numbers(history: History) -> list[tuple[float, float]]:
    return [(one.test_accuracy, one.test_loss) for one in history]


def test_importing_the_kit_and_showing_a_lab_does_not_start_tensorflow() -> None:
    program = (
        "import sys; from fedlab_widgets import Lab; Lab()._repr_mimebundle_(); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=300, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_page_without_a_kernel_gets_a_picture_and_one_line(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL)
    bundle, about = lab._repr_mimebundle_()
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert "no run yet" in about["image/png"]["alt"]
    assert bundle["text/plain"] == "Lab: FedAvg, 3 parties, no round yet"
    assert "application/vnd.jupyter.widget-view+json" in bundle
    history = lab.run()
    accuracy = history.rounds[-1].test_accuracy
    later, about = lab._repr_mimebundle_()
    assert f"{accuracy:.1%} after 2 rounds" in about["image/png"]["alt"]
    assert later["text/plain"] == f"FedAvg, 3 parties, 2 rounds: test accuracy {accuracy:.1%}"
    assert later["image/png"] != bundle["image/png"]


def test_a_lab_gives_the_numbers_of_a_run_without_it(labs: Callable[..., Lab]) -> None:
    assert numbers(labs(SMALL).run()) == numbers(History(SMALL, run(SMALL)))


def test_the_same_experiment_is_not_trained_twice(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL)
    first = lab.run()
    rounds = list(first.rounds)
    assert lab.run() is first
    assert first.rounds == rounds
    assert len(lab.histories) == 1


def test_more_rounds_continue_the_curve(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL)
    first = lab.run().rounds[:2]
    longer = lab.run(3)
    assert longer.rounds[:2] == first
    assert numbers(longer) == numbers(History(SMALL.with_(rounds=3), run(SMALL.with_(rounds=3))))


def test_the_code_that_is_shown_repeats_the_run(labs: Callable[..., Lab]) -> None:
    experiment = SMALL.with_(partition="dirichlet", alpha=0.2, algorithm="fedprox", mu=0.5, participation=0.7, seed=3)
    lab = labs(experiment)
    history = lab.run()
    code = re.search(r'<pre class="fedlab-code">(.*?)</pre>', text_of(lab.view), re.DOTALL)
    assert code is not None
    namespace: dict[str, Any] = {}
    exec(code[1].replace("&#x27;", "'").replace("&quot;", '"'), namespace)
    assert numbers(namespace["history"]) == numbers(history)


def test_the_code_of_a_fork_repeats_the_run_and_what_it_came_from() -> None:
    runs = Runs()
    first = runs.begin(SMALL)
    for one in run(SMALL):
        first.history.append(one)
    changed = SMALL.with_(learning_rate=0.5, rounds=3)
    fork = runs.fork(first, 1, changed)
    for one in run(changed, start=fork.history.state_at(1)):
        fork.history.append(one)
    namespace: dict[str, Any] = {}
    exec(code_of(fork), namespace)
    assert numbers(namespace["history"]) == numbers(fork.history)
    assert numbers(fork.history)[:1] == numbers(first.history)[:1]
    assert runs.labels()[fork] == "learning rate = 0.5, from round 1 of run 1"


def test_a_run_without_a_curve_is_no_difference_in_the_legend() -> None:
    runs = Runs()
    first = runs.begin(SMALL)
    first.history.append(next(run(SMALL)))
    failed = runs.begin(SMALL.with_(learning_rate=100.0))
    assert runs.labels(runs.shown) == {first: "FedAvg"}
    assert runs.labels() == {first: "learning rate = 0.1", failed: "learning rate = 100"}


def test_a_fork_needs_a_round_and_the_same_model() -> None:
    runs = Runs()
    first = runs.begin(SMALL)
    with pytest.raises(ValueError, match="at least one round"):
        runs.fork(first, 1, SMALL)
    first.history.append(next(run(SMALL)))
    with pytest.raises(ValueError, match="take the same model"):
        runs.fork(first, 1, SMALL.with_(model="2nn"))


def test_code_names_an_algorithm_of_ones_own(labs: Callable[..., Lab]) -> None:
    class Mine(FedAvg):
        """FedAvg under a name of its own."""

    lab = labs(SMALL.with_(algorithm=Mine()), algorithms=[Mine])
    lab.run()
    assert "algorithm=Mine()" in text_of(lab.view)
    assert "A link cannot hold" in text_of(lab.view)


def test_the_pictures_say_in_words_what_is_in_them(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL)
    assert "no run yet" in text_of(lab.view)
    history = lab.run()
    assert f"FedAvg: {history.rounds[-1].test_accuracy:.1%} after 2 rounds" in text_of(lab.view)
    assert re.search(r'alt="Heat map: how many examples of each label each of 3 parties holds', text_of(lab.view))


def test_reset_takes_everything_back(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL)
    lab.run()
    button(lab, "Reset").click()
    assert lab.histories == []
    assert lab.experiment == SMALL


def test_files_are_saved_beside_the_notebook_and_never_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert 'download="fedlab-run-1.csv"' in save("fedlab-run-1", ".csv", b"one")
    assert "fedlab-run-1-2.csv" in save("fedlab-run-1", ".csv", b"two")
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == [b"two", b"one"]


def test_in_voila_files_are_only_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    assert 'href="data:text/csv;base64,b25l"' in save("fedlab-run-1", ".csv", b"one")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_still_gives_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, content: bytes) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    answer = save("fedlab-run-1", ".csv", b"one")
    assert "download=" in answer
    assert "Permission denied" in answer
