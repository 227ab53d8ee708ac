"""What lesson 12 says of the other frameworks, held against the files of `make bridges` and `benchmarks.openmined`."""

from __future__ import annotations

import re
from statistics import median

import pytest

from fedlab.bridges import TARGETS
from fedlab.lessons import build, requests_12
from fedlab.lessons import claims_12 as promised
from fedlab.lessons import published_12 as published
from fedlab.prepare import prepare

TEXT = (build.SOURCES / "12_the_tools.py").read_text(encoding="utf-8").replace("\n# ", " ")
README = (build.SOURCES.parent / "README.md").read_text(encoding="utf-8")
each_framework = pytest.mark.parametrize("name", TARGETS)


@each_framework
def test_all_weights_are_within_a_millionth_of_the_kits_after_round_1(name: str) -> None:
    """The yardstick: in every round where all images are in one batch, after round 1 elsewhere."""
    yard = published.found(name)["yardstick"]
    assert max(yard[published.AT_ONCE]["weights differ by"]) <= 1e-6
    assert max(one["weights differ by"][0] for one in yard.values()) <= 1e-6
    assert "within a millionth" in TEXT


@each_framework
def test_accuracies_differ_by_a_few_of_10_000_images_at_most(name: str) -> None:
    for one in published.found(name)["yardstick"].values():
        assert one["inside"]
        assert len(one["accuracy"]) == 3
        assert one["accuracy"] == pytest.approx(one["the kit's"], abs=5e-4)


@each_framework
def test_all_four_are_equally_far_from_the_kit_in_round_2(name: str) -> None:
    """So the text may say that they fell on one side of a kink, and the kit on the other."""
    second = [rounds[1] for rounds in published.distances(published.TEN).values()]
    assert published.distances(published.TEN)[TARGETS[name].title][1] == pytest.approx(min(second), rel=0.05)
    assert min(second) > 1e-6


@each_framework
def test_the_version_that_ran_is_the_one_that_is_exported(name: str) -> None:
    assert published.found(name)["version"] == TARGETS[name].version


def test_the_run_is_so_many_weights_and_steps() -> None:
    """Ten parties, three rounds, five epochs of ⌈600 / 32⌉ = 19 batches."""
    prepared = prepare(promised.RUN)
    assert f"{prepared.size:,} weights, {10 * 3 * 5 * 19:,} steps" in TEXT
    assert {len(own) for own in prepared.training} == {600}


def test_tffs_fedprox_is_the_kits_with_minus_mu_and_the_corrected_one_has_plus_mu() -> None:
    assert published.fedprox("as it is", "-μ") <= 1e-6 < published.fedprox("as it is", "+μ")
    assert published.fedprox("corrected", "+μ") <= 1e-6 < published.fedprox("corrected", "-μ")


def test_fates_plaintext_aggregator_returns_the_sum_of_three() -> None:
    assert published.plaintext("the sum") <= 1e-6 < published.plaintext("the mean")


def test_the_hosts_half_of_the_columns_helps_fates_guest() -> None:
    boosted = published.found("fate")["secureboost"]
    assert (boosted["images"], boosted["trees"]) == (300, 3)
    assert boosted["accuracy"] > boosted["guest alone"] + 0.02


def test_pysyft_refuses_before_and_runs_after_the_owner_has_read() -> None:
    record = published.found("pysyft")["consent"]
    assert "no access to the private data" in record["answer"]
    assert "waiting for approval" in record["run at once"]
    assert "Dana" in record["request"]
    assert "def train" in record["request"]
    assert "changes applied" in record["approved"]
    assert promised.RUN.parties * promised.RUN.rounds == 30
    assert "thirty requests" in TEXT


def test_one_step_on_one_image_lets_that_image_out_and_the_two_others_let_out_none() -> None:
    alike = {name: found for name, (found, _, _) in requests_12.answers().items()}
    assert alike["one_step"] > 0.999
    assert max(alike["mean_image"], alike["trained"]) < 0.9


def test_encryption_sends_eight_times_as_much_and_takes_some_thirty_times_the_work_of_masks() -> None:
    rows = {(one["parties"], one["way"]): one for one in published.measured("mean")}
    for parties in (3, 10):
        assert rows[parties, "encrypted"]["bytes up"] / rows[parties, "plain"]["bytes up"] == pytest.approx(8, abs=0.5)
        assert rows[parties, "masks"]["bytes up"] / rows[parties, "plain"]["bytes up"] < 1.02
    work = [rows[parties, "encrypted"]["seconds"] / rows[parties, "masks"]["seconds"] for parties in (3, 10)]
    assert median(work) == pytest.approx(30, abs=8)


def test_the_librarys_intersection_takes_a_small_part_of_the_time() -> None:
    rows = {(one["names"], one["way"]): one["seconds"] for one in published.measured("psi")}
    assert rows[1_000, "twenty lines"] / rows[1_000, "openmined-psi"] == pytest.approx(30, abs=8)


def test_the_readme_promises_no_more_than_was_measured() -> None:
    (bound,) = re.findall(r"no weight is farther from the kit's than\n(\S+), in any of the four", README)
    assert published.farthest_after_round_1() <= float(bound) <= 1e-6
