"""Facts about the lab as a whole, as a notebook's code and a page without a kernel see it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from fedlab import Experiment, History, run
from fedlab.algorithms import FedAvg
from fedlab.datasets import Dataset
from fedlab.models import Dense
from fedlab.settings import InvalidSetting
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


def test_a_whole_session_with_the_default_lab_never_imports_tensorflow() -> None:
    """A run, a step, a fork, another algorithm, a sweep's values, a look behind, the code and the files of a run."""
    program = (
        "import sys\n"
        "from fedlab_widgets import Lab\n"
        "lab = Lab()\n"
        "lab._repr_mimebundle_()\n"
        "session = lab._session\n"
        "lab.run(2)\n"
        "session.set('algorithm', session.kinds['algorithm'][2])\n"
        "session.set('examples', '200')\n"
        "session.step(); session.wait()\n"
        "session.set('rounds', 3)\n"
        "session.fork(session.runs.all[0], 1); session.wait()\n"
        "lab._behind.look(); lab._behind.wait()\n"
        "session.set('rounds', 1)\n"
        "session.sweep('seed', [1, 2]); session.wait()\n"
        "assert len(lab.histories) == 5, lab.histories\n"
        "print('tensorflow' in sys.modules or 'keras' in sys.modules)\n"
        "lab.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=300, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_page_without_a_kernel_gets_one_line_and_the_picture_once_there_is_one(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL)
    bundle, _ = lab._repr_mimebundle_()
    assert bundle["text/plain"] == "Lab: FedAvg, 3 parties, no round yet"
    assert "application/vnd.jupyter.widget-view+json" in bundle
    history = lab.run()
    accuracy = history.rounds[-1].test_accuracy
    later, about = lab._repr_mimebundle_()
    assert f"{accuracy:.1%} after 2 rounds" in about["image/png"]["alt"]
    assert later["text/plain"] == f"FedAvg, 3 parties, 2 rounds: test accuracy {accuracy:.1%}"
    assert later["image/png"].startswith(b"\x89PNG")


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


def test_the_code_of_a_fork_repeats_the_run_and_what_it_came_from(labs: Callable[..., Lab]) -> None:
    """The origin goes on after the fork, and its models are let go: the code begins at the fork all the same."""
    lab = labs(SMALL)
    session = lab._session
    lab.run(3)
    session.set("learning_rate", 0.5)
    session.set("rounds", 4)
    session.fork(session.runs.all[0], 2)
    session.wait()
    session.set("learning_rate", 0.1)
    lab.run(5)
    first, fork = session.runs.all
    first.history.rounds = [replace(one, state=None) if one.number < 5 else one for one in first.history.rounds]
    namespace: dict[str, Any] = {}
    exec(code_of(fork), namespace)
    assert numbers(namespace["history"]) == numbers(fork.history)
    assert numbers(fork.history)[:2] == numbers(first.history)[:2]
    assert numbers(fork.history)[2:] != numbers(first.history)[2:4]
    assert session.runs.labels()[fork] == "learning rate = 0.5, from round 2 of run 1"


def test_the_code_of_a_run_that_was_stepped_stops_where_it_did(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL.with_(rounds=10))
    lab._session.step()
    lab._session.wait()
    namespace: dict[str, Any] = {}
    exec(code_of(lab._session.runs.all[0]), namespace)
    assert numbers(namespace["history"]) == numbers(lab.histories[0])
    assert len(namespace["history"]) == 1
    assert namespace["experiment"].rounds == 10


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
    assert "A link cannot hold Mine" in text_of(lab.view)


def test_a_run_of_an_algorithm_without_a_name_is_saved_and_continued_under_its_own(labs: Callable[..., Lab]) -> None:
    """Its memory is its own as well: a run of FedAvg that goes on with it hands over none."""

    class Counting(FedAvg):
        def server_memory(self, w: Any) -> int:
            return 0

        def step(self, w: Any, mean: Any, share: float, server: int) -> Any:
            return w + mean[0], server + 1

    lab = labs(SMALL, algorithms=[Counting])
    lab.run()
    session = lab._session
    session.set("algorithm", Counting)
    session.set("rounds", 3)
    session.fork(session.runs.all[0], 2)
    session.wait()
    fork = session.runs.all[1]
    assert (fork.ended, fork.problem) == ("finished", "")
    assert fork.history.rounds[-1].state.server == 1  # type: ignore[union-attr]
    assert fork.history.to_dict()["experiment"]["algorithm"] == "Counting"
    with pytest.raises(ValueError, match="Counting, a class of somebody's own"):
        History.from_json(fork.history.to_json())


def test_the_pictures_say_in_words_what_is_in_them(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL)
    lab.run()
    _, about = lab._repr_mimebundle_()
    assert re.search(r"Test accuracy and loss against round. FedAvg: [\d.]+% after 2 rounds", about["image/png"]["alt"])


def test_reset_takes_everything_back(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL)
    lab.run()
    lab._session.set("learning_rate", 0.5)
    button(lab, "Reset").click()
    assert lab.histories == []
    assert lab.experiment == SMALL


def test_a_lab_takes_data_and_a_dense_model_of_the_learners_own(labs: Callable[..., Lab], blobs: Dataset) -> None:
    class Narrow(Dense):
        hidden: ClassVar[tuple[int, ...]] = (5,)

    lab = labs(dataset=blobs, model=Narrow())
    experiment = lab.experiment
    assert (experiment.examples, type(experiment.model)) == (1300, Narrow)
    history = lab.run(2)
    assert numbers(history) == numbers(History(experiment, islice(run(experiment, dataset=blobs), 2)))
    assert "A link cannot hold data or a model of your own" in text_of(lab.view)
    assert "run(experiment, dataset=dataset)" in text_of(lab.view)
    lab._behind.look()
    lab._behind.wait()
    assert "Hardest label" in lab._behind._text.value


def test_a_model_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(InvalidSetting, match="must be a Keras model"):
        Lab(model=5)


def test_a_class_that_is_no_kind_is_refused_at_once() -> None:
    with pytest.raises(InvalidSetting, match="dict is no kind that a lab can offer"):
        Lab(kinds=[dict])  # type: ignore[list-item]


def test_the_model_of_a_round_is_saved_for_numpy(
    labs: Callable[..., Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lab = labs(SMALL)
    history = lab.run()
    lab._painter.paint()
    files = lab._table._files
    files._round.value = 1
    files.save(".npz")
    saved = np.load(tmp_path / "fedlab-run-1-round-1.npz")
    flat = np.concatenate([saved[name].ravel() for name in ("layer_1_kernel", "layer_1_bias")])
    assert np.array_equal(flat, history.rounds[0].state.weights)  # type: ignore[union-attr]
    assert saved["layer_1_kernel"].shape == (784, 10)


def test_a_model_that_is_not_kept_is_not_replaced_by_another(
    labs: Callable[..., Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lab = labs(SMALL)
    history = lab.run(3)
    history.rounds[1] = replace(history.rounds[1], state=None)
    files = lab._table._files
    files._round.value = 2
    files.save(".npz")
    assert "The model of round 2 is not kept. The nearest before it is that of round 1." in files._answer.value
    assert list(tmp_path.iterdir()) == []


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
    def refuse(path: Path, content: bytes) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fedlab_widgets.saving.write", refuse)
    answer = save("fedlab-run-1", ".csv", b"one")
    assert "download=" in answer
    assert "Permission denied" in answer


def test_a_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*values: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.replace", full)
    assert "No space left on device" in save("fedlab-run-1", ".csv", b"one")
    assert list(tmp_path.iterdir()) == []
