"""A table of one's own: what is read from it, what is refused, and how it trains on the command line and in a lab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fedlab import Experiment
from fedlab.cli import main
from fedlab.datasets import csv_source, from_csv
from fedlab.prepare import prepare
from fedlab_widgets import Lab

HEAD = "age,smokes,hospital,ill\n"
LINES = [
    f"{30 + n},{'yes' if n % 3 else 'no'},{'north' if n % 2 else 'south'},{'true' if n > 20 else 'false'}\n"
    for n in range(40)
]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(HEAD + "".join(LINES), encoding="utf-8")
    return path


def test_numbers_words_owners_and_labels_are_found(table: Path) -> None:
    """smokes becomes two columns, so there are three; of 40 lines a fifth of each owner's of each label are tests."""
    data = from_csv(table, "ill", "hospital")
    assert data.train_x.shape[1] == 3
    assert (data.class_names, data.owner_names, data.name) == (("false", "true"), ("north", "south"), "mine")
    assert len(data.train_y) + len(data.test_y) == 40
    assert data.raw
    assert set(map(tuple, data.train_x[:, 1:].tolist())) == {(0.0, 1.0), (1.0, 0.0)}


def test_a_gap_stays_one_until_the_parties_fill_it(table: Path) -> None:
    table.write_text(HEAD + "".join(LINES) + ",yes,north,true\n50,?,south,false\n", encoding="utf-8")
    data = from_csv(table, "ill", "hospital")
    assert np.isnan(np.concatenate([data.train_x, data.test_x])).sum() == 1 + 2
    prepared = prepare(Experiment(dataset=csv_source(table, "ill", "hospital"), partition="natural"))
    assert np.isfinite(prepared.dataset.train_x).all()
    assert prepared.names == ["north", "south"]


@pytest.mark.parametrize(
    ("text", "label", "owner", "sentence"),
    [
        ("", "ill", None, "must have a first line of names"),
        ("a,a\n1,2\n", "a", None, "each once"),
        (HEAD + "1,yes,north\n", "ill", None, "Line 2 of mine.csv has 3 cells, but there are 4 names"),
        (HEAD + LINES[0], "sick", None, "has no column 'sick': it has age, smokes, hospital, ill"),
        (HEAD + LINES[0], "ill", "clinic", "has no column 'clinic'"),
        (HEAD + LINES[0], "ill", None, "has 1 different values, but a label needs from 2 to 100"),
        (HEAD + "".join(LINES) + "5,yes,north,\n", "ill", None, "The column 'ill' is empty in 1 lines"),
        (HEAD + "".join(LINES) + "5,yes,,true\n", "ill", "hospital", "The column 'hospital' is empty in 1 lines"),
        ("name,ill\n" + "".join(f"n{n},{n % 2}\n" for n in range(30)), "ill", None, "holds 30 different texts"),
        ("ill\n1\n0\n", "ill", None, "no column to learn from"),
        ("a,ill\n1,1\n2,0\n", "ill", None, "too few lines"),
    ],
)
def test_what_is_no_table_gets_one_sentence(
    table: Path, text: str, label: str, owner: str | None, sentence: str, is_one_sentence: Callable[[object], bool]
) -> None:
    table.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r".+") as caught:
        from_csv(table, label, owner)
    assert sentence in str(caught.value)
    assert is_one_sentence(caught.value)


def test_the_command_line_trains_on_it_with_its_owners(table: Path) -> None:
    told = CliRunner().invoke(
        main,
        ["run", "--data", str(table), "--label", "ill", "--owner", "hospital", "--rounds", "2", "--model", "softmax"],
    )
    assert told.exit_code == 0, told.output
    assert "parties=2 " in told.output
    assert "partition=natural" in told.output
    assert "round 2 of 2" in told.output
    assert "The same again" not in told.output


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--data", "none.csv"], "--data needs --label"),
        (["--label", "ill"], "go with --data"),
        (["--data", "none.csv", "--label", "ill"], "Cannot read none.csv"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(flags: list[str], sentence: str) -> None:
    told = CliRunner().invoke(main, ["run", *flags])
    assert told.exit_code == 2
    assert sentence in told.output


def test_a_lab_begins_with_its_owners(table: Path) -> None:
    lab = Lab(dataset=from_csv(table, "ill", "hospital"))
    assert (lab.experiment.parties, lab.experiment.partition.name) == (2, "natural")
