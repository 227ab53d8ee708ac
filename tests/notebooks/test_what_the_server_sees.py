"""What lesson 07 shows of one upload: open, under masks, before a server that lies; and of two bell curves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from fedlab import attacks_on_privacy as attack
from fedlab.experiment import Experiment
from fedlab.lessons import claims_07, two_bells
from fedlab.lessons import one_upload as view
from fedlab.lessons.checks_07 import ASKED, EPSILON, GOAL
from fedlab.lessons.progress import as_far_as_it_goes

PARTY, THRESHOLD = 3, 6


@pytest.fixture(scope="module")
def sent() -> view.Sent:
    """Ten parties of eight images after one step."""
    return view.first_round(claims_07.EIGHT)


def test_the_masked_messages_of_all_add_up_to_the_open_ones_once_their_own_masks_are_gone(sent: view.Sent) -> None:
    masked = sum(view.without_own_mask(sent, k).astype(np.uint64) for k in range(10)) % 2**32
    bare = sum(view.open_numbers(sent, k).astype(np.uint64) for k in range(10)) % 2**32
    assert np.array_equal(masked, bare)


def test_a_server_that_lies_reads_a_message_without_a_mask_of_its_own_to_the_bit(sent: view.Sent) -> None:
    """Why masks are double. What it reads is the upload, but for the grid of 2^-20 times n / n_k = 10."""
    naive = view.without_own_mask(sent, PARTY)
    read = view.without_shared_masks(naive, sent, PARTY, THRESHOLD)
    assert np.array_equal(read, view.open_numbers(sent, PARTY))
    assert np.abs(view.as_update(read, sent, PARTY) - sent.update(PARTY)).max() <= 0.5 * 10 / 2**20 + 1e-9


def test_with_a_mask_of_its_own_the_message_stays_noise_to_a_server_that_lies(sent: view.Sent) -> None:
    """A number is right by chance once in 2^32: among 199,210 none is, but with probability 5e-5."""
    read = view.without_shared_masks(view.masked_numbers(sent, PARTY), sent, PARTY, THRESHOLD)
    assert not (read == view.open_numbers(sent, PARTY)).any()
    found = attack.candidates(view.as_update(read, sent, PARTY), sent.prepared.shapes)
    assert attack.share_recovered(found, sent.images(PARTY)) == 0


def test_a_telling_unit_shows_an_image_of_the_party(sent: view.Sent) -> None:
    unit = view.telling_unit(sent, PARTY)
    change = view.one_unit(sent.update(PARTY), sent, unit).ravel()
    likeness = [abs(np.corrcoef(change, image)[0, 1]) for image in sent.images(PARTY)]
    assert max(likeness) > 0.9999


def test_delta_of_one_release_is_the_formula_and_the_best_attacker_touches_its_line() -> None:
    """References: σ = 1, δ = 1e-5 is ε = 4.37718. The largest TPR - e^ε FPR over thresholds is δ, by definition."""
    assert two_bells.epsilon_of(1e-5, 1.0) == pytest.approx(4.37718, abs=5e-6)
    thresholds = np.linspace(-5, 9, 5_001)
    for sigma, epsilon in ((1.0, 1.0), (2.0, 0.3), (0.5, 4.0)):
        found, blamed = two_bells.rates(sigma, thresholds)
        assert found == pytest.approx(norm.sf(thresholds, 1, sigma), abs=1e-12)
        assert (found - np.exp(epsilon) * blamed).max() == pytest.approx(two_bells.delta_of(epsilon, sigma), abs=1e-5)


def test_the_labs_runs_differ_in_what_hides_them_and_in_the_size_of_the_crowd() -> None:
    hidden = {"privacy": "none", "secure_sum": "none"}
    plain = {one.with_(**hidden) for one in claims_07.WE_SAY}
    assert plain == {claims_07.FEDAVG, claims_07.CROWD}
    assert claims_07.FEDAVG.with_(parties=10_000, examples=60_000, participation=0.01) == claims_07.CROWD


def test_what_the_budget_of_epsilon_gives_the_learner_misses_it() -> None:
    """ε is 2.1, above 2; and with more noise, so that ε fits, too few test images are right."""
    given = as_far_as_it_goes(ASKED)
    spent = given.rounds[-1].epsilon
    assert spent is not None
    assert spent > EPSILON
    more: Experiment = ASKED.with_(dp_noise=1.1)
    history = as_far_as_it_goes(more)
    assert history.rounds[-1].epsilon <= EPSILON  # type: ignore[operator]
    assert history.rounds[-1].test_accuracy < GOAL
