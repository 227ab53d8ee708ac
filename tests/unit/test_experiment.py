"""An Experiment: its defaults, what it says to bad input, and how another is made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fedlab import Experiment
from fedlab.algorithms import FedAvg, FedProx
from fedlab.differences import differences
from fedlab.experiment import KINDS, VERSION
from fedlab.models import CNN, MODELS, Softmax
from fedlab.partitions import IID, Dirichlet
from fedlab.settings import InvalidSetting, settings_of

DEFAULTS = {  # of version 2; raise VERSION in vocabulary.py before you change one, for a link leaves defaults out
    "parties": 10,
    "examples": 5_000,
    "dataset": "mnist",
    "partition": "iid",
    "algorithm": "fedavg",
    "model": "2nn",
    "rounds": 20,
    "participation": 1.0,
    "local_epochs": 1,
    "batch_size": 32,
    "learning_rate": 0.1,
    "momentum": 0.0,
    "attack": "none",
    "privacy": "none",
    "compression": "none",
    "secure_sum": "none",
    "aggregation": "mean",
    "feature_noise": 0.0,
    "rotation": 0.0,
    "label_noise": 0.0,
    "noisy_parties": 0.3,
    "stragglers": 0.0,
    "dropouts": 0.0,
    "away": 0,
    "slow_parties": 0.0,
    "slowdown": 10.0,
    "bandwidth": 10.0,
    "uplink": "same",
    "seed": 0,
    "car_parks.days": 14,
    "vowels.speakers": 8,
    "vowels.voices": "own",
    "mlp.mlp_units": 16,
    "mlp.mlp_layers": 1,
    "synthetic.synthetic_alpha": 1.0,
    "synthetic.synthetic_beta": 1.0,
    "dirichlet.alpha": 0.5,
    "label_dirichlet.alpha": 0.5,
    "label_limit.labels_per_party": 2,
    "shards.shards_per_party": 2,
    "quantity.size_beta": 0.5,
    "fedprox.mu": 0.1,
    "fedavgm.server_momentum": 0.9,
    "fedavgm.server_learning_rate": 1.0,
    "fedadagrad.server_learning_rate": 0.01,
    "fedadagrad.beta_1": 0.0,
    "fedadagrad.tau": 0.001,
    "fedadam.server_learning_rate": 0.01,
    "fedadam.beta_1": 0.9,
    "fedadam.tau": 0.001,
    "fedadam.beta_2": 0.99,
    "fedyogi.server_learning_rate": 0.01,
    "fedyogi.beta_1": 0.9,
    "fedyogi.tau": 0.001,
    "fedyogi.beta_2": 0.99,
    "scaffold.server_learning_rate": 1.0,
    "feddyn.feddyn_alpha": 0.1,
    "qfedavg.q": 1.0,
    "ditto.ditto_pull": 1.0,
    "fedbuff.buffer": 3,
    "fedbuff.staleness": 0.5,
    "fedbuff.server_learning_rate": 1.0,
    "fedasync.mixing": 0.5,
    "fedasync.staleness": 0.5,
    "topk.topk_share": 0.01,
    "topk.error_feedback": True,
    "randomk.randomk_share": 0.05,
    "randomk.error_feedback": True,
    "quantize.quantize_bits": 4,
    "quantize.error_feedback": True,
    "sign.error_feedback": True,
    "masks.mask_threshold": 0.6,
    "dp.dp_clip": 1.0,
    "dp.dp_noise": 1.0,
    "dp.dp_delta": 1e-05,
    "dp.dp_where": "server",
    "label_flip.attackers": 1,
    "label_flip.attack_from": 1,
    "sign_flip.attackers": 1,
    "sign_flip.attack_from": 1,
    "sign_flip.attack_strength": 1.0,
    "noise.attackers": 1,
    "noise.attack_from": 1,
    "noise.attack_strength": 1.0,
    "replacement.attackers": 1,
    "replacement.attack_from": 1,
    "replacement.attack_strength": 10.0,
    "little.attackers": 1,
    "little.attack_from": 1,
    "little.deviations": "most",
    "free_rider.attackers": 1,
    "free_rider.attack_from": 1,
    "trimmed_mean.trim": 0.2,
    "krum.expected_attackers": 1,
    "multi_krum.expected_attackers": 1,
    "norm_bound.norm_bound": 1.0,
}


def test_no_default_changes_without_a_new_version() -> None:
    """A link holds what differs from the defaults: with other defaults an old link would mean another experiment."""
    now = Experiment().to_dict()
    for kinds in KINDS.values():
        for kind in kinds.values():
            now |= {f"{kind.name}.{name}": getattr(kind(), name) for name in settings_of(kind)}
    assert VERSION == 2, "new version: write its defaults down above"
    assert now == DEFAULTS, "raise VERSION if a default changed; write new settings down above"


def test_settings_of_partition_and_algorithm_stand_beside_the_others() -> None:
    flat = Experiment(partition="dirichlet", alpha=0.2, algorithm="fedprox", mu=0.7)
    assert flat == Experiment(partition=Dirichlet(alpha=0.2), algorithm=FedProx(mu=0.7))
    assert (flat.to_dict()["alpha"], flat.to_dict()["mu"]) == (0.2, 0.7)


def test_a_model_is_a_kind_like_data_set_and_algorithm() -> None:
    assert Experiment(model="softmax") == Experiment(model=Softmax())
    assert Experiment(model="cnn").to_dict()["model"] == CNN.name
    assert type(Experiment().model) is MODELS["2nn"]


@pytest.mark.parametrize(
    ("settings", "name", "sentence"),
    [
        ({"parties": 0}, "parties", "parties is 0, but it must be a whole number from 1 to 60000."),
        ({"parties": 2.5}, "parties", "parties is 2.5, but it must be a whole number from 1 to 60000."),
        (
            {"batch_size": "some"},
            "batch_size",
            "batch_size is 'some', but it must be a whole number from 1 to 60000, or all.",
        ),
        ({"seed": -1}, "seed", "seed is -1, but it must be a whole number from 0 to 2147483647."),
        ({"model": "3nn"}, "model", "model is '3nn', but it must be one of softmax, 2nn, mlp, cnn."),
        ({"participation": 0}, "participation", "participation is 0.0, but it must be a number from 0.001 to 1."),
        ({"algorithm": "fedprox", "mu": -1}, "mu", "mu is -1.0, but it must be a number from 0 to 10."),
        ({"mu": 0.1}, "mu", "mu is a setting of the algorithm fedprox, but the algorithm here is fedavg."),
        (
            {"size_beta": 1},
            "size_beta",
            "size_beta is a setting of the partition quantity, but the partition here is iid.",
        ),
        ({"partys": 3}, "partys", "An experiment has no setting partys: did you mean parties?"),
        ({"muh": 3}, "muh", "An experiment has no setting muh: did you mean mu?"),
        (
            {"parties": 11, "examples": 10},
            "parties",
            "11 parties cannot share 10 examples: take at most 10 parties or more examples.",
        ),
        (
            {"algorithm": "fedsgd", "batch_size": 10},
            "batch_size",
            "batch_size is 10, but FedSGD always uses 'all': leave it out.",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_input_gets_one_sentence_that_says_what_is_allowed(
    settings: dict[str, Any], name: str, sentence: str, is_one_sentence: Callable[[object], bool]
) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Experiment(**settings)
    assert str(caught.value) == sentence
    assert caught.value.setting == name
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("role", KINDS)
def test_an_unknown_kind_gets_the_list_of_those_there_are(role: str) -> None:
    with pytest.raises(InvalidSetting, match=f"{role} is 'best', but it must be one of {', '.join(KINDS[role])}."):
        Experiment(**{role: "best"})


@pytest.mark.parametrize(
    ("value", "shown"),
    [(10**400, "100000000000000000...0000000000000000000"), (10**5_000, "a number of thousands of digits")],
    ids=["400 digits", "5,000 digits"],
)
@pytest.mark.parametrize("name", ["parties", "learning_rate", "batch_size"])
def test_a_long_value_is_shortened_in_the_sentence_that_refuses_it(name: str, value: int, shown: str) -> None:
    """It was repeated whole, across the plot, and 5,000 digits got Python's words: it writes at most 4,300."""
    with pytest.raises(InvalidSetting) as caught:
        Experiment(**{name: value})
    assert str(caught.value).startswith(f"{name} is {shown}, but it must be ")
    with pytest.raises(InvalidSetting) as caught:
        Experiment(**{name: "x" * 1_000})
    assert len(str(caught.value)) < 150


# with_


def test_with_keeps_the_settings_that_still_belong() -> None:
    start = Experiment(partition="dirichlet", alpha=0.2, algorithm="fedprox", mu=0.7, parties=4, seed=3)
    assert start.with_(mu=0.1) == start.with_(algorithm="fedprox", mu=0.1)
    assert start.with_(parties=5).to_dict() == {**start.to_dict(), "parties": 5}
    assert start.with_() == start


def test_with_drops_the_settings_of_what_is_left_behind() -> None:
    start = Experiment(partition="dirichlet", alpha=0.2, algorithm="fedprox", mu=0.7, parties=4)
    other = start.with_(algorithm="fedavg", partition="iid")
    assert other == Experiment(parties=4)
    assert not {"mu", "alpha"} & other.to_dict().keys()
    with pytest.raises(InvalidSetting, match=r"mu is a setting of the algorithm fedprox"):
        start.with_(algorithm="fedavg", mu=0.1)


def test_with_takes_the_values_that_the_new_algorithm_fixes_and_refuses_others() -> None:
    start = Experiment(local_epochs=5, batch_size=10)
    fedsgd = start.with_(algorithm="fedsgd")
    assert (fedsgd.local_epochs, fedsgd.batch_size) == (1, "all")
    with pytest.raises(InvalidSetting, match=r"local_epochs is 5, but FedSGD always uses 1"):
        fedsgd.with_(local_epochs=5)
    assert fedsgd.with_(algorithm="fedavg", local_epochs=5).local_epochs == 5


def test_with_leaves_the_experiment_as_it_was_and_checks_the_new_one() -> None:
    start = Experiment(parties=4)
    start.with_(parties=5)
    assert start.parties == 4
    with pytest.raises(InvalidSetting, match=r"parties is 0"):
        start.with_(parties=0)


def test_with_keeps_an_algorithm_of_ones_own() -> None:
    class Mine(FedAvg):
        name = "mine"

    start = Experiment(algorithm=Mine(), partition=IID())
    assert type(start.with_(parties=3).algorithm) is Mine
    assert type(start.with_(algorithm="fedavg").algorithm) is FedAvg


def test_what_is_on_or_off_is_told_as_yes_or_no() -> None:
    """And not as 1 or 0, which is how a number of something is told."""
    remembers = Experiment(compression="topk")
    told = differences([remembers, remembers.with_(error_feedback=False)])
    assert told == ["error feedback = yes", "error feedback = no"]
