"""Facts about flags: which experiments they make, and what is refused before anything trains."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, ClassVar

import pytest

import fedlab.cli.commands
import fedlab.cli.running
from fedlab import Experiment, History
from fedlab.cli.settings import combinations, owners, value_of
from fedlab.experiment import KINDS
from fedlab.settings import setting, settings_of
from fedlab.stages import Attack, Compression, Privacy
from tests.unit.command_line import SMALL, fedlab_, in_a_new_process

ARTICLE = (
    "run --parties 3 --examples 3000 --partition iid --algorithm fedprox --mu 0.1 --model 2nn --rounds 10 "
    "--local-epochs 5 --batch-size 32 --learning-rate 0.1 --participation 1.0 --seed 0"
)


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> list[list[Experiment]]:
    """Catch what would be trained instead of training it."""
    caught: list[list[Experiment]] = []

    def catch(experiments: list[Experiment], engine: object, files: object) -> Any:
        caught.append(experiments)
        return [History(experiment) for experiment in experiments], []

    monkeypatch.setattr(fedlab.cli.commands, "train_all", catch)
    return caught


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_setting_of_every_class_is_a_flag_that_tells_its_lesson_and_its_range() -> None:
    text = " ".join(fedlab_("run", "--help").output.split())
    for owner in (Experiment, *(kind for kinds in KINDS.values() for kind in kinds.values())):
        for name, about in settings_of(owner).items():
            assert "--" + name.replace("_", "-") + " VALUE" in text
            assert settings_of(owners()[name][0])[name].lesson in text
            assert about.allowed(owner.model_fields[name].annotation) in text


@pytest.mark.parametrize(
    "experiment",
    [
        Experiment(),
        Experiment(algorithm="fedsgd", partition="dirichlet", alpha=0.01, model="cnn"),
        Experiment(algorithm="fedprox", mu=1.5, batch_size="all", participation=0.25, learning_rate=0.003, seed=7),
    ],
)
def test_flags_make_the_experiment_that_python_makes(
    experiment: Experiment, no_training: list[list[Experiment]]
) -> None:
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in experiment.to_dict().items()]
    assert fedlab_("run", *flags).exit_code == 0
    assert no_training == [[experiment]]


def test_without_flags_the_default_experiment_runs(no_training: list[list[Experiment]]) -> None:
    fedlab_("run")
    assert no_training == [[Experiment()]]


def test_the_readmes_example_is_the_article_s_experiment(no_training: list[list[Experiment]]) -> None:
    assert fedlab_(*ARTICLE.split()).exit_code == 0
    assert no_training == [
        [Experiment(parties=3, examples=3000, algorithm="fedprox", mu=0.1, rounds=10, local_epochs=5, batch_size=32)]
    ]


def test_a_saved_run_and_its_link_start_the_same_experiment(
    in_folder: Path, no_training: list[list[Experiment]]
) -> None:
    experiment = Experiment(algorithm="fedprox", mu=1.5, rounds=3)
    Path("run.json").write_text(History(experiment).to_json(), encoding="utf-8")
    fedlab_("run", "--from", "run.json")
    fedlab_("run", "--from", experiment.link())
    fedlab_("run", "--from", "run.json", "--rounds", "9")
    fedlab_("run", "--from", "run.json", "--algorithm", "fedavg")
    assert no_training == [
        [experiment],
        [experiment],
        [experiment.with_(rounds=9)],
        [experiment.with_(algorithm="fedavg")],
    ]


def test_a_link_longer_than_a_file_s_name_may_be_is_read(no_training: list[list[Experiment]]) -> None:
    """255 bytes is what most systems allow; every number here has a dozen digits."""
    names = ["participation", "learning_rate", "momentum", "feature_noise", "label_noise", "noisy_parties"]
    names += ["stragglers", "dropouts", "slow_parties"]
    long = Experiment(partition="dirichlet", algorithm="fedprox", **dict.fromkeys(names, 0.123456789012))
    assert len(long.link()) > 255
    assert fedlab_("run", "--from", long.link()).exit_code == 0
    assert no_training == [[long]]


def test_a_link_of_the_first_version_is_read(no_training: list[list[Experiment]]) -> None:
    """Written by the command line of version 1."""
    link = "fedlab1:parties=3&examples=300&partition=dirichlet&alpha=0.1&algorithm=fedprox&model=softmax&rounds=2#840b"
    assert fedlab_("run", "--from", link).exit_code == 0
    of_then = Experiment(parties=3, examples=300, algorithm="fedprox", model="softmax", rounds=2)
    assert no_training == [[of_then.with_(partition="dirichlet", alpha=0.1)]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("run --rounds 0", "rounds is 0, but it must be a whole number from 1 to 100"),
        ("run --rounds 2.5", "rounds is 2.5, but it must be a whole number"),
        ("run --batch-size half", "batch_size is 'half', but it must be a whole number from 1 to 60"),
        ("run --participation nan", "participation is nan"),
        ("run --algorithm fedpox", "algorithm is 'fedpox', but it must be one of fedsgd, fedavg, fedprox"),
        ("run --mu 1", "mu is a setting of the algorithm fedprox, but the algorithm here is fedavg"),
        ("run --algorithm fedprox --mu -1", "but it must be a number from 0 to 10"),
        ("run --algorithm fedsgd --local-epochs 5", "FedSGD always uses 1"),
        ("run --parties 50 --examples 20", "50 parties cannot share 20 examples"),
        ("run --seed 1 --seed 2", "fedlab compare"),
        ("run --from nowhere.json", "Cannot read nowhere.json"),
        ("run --from fedlab1:parties=3#0000", "This link is damaged"),
        ("run --from fedlab99:parties=3#0000", "version 99"),
        ("run --from here.txt", "not an experiment of fedlab"),
        ("run --from all.json", "2 runs that were compared"),
        ("run --json nowhere/run.json", "cannot write there"),
        ("run --json run.csv", "must end in .json"),
        ("run --plot run.gif", "must end in .png, .svg, .pdf"),
        ("run --csv folder.csv", "cannot write there"),
        ("compare --algorithm fedavg --algorithm fedsgd --mu 1", "mu is a setting of the algorithm fedprox"),
        ("compare --alpha 0.1 --alpha 1", "alpha is a setting of the partition"),
        ("run --engine steam", "There is no engine 'steam': choose one of numpy, keras"),
        ("run --engine numpy --model cnn", "The engine numpy trains dense models only"),
        ("run --partition natural", "mnist does not say whose each example is"),
        ("run --dataset synthetic --rotation 10", "Only images can be rotated"),
        ("run --dataset synthetic --model cnn", "The model cnn needs images"),
        ("run --dataset synthetic --partition natural --examples 100 --parties 50", "own no examples"),
        (f"run --algorithm {900 * '['}", "but it must be one of fedsgd"),
        (f"run --from {900 * '['}", "Cannot read [["),
        (f"run --json {900 * '['}.json", "cannot write there (File name too long)"),
    ],
)
def test_bad_input_gets_one_sentence_before_anything_is_trained(
    arguments: str, sentence: str, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("folder.csv").mkdir()
    Path("here.txt").write_text("not JSON", encoding="utf-8")
    Path("all.json").write_text('{"fedlab": 2, "runs": [{}, {}]}', encoding="utf-8")
    there = sorted(in_folder.iterdir())
    monkeypatch.setattr(fedlab.cli.running, "run", lambda *a, **k: pytest.fail("it trained"))
    result = fedlab_(*arguments.split())
    assert result.exit_code == 2
    assert result.stdout == ""
    assert re.fullmatch(r"Error: [^\n]{1,300}\n", result.stderr)
    assert sentence in result.stderr
    assert sorted(in_folder.iterdir()) == there


def test_a_comparison_with_a_run_that_cannot_be_runs_nothing_and_says_which(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fedlab.cli.running, "run", lambda *a, **k: pytest.fail("it trained"))
    result = fedlab_("compare", *SMALL, "--partition", "iid", "--partition", "natural")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert re.match(r"Error: Each its own[^\n]*: partition is natural, but mnist does not say", result.stderr)
    assert list(in_folder.iterdir()) == []


def test_a_misspelled_flag_is_answered_with_the_right_one() -> None:
    result = fedlab_("run", "--epochs", "3")
    assert result.exit_code == 2
    assert "--local-epochs" in result.stderr


def test_a_refused_run_leaves_what_is_there_alone(in_folder: Path) -> None:
    """A file keeps its content and its time, a link that leads nowhere still does."""
    Path("run.json").write_text("old", encoding="utf-8")
    os.utime("run.json", (1, 1))
    Path("run.csv").symlink_to("nowhere.csv")
    assert fedlab_("run", "--json", "run.json", "--csv", "run.csv", "--rounds", "0").exit_code == 2
    assert Path("run.json").read_text(encoding="utf-8") == "old"
    assert Path("run.json").stat().st_mtime == 1
    assert sorted(path.name for path in in_folder.iterdir()) == ["run.csv", "run.json"]


def test_bad_input_is_answered_without_starting_tensorflow() -> None:
    code = (
        "import sys\n"
        "from fedlab.cli import main\n"
        "result = main(standalone_mode=False, args=['run', '--help'])\n"
        "for wrong in ('--rounds=0', '--partition=natural', '--engine=steam', '--engine=numpy --model=cnn'):\n"
        "    try: main(['run', *wrong.split()])\n"
        "    except SystemExit as end: print('exit code', end.code)\n"
        "print([name for name in ('tensorflow', 'keras', 'matplotlib') if name in sys.modules])"
    )
    output, _ = in_a_new_process(code=code).communicate(timeout=60)
    assert output.splitlines()[-5:] == [*4 * ["exit code 2"], "[]"]


def test_help_is_told_in_the_learner_s_language() -> None:
    sentences = {
        "Run one experiment and print a line for each round.": "运行一个实验。",
        "Another seed, another draw: see how much of a result is luck.": "换一个种子。",
    }
    code = f"from fedlab.text import speak; speak({sentences}); from fedlab.cli import main; main()"
    output, _ = in_a_new_process("run", "--help", code=code, encoding="utf-8").communicate(timeout=60)
    assert all(sentence in output for sentence in sentences.values())


def test_each_setting_goes_to_the_algorithms_that_have_it() -> None:
    start = Experiment()
    given = {"algorithm": ("fedsgd", "fedavg", "fedprox"), "mu": (0.1, 1.0), "local_epochs": (5,)}
    assert combinations(start, given) == [
        start.with_(algorithm="fedsgd"),  # which has no μ, and always one epoch
        start.with_(algorithm="fedavg", local_epochs=5),
        start.with_(algorithm="fedprox", local_epochs=5, mu=0.1),
        start.with_(algorithm="fedprox", local_epochs=5, mu=1.0),
    ]


class Everybody(Privacy):
    """A kind of another role than the algorithm that leaves a setting not open."""

    name: ClassVar[str] = "everybody"
    fixes: ClassVar[dict[str, Any]] = {"participation": 1.0}


SHARE: dict[str, Any] = {"default": 0.5, "lesson": "How much.", "low": 0.0, "high": 1.0}


class Liars(Attack):
    """A kind with a setting; another role has one of the same name and meaning."""

    name: ClassVar[str] = "liars"
    how_much: float = setting(**SHARE)


class Part(Compression):
    """That other role's kind."""

    name: ClassVar[str] = "part"
    how_much: float = setting(**SHARE)


def test_each_setting_goes_to_the_kinds_of_any_role_that_leave_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    for role, kind in (("privacy", Everybody), ("attack", Liars), ("compression", Part)):
        monkeypatch.setitem(KINDS[role], kind.name, kind)
    start = Experiment()
    assert combinations(start, {"privacy": ("none", "everybody"), "participation": (0.5,)}) == [
        start.with_(participation=0.5),
        start.with_(privacy="everybody"),
    ]
    assert combinations(start, {"compression": ("none", "part"), "how_much": (0.1, 0.2)}) == [
        start,
        start.with_(compression="part", how_much=0.1),
        start.with_(compression="part", how_much=0.2),
    ]


def test_compare_runs_every_combination_once(no_training: list[list[Experiment]], in_folder: Path) -> None:
    flags = "--partition iid --partition dirichlet --alpha 0.1 --alpha 1 --alpha 1 --seed 0 --seed 1"
    fedlab_("compare", *flags.split())
    (experiments,) = no_training
    assert len(experiments) == len(set(experiments)) == (1 + 2) * 2


def test_numbers_are_read_as_numbers_and_words_as_words() -> None:
    assert [value_of(text) for text in ("3", "0.5", "1e-3", "all", "2nn")] == [3, 0.5, 0.001, "all", "2nn"]
