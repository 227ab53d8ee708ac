"""An Experiment's JSON and link, those of earlier versions too, and what they say to what is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fedlab import Experiment, History, run
from fedlab.algorithms import FedAvg
from fedlab.datasets import Dataset
from fedlab.differences import differences
from fedlab.experiment import VERSION
from fedlab.partitions import Partition
from fedlab.settings import setting


def test_the_link_holds_what_differs_from_the_defaults() -> None:
    link = Experiment(parties=3, examples=3_000, algorithm="fedprox", mu=0.25).link()
    head, _, check_sum = link.rpartition("#")
    assert head == "fedlab2:parties=3&examples=3000&algorithm=fedprox&mu=0.25"
    assert len(check_sum) == 4
    assert Experiment().link().startswith("fedlab2:#")


def test_a_link_may_be_pasted_with_blanks_around_it() -> None:
    assert Experiment.from_link(f"  {Experiment(parties=3).link()}\n") == Experiment(parties=3)


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("", "not a link of fedlab"),
        ("hello", "not a link of fedlab"),
        ("https://example.org/#0000", "not a link of fedlab"),
        ("fedlab:parties=3#0000", "not a link of fedlab"),
        ("fedlab²:parties=3#0000", "not a link of fedlab"),
        (Experiment(parties=3).link().replace("fedlab2", "fedlab3"), "made by version 3 of the fedlab vocabulary"),
        (Experiment(parties=3).link().replace("fedlab2", "fedlab0"), "made by version 0 of the fedlab vocabulary"),
        ("fedlab" + "9" * 400 + ":#0000", "made by version 999999999 of the fedlab vocabulary"),
        (Experiment(parties=3).link()[:-1], "damaged"),
        (Experiment(parties=3).link()[:-5], "not a link of fedlab"),
        (Experiment(parties=3).link().replace("3", "4", 1), "damaged"),
    ],
)
def test_what_is_no_link_gets_one_sentence(link: str, sentence: str, is_one_sentence: Callable[[object], bool]) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        Experiment.from_link(link)
    assert is_one_sentence(caught.value)


def wrapped(experiment: object, version: object = VERSION) -> str:
    return json.dumps({"fedlab": version, "experiment": experiment})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not an experiment of fedlab"),
        ("parties = 3", "not an experiment of fedlab"),
        ("[1, 2]", "not an experiment of fedlab"),
        ("null", "not an experiment of fedlab"),
        ("{}", "not an experiment of fedlab"),
        ("[" * 100_000, "not an experiment of fedlab"),
        (wrapped(None), "not an experiment of fedlab"),
        (wrapped(7), "not an experiment of fedlab"),
        (Experiment().to_json()[:-9], "not an experiment of fedlab"),
        (wrapped({}, version=3), "made by version 3 of the fedlab vocabulary"),
        (wrapped({}, version=0), "made by version 0 of the fedlab vocabulary"),
        (wrapped({}, version="x"), "made by version 'x' of the fedlab vocabulary"),
        (wrapped({}, version=True), "made by version True of the fedlab vocabulary"),
        (wrapped({}, version=[2]), r"made by version \[2\] of the fedlab vocabulary"),
        (wrapped(["abc"]), "not an experiment of fedlab"),
        (wrapped([["parties", 3]]), "not an experiment of fedlab"),
        (wrapped({"parties": 3}).replace("3", "3" * 5_000), "not an experiment of fedlab"),
        (wrapped({"partition": {}}), "partition is {}, but it must be one of"),
        (wrapped({"dataset": {}}), "dataset is {}, but it must be one of"),
        (
            wrapped({"partition": None}).replace("null", "[" * 900 + "]" * 900),
            r"partition is \[\[\[...\]\]\], but it must",
        ),
        (wrapped({"y" * 900: 3}), "An experiment has no setting yyy.*: it has"),
        (wrapped({"parties": "many"}), "parties is 'many', but it must be a whole number"),
        (wrapped({"parties": None}), "parties is None, but it must be a whole number"),
        (wrapped({"self": 3}), "has no setting self"),
        (wrapped({"cls": 3}), "has no setting cls"),
        (wrapped({"algorithm": ["fedavg"]}), "algorithm is .'fedavg'., but it must be one of"),
        (wrapped({"algorithm": None}), "algorithm is None, but it must be one of"),
        (wrapped({"batch_size": {}}), "batch_size is {}, but it must be a whole number"),
    ],
    ids=lambda text: text[:40],
)
def test_damaged_json_gets_one_sentence(text: str, sentence: str, is_one_sentence: Callable[[object], bool]) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        Experiment.from_json(text)
    assert is_one_sentence(caught.value)


def test_an_experiment_is_read_from_its_file_and_from_that_of_its_history(tmp_path: Path, article: History) -> None:
    experiment = article.experiment
    (tmp_path / "experiment.json").write_text(experiment.to_json(), encoding="utf-8")
    article.save(tmp_path / "history.json")
    assert Experiment.load(tmp_path / "experiment.json") == experiment
    assert Experiment.load(str(tmp_path / "history.json")) == experiment


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", "folder"])
def test_a_file_that_cannot_be_read_gets_one_sentence(
    tmp_path: Path, content: bytes | str | None, is_one_sentence: Callable[[object], bool]
) -> None:
    path = tmp_path / "experiment.json"
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^Cannot read .*experiment\.json: ") as caught:
        Experiment.load(path)
    assert is_one_sentence(caught.value)


def test_a_file_that_an_editor_gave_a_byte_order_mark_is_read(tmp_path: Path, blobs: Dataset) -> None:
    """Notepad begins UTF-8 files with one; it was taken for damage."""
    experiment = Experiment(parties=3, examples=300, model="softmax", rounds=1)
    history = History(experiment, run(experiment, dataset=blobs))
    for text in (experiment.to_json(), history.to_json()):
        assert Experiment.from_json("\ufeff" + text) == experiment
        (tmp_path / "edited.json").write_text(text, encoding="utf-8-sig")
        assert Experiment.load(tmp_path / "edited.json") == experiment
    assert History.from_json("\ufeff" + history.to_json()).column("test_loss") == history.column("test_loss")


def test_a_file_of_several_runs_says_so(is_one_sentence: Callable[[object], bool]) -> None:
    """What `fedlab compare --json` writes: it was called damaged."""
    text = json.dumps({"fedlab": VERSION, "runs": [{"experiment": {}, "rounds": []}] * 3})
    for read in (Experiment.from_json, History.from_json):
        with pytest.raises(ValueError, match=r"^This file holds 3 runs that were compared: give one of them") as caught:
            read(text)
        assert is_one_sentence(caught.value)


# Earlier versions

OLD_LINKS: dict[str, dict[str, Any]] = {
    "fedlab1:#0000": {},
    "fedlab1:parties=3&examples=3000&partition=dirichlet&alpha=0.2&algorithm=fedprox&mu=0.25&seed=7#6594": {
        "parties": 3, "examples": 3_000, "partition": "dirichlet", "alpha": 0.2, "algorithm": "fedprox", "mu": 0.25,
        "seed": 7,
    },
    "fedlab1:dataset=synthetic&synthetic_alpha=0.5&partition=natural&algorithm=fedadam&beta_2=0.9&model=softmax"
    "&batch_size=all&stragglers=0.5#99c4": {
        "dataset": "synthetic", "synthetic_alpha": 0.5, "partition": "natural", "algorithm": "fedadam", "beta_2": 0.9,
        "model": "softmax", "batch_size": "all", "stragglers": 0.5,
    },
    "fedlab1:parties=100&partition=shards&algorithm=fedsgd&model=cnn&rotation=30.0#6424": {
        "parties": 100, "partition": "shards", "algorithm": "fedsgd", "model": "cnn", "rotation": 30.0,
    },
}  # fmt: skip

OLD_HISTORY = """{
 "fedlab": 1,
 "experiment": {
  "parties": 3, "examples": 3000, "dataset": "mnist", "partition": "dirichlet", "alpha": 0.2, "algorithm": "fedprox",
  "mu": 0.25, "model": "2nn", "rounds": 20, "participation": 1.0, "local_epochs": 1, "batch_size": 32,
  "learning_rate": 0.1, "momentum": 0.0, "feature_noise": 0.0, "rotation": 0.0, "label_noise": 0.0,
  "noisy_parties": 0.3, "stragglers": 0.0, "dropouts": 0.0, "slow_parties": 0.0, "slowdown": 10.0, "bandwidth": 10.0,
  "seed": 7
 },
 "rounds": [
  {
   "number": 1, "test_accuracy": 0.5, "test_loss": 1.25, "train_loss": 1.5, "bytes_up": 796840, "bytes_down": 796840,
   "seconds": 0.25, "simulated_seconds": 2.5, "absent": 1,
   "parties": [{"party": 0, "examples": 1500, "steps": 47, "train_loss": 1.5, "distance": 0.75}]
  }
 ]
}"""


@pytest.mark.parametrize(("link", "settings"), OLD_LINKS.items())
def test_a_link_of_version_1_means_what_it_meant(link: str, settings: dict[str, Any]) -> None:
    """The links were written by the kit while its vocabulary had version 1, from these settings."""
    assert Experiment.from_link(link) == Experiment(**settings)
    assert Experiment.from_link(link).link().startswith("fedlab2:")


def test_a_file_of_version_1_means_what_it_meant() -> None:
    """Written by the kit while its vocabulary had version 1, from the second of the links above and one round."""
    expected = Experiment(**list(OLD_LINKS.values())[1])
    assert Experiment.from_json(OLD_HISTORY) == expected
    history = History.from_json(OLD_HISTORY)
    assert history.experiment == expected
    (one,) = history.rounds
    assert (one.test_accuracy, one.absent, one.simulated_seconds, one.parties[0].steps) == (0.5, 1, 2.5, 47)
    assert one.engine == ""
    assert History.from_json(history.to_json()).rounds == history.rounds


def test_a_setting_that_version_1_did_not_have_is_as_version_1_always_did_it() -> None:
    old = Experiment.from_json(OLD_HISTORY)
    assert {old.attack.name, old.privacy.name, old.compression.name, old.secure_sum.name} == {"none"}
    assert old.aggregation.name == "mean"


# Classes of the learner's own


class Mine(FedAvg):
    """States no name."""

    reach: int = setting(1, "How far.", low=1, high=9)


class Posing(FedAvg):
    """Calls itself what the kit's own algorithm is called."""

    name = "fedavg"


class Whole(Partition):
    """Gives everything to everybody but in order; a partition of the learner's own."""

    name = "whole"

    def assign(self, labels: Any, parties: int, rng: Any) -> Any:
        return [range(k, len(labels), parties) for k in range(parties)]


@pytest.mark.parametrize(
    ("experiment", "kinds"),
    [
        (Experiment(algorithm=Mine(reach=3), parties=3), ["Mine"]),
        (Experiment(algorithm=Posing()), ["Posing"]),
        (Experiment(algorithm=Mine(), partition=Whole()), ["Whole", "Mine"]),
    ],
    ids=lambda value: str(value) if isinstance(value, list) else "",
)
def test_a_file_says_whose_class_is_missing_and_a_link_is_refused(
    experiment: Experiment, kinds: list[str], tmp_path: Path, is_one_sentence: Callable[[object], bool]
) -> None:
    """Without a name it was read back as FedAvg, without a word."""
    assert experiment.own_kinds == kinds
    History(experiment).save(tmp_path / "run.json")
    assert json.loads(experiment.to_json())["own"] == kinds
    for read in (
        lambda: Experiment.from_json(experiment.to_json()),
        lambda: Experiment.load(tmp_path / "run.json"),
        lambda: History.from_json(History(experiment).to_json()),
    ):
        with pytest.raises(ValueError, match=f"^This was made with {kinds[0]}, a class of somebody's own") as caught:
            read()
        assert is_one_sentence(caught.value)
    with pytest.raises(ValueError, match=f"^A link cannot hold {kinds[0]}, a class of your own") as caught:
        experiment.link()
    assert is_one_sentence(caught.value)


def test_legends_name_a_class_of_ones_own_that_states_no_name() -> None:
    labels = differences([Experiment(algorithm=Mine(reach=2)), Experiment()])
    assert labels == ["Mine, reach = 2", "FedAvg"]
    assert differences([Experiment(algorithm=Mine())]) == ["Mine"]
