"""Claims: the number that each is about, what is missing, and that they follow the runs of their lab."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest
from ipywidgets.widgets.widget import _instances

from fedlab import Experiment, History, Round
from fedlab.lessons import Claim, claim
from fedlab_widgets import Lab, claims

SMALL = Experiment(parties=2, examples=100, model="softmax", rounds=2)
OTHER = SMALL.with_(seed=1)
ENDS = Claim("It ends above 50 %", lambda run: 100 * run.rounds[-1].test_accuracy, above=50, unit="%")


@pytest.fixture(autouse=True)
def _as_a_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEDLAB_CHECK", raising=False)


def _history(*accuracies: float, experiment: Experiment = SMALL) -> History:
    rounds = [Round(number, one, 1.0, 1.0, (), 0, 0, 0.0, None) for number, one in enumerate(accuracies, 1)]
    return History(experiment, rounds)


@pytest.mark.parametrize(
    ("bounds", "holds"),
    [
        ({"above": 1}, True), ({"above": 2}, False), ({"below": 3}, True), ({"below": 2}, False), ({"equals": 2}, True),
        ({"equals": 3}, False), ({"above": 1, "below": 3}, True), ({"above": 2, "below": 3}, False),
        ({"above": 0, "below": 2}, False),
    ],
)  # fmt: skip
def test_a_claim_holds_strictly_between_its_bounds(bounds: dict[str, Any], holds: bool) -> None:
    """The number is 2 in each case."""
    assert Claim("So it is", lambda: 2, **bounds).told() == (
        "✓ So it is: 2" if holds else "✗ So it is: 2, not this time."
    )


def test_a_claim_needs_a_bound() -> None:
    with pytest.raises(ValueError, match="give above, below or equals"):
        Claim("So it is", lambda: 2)


@pytest.mark.parametrize("value", [lambda run: run.rounds_to(0.9), lambda run: 2 * run.rounds_to(0.9)])
def test_a_number_that_is_never_reached_does_not_hold(value: Any) -> None:
    told = Claim("It passes 90 % by round 5", value, below=6).told(_history(0.5))
    assert told == "✗ It passes 90 % by round 5: never reached, not this time."


def test_a_mistake_in_a_claim_is_no_number_that_is_never_reached() -> None:
    with pytest.raises(TypeError, match="positional argument"):
        ENDS.told(_history(0.5), _history(0.6))


@pytest.mark.parametrize(("value", "text"), [(71.23, "71.2 %"), (15.9, "15.9 %"), (198760, "198,760 %"), (2.0, "2 %")])
def test_numbers_are_told_with_three_digits_or_whole(
    value: float, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    claim("It is {what}", value, above=0, unit="%", what="so")
    assert capsys.readouterr().out == f"✓ It is so: {text}\n"


def test_while_the_lessons_are_checked_only_exact_numbers_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FEDLAB_CHECK", "1")
    claim("It is large", 71.2, above=0)
    claim("It is large", 71.2, above=80)
    claim("It is exact", 3, equals=3, unit="MB")
    assert capsys.readouterr().out.splitlines() == [
        "✓ It is large", "✗ It is large: 71.2, not this time.", "✓ It is exact: 3 MB",
    ]  # fmt: skip


def test_claims_on_histories_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert claims([_history(0.4, 0.6)], [SMALL], [ENDS]) is None
    assert capsys.readouterr().out == "✓ It ends above 50 %: 60 %\n"


def test_what_has_not_been_run_is_named_with_its_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    """One round too few, other settings, and a fork are not it."""
    fork = _history(0.4, 0.6, 0.8).up_to(2, OTHER)
    claims([_history(0.4), fork], [SMALL, OTHER], [ENDS])
    assert capsys.readouterr().out == "○ Not run yet: seed = 0 (2 rounds); seed = 1 (2 rounds).\n"


def test_rounds_beyond_those_claimed_do_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    claims([_history(0.4, 0.6, 0.1, experiment=SMALL.with_(rounds=3))], [SMALL], [ENDS])
    assert capsys.readouterr().out == "✓ It ends above 50 %: 60 %\n"


def test_while_the_lessons_are_checked_what_is_missing_is_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FEDLAB_CHECK", "1")
    lab = Lab(SMALL)
    rounds = Claim("They have two rounds each", lambda *runs: min(map(len, runs)), equals=2)
    assert claims(lab, [SMALL, OTHER], [rounds]) is None
    assert capsys.readouterr().out == "✓ They have two rounds each: 2\n"
    assert lab.histories == []
    lab.close()


def test_claims_on_a_lab_change_by_themselves_when_its_run_is_done() -> None:
    lab = Lab(SMALL)
    anything = Claim("It has some accuracy", lambda run: 100 * run.rounds[-1].test_accuracy, above=-1, unit="%")
    shown = claims(lab, [SMALL], [anything])
    assert shown is not None
    assert "○ Not run yet: FedAvg (2 rounds)." in shown.view.value
    accuracy = lab.run().rounds[-1].test_accuracy
    assert repr(shown) == f"✓ It has some accuracy: {100 * accuracy:.3g} %"
    assert f"{100 * accuracy:.3g} %" in shown.view.value
    assert 'role="status"' in shown.view.value
    lab._session.reset()
    lab._painter.paint()
    assert "○ Not run yet" in shown.view.value
    lab.close()
    assert "is gone: run this cell again" in shown.view.value
    shown.close()


def test_what_a_lab_gave_stays_when_it_is_closed() -> None:
    lab = Lab(SMALL)
    shown = claims(lab, [SMALL], [Claim("It has two rounds", len, equals=2)])
    lab.run()
    lab.close()
    assert repr(shown) == "✓ It has two rounds: 2"


def test_a_page_without_a_kernel_gets_the_lines_as_they_are() -> None:
    lab = Lab(SMALL)
    shown = claims(lab, [SMALL], [ENDS])
    assert shown is not None
    assert shown._repr_mimebundle_()["text/plain"].startswith("○ Not run yet: FedAvg (2 rounds).")
    lab.close()


def test_claims_and_their_lab_do_not_keep_each_other_alive() -> None:
    """In IPython, which keeps what cells give: twenty runs of the claims' cell leave one, and a closed lab is freed."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.push({"claims": claims, "Lab": Lab, "SMALL": SMALL, "ENDS": ENDS})
    try:
        shell.run_cell("lab = Lab(SMALL)", store_history=True).raise_error()
        session = weakref.ref(shell.user_ns["lab"]._session)
        counts = []
        for _ in range(20):
            shell.run_cell("claims(lab, [SMALL], [ENDS])", store_history=True).raise_error()
            counts.append(len(_instances))
        gc.collect()
        assert len(set(counts)) == 1
        assert len(shell.user_ns["lab"]._outcomes._followers) == 1
        shell.user_ns["lab"].close()
        shell.run_cell("del lab", store_history=True)
        for thread in threading.enumerate():
            if thread.name.startswith("fedlab"):
                thread.join(60)
        gc.collect()
        assert session() is None
    finally:
        shell.reset()
        InteractiveShell.clear_instance()
