"""The measuring commands run, and what they compare computes the same thing. No time is asserted here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import psutil
import pytest
from click.testing import CliRunner

from benchmarks import communication, growth, install, kernels, lesson_07, rounds, stages
from benchmarks.common import RESULTS, WORKLOADS, Workload, gflop, mcmahan_cnn, task_of
from benchmarks.worker import Task, Turn
from fedlab import Experiment
from fedlab.accounting import Release, epsilon
from fedlab.lessons import published_07

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
    """There are 18 kinds that do something: 6 attacks, clip and noise, 4 codes, masks, 6 rules beside the mean."""
    assert len(stages.KINDS) == 18
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


# Lesson 07


def test_noise_for_an_epsilon_is_the_least_that_keeps_it() -> None:
    """20 rounds at C = 0.1 and δ = 1e-3: with σ ε is at most 8, and with a thousandth less it is above."""
    sigma = lesson_07.noise_for(8, 1e-3, 0.1, 20)
    assert epsilon({Release(sigma, 0.1): 20}, 1e-3) <= 8 < epsilon({Release(sigma - 0.0011, 0.1): 20}, 1e-3)


def test_two_images_are_read_from_an_upload_and_none_through_noise_of_a_hundredth() -> None:
    two = lesson_07.ONE_BATCH.with_(parties=3, examples=6)
    assert lesson_07.read(two) == {"share": 100, "readable": 100, "blind": 100}
    noisy = two.with_(privacy="dp", dp_where="party", dp_noise=0.01)
    assert lesson_07.read(noisy) == {"share": 0, "readable": 0, "blind": 0}


def test_masks_hide_an_upload_and_leave_the_mean_as_it_is() -> None:
    """Two parties with one image: from either upload it is read, under masks it is not. Their mean is a batch of two,
    and tells both. A 2NN has 199,210 weights of 4 bytes; masks add keys and shares."""
    two = Experiment(parties=2, examples=2, batch_size="all", rounds=1)
    plain = lesson_07.seen_and_learned(two)
    masked = lesson_07.seen_and_learned(two.with_(secure_sum="masks"))
    assert (plain["upload"], plain["sum"], plain["bytes"], masked["upload"]) == (100, 100, 796_840, 0)
    assert masked["bytes"] == 796_840 + 64 + 160 + 2 * 66


def test_a_run_that_breaks_down_has_no_last_round_and_counts_as_a_guess() -> None:
    wild = Experiment(parties=2, examples=100, rounds=3, local_epochs=20, batch_size=5, learning_rate=100.0)
    assert lesson_07.last_of(wild) is None
    assert len(lesson_07.accuracies(wild)) < 3
    assert published_07.last({"accuracy": [55.0]}) == published_07.CHANCE
    assert published_07.last({"accuracy": [55.0] * 19 + [60.0]}) == 60


def test_a_part_that_is_measured_anew_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson_07, "FILE", tmp_path / "lesson_07.json")
    monkeypatch.setattr(lesson_07, "PARTS", {"leak": lambda: ["old leak"], "sizes": lambda: ["old sizes"]})
    assert CliRunner().invoke(lesson_07.main, [], catch_exceptions=False).exit_code == 0
    monkeypatch.setitem(lesson_07.PARTS, "leak", lambda: ["new leak"])
    assert CliRunner().invoke(lesson_07.main, ["leak"], catch_exceptions=False).exit_code == 0
    found = json.loads((tmp_path / "lesson_07.json").read_text(encoding="utf-8"))["results"]
    assert found == {"leak": ["new leak"], "sizes": ["old sizes"]}


@pytest.mark.parametrize("part", lesson_07.PARTS)
def test_every_number_of_lesson_07_was_measured_with_three_seeds(part: str) -> None:
    found = published_07.runs(part)
    assert {one["seed"] for one in found} == {0, 1, 2}
    assert len([one for one in found if one["seed"] == 0]) * 3 == len(found)


def test_a_batch_of_8_does_not_protect_and_neither_do_more_steps_nor_a_trained_model() -> None:
    """References, measured elsewhere: 100 % up to 4, then 88, 39, 11, 2.5, 0.5 %; a trained model 84 % at 8."""
    found = published_07.shares()
    for size, published in {1: 100, 2: 100, 4: 100, 8: 88, 16: 39, 32: 11, 64: 2.5, 128: 0.5}.items():
        assert found[size] == pytest.approx(published, abs=0.1 * published)
    assert min(published_07.shares(epochs=20)[8], published_07.shares("trained")[8]) > 70
    assert max(published_07.usual(model, epochs) for model in ("new", "trained") for epochs in (1, 5)) < 0.1


def test_a_little_noise_stops_the_attack_and_promises_nothing_and_what_promises_something_teaches_nothing() -> None:
    part = published_07.runs("noise")
    for one in published_07.of(part, σ=0.01, B=1):
        assert one["share"] == one["readable"] == 0
        assert one["accuracy"] > 91
        assert one["ε"] > 50_000
    for one in published_07.of(part, σ=1.0, B=1):
        assert one["accuracy"] is None or one["accuracy"] < 15


def test_the_same_noise_costs_100_parties_much_and_10000_next_to_nothing() -> None:
    """What ε = 8 does to 100 parties: with each clip, and with each seed."""
    sizes = published_07.sizes()
    fedavg = sizes[0].mean
    hundred = {one.clip: one for one in sizes if one.parties == 100 and one.epsilon and 7.9 < one.epsilon <= 8}
    unclipped = next(one for one in sizes if (one.clip, one.noise) == (1.0, 0.0))
    assert fedavg - unclipped.mean < 0.3
    assert 15 < fedavg - hundred[1.0].mean < 25
    assert 4 < fedavg - hundred[0.3].mean < 8
    assert max(one.mean for one in hundred.values()) == hundred[0.3].mean
    for parties in (10_000, 1_000_000):
        assert all(fedavg - one.mean < 0.3 for one in published_07.lines_of_sizes()[parties])
    for one in sizes:
        delta = {100: 1e-3, 10_000: 1e-5, 1_000_000: 1e-7}[one.parties]
        assert one.epsilon is None or one.epsilon == pytest.approx(
            epsilon({Release(one.noise, 0.1): 20}, delta), rel=1e-6
        )


def test_no_attack_on_members_is_above_the_line_and_without_noise_it_finds_many() -> None:
    found = published_07.dots()
    assert all(0 <= one.advantage < one.line and one.by_right <= one.advantage for one in found)
    assert min(one.advantage for one in found if one.epsilon is None) > 20
    assert len({one.epsilon for one in found}) == 10


def test_what_stops_the_attack_costs_images_bytes_or_accuracy() -> None:
    part = published_07.runs("stops")
    upload, accuracy = (
        {
            name: published_07.mean(part, column, protection=name)
            for name in dict.fromkeys(r["protection"] for r in part)
        }
        for column in ("upload", "accuracy")
    )
    assert min(upload["nothing"], upload["noise at the server"]) > 75
    assert upload["a batch of 64"] < 5
    assert max(upload[name] for name in upload if "masks" in name or "party" in name) == 0
    assert abs(accuracy["masks"] - accuracy["nothing"]) < 0.1
    assert accuracy["nothing"] - accuracy["noise at the server"] > 20
    assert accuracy["much noise at the party"] < 20
