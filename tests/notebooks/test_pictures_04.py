"""What lesson 04 draws is what the runs hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, History, run
from fedlab.lessons import pictures_04


@pytest.fixture(scope="module")
def trained() -> History:
    small = Experiment(
        dataset="synthetic",
        partition="natural",
        parties=5,
        examples=2_000,
        model="softmax",
        learning_rate=0.01,
        rounds=2,
    )
    return History(small, run(small))


def test_the_loss_and_the_accuracy_of_a_run_follow_from_its_probabilities(trained: History) -> None:
    """The loss is the mean of -ln p of the right class, the accuracy how often it is the likeliest."""
    p, labels = pictures_04.probabilities(trained)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    last = trained.rounds[-1]
    assert -np.log(p[np.arange(len(p)), labels]).mean() == pytest.approx(last.test_loss, rel=1e-5)
    assert (p.argmax(axis=1) == labels).mean() == pytest.approx(last.test_accuracy)


def test_the_picture_of_certainty_counts_each_test_example_once(trained: History) -> None:
    p, labels = pictures_04.probabilities(trained)
    (ax,) = pictures_04.certainty({"a model": trained}).axes
    right, wrong = (sum(patch.get_height() for patch in bars) for bars in ax.containers)
    assert right == (p.argmax(axis=1) == labels).sum()
    assert right + wrong == len(labels)


def test_each_idea_has_a_row_and_the_work_comes_first() -> None:
    numbers: Any = {pictures_04.FEDAVG: [3.0, 4.0], pictures_04.KEEPS: [2.0, 2.0], pictures_04.PULLS: [1.5, 1.0]}
    (ax,) = pictures_04.ideas({"short": numbers}, "loss").axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["short: keeping the work", "short: the pull"]
    dots = [list(np.asarray(line.get_xdata())) for line in ax.lines if line.get_label() == "one seed each"]
    assert dots == [[-1, -2], [-0.5, -1]]
