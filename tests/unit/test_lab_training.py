"""Facts about training beside the kernel: it can be paused and stopped in the middle of a round, and loses nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fedlab import Experiment, History, run
from fedlab.algorithms import FedAvg
from fedlab.engines.compiled import traces
from fedlab_widgets.brake import Brake, Stopped
from fedlab_widgets.painter import Painter
from fedlab_widgets.runs import Run
from fedlab_widgets.worker import Worker

# so many parties that a round cannot be over when its first party has reported
MANY = Experiment(parties=300, examples=300, model="softmax", rounds=3)
FEW = Experiment(parties=3, examples=300, model="softmax", rounds=3)


class Bench:
    """A worker, and what is to happen when a party reports."""

    def __init__(self) -> None:
        self.on_report: Callable[[], None] = lambda: None
        self.worker = Worker(threading.RLock(), lambda: None, lambda: self.on_report())

    def train(self, experiment: Experiment) -> Run:
        one = Run(History(experiment), 0, experiment.rounds)
        self.worker.train(one, experiment.rounds)
        return one


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.worker.close()


def numbers(history: History) -> list[tuple[float, float]]:
    return [(one.test_accuracy, one.test_loss) for one in history]


def test_the_worker_gives_the_numbers_of_a_run_without_a_lab(bench: Bench) -> None:
    one = bench.train(FEW)
    bench.worker.wait()
    assert one.status == "finished"
    assert numbers(one.history) == numbers(History(FEW, run(FEW)))


def test_stop_drops_the_round_under_way_and_no_other(bench: Bench) -> None:
    def stop_in_round_2() -> None:
        if one.done == 1:
            bench.worker.stop()

    bench.on_report = stop_in_round_2
    one = bench.train(MANY)
    bench.worker.wait()
    assert (one.status, one.done) == ("stopped", 1)


def test_a_stopped_run_that_goes_on_equals_one_that_was_never_stopped(bench: Bench) -> None:
    def stop_in_round_2() -> None:
        if one.done == 1:
            bench.on_report = lambda: None
            bench.worker.stop()

    bench.on_report = stop_in_round_2
    one = bench.train(MANY)
    bench.worker.wait()
    bench.worker.train(one, 3)
    bench.worker.wait()
    assert numbers(one.history) == numbers(History(MANY, run(MANY)))


def test_a_paused_round_waits_and_then_goes_on_as_if_nothing_had_been(bench: Bench) -> None:
    paused = threading.Event()

    def pause() -> None:
        bench.on_report = lambda: None
        bench.worker.pause()
        paused.set()

    bench.on_report = pause
    one = bench.train(MANY)
    assert paused.wait(120)
    assert bench.worker.paused
    assert (one.status, one.done) == ("paused", 0)
    bench.worker.resume()
    bench.worker.wait()
    assert numbers(one.history) == numbers(History(MANY, run(MANY)))


def test_a_paused_run_can_be_stopped(bench: Bench) -> None:
    paused = threading.Event()
    bench.on_report = lambda: (bench.worker.pause(), paused.set())  # type: ignore[func-returns-value, assignment]
    one = bench.train(MANY)
    assert paused.wait(120)
    bench.worker.stop()
    bench.worker.wait()
    assert (one.status, one.done) == ("stopped", 0)


def test_step_ends_a_run_with_the_round_it_is_in(bench: Bench) -> None:
    bench.on_report = bench.worker.step
    one = bench.train(MANY)
    bench.worker.wait()
    assert (one.status, one.done) == ("finished", 1)


def test_runs_take_turns_and_stop_forgets_those_that_wait(bench: Bench) -> None:
    first, second = bench.train(FEW), bench.train(FEW.with_(seed=1))
    bench.worker.wait()
    assert [first.status, second.status] == ["finished", "finished"]
    bench.on_report = bench.worker.stop
    first, second = bench.train(MANY), bench.train(MANY.with_(seed=1))
    bench.worker.wait()
    assert [(one.status, one.done) for one in (first, second)] == [("stopped", 0), ("stopped", 0)]


def test_what_breaks_in_training_is_told_in_one_sentence_and_the_worker_lives_on(
    bench: Bench, is_one_sentence: Callable[[object], bool]
) -> None:
    """After steps of infinite length the weights are no numbers any more."""

    class Wild(FedAvg):
        def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
            return gradient * float("inf")

    one = bench.train(FEW.with_(algorithm=Wild()))
    bench.worker.wait()
    assert (one.status, one.done) == ("failed", 0)
    assert is_one_sentence(one.problem)
    assert "Traceback" in one.details
    other = bench.train(FEW)
    bench.worker.wait()
    assert other.status == "finished"


def test_a_closed_worker_trains_no_more() -> None:
    bench = Bench()
    bench.on_report = bench.worker.close
    one = bench.train(MANY)
    bench.worker.wait()
    bench.train(FEW)
    for thread in threading.enumerate():
        if thread.name == "fedlab worker":
            thread.join(120)
    assert one.done == 0


def test_what_may_be_run_first_is_compiled_before_it_is() -> None:
    """No other test has batches of 17, so the first round of this experiment would else have to compile."""
    wanted, compiled = FEW.with_(batch_size=17), threading.Event()

    def changed() -> None:
        if not here.worker.compiling_ahead:
            compiled.set()

    here = Bench()
    here.worker = Worker(threading.RLock(), changed, lambda: None, lambda: [wanted])
    here.worker.start()
    assert compiled.wait(120)
    before = list(traces)
    one = here.train(wanted)
    here.worker.wait()
    here.worker.close()
    assert one.status == "finished"
    assert traces == before


def test_python_ends_in_the_middle_of_a_round() -> None:
    """Two hours of training must not keep an interpreter that wants to end; whether it hangs, the time-out tells."""
    program = (
        "import threading\n"
        "from fedlab import Experiment, History\n"
        "from fedlab_widgets.runs import Run\n"
        "from fedlab_widgets.worker import Worker\n"
        "reported = threading.Event()\n"
        "worker = Worker(threading.RLock(), lambda: None, reported.set)\n"
        "experiment = Experiment(parties=2000, examples=60000, local_epochs=1000, model='softmax')\n"
        "worker.train(Run(History(experiment), 0, 1), 1)\n"
        "assert reported.wait(200)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], timeout=300, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_drawing_under_way_is_finished_before_python_ends() -> None:
    """Python would else kill the thread inside of matplotlib's C++ code, which then calls `terminate`."""
    program = (
        "import threading, time\n"
        "from fedlab_widgets.painter import Painter\n"
        "began = threading.Event()\n"
        "def draw():\n"
        "    began.set()\n"
        "    time.sleep(0.5)\n"
        "    print('drawn')\n"
        "Painter({'curves': draw}, busy=lambda: False).ask('curves')\n"
        "assert began.wait(60)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], timeout=300, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "drawn\n", "")


def test_the_brake_holds_and_stops_whoever_checks_it() -> None:
    brake = Brake()
    brake.release()
    brake.check()
    brake.pause()
    brake.stop()
    with pytest.raises(Stopped):
        brake.check()
    brake.release()
    brake.check()


def test_the_painter_draws_the_newest_state_however_often_it_is_asked() -> None:
    drawn: list[int] = []
    newest = 0
    last = threading.Event()

    def paint() -> None:
        drawn.append(newest)
        if newest == 1000:
            last.set()

    painter = Painter({"curves": paint}, busy=lambda: True)
    for newest in range(1, 1001):  # noqa: B007
        painter.ask("curves")
    assert last.wait(60)
    painter.close()
    assert drawn[-1] == 1000
    assert len(drawn) < 1000


def test_while_something_trains_drawing_takes_a_small_part_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that takes 1 s is followed by so many seconds without one that it takes 6 % of them all."""
    now = [0.0]

    def paint() -> None:
        now[0] += 1.0

    monkeypatch.setattr("fedlab_widgets.painter.time.monotonic", lambda: now[0])
    painter = Painter({"curves": paint}, busy=lambda: True)
    painter.paint("curves")
    assert 1 / (1 + painter.pause_before("curves")) == pytest.approx(0.06)


def test_what_is_new_is_drawn_at_once_while_something_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    """By this clock the second picture, asked for like any other, would have to wait for ever."""
    now, drawn_twice = [0.0], threading.Event()

    def paint() -> None:
        now[0] += 1.0
        if now[0] == 2.0:
            drawn_twice.set()

    monkeypatch.setattr("fedlab_widgets.painter.time.monotonic", lambda: now[0])
    painter = Painter({"curves": paint}, busy=lambda: True)
    painter.paint("curves")
    painter.ask("curves", at_once=True)
    assert drawn_twice.wait(60)
    painter.close()


def test_pause_after_stop_does_not_hold_the_run() -> None:
    """A report that was on its way when Stop was pressed may still press Pause; the run must end all the same."""
    brake = Brake()
    brake.release()
    brake.stop()
    brake.pause()
    with pytest.raises(Stopped):
        brake.check()
