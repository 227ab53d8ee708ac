"""What the articles report, reached with the kit's engine on all of MNIST's test images."""

from __future__ import annotations

from fedlab import Experiment, History, run


def test_the_articles_example_ends_above_91_percent(article: History) -> None:
    """3 parties x 1,000 images, E = 5, 10 rounds, 2NN; a plain Keras loop gets 93 % with 10 parties x 600."""
    assert [one.number for one in article] == list(range(1, 11))
    assert 0.91 < article.rounds[-1].test_accuracy < 0.97


def test_accuracy_is_a_share_of_ten_thousand_images(article: History) -> None:
    for one in article:
        assert abs(one.test_accuracy * 10_000 - round(one.test_accuracy * 10_000)) < 1e-6


def test_the_articles_example_learns_at_every_party(article: History) -> None:
    """Every party's training loss falls below a tenth of ln 10 = 2.3, that of guessing."""
    assert all(report.train_loss < 0.23 for report in article.rounds[-1].parties)
    assert article.rounds[-1].test_loss < article.rounds[0].test_loss


def test_the_2nn_of_mcmahan_et_al_reaches_97_percent_within_0_35_to_1_6_times_their_rounds() -> None:
    """Table 2 of McMahan et al. (2017): 100 parties x 600 IID, C = 0.1, E = 1, B = 10: 87 rounds to 97 %.

    Public re-runs differ from the paper by 0.35 to 1.6 times, which is 30 to 139 rounds; the issue asks for 35 to 140.
    """
    experiment = Experiment(
        parties=100,
        examples=60_000,
        participation=0.1,
        batch_size=10,
        learning_rate=0.1,
        model="2nn",
        rounds=140,
        seed=0,
    )
    reached = next((one.number for one in run(experiment) if one.test_accuracy >= 0.97), None)
    assert reached is not None
    assert 35 <= reached <= 140
