"""The measuring commands run, and what they compare computes the same thing. No time is asserted here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import psutil
import pytest
from click.testing import CliRunner

from benchmarks import communication, growth, install, kernels, rounds, stages
from benchmarks.common import RESULTS, WORKLOADS, Workload, gflop, mcmahan_cnn, task_of
from benchmarks.worker import Task, Turn
from fedlab import Experiment

pytestmark = pytest.mark.usefixtures("tensorflow")


def test_keras_loop_and_both_engines_and_the_textbook_learn_the_same(tmp_path: Path) -> None:
    """On `tiny` each local step sees all of a party's images, so no contender's own shuffling can tell them apart."""
    path = tmp_path / "rounds.json"
    result = CliRunner().invoke(rounds.main, ["tiny", "--turns", "2", "--json", str(path)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found = json.loads(path.read_text())
    measured = found["results"]["tiny"]
    accuracy = {name: one["accuracy"] for name, one in measured["contenders"].items()}
    assert accuracy.keys() == {"numpy", "keras", "loop", "products"}
    assert accuracy["loop"] == pytest.approx(accuracy["keras"], abs=0.001)
    assert accuracy["numpy"] == pytest.approx(accuracy["keras"], abs=0.001)
    assert accuracy["keras"] > 0.3  # chance is 0.1
    assert measured["largest_difference_from_textbook"].keys() == {"numpy", "keras"}
    assert max(measured["largest_difference_from_textbook"].values()) < 1e-6
    assert all(found[name] for name in ("command", "date", "processor", "versions"))


def test_the_numpy_engine_rests_where_there_are_convolutions() -> None:
    assert WORKLOADS["W1"].engines == ("numpy", "keras")
    assert WORKLOADS["W2"].engines == ("keras",)


def test_a_contender_that_learns_something_else_is_told() -> None:
    turn = {"seconds": 1.0, "cpu_seconds": 1.0, "peak_mb": 1.0}
    found = {name: [Turn(**turn, accuracy=value)] for name, value in {"keras": 0.9, "loop": 0.8}.items()}
    found["products"] = [Turn(**turn, accuracy=None)]
    assert rounds.disagreements(rounds.summary(found)) == [
        "Keras loop has the accuracy 0.8000, fedlab 0.9000: more than 0.02 apart."
    ]


def test_ratios_are_taken_within_a_turn() -> None:
    """One takes 1, 2, 4 s and the other 10, 20, 40 s, as when the machine gets busier: 10 times in each turn."""
    other = [Turn(10.0 * t, None, None, None) for t in (1, 2, 4)]
    found = {"keras": [Turn(float(t), 1.0, 1.0, None) for t in (1, 2, 4)], "products": other}
    assert rounds.summary(found)["products"]["times_keras_engine_spread"] == [10, 10]
    assert rounds.summary(found)["keras"]["times"] == {"products": 0.1}


def test_mcmahan_cnn_has_the_published_number_of_weights() -> None:
    """McMahan et al. 2017, section 3: 1,663,370."""
    assert mcmahan_cnn().count_params() == 1_663_370


def test_arithmetic_of_w1_is_that_of_its_products() -> None:
    """2NN: 784 · 200 + 200 · 200 + 200 · 10 = 198,800 products of two numbers forward, as many for the gradient of the
    weights, and all but the first 784 · 200 for what comes from below: 439,600 an example that is trained on.
    10 parties · 600 images · 5 epochs, and 10,000 images forward; a product and its sum are two operations.
    """
    assert gflop(WORKLOADS["W1"]) == pytest.approx(2 * (30_000 * 439_600 + 10_000 * 198_800) / 1e9)


def test_a_task_is_read_as_it_was_written(tmp_path: Path) -> None:
    task = task_of(WORKLOADS["tiny"])
    task.save(tmp_path / "task.npz")
    read = Task.load(tmp_path / "task.npz")
    assert [len(own) for own in read.parties] == [100, 100, 100]
    assert (read.parties[2] == task.parties[2]).all()
    assert (read.weights[0] == task.weights[0]).all()
    assert Experiment.from_json(read.experiment) == WORKLOADS["tiny"].experiment


def test_resting_parties_add_no_arithmetic() -> None:
    assert gflop(growth._parties(10)) == gflop(growth._parties(1_000))


def test_growth_measures_a_point_in_a_process_of_its_own() -> None:
    workload = Workload(Experiment(parties=2, examples=20, model="softmax", rounds=100), "")
    first, again = growth.measure(workload, turns=1), growth.measure(workload, turns=1)
    assert first["seconds"] > 0
    assert 0.5 < first["peak_mb"] / again["peak_mb"] < 2  # it is not handed on from one point to the next


def test_memory_of_a_cell_run_again_grows_from_its_third_run_on() -> None:
    """What the first two runs add is not counted; the most after the third is: (220 - 200) / 200."""
    memory = [100.0, 190.0, 200.0, 220.0, 210.0]
    assert kernels.growth([{"alive": 1, "rss": one, "pss": one} for one in memory]) == pytest.approx(0.1)


def test_a_process_has_at_least_its_share_of_its_memory() -> None:
    found = kernels.memory_mb(psutil.Process())
    assert 10 < found["pss"] <= found["rss"]


def test_an_installation_is_as_big_as_the_files_in_it(tmp_path: Path) -> None:
    """Two files of 300,000 bytes that cannot be compressed; a file system counts whole blocks."""
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "one", tmp_path / "folder" / "other"):
        path.write_bytes(np.random.default_rng(0).bytes(300_000))
    assert 0.6 <= install.disk_mb(tmp_path) < 0.7


def test_a_stage_takes_its_seconds_by_fedavgs_of_the_same_turn() -> None:
    """FedAvg takes 1, 2, 4 s as the machine gets busier, the stage 3, 4, 12 s: 3, 2 and 3 times as long."""
    found = {
        stages.FEDAVG: [(1.0, 1.0), (2.0, 1.0), (4.0, 1.0)],
        "secure_sum masks": [(3.0, 2.0), (4.0, 2.0), (12.0, 3.0)],
    }
    masks = stages.summary(found)["secure_sum masks"]
    assert (masks["times_fedavg"], masks["spread"], masks["times_fedavg_cpu"]) == (3.0, [2.0, 3.0], 2.0)


def test_every_stage_is_timed_by_itself(tmp_path: Path) -> None:
    """There are 16 kinds that do something: 4 attacks, clip and noise, 4 codes, masks, 6 rules beside the mean."""
    assert len(stages.KINDS) == 16
    path = tmp_path / "stages.json"
    wanted = ["--workload", "tiny", "--turns", "2", "dp", "topk", "masks", "median", "--json", str(path)]
    result = CliRunner().invoke(stages.main, wanted, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    timed = json.loads(path.read_text())["results"]["stages"]
    assert timed.keys() == {"FedAvg", "privacy dp", "compression topk", "secure_sum masks", "aggregation median"}
    assert all(one["seconds"] > 0 and len(one["turns"]) == 2 for one in timed.values())


def test_megabytes_to_a_goal_are_those_of_the_rounds_that_lead_there() -> None:
    """FedAvg: 2 rounds of 8 MB. The code gets to 90 % in its third round of 0.5 MB: 1.5 of 16 MB; never to 93 %."""
    runs = [
        {"method": "FedAvg", "seed": 0, "megabytes_up": [8.0] * 3, "accuracy": [80.0, 90.0, 93.5]},
        {"method": "code", "seed": 0, "megabytes_up": [0.5] * 4, "accuracy": [50.0, 89.9, 90.1, 89.0]},
    ]
    assert [communication.megabytes_to(one, 90) for one in runs] == [16.0, 1.5]
    assert communication.shares(runs, "code", 90) == [1.5 / 16]
    assert communication.shares(runs, "code", 93) == [None]


def test_top_k_runs_send_a_fiftieth_of_fedavg_a_round() -> None:
    """2NN has 199,210 weights of 4 bytes; 1 % of them are 1,992, each 8 bytes with its place. Three parties."""
    plan = WORKLOADS["tiny"].experiment.with_(rounds=1)
    sent = {
        method: communication.one_run(method, plan.with_(**settings))["megabytes_up"]
        for method, settings in communication.METHODS.items()
    }
    assert sent.pop("FedAvg") == [3 * 199_210 * 4 / 1e6]
    assert list(sent.values()) == [[3 * 1_992 * 8 / 1e6]] * 2


def test_with_error_feedback_a_fifth_of_fedavgs_megabytes_is_more_than_enough_and_without_it_takes_more() -> None:
    """In the file that `python -m benchmarks.communication` wrote, with each seed and for both goals."""
    runs = json.loads((RESULTS / "communication.json").read_text(encoding="utf-8"))["results"]["runs"]
    _, remembering, forgetful = communication.METHODS
    for goal in communication.GOALS:
        with_memory = communication.shares(runs, remembering, goal)
        without = communication.shares(runs, forgetful, goal)
        assert len(with_memory) == len(without) == 3
        for ours, theirs in zip(with_memory, without, strict=True):
            assert ours is not None
            assert ours <= 1 / 5
            assert theirs is None or theirs > 1.5 * ours
