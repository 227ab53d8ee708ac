"""Facts about training beside the kernel: it can be paused and stopped in the middle of a round, and loses nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fedlab import Experiment, History, run
from fedlab.algorithms import FedAvg
from fedlab_widgets import training as training_module
from fedlab_widgets.brake import Brake, Stopped
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session

# so many parties that a round cannot be over when its first party has reported
MANY = Experiment(parties=300, examples=300, model="softmax", rounds=3)
FEW = Experiment(parties=3, examples=300, model="softmax", rounds=3)


class Bench:
    """A session, and what is to happen when a party reports."""

    def __init__(self) -> None:
        self.on_report: Callable[[], Any] = lambda: None
        self.session = Session(FEW)
        self.session.subscribe(lambda what: self.on_report() if what == "progress" else None)

    def train(self, experiment: Experiment) -> Run:
        return self.session.begin(experiment, experiment.rounds)

    def wait(self) -> None:
        self.session.wait()

    def once(self, act: Callable[[], None], when: Callable[[], bool] = lambda: True) -> None:
        """Do something at the first report at which it is so."""

        def report() -> None:
            if when():
                self.on_report = lambda: None
                act()

        self.on_report = report


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.session.close()


def numbers(history: History) -> list[tuple[float, float]]:
    return [(one.test_accuracy, one.test_loss) for one in history]


def test_training_gives_the_numbers_of_a_run_without_a_lab(bench: Bench) -> None:
    one = bench.train(FEW)
    bench.wait()
    assert one.ended == "finished"
    assert numbers(one.history) == numbers(History(FEW, run(FEW)))


def test_stop_drops_the_round_under_way_and_no_other(bench: Bench) -> None:
    one = bench.train(MANY)
    bench.once(bench.session.stop, lambda: one.done == 1)
    bench.wait()
    assert (one.ended, one.done) == ("stopped", 1)


def test_a_stopped_run_that_goes_on_equals_one_that_was_never_stopped(bench: Bench) -> None:
    one = bench.train(MANY)
    bench.once(bench.session.stop, lambda: one.done == 1)
    bench.wait()
    assert bench.train(MANY) is one
    bench.wait()
    assert numbers(one.history) == numbers(History(MANY, run(MANY)))


def test_a_paused_round_waits_and_then_goes_on_as_if_nothing_had_been(bench: Bench) -> None:
    paused = threading.Event()
    bench.once(lambda: (bench.session.pause(), paused.set()))  # type: ignore[arg-type, func-returns-value]
    one = bench.train(MANY)
    assert paused.wait(120)
    assert bench.session.training.status(one) == "paused"
    assert one.done == 0
    bench.session.pause()
    bench.wait()
    assert numbers(one.history) == numbers(History(MANY, run(MANY)))


def test_a_paused_run_can_be_stopped(bench: Bench) -> None:
    paused = threading.Event()
    bench.on_report = lambda: (bench.session.training.pause(), paused.set())  # type: ignore[func-returns-value]
    one = bench.train(MANY)
    assert paused.wait(120)
    bench.session.stop()
    bench.wait()
    assert (one.ended, one.done) == ("stopped", 0)
    assert bench.session.runs.all == []  # it had no round


def test_run_lets_a_paused_run_go_on(bench: Bench) -> None:
    paused = threading.Event()
    bench.session.use(MANY)
    bench.once(lambda: (bench.session.pause(), paused.set()))  # type: ignore[arg-type, func-returns-value]
    bench.session.run()
    assert paused.wait(120)
    bench.session.run()
    bench.wait()
    assert [one.done for one in bench.session.runs.all] == [3]


def test_step_ends_a_run_with_the_round_it_is_in(bench: Bench) -> None:
    bench.once(bench.session.step)
    one = bench.train(MANY)
    bench.wait()
    assert (one.ended, one.done, one.planned) == ("stepped", 1, 3)


def test_a_run_that_is_asked_for_more_rounds_whenever_it_is_gets_them(bench: Bench) -> None:
    """Also at the moment at which its last round is over: 60 times, with 1 to 60 rounds."""
    for rounds in range(1, 61):
        one = bench.session.begin(FEW.with_(examples=3), rounds)
        if rounds % 3 == 0:
            bench.wait()
            assert one.done == rounds
    assert one.ended == "finished"


def test_a_run_is_over_when_it_has_ended_whatever_is_pressed_meanwhile(bench: Bench) -> None:
    """Pause and Resume from another thread never make a finished run look as if it trained."""
    over = threading.Event()

    def press() -> None:
        while not over.is_set():
            bench.session.pause()
            bench.session.resume()

    other = threading.Thread(target=press)
    other.start()
    one = bench.session.begin(FEW.with_(examples=3), 30)
    until = time.monotonic() + 120
    while bench.session.training.busy and time.monotonic() < until:
        time.sleep(0.01)
    over.set()
    other.join()
    bench.session.resume()
    bench.wait()
    assert (bench.session.training.status(one), one.done) == ("finished", 30)
    bench.session.remove(one)
    assert bench.session.runs.all == []


def test_runs_take_turns_and_stop_forgets_those_that_wait(bench: Bench) -> None:
    first, second = bench.train(FEW), bench.train(FEW.with_(seed=1))
    bench.wait()
    assert [first.ended, second.ended] == ["finished", "finished"]
    bench.once(bench.session.stop)
    first, second = bench.train(MANY), bench.train(MANY.with_(seed=1))
    bench.wait()
    assert [(one.ended, one.done) for one in (first, second)] == [("stopped", 0), ("stopped", 0)]


def test_what_breaks_in_training_is_told_in_one_sentence_and_others_train_on(
    bench: Bench, is_one_sentence: Callable[[object], bool]
) -> None:
    """After steps of infinite length the weights are no numbers any more."""

    class Wild(FedAvg):
        def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
            return gradient * float("inf")

    one = bench.train(FEW.with_(algorithm=Wild()))
    bench.wait()
    assert (one.ended, one.done) == ("failed", 0)
    assert is_one_sentence(one.problem)
    assert "Traceback" in one.details
    assert bench.session.message.sentence == one.problem
    other = bench.train(FEW)
    bench.wait()
    assert other.ended == "finished"


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), ZeroDivisionError("division by zero")])
def test_own_code_may_raise_anything_and_is_named(bench: Bench, error: BaseException) -> None:
    class Broken(FedAvg):
        def step(self, w: Any, mean: Any, share: float, server: Any) -> Any:
            raise error

    one = bench.train(FEW.with_(algorithm=Broken()))
    bench.wait()
    assert one.ended == "failed"
    told = type(error).__name__ + (f": {error}" if str(error) else "")
    assert one.problem == f"Broken.step stopped with {told}."
    other = bench.train(FEW)
    bench.wait()
    assert other.ended == "finished"


def test_a_method_that_does_not_return_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_module, "SILENCE", 0.1)
    over = threading.Event()

    class Endless(FedAvg):
        def step(self, w: Any, mean: Any, share: float, server: Any) -> Any:
            over.wait(120)
            return w, server

    bench.train(FEW.with_(algorithm=Endless(), rounds=1))
    until = time.monotonic() + 60
    while not bench.session.training.stuck and time.monotonic() < until:
        time.sleep(0.05)
    assert bench.session.training.stuck == "Endless.step"
    over.set()
    bench.wait()
    assert bench.session.training.stuck == ""


def test_without_tensorflow_a_run_that_needs_it_fails_in_one_sentence_and_others_train() -> None:
    program = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'tensorflow':\n"
        "            raise ModuleNotFoundError('No module named tensorflow', name='tensorflow')\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from fedlab import Experiment\n"
        "from fedlab_widgets.session import Session\n"
        "from fedlab_widgets.transport import status_of\n"
        "session = Session(Experiment(parties=2, examples=20, rounds=1, model='cnn'))\n"
        "told = set()\n"
        "session.subscribe(lambda what: told.add(status_of(session, session.latest)))\n"
        "session.run(); session.wait()\n"
        "assert 'Please wait: TensorFlow is starting.' in told, told\n"
        "print(session.message.sentence)\n"
        "print(status_of(session, session.latest))\n"
        "session.set('model', session.kinds['model'][0])\n"
        "session.run(); session.wait()\n"
        "print(status_of(session, session.latest))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=300, capture_output=True, text=True, check=True)
    problem, failed, finished = done.stdout.splitlines()
    assert problem.startswith("TensorFlow is not installed here")
    assert failed == "Failed after 0 of 1 rounds."
    assert finished == "Finished after 1 of 1 rounds."


def test_a_closed_session_trains_no_more() -> None:
    bench = Bench()
    bench.once(bench.session.close)
    one = bench.train(MANY)
    bench.wait()
    bench.train(FEW)
    for thread in threading.enumerate():
        if thread.name == "fedlab worker":
            thread.join(120)
    assert one.done == 0


def test_a_clock_can_drive_the_training_instead_of_a_thread() -> None:
    """Each tick trains one round, on the thread of the clock, and not while the run is paused."""

    class Ticks:
        def __init__(self, turn: Callable[[], bool], stop: Callable[[], None]):
            self.turn = turn

        def wake(self) -> None: ...

        def close(self) -> None: ...

        def wait(self, busy: Callable[[], bool]) -> None:
            while busy():
                self.turn()

    session = Session(FEW, driver=Ticks)
    threads: set[str] = set()
    session.subscribe(lambda what: threads.add(threading.current_thread().name))
    one = session.begin(FEW, 3)
    assert (session.driver.turn(), one.done) == (True, 1)
    session.pause()
    assert (session.driver.turn(), one.done) == (False, 1)
    session.pause()
    assert (session.driver.turn(), one.done) == (True, 2)
    session.wait()
    assert (one.ended, numbers(one.history)) == ("finished", numbers(History(FEW, run(FEW))))
    assert threads == {threading.current_thread().name}
    session.close()


def test_python_ends_in_the_middle_of_a_round() -> None:
    """Two hours of training must not keep an interpreter that wants to end; whether it hangs, the time-out tells."""
    program = (
        "import threading\n"
        "from fedlab import Experiment\n"
        "from fedlab_widgets.session import Session\n"
        "reported = threading.Event()\n"
        "experiment = Experiment(parties=2000, examples=60000, local_epochs=1000, model='softmax', rounds=1)\n"
        "session = Session(experiment)\n"
        "session.subscribe(lambda what: reported.set() if what == 'progress' else None)\n"
        "session.run()\n"
        "assert reported.wait(200)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], timeout=300, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr


def test_threads_may_be_begun_from_everywhere_at_once() -> None:
    """Four threads begin 400 each while as many end: none is lost, and the list of those at work is empty again."""
    from fedlab_widgets import threads

    done: list[int] = []
    failed: list[BaseException] = []
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def begin_many() -> None:
        try:
            for _ in range(400):
                threads.begin("fedlab test", lambda: done.append(1), lambda: None)
        except BaseException as error:
            failed.append(error)

    beginners = [threading.Thread(target=begin_many) for _ in range(4)]
    for thread in beginners:
        thread.start()
    for thread in [*beginners, *(one for one in threading.enumerate() if one.name == "fedlab test")]:
        thread.join()
    sys.setswitchinterval(before)
    until = time.monotonic() + 60
    while any(one.name == "fedlab test" for one in threads._stops) and time.monotonic() < until:
        time.sleep(0.01)
    assert failed == []
    assert len(done) == 1600
    assert not any(one.name == "fedlab test" for one in threads._stops)


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


def test_pause_after_stop_does_not_hold_the_run() -> None:
    """A report that was on its way when Stop was pressed may still press Pause; the run must end all the same."""
    brake = Brake()
    brake.release()
    brake.stop()
    brake.pause()
    with pytest.raises(Stopped):
        brake.check()


def test_what_the_untrained_model_gets_right_is_known_after_the_first_round(bench: Bench) -> None:
    """A learning rate of nearly nothing leaves the model as it was, so a round's own test says what it got right."""
    still = bench.train(FEW.with_(rounds=1, learning_rate=1e-6))
    bench.wait()
    assert still.untrained == pytest.approx(numbers(still.history)[0], abs=1e-3)
