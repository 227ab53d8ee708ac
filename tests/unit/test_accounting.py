"""Facts about ε: what noise is worth, by formula and by the accountants of a library."""

from __future__ import annotations

import dp_accounting
import numpy as np
import pytest
from dp_accounting import pld, rdp
from scipy.optimize import brentq
from scipy.stats import norm

from fedlab.accounting import Release, epsilon


def by_formula(sigma: float, delta: float) -> float:
    """ε of one Gaussian release: δ = Φ(1/2σ - εσ) - e^ε Φ(-1/2σ - εσ) (Balle and Wang 2018, theorem 8)."""
    half = 1 / (2 * sigma)

    def too_much(e: float) -> float:
        return norm.cdf(half - e * sigma) - np.exp(e + norm.logcdf(-half - e * sigma)) - delta

    return float(brentq(too_much, 0, 10 / sigma**2 + 10))


def test_one_release_with_noise_of_one_clip_costs_4_38_at_a_delta_of_1e_5() -> None:
    assert by_formula(1, 1e-5) == pytest.approx(4.37718, abs=1e-5)
    assert epsilon({Release(1, 1): 1}, 1e-5) == pytest.approx(4.37718, abs=1e-3)


def test_a_hundred_releases_with_ten_times_the_noise_cost_what_one_does() -> None:
    """Gaussian losses add up like their squares: 100 / 10² = 1. At δ = 1e-3 both ways 3.13867."""
    assert by_formula(1, 1e-3) == pytest.approx(3.13867, abs=1e-5)
    assert epsilon({Release(10, 1): 100}, 1e-3) == pytest.approx(3.13867, abs=1e-3)


@pytest.mark.parametrize(
    ("noise", "share", "rounds", "delta", "published"),
    [(1.0, 0.1, 100, 1e-3, 4.78), (4.0, 0.01, 10_000, 1e-5, 0.9470)],
)
def test_a_party_that_takes_part_by_chance_is_hidden_better(
    noise: float, share: float, rounds: int, delta: float, published: float
) -> None:
    """Against the library's own accountant, on a grid ten times finer, and what it is known to give: not less, nor 2 %
    more. (The moments accountant of Abadi et al. 2016 gives 1.26 for the second: an older bound of the same.)"""
    ours = epsilon({Release(noise, share): rounds}, delta)
    accountant = pld.PLDAccountant()
    accountant.compose(dp_accounting.PoissonSampledDpEvent(share, dp_accounting.GaussianDpEvent(noise)), rounds)
    finer = accountant.get_epsilon(delta)
    assert finer == pytest.approx(published, abs=5e-3)
    assert finer - 1e-6 <= ours <= 1.02 * finer
    assert ours < epsilon({Release(noise, 1.0): rounds}, delta)


@pytest.mark.parametrize(
    ("noise", "share", "rounds", "delta", "published"),
    [(1.0, 0.1, 100, 1e-3, 5.66), (4.0, 0.01, 10_000, 1e-5, 1.0355)],
)
def test_an_older_accountant_finds_more_epsilon_in_the_same_rounds(
    noise: float, share: float, rounds: int, delta: float, published: float
) -> None:
    """Moments (RDP), by the library: a bound that is less tight. What a run has promised depends on who counts."""
    moments = rdp.RdpAccountant()
    moments.compose(dp_accounting.PoissonSampledDpEvent(share, dp_accounting.GaussianDpEvent(noise)), rounds)
    assert moments.get_epsilon(delta) == pytest.approx(published, abs=5e-3)
    assert moments.get_epsilon(delta) > epsilon({Release(noise, share): rounds}, delta)


@pytest.mark.parametrize(("noise", "rounds"), [(0.01, 1), (0.01, 100), (0.1, 7), (0.5, 50)])
def test_with_hardly_any_noise_epsilon_is_huge_and_right(noise: float, rounds: int) -> None:
    """T releases with σ are one with σ / √T: not less than its formula says, nor 1 in 1,000 more.

    A grid of losses that did not widen with them would have 500 million points for the second.
    """
    exact = by_formula(noise / rounds**0.5, 1e-5)
    assert exact <= epsilon({Release(noise, 1.0): rounds}, 1e-5) <= 1.001 * exact


@pytest.mark.parametrize(("noise", "share", "rounds"), [(0.0099, 1.0, 20), (0.0099, 0.1, 20), (1e-6, 0.1, 3)])
def test_noise_next_to_nothing_is_reckoned_at_once_and_never_as_too_little(
    noise: float, share: float, rounds: int
) -> None:
    """A grid of losses for σ = 1e-6 would have 500 million points. What is told instead is at least the ε of a party
    that takes part each time, by formula, and at most 1 in 1,000 more."""
    exact = by_formula(noise / rounds**0.5, 1e-5)
    assert exact <= epsilon({Release(noise, share): rounds}, 1e-5) <= 1.001 * exact
    assert epsilon({Release(1e-200, 1.0): 1}, 1e-5) == np.inf


def test_after_noise_was_turned_down_the_earlier_releases_still_count() -> None:
    """3 with σ = 1 and 2 with σ = 0.05 are one with 1 / σ² = 3 / 1² + 2 / 0.05² = 803."""
    exact = by_formula(803**-0.5, 1e-5)
    assert exact <= epsilon({Release(1.0, 1.0): 3, Release(0.05, 1.0): 2}, 1e-5) <= 1.001 * exact


def test_releases_of_two_kinds_add_up() -> None:
    """52 with σ = 10 and 12 with σ = 5 are one with σ = 1, since 52 / 10² + 12 / 5² = 1."""
    assert epsilon({Release(10, 1): 52, Release(5, 1): 12}, 1e-3) == pytest.approx(by_formula(1, 1e-3), abs=2e-3)


def test_without_noise_nothing_is_promised_and_without_a_release_nothing_is_spent() -> None:
    assert epsilon({Release(0, 1): 1, Release(1, 1): 5}, 1e-3) == np.inf
    assert epsilon({}, 1e-3) == 0
