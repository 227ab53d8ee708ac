"""Numbers about private examples, with noise that hides each single one: by OpenMined's PyDP, around Google's library.

    answer   = count + Laplace noise of scale 1 / ε      deviation √2 / ε, whatever the count is

An example more or less changes one count by 1, so no answer becomes more than e^ε times as likely by it: ε-differential
privacy. Ask again and the noise is new: the mean of T answers has a deviation of √2 / (ε √T), and T times the price
has been paid, or a little less. `epsilon_of` says how much less.
Source: Dwork, McSherry, Nissim and Smith 2006, *Calibrating Noise to Sensitivity in Private Data Analysis*.
"""

from __future__ import annotations

import math

import numpy as np

from fedlab.openmined.loading import load
from fedlab.text import say

GRID = 1e-3  # losses are told apart in steps of ε · GRID


def private_counts(labels: np.ndarray, classes: int, epsilon: float) -> np.ndarray:
    """(classes,) whole numbers: how many examples have each label, each count with noise of its own.

    All of it costs ε once, not once a class: an example is in one of the counts only. What is hidden is one example
    more or less, not a party. A count may come out below 0. The noise cannot be repeated with a seed, by intention.
    labels: (n,) whole numbers from 0 to classes - 1. `ImportError` with one sentence where PyDP is not installed.
    """
    _require_epsilon(epsilon)
    labels = np.asarray(labels)
    if (labels.dtype.kind not in "iu" and labels.size) or np.any((labels < 0) | (labels >= classes)):
        raise ValueError(say("Labels must be whole numbers from 0 to {last}.", last=classes - 1))
    try:
        count = load("pydp.algorithms.laplacian").Count
    except ImportError:
        raise ImportError(
            say(
                "PyDP is not installed here: install it with pip install python-dp==1.1.5, which has wheels for Linux "
                "on x86-64 and for macOS 15. The package named pydp is another one.",
            )
        ) from None
    return np.array([count(epsilon=epsilon).quick_result(labels[labels == one].tolist()) for one in range(classes)])


def epsilon_of(epsilon: float, times: int, delta: float) -> float:
    """ε of so many answers about the same examples, each with Laplace noise of scale 1 / ε, at δ.

    Basic composition says times · ε, with δ = 0, and never less for δ = 0. With δ > 0 dp-accounting adds the privacy
    losses of the answers as random numbers: few answers are each as telling as they can be. The smaller of both; the
    accountant's is rounded up. Source: Koskela, Jälkö and Honkela 2020.
    """
    _require_epsilon(epsilon)
    if times < 0:
        raise ValueError(say("Questions are counted from 0, but there are {times} of them.", times=times))
    if not 0 <= delta < 1:
        raise ValueError(say("δ must be 0 or more and below 1, but it is {delta:g}.", delta=delta))
    if times == 0 or delta == 0:
        return times * epsilon
    from dp_accounting.pld import privacy_loss_distribution as pld  # takes a second

    loss = pld.from_laplace_mechanism(1 / epsilon, value_discretization_interval=epsilon * GRID)
    return min(times * epsilon, float(loss.self_compose(times).get_epsilon_for_delta(delta)))


def _require_epsilon(epsilon: float) -> None:
    if not 0 < epsilon < math.inf:
        raise ValueError(say("ε must be above 0 and finite, but it is {epsilon:g}.", epsilon=epsilon))
